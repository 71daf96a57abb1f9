"""The headings of the medical summary of the HAS, and where a CDA document says them: rows of `headings.csv`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class SummaryHeading:
    """One heading; `sections` are the LOINC codes of the sections that may hold it, `loinc` the first of them."""

    heading: str
    title: str
    title_en: str
    loinc: str
    sections: frozenset[str]
    source: str


@cache
def summary_headings() -> tuple[SummaryHeading, ...]:
    """Every heading, in the order in which a summary is read."""
    text = files("profiles.medical_summary").joinpath("headings.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(_heading(**row) for row in rows)


def _heading(sections: str, **row: str) -> SummaryHeading:
    return SummaryHeading(sections=frozenset(sections.split()), **row)

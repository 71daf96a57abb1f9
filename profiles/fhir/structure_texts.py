"""What is wrong with the structure of a resource, in French: rows of `structure_texts.csv`."""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files


def in_french(text: str) -> str:
    """The French of a text; a text that has no row is left as it is. `{}` in a row stands for a word or a number."""
    for pattern, french in _rows():
        matched = pattern.fullmatch(text)
        if matched is not None:
            return french.format(*matched.groups())
    return text


@cache
def _rows() -> tuple[tuple[re.Pattern[str], str], ...]:
    text = files("profiles.fhir").joinpath("structure_texts.csv").read_text(encoding="utf-8")
    return tuple(
        (re.compile(re.escape(row["english"]).replace(r"\{\}", "(.{1,200})")), row["french"])
        for row in csv.DictReader(text.splitlines())
    )

"""The rules of structure: one row each in `profiles/cda_structure/rules.csv`, with what they say in both languages."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from conformance.report import Severity


@dataclass(frozen=True, slots=True)
class StructureRule:
    """One kind of fault. Texts have places in braces for the words of a fault; the official chain rejects each."""

    id: str
    source: str
    message: str
    message_en: str
    hint: str
    hint_en: str
    severity: Severity = Severity.ERROR


def _rules() -> dict[str, StructureRule]:
    text = files("profiles.cda_structure").joinpath("rules.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {
        row["rule"]: StructureRule(row["rule"], row["source"], row["fr"], row["en"], row["hint_fr"], row["hint_en"])
        for row in rows
    }


RULES: Mapping[str, StructureRule] = _rules()

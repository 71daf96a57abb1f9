"""What an error code of XDS is in FHIR: the code of its issue and the HTTP status (FHIR R4 §2.31, §3.1.0)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("issues.csv")


@dataclass(frozen=True, slots=True)
class IssueLine:
    """`issue` is a code of http://hl7.org/fhir/issue-type, `http` the status when this error decides the answer."""

    issue: str
    http: int


def issue_line(code: str, rule: str) -> IssueLine:
    """The line of an error code and the rule that found it; a rule without a line of its own takes the code's.

    Raises KeyError: the code is not in the table.
    """
    lines = _lines()
    return lines.get((code, rule)) or lines[(code, "")]


@cache
def _lines() -> Mapping[tuple[str, str], IssueLine]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {(row["code"], row["rule"]): IssueLine(row["issue"], int(row["http"])) for row in csv.DictReader(file)}

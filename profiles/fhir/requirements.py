"""What a profile requires beyond FHIR and beyond what a registry must know: `requirements.csv` (MHD 4.2.4; PDSm 3.1.1).

Paths are members joined by dots, `[0]` the first of a list; `deviation` is the row of `deviations.csv` that tells it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("requirements.csv")
COMPREHENSIVE = "comprehensive"
UNCONTAINED = "uncontained"
MINIMAL = "minimal"
SIMPLIFIED = "simplified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One element that a resource of a profile must have."""

    profile: str
    resource: str
    path: str
    deviation: str


def profile_of(names: Iterable[str]) -> str:
    """The level of the first profile, by its name, that is one of MHD; empty: none is."""
    for name in names:
        known = name.lower()
        for level in (UNCONTAINED, COMPREHENSIVE, MINIMAL, SIMPLIFIED):
            if level in known:
                return level
    return ""


@cache
def requirements(profile: str, resource: str) -> tuple[Requirement, ...]:
    """The rows of a profile about a type of resource."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [Requirement(**row) for row in csv.DictReader(file)]
    return tuple(row for row in rows if (row.profile, row.resource) == (profile, resource))

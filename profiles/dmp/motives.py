"""Why a record was closed: `motives.csv`, codes of 1.2.250.1.213.4.1.2.4 and their FHIR spellings.

One code is attested in a published example; the others are of the sandbox, and say so.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

TABLE = Path(__file__).with_name("motives.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Motive:
    """One motive. `is_published`: other systems know it; else it is of the sandbox only."""

    code: str
    system: str
    fhir_code: str
    label_fr: str
    label_en: str
    is_published: bool


@cache
def motives() -> Mapping[str, Motive]:
    """Every motive, by its code."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return MappingProxyType({row["code"]: _motive(row) for row in csv.DictReader(file)})


def _motive(row: Mapping[str, str]) -> Motive:
    return Motive(
        code=row["code"],
        system=row["code_system"],
        fhir_code=row["fhir_code"],
        label_fr=row["label_fr"],
        label_en=row["label_en"],
        is_published=row["origin"] == "real",
    )

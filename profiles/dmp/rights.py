"""The functional rights matrix of the DMP: `rights.csv`, one row for each cell of the published sheets.

What the sheets leave out (creation, closing, accounts) are rows of the source `sandbox`, status `assumed`. A cell that
is not in the table is a refusal. Source: DMP rights sheets PDT-INF-526 v1.8 and PDT-INF-606 v1.3.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

TABLE = Path(__file__).with_name("rights.csv")


class Column(StrEnum):
    """Columns of the sheets: who asks."""

    PROFESSIONAL = "P"
    DOCTOR = "M"
    OCCUPATIONAL = "W"
    MEDECIN_TRAITANT = "T"
    CPE = "E"
    STRUCTURE = "S"
    NOT_A_PROFESSIONAL = "N"


class DocumentKind(StrEnum):
    """What the sheets distinguish in a document that is read (DMP TD3.2)."""

    NOT_MASKED = "NOT_MASKED"
    MASKED = "MASKED"
    INVISIBLE = "INVISIBLE"
    ARCHIVED = "ARCHIVED"
    OBSOLETE = "OBSOLETE"
    DELETED = "DELETED"


class CellKey(NamedTuple):
    """Where a cell is. `operation` and `mode` keep the words of the DMP; `document` is empty but for TD3.2."""

    operation: str
    document: str
    column: str
    authentication: str
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a cell says: no, yes, or yes under a condition, whose letters are those of the sheet.

    `*` beside a letter, or alone: on a document of the patient only the médecin traitant, or the patient.
    """

    allowed: bool
    condition: str
    source: str
    assumed: bool
    valid_from: date


@cache
def cells() -> Mapping[CellKey, Cell]:
    """Every cell of the matrix."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return MappingProxyType({_key(row): _cell(row) for row in csv.DictReader(file)})


def _key(row: Mapping[str, str]) -> CellKey:
    return CellKey(row["operation"], row["document"], row["column"], row["authentication"], row["mode"])


def _cell(row: Mapping[str, str]) -> Cell:
    return Cell(
        allowed=row["decision"] == "1",
        condition=row["condition"],
        source=row["source"],
        assumed=row["status"] == "assumed",
        valid_from=date.fromisoformat(row["valid_from"]),
    )

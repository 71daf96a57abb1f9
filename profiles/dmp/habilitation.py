"""Which profession reads which document type: `habilitation.csv` (arrêté of 26 October 2023).

A row for each profession and each type whose class is known (NOS ASS_X16); for newer types, a row for each class. What
has no row is not read. A `*` as profession stands for every code of its system.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

TABLE = Path(__file__).with_name("habilitation.csv")
TRE_G15: Final = "1.2.250.1.71.1.2.7"
"""Health professions."""


@cache
def readable() -> Mapping[tuple[str, str, str], bool]:
    """The table as (system of the profession, its code or `*`, typeCode or `class <classCode>`) -> may read."""
    return MappingProxyType(
        {(row["profession_system"], row["profession_code"], _document(row)): row["read"] == "1" for row in _rows()}
    )


def may_profession_read(
    profession: str | None, class_code: str, type_code: str, *, profession_system: str = TRE_G15
) -> bool:
    """Whether a profession may read documents of this type."""
    if profession is None:
        return False
    table = readable()
    own = profession if profession_system == TRE_G15 else "*"
    found = table.get((profession_system, own, type_code))
    if found is None:
        found = table.get((profession_system, own, f"class {class_code}"))
    return bool(found)


@cache
def assumed_for(profession: str | None, *, profession_system: str = TRE_G15) -> bool:
    """Whether a row of the profession is not verified: answers that depend on it say so."""
    own = profession if profession_system == TRE_G15 else "*"
    return any(
        (row["profession_system"], row["profession_code"]) == (profession_system, own)
        and row["type_code"] != "*"
        and row["status"] == "assumed"
        for row in _rows()
    )


@cache
def _rows() -> tuple[Mapping[str, str], ...]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def _document(row: Mapping[str, str]) -> str:
    return row["type_code"] if row["type_code"] != "*" else f"class {row['class_code']}"

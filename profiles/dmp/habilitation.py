"""Which profession reads which document type: `habilitation.csv` (arrêté of 26 October 2023).

The row that says most wins: a type before a class, a class before `*`. A profession without a row reads nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

TABLE = Path(__file__).with_name("habilitation.csv")


@cache
def readable() -> Mapping[tuple[str, str, str], bool]:
    """The table as (profession, classCode or `*`, typeCode or `*`) -> may read. Professions are codes of TRE_G15."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return MappingProxyType(
            {
                (row["profession_code"], row["class_code"], row["type_code"]): row["read"] == "1"
                for row in csv.DictReader(file)
            }
        )


def may_profession_read(profession: str | None, class_code: str, type_code: str) -> bool:
    """Whether a profession may read documents of this type."""
    if profession is None:
        return False
    table = readable()
    for key in ((profession, "*", type_code), (profession, class_code, "*"), (profession, "*", "*")):
        if key in table:
            return table[key]
    return False


@cache
def assumed_for(profession: str | None) -> bool:
    """Whether a row of the profession is not verified: answers that depend on it say so."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return any(row["profession_code"] == profession and row["status"] == "assumed" for row in csv.DictReader(file))

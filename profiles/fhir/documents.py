"""Which document a Bundle of type `document` is, by profile and type: `documents.csv`, the first row that fits."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("documents.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirDocumentKind:
    """One row; an empty profile or type fits any. `profile` is the last segment of the address."""

    profile: str
    type_code: str
    name_fr: str
    name_en: str
    source: str

    def name(self, language: str) -> str:
        """The name in the language asked for."""
        return self.name_en if language == "en" else self.name_fr


def kind_of(profiles: Iterable[str], type_code: str) -> FhirDocumentKind:
    """The kind of a document of these profiles (last segments) and this LOINC type; every document has one."""
    names = frozenset(profiles)
    return next(
        kind
        for kind in _kinds()
        if (not kind.profile or kind.profile in names) and (not kind.type_code or kind.type_code == type_code)
    )


@cache
def _kinds() -> tuple[FhirDocumentKind, ...]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            FhirDocumentKind(
                profile=row["profile"],
                type_code=row["typeCode"],
                name_fr=row["name_fr"],
                name_en=row["name_en"],
                source=row["source"],
            )
            for row in csv.DictReader(file)
        )

"""The nine spaces of a record and its administrative pieces, where documents are shown: `spaces.csv`. For display only.

A row of an author comes before one of a type, and that before one of a class. `category` is a code of Mon espace santé.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType

TABLE = Path(__file__).with_name("spaces.csv")


class Space(StrEnum):
    """The spaces, in the order in which they are shown."""

    SYNTHESES = "SYNTHESES"
    CARE = "CARE"
    REPORTS = "REPORTS"
    BIOLOGY = "BIOLOGY"
    IMAGING = "IMAGING"
    PREVENTION = "PREVENTION"
    CERTIFICATES = "CERTIFICATES"
    REIMBURSEMENTS = "REIMBURSEMENTS"
    PERSONAL = "PERSONAL"
    ADMINISTRATIVE = "ADMINISTRATIVE"

    @property
    def label(self) -> tuple[str, str]:
        """Its name in French and in English."""
        return _LABELS[self]


_LABELS: Mapping[Space, tuple[str, str]] = MappingProxyType(
    {
        Space.SYNTHESES: ("Synthèses", "Summaries"),
        Space.CARE: ("Traitements et soins", "Treatments and care"),
        Space.REPORTS: ("Comptes rendus", "Reports"),
        Space.BIOLOGY: ("Biologie", "Laboratory"),
        Space.IMAGING: ("Imagerie", "Imaging"),
        Space.PREVENTION: ("Prévention", "Prevention"),
        Space.CERTIFICATES: ("Certificats", "Certificates"),
        Space.REIMBURSEMENTS: ("Données de remboursement", "Reimbursements"),
        Space.PERSONAL: ("Espace personnel", "Personal space"),
        Space.ADMINISTRATIVE: ("Pièces administratives", "Administrative pieces"),
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document is shown. `category` is that of Mon espace santé (`CPT_REND`)."""

    space: Space
    category: str
    assumed: bool


def place_of(type_code: str, class_code: str, author_roles: Collection[str] = ()) -> Place | None:
    """Where a document is shown; None for what is shown nowhere, as the signature of a lot.

    A type of the patient keeps its category when the patient is its author.
    """
    by_type = _table().get(("type", type_code))
    by_author = next((found for role in author_roles if (found := _table().get(("role", role)))), None)
    if by_author is not None and not (by_type is not None and by_type.space is by_author.space):
        return by_author
    return by_type or _table().get(("class", class_code))


@cache
def placing_roles() -> frozenset[str]:
    """The roles of an author that say where his documents are shown."""
    return frozenset(name for kind, name in _table() if kind == "role")


@cache
def _table() -> Mapping[tuple[str, str], Place]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return MappingProxyType({_key(row): _place(row) for row in csv.DictReader(file)})


def _key(row: Mapping[str, str]) -> tuple[str, str]:
    if row["author_role"]:
        return "role", row["author_role"]
    return ("type", row["type_code"]) if row["type_code"] else ("class", row["class_code"])


def _place(row: Mapping[str, str]) -> Place:
    return Place(Space(row["space"]), row["category"], row["status"] == "assumed")

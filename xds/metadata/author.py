"""Authors of a document or of a submission (ITI TF-3 §4.2.3.1.4)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """One author. All values keep their HL7 v2 text; `datatypes` reads them.

    `person` is an XCN, `institutions` are XON, `roles` and `specialties` are strings or `code^display^scheme`,
    `telecommunications` are XTN.
    """

    person: str | None = None
    institutions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    telecommunications: tuple[str, ...] = ()

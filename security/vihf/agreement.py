"""Does the message say what its VIHF says? Pure comparisons; the use case chooses the error code.

Each returns None when they agree, else one sentence that names no person and no record.
"""

from __future__ import annotations

from collections.abc import Iterable

from security.vihf.model import Vihf


def check_patient(vihf: Vihf, patient_id: str) -> str | None:
    """V-42: the record of the VIHF is that of the message. `patient_id` is a CX; type of identifier is not compared."""
    if vihf.patient is None:
        return "the VIHF names no record (resource-id), the message concerns one"
    if _record(vihf.patient) != _record(patient_id):
        return "the record of the VIHF (resource-id) is not that of the message"
    return None


def check_author_institution(vihf: Vihf, structure_ids: Iterable[str]) -> str | None:
    """V-40: an author of the submission set works for the structure of the VIHF. Identifiers are XON.10."""
    if vihf.structure_id in structure_ids:
        return None
    return "Aucun AuthorInstitution ne correspond à l'utilisateur du VIHF"


def check_author_person(vihf: Vihf, person_ids: Iterable[str]) -> str | None:
    """V-41: an author of the submission set is the subject of the VIHF. Identifiers are XCN.1."""
    if vihf.name_id in person_ids:
        return None
    return "no authorPerson of the submission set is the subject of the VIHF (NameID)"


def _record(cx: str) -> tuple[str, str]:
    """Identifier and universal identifier of the authority of a CX."""
    components = cx.split("^")
    authority = components[3].split("&") if len(components) > 3 else []
    return components[0], authority[1] if len(authority) > 1 else ""

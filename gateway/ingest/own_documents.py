"""Whose documents are one's own at this door, and of which patient: the record of the assertion, and no other."""

from __future__ import annotations

from gateway.gate import Caller
from security.vihf import agreement
from xds.dmp.requester import RequesterKind
from xds.errors import Refusal, RegistryError, XdsErrorCode


def the_patient(caller: Caller) -> str:
    """The patient (CX) of the assertion, for a message that names none. Raises Refusal: it names none either."""
    patient_id = caller.vihf.patient or ""
    check_patient(patient_id, caller)
    return patient_id


def check_patient(patient_id: str, caller: Caller) -> None:
    """V-42. Raises Refusal: the assertion is about another patient, or about none."""
    text = agreement.check_patient(caller.vihf, patient_id)
    if text:
        error = RegistryError(XdsErrorCode.PATIENT_ID_DOES_NOT_MATCH, text, rule="V-42")
        raise Refusal([error], decided_by="V-42")


def person_of(caller: Caller) -> str:
    """Who must be an author of the document: the holder of a professional's card, who acts for himself (condition h).

    Empty for a structure and its staff: their documents are those of the structure (condition i).
    """
    requester = caller.requester
    return requester.national_id if requester.kind is RequesterKind.PROFESSIONAL else ""

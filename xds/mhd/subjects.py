"""The patient that a resource is about: an identifier, a conditional reference, or a Patient of the message."""

from __future__ import annotations

import re
from urllib.parse import unquote

from xds.metadata import ins
from xds.metadata.datatypes import Cx
from xds.mhd.constants import OID, SOURCE_PATIENT_ID
from xds.mhd.element import Element
from xds.mhd.identifiers import read_cx
from xds.mhd.patients import read_source_patient
from xds.mhd.references import References

_CONDITIONAL = re.compile(r"Patient\?identifier=([^&|]+)\|([^&|]+)")


def read_subject(resource: Element, references: References, *, alone: bool = False) -> str:
    """The patientId (CX) of `subject`; empty when there is none.

    A conditional reference means what its one parameter says, inside a transaction; `alone`, outside of one, it is
    noted. A literal reference to a Patient elsewhere is a fault: nothing is fetched.
    """
    subject = resource.child("subject")
    if subject is None:
        return ""
    literal = subject.content.get("reference")
    conditional = _CONDITIONAL.fullmatch(unquote(literal)) if isinstance(literal, str) else None
    identifier = subject.child("identifier")
    subject.ignore("reference", "type", "display")
    if conditional is not None:
        if alone:
            expected = "subject.identifier: a conditional reference has a meaning in a transaction only"
            subject.notes.deviation("FHIR-CONDITIONAL", subject.at("reference"), "a conditional reference", expected)
        found = Element({"system": conditional[1], "value": conditional[2]}, subject.at("reference"), subject.notes)
        text = read_cx(found)
    elif identifier is not None:
        text = read_cx(identifier)
    else:
        patient = references.resolve(subject)
        text = _of_patient(patient) if patient is not None else ""
    subject.finish()
    return text


def read_source_patient_id(resource: Element, references: References) -> str:
    """The CX of the extension `ihe-sourcePatientId` of a List; empty when there is none."""
    extension = resource.extension(SOURCE_PATIENT_ID)
    reference = extension.child("valueReference") if extension is not None else None
    patient = references.resolve(reference) if reference is not None else None
    return read_source_patient(patient)[0] if patient is not None else ""


def same_patient(one: str, other: str) -> bool:
    """Whether two CX are one patient, the type of identifier apart."""
    try:
        first, second = Cx.parse(one), Cx.parse(other)
    except ValueError:
        return False
    return (first.identifier, first.authority) == (second.identifier, second.authority)


def _of_patient(patient: Element) -> str:
    """The INS, wherever it stands among the identifiers; else the first of them."""
    identifiers = patient.children("identifier")
    named = (one for one in identifiers if str(one.content.get("system")).removeprefix(OID) in ins.AUTHORITIES)
    chosen = next(named, next(iter(identifiers), None))
    return read_cx(chosen) if chosen is not None else ""

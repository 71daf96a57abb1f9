"""The patient of results, as a document names him (PID; CI-SIS Structuration minimale; référentiel INS)."""

from __future__ import annotations

from collections.abc import Iterable

from cda.header_values import InstanceId, Patient
from cda.times import to_utc
from conformance.laboratory.remarks import Remarks
from xds.hl7v2 import patient as hl7v2_patient
from xds.hl7v2.document_rules import is_oid


def read_patient(sent: hl7v2_patient.Patient, remarks: Remarks) -> Patient:
    """PID as the patient of a document. What an id or a trait cannot be without is an error."""
    birth, used = sent.birth_name, next((one for one in sent.names if one.type == "D"), None)
    ids = tuple(_ids(sent, remarks))
    missed = (
        ("RES-PATIENT-ID", "PID^1^3", ids),
        ("RES-PATIENT-NAME", "PID^1^5", birth is not None and birth.given),
        ("RES-BIRTH-DAY", "PID^1^7", len(sent.birth_date) >= 8 and to_utc(sent.birth_date[:8])),
        ("RES-SEX", "PID^1^8", sent.sex),
    )
    for rule, location, told in missed:
        if not told:
            remarks.tell(rule, location)
    if birth is not None and not birth.all_given:
        remarks.tell("RES-GIVEN-NAMES", "PID^1^5")
    if sent.sex and sent.sex not in ("F", "M"):
        remarks.tell("RES-SEX-OTHER", "PID^1^8")
    if sent.ins is not None and not sent.birth_place:
        remarks.tell("RES-BIRTH-PLACE", "PID^1^11")
    return Patient(
        ids=ids,
        birth_family=birth.family if birth is not None else None,
        used_family=used.family if used is not None else None,
        first_given=birth.given if birth is not None else None,
        all_given=(birth.all_given or birth.given) if birth is not None else None,
        used_given=used.given if used is not None and used.given else None,
        gender=sent.sex if sent.sex in ("F", "M") else "UN",
        birth_time=sent.birth_date[:8],
        birth_place=sent.birth_place or None,
    )


def _ids(sent: hl7v2_patient.Patient, remarks: Remarks) -> Iterable[InstanceId]:
    for one in sorted(sent.ids, key=lambda one: not one.is_ins):
        if is_oid(one.authority):
            yield InstanceId(one.authority, one.value)
        else:
            remarks.tell("RES-ISSUER", "PID^1^3")

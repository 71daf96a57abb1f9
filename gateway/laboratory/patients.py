"""The patient of results, as a document names him (PID; CI-SIS Structuration minimale; référentiel INS)."""

from __future__ import annotations

from collections.abc import Iterable

from cda.header_values import InstanceId, Patient
from cda.times import to_utc
from gateway.laboratory.remarks import Remarks
from xds.hl7v2 import patient as hl7v2_patient
from xds.hl7v2.document_rules import is_oid


def read_patient(sent: hl7v2_patient.Patient, remarks: Remarks) -> Patient:
    """PID as the patient of a document. What an id or a trait cannot be without is an error."""
    birth, used = sent.birth_name, next((one for one in sent.names if one.type == "D"), None)
    ids = tuple(_ids(sent, remarks))
    missed = (
        ("PID^1^3", ids, "no id of the patient whose issuer has an OID"),
        ("PID^1^5", birth is not None and birth.given, "no name and given name of birth"),
        ("PID^1^7", len(sent.birth_date) >= 8 and to_utc(sent.birth_date[:8]), "no day of birth of the calendar"),
        ("PID^1^8", sent.sex, "no sex"),
    )
    for location, told, text in missed:
        if not told:
            remarks.miss(location, text)
    if birth is not None and not birth.all_given:
        remarks.assume("PID^1^5", "no list of given names", "the first one")
    if sent.sex and sent.sex not in ("F", "M"):
        remarks.assume("PID^1^8", "neither F nor M", "UN")
    if sent.ins is not None and not sent.birth_place:
        remarks.miss("PID^1^11", "no place of birth (type BDL), which an INS needs")
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
            remarks.leave_out("PID^1^3", "an id whose issuer has no OID")

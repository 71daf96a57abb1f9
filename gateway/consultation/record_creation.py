"""TD1.1, a record is created by a professional, in the regime that has it: the use case (DMP D-011, §2.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.consultation.record_desk import RecordDesk
from gateway.gate import Caller
from gateway.wire.dmp_registration import Registration
from security.at_rest.record_keys import Kek, create_record_key
from xds.dmp.holder import Holder
from xds.dmp.operations import Operation
from xds.dmp.record import EmergencyConsents
from xds.dmp.traces import Notice, NoticeKind
from xds.errors import Refusal, RegistryError, XdsErrorCode, disagreement
from xds.registry.record_file import Facts, RecordFile

_INS = re.compile(r"\d{5}(?:\d\d|2[AB])\d{8}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRecord:
    """(1) patient, file, law  (2) consents, qualified INS, representatives  (3) its key  (4) write, trace, notice.

    `authorities` are the OIDs whose INS this house takes: those of tests, so that no genuine patient gets a record.
    """

    desk: RecordDesk
    kek: Kek
    authorities: frozenset[str]

    def __call__(self, request: Registration, caller: Caller) -> RecordFile:
        """Create; returns the file of the new record.

        Raises Refusal: another patient, the regime, no right to this, a record that exists (DMPFound), a consent that
        lacks, an INS that is not qualified.
        """
        case = self.desk.open(Operation.CREATE, request.patient_id, caller)  # (1)
        faults = tuple(self._faults(request, case.file, caller))  # (2)
        if faults:
            raise Refusal(faults, decided_by="5-CREATION")
        key = create_record_key(self.kek)  # (3)
        notice = Notice(NoticeKind.RECORD_CREATED, caller.request_id)
        act = self.desk.act("TD1.1", Operation.CREATE, caller, case, notices=(notice,))
        if not self.desk.office.create(request.patient_id, key, _facts(request), act):  # (4)
            found = RegistryError(XdsErrorCode.DMP_FOUND, "this patient has a record already")
            raise Refusal([found], decided_by="5-RECORD-FOUND")
        return self.desk.office.file(request.patient_id, caller.requester.national_id)

    def _faults(self, request: Registration, file: RecordFile, caller: Caller) -> Iterator[RegistryError]:
        if request.consent is not True:
            yield _lacking("attentionLine[CONSENTEMENT_OUVERTURE_DMP]", request.consent, "true: no consent, no record")
        fault = ins_fault(request.patient_id, self.authorities)
        if fault is not None:
            yield fault
        parameters, born = self.desk.parameters, (request.holder.traits.born if request.holder else None)
        if born is None or not parameters.manage_minors:
            return
        now = file.law_time(caller.now)
        years = now.year - born.year - ((now.month, now.day) < (born.month, born.day))
        if years < parameters.majority_age and not request.representatives:
            expected = "a legal representative: the patient is a minor"
            yield disagreement(
                "D-041", "patientPerson/personalRelationship", "nothing", expected, XdsErrorCode.SBX_CONSENT_MISSING
            )


def ins_fault(patient_id: str, authorities: frozenset[str]) -> RegistryError | None:
    """What keeps a patient (CX) from having a qualified INS: its authority, its form, its key (DMP D-011)."""
    parts = patient_id.split("^")
    authority = parts[3].split("&")[1] if len(parts) > 3 and "&" in parts[3] else ""
    code = XdsErrorCode.SBX_INS_NOT_QUALIFIED
    if authority not in authorities:
        return disagreement("D-011", "patient/id/@root", authority, " or ".join(sorted(authorities)), code)
    if not _INS.fullmatch(parts[0]):
        return disagreement("D-011", "patient/id/@extension", f"{len(parts[0])} characters", "an INS of 15", code)
    number = int(parts[0][:13].replace("2A", "19").replace("2B", "18"))
    if int(parts[0][13:]) != 97 - number % 97:
        return disagreement("D-011", "patient/id/@extension", "another key", "the key of the INS", code)
    return None


def _facts(request: Registration) -> Facts:
    holder = request.holder
    return Facts(
        traits=holder.traits if holder is not None else None,
        email=_of(holder, "email"),
        mobile=_of(holder, "mobile"),
        representatives=request.representatives,
        emergency=EmergencyConsents(etreat=request.etreat is not False, btg=request.btg is not False),
    )


def _of(holder: Holder | None, channel: str) -> str | None:
    found: str | None = getattr(holder, channel, None)
    return found or None


def _lacking(place: str, found: bool | None, expected: str) -> RegistryError:
    said = "nothing" if found is None else str(found).lower()
    return disagreement("D-011", place, said, expected, XdsErrorCode.SBX_CONSENT_MISSING)

"""TD1.1, a record is created by a professional, in the regime that has it: the use case (DMP D-011, §2.3)."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.consultation.record_desk import RecordDesk, refused
from gateway.consultation.record_facts import Examination, facts_of
from gateway.gate import Caller
from gateway.wire.dmp_registration import Registration
from security.at_rest.record_keys import Kek, create_record_key
from xds.dmp.operations import Operation
from xds.dmp.record_lifecycle import LifeAct
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.registry.record_file import RecordFile


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

        Raises Refusal: another patient, the regime, no right to this, a record that exists (DMPFound), a session that
        those who represent a minor shall not know of, a consent that lacks, an INS that is not qualified.
        """
        case = self.desk.open(Operation.CREATE, request.patient_id, caller)  # (1)
        if caller.requester.secret:
            raise refused(XdsErrorCode.DMP_ACCESS_DENIED, "no record is created in a secret session", "D-043")
        change = self.desk.change(LifeAct.CREATE, case, caller)
        examination = Examination(case.file.law_time(caller.now), self.desk.parameters)
        faults = tuple(examination.of_creation(request, self.authorities))  # (2)
        if faults:
            raise Refusal(faults, decided_by="5-CREATION")
        key = create_record_key(self.kek)  # (3)
        act = self.desk.act("TD1.1", Operation.CREATE, caller, case, change)
        if not self.desk.office.create(request.patient_id, key, facts_of(request), act):  # (4)
            found = RegistryError(XdsErrorCode.DMP_FOUND, "this patient has a record already")
            raise Refusal([found], decided_by="5-RECORD-FOUND")
        return self.desk.office.file(request.patient_id, caller.requester.national_id)

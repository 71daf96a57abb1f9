"""TD1.4, a record is closed at the request of its holder: the use case (DMP D-015; CSP R1111-36)."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.consultation.record_desk import RecordDesk
from gateway.gate import Caller
from gateway.wire.dmp_registration import Registration
from xds.dmp.operations import Operation
from xds.dmp.record_lifecycle import LifeAct
from xds.registry.amendments import until_unchanged
from xds.registry.record_file import RecordFile


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRecord:
    """(1) patient, file, law  (2) write motive and reason, trace, audit, notice; again when the record changed."""

    desk: RecordDesk

    def __call__(self, request: Registration, caller: Caller) -> RecordFile:
        """Close; returns the file of the closed record.

        Raises Refusal: another patient, no right to this, closed already (DMPClosed), attached to the national space.
        """
        until_unchanged(lambda: self._attempt(request, caller))
        return self.desk.office.file(request.patient_id, caller.requester.national_id)

    def _attempt(self, request: Registration, caller: Caller) -> None:
        case = self.desk.open(Operation.CLOSE, request.patient_id, caller)  # (1)
        change = self.desk.change(LifeAct.CLOSE, case, caller, motive=request.motive)
        act = self.desk.act("TD1.4", Operation.CLOSE, caller, case, change)
        self.desk.office.close(case.record, motive=change.closing_motive, reason=request.text, act=act)  # (2)

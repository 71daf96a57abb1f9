"""TD1.2, a closed record is opened again; TD1.3b, what is known of its holder is changed: the use cases."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.consultation.record_desk import Case, RecordDesk
from gateway.consultation.record_facts import Examination, facts_of
from gateway.gate import Caller
from gateway.wire.dmp_registration import Registration
from xds.dmp.operations import Operation
from xds.dmp.record_lifecycle import LifeAct
from xds.errors import Refusal
from xds.registry.amendments import until_unchanged
from xds.registry.record_file import RecordFile


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactivateRecord:
    """(1) patient, file, law  (2) consent, representatives  (3) write, trace, audit, notice; again when it changed."""

    desk: RecordDesk

    def __call__(self, request: Registration, caller: Caller) -> RecordFile:
        """Reactivate, with all the record held; returns its file.

        Raises Refusal: another patient, no right to this, a record that is open (DMPFound), unknown or destroyed, or
        archived too long, a holder who is dead, no consent.
        """
        until_unchanged(lambda: self._attempt(request, caller))
        return self.desk.office.file(request.patient_id, caller.requester.national_id)

    def _attempt(self, request: Registration, caller: Caller) -> None:
        case = self.desk.open(Operation.REACTIVATE, request.patient_id, caller)  # (1)
        change = self.desk.change(LifeAct.REACTIVATE, case, caller)
        faults = tuple(_examination(self.desk, case, caller).of_reactivation(request, case.record))  # (2)
        if faults:
            raise Refusal(faults, decided_by="5-REACTIVATION")
        act = self.desk.act("TD1.2", Operation.REACTIVATE, caller, case, change)
        self.desk.office.reactivate(case.record, facts_of(request, case.record), act)  # (3)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecord:
    """(1) patient, file, law  (2) representatives  (3) write, trace, audit; again when the record changed meanwhile."""

    desk: RecordDesk

    def __call__(self, request: Registration, caller: Caller) -> RecordFile:
        """Change what is known of the holder, and what he permits in an emergency; returns the file.

        Raises Refusal: another patient, no right to this, a record that is attached to the national space, legal
        representatives of an adult.
        """
        until_unchanged(lambda: self._attempt(request, caller))
        return self.desk.office.file(request.patient_id, caller.requester.national_id)

    def _attempt(self, request: Registration, caller: Caller) -> None:
        case = self.desk.open(Operation.CHANGE_ADMINISTRATIVE, request.patient_id, caller)  # (1)
        faults = tuple(_examination(self.desk, case, caller).of_change(request, case.record))  # (2)
        if faults:
            raise Refusal(faults, decided_by="5-REPRESENTATION")
        act = self.desk.act("TD1.3b", Operation.CHANGE_ADMINISTRATIVE, caller, case)
        self.desk.office.change(case.record, facts_of(request, case.record), act)  # (3)


def _examination(desk: RecordDesk, case: Case, caller: Caller) -> Examination:
    return Examination(case.file.law_time(caller.now), desk.parameters)

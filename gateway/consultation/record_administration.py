"""TD1.2, a closed record is opened again; TD1.3b, what is known of its holder is changed: the use cases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from gateway.consultation.record_desk import RecordDesk, refused
from gateway.gate import Caller
from gateway.wire.dmp_registration import Registration
from xds.dmp.operations import Operation
from xds.dmp.record import EmergencyConsents
from xds.dmp.traces import Notice, NoticeKind
from xds.errors import Refusal, XdsErrorCode, disagreement
from xds.registry.amendments import until_unchanged
from xds.registry.record_file import Facts, RecordFile


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactivateRecord:
    """(1) patient, file, law  (2) consent, years of archive  (3) write, trace, audit, notice; again when it changed."""

    desk: RecordDesk

    def __call__(self, request: Registration, caller: Caller) -> RecordFile:
        """Reactivate, with all the record held; returns its file.

        Raises Refusal: another patient, no right to this, a record that is open (DMPFound), unknown or destroyed, or
        archived too long, no consent.
        """
        until_unchanged(lambda: self._attempt(request, caller))
        return self.desk.office.file(request.patient_id, caller.requester.national_id)

    def _attempt(self, request: Registration, caller: Caller) -> None:
        case = self.desk.open(Operation.REACTIVATE, request.patient_id, caller)  # (1)
        if request.consent is not True:  # (2)
            found = "nothing" if request.consent is None else "false"
            place, code = "attentionLine[CONSENTEMENT_REACTIVATION_DMP]", XdsErrorCode.SBX_CONSENT_MISSING
            raise Refusal([disagreement("D-012", place, found, "true", code)], decided_by="D-012")
        closing = case.file.closing
        years = self.desk.parameters.archive_years
        if closing is not None and case.file.law_time(caller.now) >= years_after(closing.at, years):
            # What is only waiting to be destroyed is gone already.
            raise refused(XdsErrorCode.UNKNOWN_PATIENT_ID, "no record for this patient", "5-RECORD-UNKNOWN")
        notice = Notice(NoticeKind.RECORD_REACTIVATED, caller.request_id)
        act = self.desk.act("TD1.2", Operation.REACTIVATE, caller, case, notices=(notice,))
        self.desk.office.reactivate(case.record, facts_of(request, case.record.emergency), act)  # (3)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecord:
    """(1) patient, file, law  (2) write, trace, audit; again when the record changed meanwhile."""

    desk: RecordDesk

    def __call__(self, request: Registration, caller: Caller) -> RecordFile:
        """Change what is known of the holder, and what he permits in an emergency; returns the file.

        Raises Refusal: another patient, no right to this, a record that is attached to the national space.
        """
        until_unchanged(lambda: self._attempt(request, caller))
        return self.desk.office.file(request.patient_id, caller.requester.national_id)

    def _attempt(self, request: Registration, caller: Caller) -> None:
        case = self.desk.open(Operation.CHANGE_ADMINISTRATIVE, request.patient_id, caller)  # (1)
        act = self.desk.act("TD1.3b", Operation.CHANGE_ADMINISTRATIVE, caller, case)
        self.desk.office.change(case.record, facts_of(request, case.record.emergency), act)  # (2)


def facts_of(request: Registration, emergency: EmergencyConsents) -> Facts:
    """What a message changes; what it does not speak of stays."""
    holder = request.holder
    etreat = emergency.etreat if request.etreat is None else request.etreat
    btg = emergency.btg if request.btg is None else request.btg
    return Facts(
        traits=holder.traits if holder is not None else None,
        email=holder.email or None if holder is not None else None,
        mobile=holder.mobile or None if holder is not None else None,
        representatives=request.representatives or None,
        emergency=replace(emergency, etreat=etreat, btg=btg),
    )


def years_after(moment: datetime, years: int) -> datetime:
    """The same day years later; 29 February becomes 28 where there is none."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, day=28)

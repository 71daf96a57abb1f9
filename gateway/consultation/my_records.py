"""TD0.4, the records that a professional may read: the use case (DMP D-065)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gateway.consultation.record_desk import RecordDesk
from gateway.gate import Caller
from gateway.wire.dmp_services import ListRecords, RecordsMode
from security.audit.event import Outcome
from xds.dmp.operations import Operation
from xds.dmp.rights import decide
from xds.registry.authorised_records import Activity, AuthorisedRecords, MyRecord
from xds.registry.scope import Scope

_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class MyRecords:
    """(1) law  (2) authorised now  (3) what happened there, as far as the caller sees  (4) audit.

    A document that the caller may not see moves none of the times.
    """

    desk: RecordDesk
    records: AuthorisedRecords

    def __call__(self, request: ListRecords, caller: Caller) -> tuple[tuple[MyRecord, Activity], ...]:
        """List, the last authorisation or the last document first. Raises Refusal: no right to this."""
        requester = caller.requester
        decide(
            Operation.MY_RECORDS, requester, None, None, caller.now, parameters=self.desk.parameters
        ).or_refuse()  # (1)
        by_document = request.mode is RecordsMode.DOCUMENT
        since = _ALWAYS if by_document else request.since
        records = self.records.of(requester.national_id, requester.structure_id, since=since)  # (2)
        found = [(one, self._activity(one, caller)) for one in records]  # (3)
        if by_document:
            found = [pair for pair in found if pair[1].add is not None and pair[1].add >= request.since]
            found.sort(key=lambda pair: pair[1].add or pair[0].declared_at, reverse=True)
        event = self.desk.witness.access("TD0.4", Outcome.SUCCESS, caller, patient_id="", objects=())
        self.desk.audit.append(event)  # (4)
        return tuple(found)

    def _activity(self, one: MyRecord, caller: Caller) -> Activity:
        scope = Scope(
            patient_id=one.patient_id, requester=caller.requester, now=caller.now, parameters=self.desk.parameters
        )
        return one.activity(scope.sight(one.record, scope.effective(one.record, one.authorisations)))

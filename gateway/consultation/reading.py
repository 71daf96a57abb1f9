"""What searching and retrieving share in the DMP: the decision on the record, and what is written down of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from gateway.gate import Caller
from gateway.witness import Witness
from security.audit.event import Outcome
from security.vihf.model import Purpose
from xds.dmp import rights
from xds.dmp.decision import Decision
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, Record
from xds.dmp.traces import Notice, NoticeKind
from xds.registry.scope import Scope

_EMERGENCIES = (Purpose.BREAK_GLASS, Purpose.REGULATION)


def scope_of(operation: Operation, caller: Caller, patient_id: str, parameters: Parameters) -> Scope:
    """The record of a patient (CX) as the caller sees it, closed to him when the law says so."""
    return Scope(
        patient_id=patient_id,
        requester=caller.requester,
        now=caller.now,
        parameters=parameters,
        admits=partial(decide, operation, caller, parameters),
    )


def decide(
    operation: Operation,
    caller: Caller,
    parameters: Parameters,
    record: Record | None,
    authorisation: Authorisation | None,
) -> Decision:
    """Whether the caller may do this in a record, or where there is none. Raises Refusal."""
    now = caller.now if record is None else record.law_time(caller.now)
    decision = rights.decide(operation, caller.requester, record, authorisation, now, parameters=parameters)
    decision.or_refuse()
    return decision


def trace(
    witness: Witness,
    decision: Decision,
    caller: Caller,
    record: Record | None,
    patient_id: str,
    *,
    outcome: Outcome = Outcome.SUCCESS,
    documents: tuple[str, ...] = (),
    code: str = "",
) -> str:
    """What the record keeps of an access, and who must be told of it; `documents` are those that were read."""
    return witness.trace(
        decision.operation,
        outcome,
        caller,
        patient_id=patient_id,
        documents=documents,
        code=code,
        rule=decision.rule.value,
        notices=tuple(_notices(caller, record, documents)),
    ).as_json()


def _notices(caller: Caller, record: Record | None, documents: tuple[str, ...]) -> Iterator[Notice]:
    """The first reading of a professional is told once; an emergency once a day, for each professional."""
    who, purpose = caller.requester.national_id, caller.requester.purpose
    if documents:
        yield Notice(NoticeKind.FIRST_ACCESS, who)
    if purpose in _EMERGENCIES and record is not None:
        yield Notice(NoticeKind.EMERGENCY_ACCESS, f"{who} {purpose} {record.law_time(caller.now):%Y-%m-%d}")

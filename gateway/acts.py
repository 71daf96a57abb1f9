"""What is done to records from inside the house, and how it is written down.

The audit trail names the record by its internal key; the trace is kept inside the record, and goes with it. What time
does is written down by the database itself (`system_event` and `system_trace` in 0019_keeper_walls.sql).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from security.audit.event import AuditEvent, Outcome
from xds.dmp.operations import Operation
from xds.dmp.traces import Actor, Notice, Trace


class Act(StrEnum):
    """An act, by its name in the audit trail."""

    OPEN = "RECORD-OPEN"
    AUTHORISE = "RECORD-AUTHORISE"
    REVOKE = "RECORD-REVOKE"
    BLOCK = "RECORD-BLOCK"
    UNBLOCK = "RECORD-UNBLOCK"
    CLOSE = "RECORD-CLOSE"
    REACTIVATE = "RECORD-REACTIVATE"
    SUSPEND = "RECORD-SUSPEND"
    RESUME = "RECORD-RESUME"
    DECEASE = "RECORD-DECEASE"
    REQUEST_DESTRUCTION = "RECORD-REQUEST-DESTRUCTION"
    CONSENTS = "RECORD-CONSENTS"
    MASKING = "RECORD-DEFAULT-MASKING"
    HOLDER = "RECORD-HOLDER"
    REPRESENTATIVE = "RECORD-REPRESENTATIVE"
    ENS = "RECORD-ENS"
    IDENTITY = "RECORD-IDENTITY"
    EXPLAIN = "RECORD-EXPLAIN"
    READ_TRACES = "RECORD-TRACES"
    CLOCK = "CLOCK-ADVANCE"
    REIMBURSEMENTS = "TIME-REIMBURSEMENTS"


_TRANSACTIONS: Mapping[Act, Operation] = MappingProxyType(
    {
        Act.CLOSE: Operation.CLOSE,
        Act.DECEASE: Operation.CLOSE,
        Act.REACTIVATE: Operation.REACTIVATE,
        Act.CONSENTS: Operation.CHANGE_ADMINISTRATIVE,
        Act.HOLDER: Operation.CHANGE_ADMINISTRATIVE,
        Act.REPRESENTATIVE: Operation.CHANGE_ADMINISTRATIVE,
    }
)
"""Acts that have a transaction of the DMP; a trace shows it, and the name of the act otherwise."""


def operation_of(act: Act) -> str:
    """What a trace shows as the operation."""
    return _TRANSACTIONS[act].value if act in _TRANSACTIONS else act.value


def trace_json(
    act: Act,
    outcome: Outcome,
    actor: Actor,
    request_id: str,
    *,
    patient_id: str,
    reason: str = "",
    code: str = "",
    notices: Iterable[Notice] = (),
) -> str:
    """The trace of an act as the functions of the database take it; `patient_id` is a canonical CX."""
    trace = Trace(
        patient_id=patient_id,
        operation=operation_of(act),
        outcome=outcome,
        actor=actor,
        request_id=request_id,
        reason=reason,
        code=code,
        notices=tuple(notices),
    )
    return trace.as_json()


def event_text(
    act: Act,
    outcome: Outcome,
    actor_id: str,
    request_id: str,
    *,
    patient_key: UUID | None = None,
    objects: Iterable[str] = (),
    code: str = "",
) -> str:
    """The audit event of an act, canonical. It has real time, whatever the law's clock shows."""
    event = AuditEvent(
        door="administration",
        time=datetime.now(UTC),
        transaction=act.value,
        outcome=outcome,
        request_id=request_id,
        actor_id=actor_id,
        objects=(*((str(patient_key),) if patient_key is not None else ()), *objects),
        code=code,
    )
    return event.canonical().decode("utf-8")

"""What the patient does to the documents of his record, through the office (DMP TD3.3a to DMP TD3.3d; CSP L1111-14)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg

from gateway.administration.office import RecordsError
from security.audit.event import AuditEvent, Outcome
from xds.dmp.changes import Change, may_change
from xds.dmp.decision import Decision, Rule
from xds.dmp.parameters import Parameters
from xds.dmp.record import Record
from xds.dmp.requester import Requester, RequesterKind
from xds.dmp.traces import Actor, ActorKind, Trace
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.registry.change_plan import WantedChange
from xds.registry.connections import OneConnection
from xds.registry.document_changes import Act, DocumentChanges, becoming
from xds.registry.identifiers import canonical_patient_id
from xds.registry.record_file import RecordFile
from xds.registry.record_office import RecordOffice
from xds.registry.registered_documents import RegisteredDocument


def change_document(
    connection: psycopg.Connection[Any],
    patient_id: str,
    unique_id: str,
    change: Change,
    *,
    parameters: Parameters,
) -> None:
    """Do what the patient (CX) wants of one document; nobody is told: he did it himself.

    Raises RecordsError: no open record, not his to do, no such document that he may see, or it is so already. The
    refusal is traced in his record.
    """
    office, changes = RecordOffice.of_owner(connection), DocumentChanges(OneConnection(connection))
    file = office.file(patient_id)
    act = Act(
        operation=change.operation,
        actor=Actor(kind=ActorKind.PATIENT, id=patient_id.partition("^")[0]),
        now=datetime.now(UTC),
        rule=Rule.GRANTED.value,
        request_id=str(uuid4()),
    )

    def wish(document: RegisteredDocument) -> WantedChange:
        _allow(_decide(change, file, act, document, parameters), unique_id)
        return becoming(change, document, parameters)

    try:
        _allow(_decide(change, file, act, None, parameters), unique_id)
        changes.change(patient_id, unique_id, act, wish)
    except Refusal as refusal:
        if file.record is not None:
            _trace_refusal(connection, file.record, patient_id, unique_id, act, refusal)
        error = refusal.errors[0]
        raise RecordsError(error.context, error.code) from refusal


def _decide(
    change: Change, file: RecordFile, act: Act, document: RegisteredDocument | None, parameters: Parameters
) -> Decision:
    patient = Requester(kind=RequesterKind.PATIENT, national_id=act.actor.id)
    return may_change(change, patient, file.record, None, file.law_time(act.now), document, parameters=parameters)


def _allow(decision: Decision, unique_id: str) -> None:
    """Raise Refusal: what hides a document from the patient says that there is none."""
    if decision.hides:
        error = RegistryError(XdsErrorCode.DOCUMENT_UNIQUE_ID, f"no document {unique_id} in this record")
        raise Refusal((error,), decided_by=decision.rule.value)
    decision.or_refuse()


def _trace_refusal(
    connection: psycopg.Connection[Any], record: Record, patient_id: str, unique_id: str, act: Act, refusal: Refusal
) -> None:
    code = refusal.errors[0].code
    event = AuditEvent(
        door="administration",
        time=act.now,
        transaction=act.operation.transaction,
        outcome=Outcome.REFUSED,
        request_id=act.request_id,
        actor_id=act.actor.kind.value,
        objects=(str(record.patient_key), unique_id),
        code=code,
    )
    trace = Trace(
        patient_id=canonical_patient_id(patient_id),
        operation=act.operation,
        outcome=Outcome.REFUSED,
        actor=act.actor,
        request_id=act.request_id,
        documents=(unique_id,),
        code=code,
        rule=refusal.decided_by,
    )
    connection.execute(
        "SELECT ecluse.access_append(ARRAY[%s], %s::text::jsonb)",
        (event.canonical().decode("utf-8"), f"[{trace.as_json()}]"),
    )

"""Deletion of one's own documents by the ingest door: whole, once, and of nobody else's (DMP TD3.3c)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from security.audit.event import AuditEvent, Outcome
from xds.dmp.operations import Operation
from xds.dmp.traces import Actor, ActorKind, Notice, NoticeKind, Trace
from xds.errors import Refusal
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import AvailabilityStatus as Status
from xds.metadata.document_entry import DocumentEntry
from xds.registry.availability import ChangedMeanwhile
from xds.registry.identifiers import uuid_text

from .conftest import DOCTOR, HOSPITAL, IHE, OTHER_HOSPITAL, Registry, a_set, an_entry, another_version, oid, urn


def delete(
    registry: Registry,
    patient_id: str,
    entry_uuids: Sequence[str],
    *,
    structure_id: str = HOSPITAL,
    person_id: str = "",
    revision: int | None = None,
    told: Sequence[str] = (),
    **submission_set: Any,
) -> str:
    """Delete as the door does; returns the request id of the audit event."""
    lot, request_id = a_set(patient_id, **submission_set), uuid4().hex
    registry.writer.delete_own(
        revision=registry.revision(patient_id) if revision is None else revision,
        patient_id=patient_id,
        structure_id=structure_id,
        person_id=person_id,
        entry_uuids=entry_uuids,
        submission_set=lot,
        associations=[
            Association(
                entry_uuid=urn(),
                association_type=AssociationType.UPDATE_AVAILABILITY_STATUS,
                source=lot.entry_uuid,
                target=target,
                original_status=Status.APPROVED,
                new_status=Status.DELETED,
            )
            for target in entry_uuids
        ],
        event=AuditEvent(
            door="ingest",
            time=datetime.now(UTC),
            transaction="ITI-57",
            outcome=Outcome.SUCCESS,
            request_id=request_id,
        ),
        trace=Trace(
            patient_id=patient_id,
            operation=Operation.DELETE,
            outcome="success",
            actor=Actor(kind=ActorKind.FACILITY, id=structure_id),
            request_id=request_id,
            notices=tuple(Notice(NoticeKind.DOCUMENT_DELETED, one) for one in told),
        ),
    )
    return request_id


def deposited(registry: Registry, **changes: Any) -> tuple[str, DocumentEntry]:
    patient_id, _ = registry.a_record()
    entry = an_entry(patient_id, **changes)
    registry.deposit(patient_id, [entry])
    return patient_id, entry


def test_a_document_is_deleted_with_its_lot_its_trace_its_notice_and_its_event(registry: Registry) -> None:
    patient_id, entry = deposited(registry)
    before, start = registry.counts(patient_id), registry.revision(patient_id)

    request_id = delete(registry, patient_id, [entry.entry_uuid], told=[entry.unique_id])

    assert registry.statuses(patient_id) == {entry.entry_uuid: Status.DELETED}
    assert [b - a for a, b in zip(before, registry.counts(patient_id), strict=True)] == [1, 1, 0, 1]
    assert registry.revision(patient_id) == start + 1
    assert registry.events(request_id) == 1
    rows = registry.owner.execute(
        "SELECT t.operation, o.kind, o.subject FROM ecluse.traces t JOIN ecluse.outbox o USING (patient_key)"
        " WHERE t.request_id = %s AND o.kind LIKE 'DOCUMENT%%'",
        (request_id,),
    ).fetchall()
    assert rows == [("TD3.3c", "DOCUMENT_DELETED", entry.unique_id)]


@pytest.mark.parametrize("named", ["first", "last"])
def test_any_version_names_the_document_and_all_its_versions_are_deleted(registry: Registry, named: str) -> None:
    patient_id, entry = deposited(registry)
    last = another_version(registry, entry.entry_uuid)

    delete(registry, patient_id, [entry.entry_uuid if named == "first" else last])

    assert registry.statuses(patient_id) == {entry.entry_uuid: Status.DELETED, last: Status.DELETED}


OTHERS = [
    ("another structure", {"structure_id": OTHER_HOSPITAL}),
    ("another person", {"person_id": "810000000002"}),
]


@pytest.mark.parametrize("change", [row[1] for row in OTHERS], ids=[row[0] for row in OTHERS])
def test_the_role_of_the_door_deletes_no_document_of_another(registry: Registry, change: dict[str, str]) -> None:
    """Whoever holds the password of the door and judges nothing is stopped by the database."""
    patient_id, entry = deposited(registry)
    before = registry.counts(patient_id)

    with pytest.raises(ChangedMeanwhile):
        delete(registry, patient_id, [entry.entry_uuid], **change)

    assert registry.statuses(patient_id) == {entry.entry_uuid: Status.APPROVED}
    assert registry.counts(patient_id) == before


def test_an_author_deletes_by_himself(registry: Registry) -> None:
    patient_id, entry = deposited(registry)

    delete(registry, patient_id, [entry.entry_uuid], person_id=DOCTOR)

    assert registry.statuses(patient_id) == {entry.entry_uuid: Status.DELETED}


def test_what_changed_since_the_judgement_is_judged_again(registry: Registry) -> None:
    patient_id, entry = deposited(registry)

    with pytest.raises(ChangedMeanwhile):
        delete(registry, patient_id, [entry.entry_uuid], revision=registry.revision(patient_id) - 1)

    assert registry.statuses(patient_id) == {entry.entry_uuid: Status.APPROVED}


def test_nothing_is_named_is_nothing_done(registry: Registry) -> None:
    patient_id, entry = deposited(registry)

    for targets in ([], [urn()], [entry.entry_uuid, urn()]):
        with pytest.raises(ChangedMeanwhile):
            delete(registry, patient_id, targets)

    assert registry.statuses(patient_id) == {entry.entry_uuid: Status.APPROVED}


def test_a_taken_unique_id_and_a_taken_id_are_told_together(registry: Registry) -> None:
    patient_id, entry = deposited(registry)

    with pytest.raises(Refusal) as refusal:
        delete(registry, patient_id, [entry.entry_uuid], unique_id=entry.unique_id, entry_uuid=entry.entry_uuid)

    codes = [error.code.value for error in refusal.value.errors]
    assert codes == ["XDSRegistryMetadataError", "XDSDuplicateUniqueIdInRegistry"]
    assert registry.statuses(patient_id) == {entry.entry_uuid: Status.APPROVED}


STATES = [
    ("status = 'CLOSED', closed_at = now()", "DMPClosed"),
    ("status = 'SUSPENDED', suspended_at = now()", "SBX_RECORD_SUSPENDED"),
]


@pytest.mark.parametrize(("columns", "code"), STATES)
def test_a_record_that_is_not_open_keeps_its_documents(registry: Registry, columns: str, code: str) -> None:
    patient_id, entry = deposited(registry)
    registry.owner.execute(
        f"UPDATE ecluse.records SET {columns}"  # noqa: S608
        " WHERE patient_key = (SELECT patient_key FROM ecluse.patients WHERE patient_id = %s)",
        (patient_id,),
    )

    with pytest.raises(Refusal) as refusal:
        delete(registry, patient_id, [entry.entry_uuid])

    assert [error.code.value for error in refusal.value.errors] == [code]
    assert registry.statuses(patient_id) == {entry.entry_uuid: Status.APPROVED}


def test_an_unknown_patient_has_nothing_to_delete(registry: Registry) -> None:
    with pytest.raises(Refusal) as refusal:
        delete(registry, "888888888888888^^^&1.2.250.1.213.1.4.10&ISO^NH", [urn()], revision=0)

    assert [error.code.value for error in refusal.value.errors] == ["XDSUnknownPatientId"]


def test_the_patient_is_told_nothing_of_what_was_hidden_nor_of_the_signature_of_a_lot(registry: Registry) -> None:
    patient_id, entry = deposited(registry)
    registry.owner.execute(
        "UPDATE ecluse.document_entries SET codes = jsonb_set(codes, '{confidentialityCode}', %s::jsonb)"
        " WHERE entry_uuid = %s",
        (json.dumps(["INVISIBLE_PATIENT^^1.2.250.1.213.1.1.4.13"]), uuid_text(entry.entry_uuid)),
    )

    request_id = delete(registry, patient_id, [entry.entry_uuid], told=[entry.unique_id])

    assert registry.events(request_id) == 1
    assert registry.owner.execute("SELECT FROM ecluse.outbox WHERE subject = %s", (entry.unique_id,)).fetchall() == []


@IHE
def test_elsewhere_nothing_is_deleted_this_way(registry: Registry) -> None:
    patient_id, entry = deposited(registry)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        delete(registry, patient_id, [entry.entry_uuid], unique_id=oid())

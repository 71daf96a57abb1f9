"""Changes of documents by the patient and by time, on the real server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import orjson
import psycopg
import pytest

from gateway.database.opening import Database
from gateway.records import close_record
from security.xml import parse
from xds.dmp.operations import Operation
from xds.dmp.traces import Actor, ActorKind, Notice, NoticeKind
from xds.ebrim.objects import read_entry
from xds.errors import Refusal
from xds.metadata.association import AssociationType
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus as Status
from xds.metadata.document_entry import DocumentEntry
from xds.registry.connections import OneConnection
from xds.registry.document_changes import Act, DocumentChanges
from xds.registry.identifiers import uuid_of
from xds.registry.registered_documents import RegisteredDocument, RegisteredDocuments

from .conftest import NORMAL, Registry, an_entry, link

HIDDEN = Code("INVISIBLE_PATIENT", "1.2.250.1.213.1.1.4.13", "Non visible par le patient")
SYSTEM = Actor(kind=ActorKind.SYSTEM, id="release")


def act(operation: Operation = Operation.MASK, **changes: Any) -> Act:
    return Act(**{"operation": operation, "actor": SYSTEM, "now": datetime.now(UTC), **changes})


@pytest.fixture
def changes(registry: Registry) -> DocumentChanges:
    return DocumentChanges(OneConnection(registry.owner))


def a_document(registry: Registry, **metadata: Any) -> tuple[str, DocumentEntry]:
    patient_id, _ = registry.a_record()
    entry = an_entry(patient_id, **metadata)
    registry.deposit(patient_id, [entry])
    return patient_id, entry


def now(registry: Registry, patient_id: str, unique_id: str) -> RegisteredDocument:
    (row,) = registry.owner.execute(
        "SELECT patient_key FROM ecluse.patients WHERE patient_id = %s", (patient_id,)
    ).fetchone() or (None,)
    (found,) = RegisteredDocuments(OneConnection(registry.owner)).ask(row, unique_ids=[unique_id]).values()
    return found


def versions(registry: Registry, entry: DocumentEntry) -> list[tuple[int, str, list[str]]]:
    return registry.owner.execute(
        "SELECT version, status, ARRAY(SELECT split_part(c, '^', 1) FROM jsonb_array_elements_text("
        "codes -> 'confidentialityCode') c) FROM ecluse.document_entries WHERE unique_id = %s ORDER BY version",
        (entry.unique_id,),
    ).fetchall()


def test_a_change_of_visibility_is_a_new_version_in_a_submission_of_its_own(
    registry: Registry, changes: DocumentChanges
) -> None:
    patient_id, entry = a_document(registry)
    before = registry.revision(patient_id)
    new = changes.change_visibility(patient_id, entry.unique_id, act(), add=["MASQUE_PS"])
    found = now(registry, patient_id, entry.unique_id)
    assert new == found.entry_uuid != entry.entry_uuid
    assert (found.logical_id, found.version, found.status) == (entry.entry_uuid, 2, Status.APPROVED)
    assert found.confidentiality_codes == ("N", "MASQUE_PS")
    assert found.entry.title == entry.title
    (fragment,) = registry.owner.execute(
        "SELECT fragment FROM ecluse.document_entries WHERE entry_uuid = %s", (uuid_of(new),)
    ).fetchone() or (b"",)
    assert read_entry(parse(bytes(fragment))).confidentiality_codes == found.entry.confidentiality_codes
    assert registry.counts(patient_id) == (3, 2, 2, 2)
    assert registry.revision(patient_id) == before + 1


def test_what_a_former_version_is_shown_to_follows_the_last_one(registry: Registry, changes: DocumentChanges) -> None:
    patient_id, entry = a_document(registry)
    changes.change_visibility(patient_id, entry.unique_id, act(), add=["MASQUE_PS"])
    assert versions(registry, entry) == [(1, "DEPRECATED", ["N", "MASQUE_PS"]), (2, "APPROVED", ["N", "MASQUE_PS"])]
    changes.change_visibility(patient_id, entry.unique_id, act(Operation.UNMASK), remove=["MASQUE_PS"])
    assert versions(registry, entry) == [(1, "DEPRECATED", ["N"]), (2, "DEPRECATED", ["N"]), (3, "APPROVED", ["N"])]


def test_what_is_so_already_changes_nothing(registry: Registry, changes: DocumentChanges) -> None:
    patient_id, entry = a_document(registry)
    before = registry.counts(patient_id), registry.revision(patient_id)
    assert changes.change_visibility(patient_id, entry.unique_id, act(), remove=["MASQUE_PS"]) is None
    assert changes.change_status(patient_id, entry.unique_id, act(Operation.ARCHIVE), Status.APPROVED) is None
    assert (registry.counts(patient_id), registry.revision(patient_id)) == before


def test_a_mask_that_waits_comes_with_the_release(registry: Registry, changes: DocumentChanges) -> None:
    patient_id, entry = a_document(registry, confidentiality_codes=(NORMAL, HIDDEN))
    registry.owner.execute(
        "UPDATE ecluse.document_entries SET mask_when_visible = true WHERE unique_id = %s", (entry.unique_id,)
    )
    changes.change_visibility(patient_id, entry.unique_id, act(Operation.MAKE_VISIBLE), remove=["INVISIBLE_PATIENT"])
    found = now(registry, patient_id, entry.unique_id)
    assert found.confidentiality_codes == ("N", "MASQUE_PS")
    assert not found.mask_when_visible


def test_times_of_a_document_are_those_of_its_deposit(registry: Registry, changes: DocumentChanges) -> None:
    patient_id, entry = a_document(registry)
    read = datetime.now(UTC) - timedelta(days=1)
    registry.owner.execute(
        "UPDATE ecluse.document_entries SET read_by_patient_at = %s WHERE unique_id = %s", (read, entry.unique_id)
    )
    deposited = now(registry, patient_id, entry.unique_id).deposited_at
    changes.change_visibility(patient_id, entry.unique_id, act(), add=["MASQUE_PS"])
    found = now(registry, patient_id, entry.unique_id)
    assert (found.deposited_at, found.read_by_patient_at) == (deposited, read)


def test_a_deleted_document_is_deleted_whole_and_changes_no_more(registry: Registry, changes: DocumentChanges) -> None:
    patient_id, entry = a_document(registry)
    changes.change_visibility(patient_id, entry.unique_id, act(), add=["MASQUE_PS"])
    changes.change_status(patient_id, entry.unique_id, act(Operation.DELETE), Status.DELETED)
    assert [status for _, status, _ in versions(registry, entry)] == ["DELETED", "DELETED"]
    with pytest.raises(Refusal) as refusal:
        changes.change_visibility(patient_id, entry.unique_id, act(Operation.UNMASK), remove=["MASQUE_PS"])
    assert [error.code for error in refusal.value.errors] == ["XDSMetadataUpdateError"]


def test_an_archived_or_replaced_document_keeps_its_status_in_its_new_version(
    registry: Registry, changes: DocumentChanges
) -> None:
    patient_id, old = a_document(registry)
    changes.change_status(patient_id, old.unique_id, act(Operation.ARCHIVE), Status.ARCHIVED)
    changes.change_visibility(patient_id, old.unique_id, act(), add=["MASQUE_PS"])
    assert now(registry, patient_id, old.unique_id).status is Status.ARCHIVED
    changes.change_status(patient_id, old.unique_id, act(Operation.ARCHIVE), Status.APPROVED)
    new = an_entry(patient_id)
    current = now(registry, patient_id, old.unique_id).entry_uuid
    registry.deposit(patient_id, [new], links=[link(AssociationType.RPLC, new, current)])
    changes.change_visibility(patient_id, old.unique_id, act(Operation.UNMASK), remove=["MASQUE_PS"])
    assert now(registry, patient_id, old.unique_id).status is Status.DEPRECATED
    targets = registry.owner.execute(
        "SELECT 'urn:uuid:' || target, status FROM ecluse.associations WHERE source = %s AND association_type LIKE %s"
        " ORDER BY status",
        (uuid_of(new.entry_uuid), "%:RPLC"),
    ).fetchall()
    assert targets == [
        (now(registry, patient_id, old.unique_id).entry_uuid, "APPROVED"),
        (current, "DEPRECATED"),
    ]


def test_trace_notice_and_event_come_with_the_change(registry: Registry, changes: DocumentChanges) -> None:
    patient_id, entry = a_document(registry, confidentiality_codes=(NORMAL, HIDDEN))
    notice = Notice(NoticeKind.HIDDEN_DOCUMENT_RELEASED, entry.unique_id)
    changes.change_visibility(
        patient_id,
        entry.unique_id,
        act(Operation.MAKE_VISIBLE, notices=(notice,), request_id="release-1", rule="R1111-53"),
        remove=["INVISIBLE_PATIENT"],
    )
    row = registry.owner.execute(
        "SELECT t.operation, t.actor_kind, t.documents, t.rule, o.kind, o.subject FROM ecluse.traces t"
        " JOIN ecluse.patients p USING (patient_key) JOIN ecluse.outbox o USING (patient_key)"
        " WHERE p.patient_id = %s AND t.request_id = 'release-1' AND o.kind <> 'RECORD_CREATED'",
        (patient_id,),
    ).fetchone()
    assert row == ("TD3.3b", "SYSTEM", [entry.unique_id], "R1111-53", "HIDDEN_DOCUMENT_RELEASED", entry.unique_id)
    (event,) = registry.owner.execute(
        "SELECT event FROM ecluse.audit_events WHERE event::jsonb ->> 'request' = 'release-1'"
    ).fetchone() or ("{}",)
    assert orjson.loads(event)["transaction"] == "TD3.3b"


def test_no_open_record_and_no_document_are_refused(registry: Registry, changes: DocumentChanges) -> None:
    patient_id, entry = a_document(registry)
    answers = []
    for patient, unique_id in ((patient_id, "2.25.1"), ("250000000000000^^^&1.2.250.1.213.1.4.10&ISO^NH", "2.25.1")):
        with pytest.raises(Refusal) as refusal:
            changes.change_visibility(patient, unique_id, act(), add=["MASQUE_PS"])
        answers.append(refusal.value.errors[0].code)
    close_record(registry.owner, patient_id)
    with pytest.raises(Refusal) as refusal:
        changes.change_visibility(patient_id, entry.unique_id, act(), add=["MASQUE_PS"])
    assert [*answers, refusal.value.errors[0].code] == [
        "XDSDocumentUniqueIdError",
        "XDSUnknownPatientId",
        "XDSUnknownPatientId",
    ]


def test_changes_at_the_same_time_are_one_after_the_other(registry: Registry, database: Database) -> None:
    patient_id, entry = a_document(registry)
    start = Barrier(4)

    def change(number: int) -> str | None:
        with psycopg.connect(database.layout.owner_url, autocommit=True) as connection:
            start.wait()
            changes = DocumentChanges(OneConnection(connection))
            if number % 2:
                return changes.change_visibility(patient_id, entry.unique_id, act(), add=["MASQUE_PS"])
            return changes.change_status(patient_id, entry.unique_id, act(Operation.ARCHIVE), Status.ARCHIVED)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(change, range(4)))
    assert sum(one is not None for one in done) == 2  # the others found it done
    found = now(registry, patient_id, entry.unique_id)
    assert (found.version, found.status, found.confidentiality_codes) == (2, Status.ARCHIVED, ("N", "MASQUE_PS"))

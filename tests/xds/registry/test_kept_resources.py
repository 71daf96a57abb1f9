"""What is kept of a resource is kept of the fragment that is registered, and of no other; real roles, real server."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.consultation.iti67 import found_resource
from gateway.database.pool import DoorPool
from security.audit.event import AuditEvent, Outcome
from security.xml import parse
from xds.dmp.operations import Operation
from xds.dmp.traces import Actor, ActorKind
from xds.ebrim.objects import read_entry
from xds.metadata.association import AssociationType
from xds.metadata.document_entry import AvailabilityStatus as Status
from xds.metadata.document_entry import DocumentEntry
from xds.mhd.document_reference import FORM, write_lasting
from xds.mhd.moving import IdPolicy
from xds.queries import FindDocuments
from xds.registry.connections import OneConnection
from xds.registry.document_changes import VISIBILITY, Act, DocumentChanges
from xds.registry.identifiers import uuid_of
from xds.registry.registration import IfMasked
from xds.registry.rows import NewEntry
from xds.registry.whole_documents import FoundDocument, found_documents

from .conftest import HOSPITAL, MASKED, NORMAL, Registry, a_set, an_entry, everything, link, members_of

ALL = (Status.APPROVED, Status.DEPRECATED, Status.ARCHIVED)
BASE = "https://example.org/fhir"
SYSTEM = Actor(kind=ActorKind.SYSTEM, id="test")
TEXTS = st.none() | st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=20)
STEPS = st.lists(st.sampled_from(["mask", "unmask", "archive", "restore", "replace"]), max_size=3)


def kept(registry: Registry, entry_uuid: str) -> bytes | None:
    row = registry.owner.execute(
        "SELECT resource FROM ecluse.entry_resources WHERE entry_uuid = %s", (uuid_of(entry_uuid),)
    ).fetchone()
    return bytes(row[0]) if row is not None else None


def fragment(registry: Registry, entry_uuid: str) -> bytes:
    row = registry.owner.execute(
        "SELECT fragment FROM ecluse.document_entries WHERE entry_uuid = %s", (uuid_of(entry_uuid),)
    ).fetchone()
    assert row is not None
    return bytes(row[0])


def found(registry: Registry, patient_id: str) -> tuple[FoundDocument, ...]:
    query = FindDocuments(patient_id=patient_id, statuses=ALL)
    return found_documents(registry.reader.answer_whole(query, everything(patient_id)))


def a_document(registry: Registry, **metadata: Any) -> tuple[str, DocumentEntry]:
    patient_id, _ = registry.a_record()
    entry = an_entry(patient_id, **metadata)
    registry.deposit(patient_id, [entry])
    return patient_id, entry


def change(registry: Registry, patient_id: str, entry: DocumentEntry, step: str) -> DocumentEntry:
    """What happens to a document; the document that it then is about."""
    changes = DocumentChanges(OneConnection(registry.owner))
    act = Act(operation=Operation.MASK, actor=SYSTEM, now=datetime.now(UTC))
    if step in ("mask", "unmask"):
        names = {"add" if step == "mask" else "remove": ["MASQUE_PS"]}
        changes.change_visibility(patient_id, entry.unique_id, act, **names)
        return entry
    if step in ("archive", "restore"):
        status = Status.ARCHIVED if step == "archive" else Status.APPROVED
        changes.change_status(patient_id, entry.unique_id, act, status)
        return entry
    current = max(found(registry, patient_id), key=lambda one: (one.unique_id == entry.unique_id, one.version.number))
    other = an_entry(patient_id, title="Suite")
    changes.change_status(patient_id, entry.unique_id, act, Status.APPROVED)
    registry.deposit(patient_id, [other], links=[link(AssociationType.RPLC, other, current.entry_uuid)])
    return other


def an_event(request_id: str) -> AuditEvent:
    return AuditEvent(
        door="ingest", time=datetime.now(UTC), transaction="ITI-41", outcome=Outcome.SUCCESS, request_id=request_id
    )


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    TEXTS,
    TEXTS,
    st.lists(st.sampled_from(sorted(VISIBILITY)), max_size=2, unique=True),
    st.sampled_from(["text/xml", "application/pdf", "application/fhir+json"]),
    STEPS,
    st.sampled_from(IdPolicy),
)
def test_the_answer_is_the_same_with_what_was_kept_and_without(
    registry: Registry,
    title: str | None,
    comments: str | None,
    hidden: list[str],
    mime_type: str,
    steps: list[str],
    policy: IdPolicy,
) -> None:
    codes = (NORMAL, *(VISIBILITY[name] for name in hidden))
    patient_id, entry = a_document(
        registry, title=title, comments=comments, confidentiality_codes=codes, mime_type=mime_type
    )
    for step in steps:
        entry = change(registry, patient_id, entry, step)
    answered = found(registry, patient_id)
    assert answered
    for one in answered:
        assert one.version.lasting is not None
        without = replace(one, version=replace(one.version, lasting=None))
        first, second = (orjson.dumps(found_resource(BASE, each, policy)) for each in (one, without))
        assert first == second


@pytest.mark.parametrize("is_masked", [False, True])
def test_of_a_document_that_replaces_another_one_what_is_registered_is_kept(
    registry: Registry, *, is_masked: bool
) -> None:
    # Given a document, masked or not, and another one that replaces it, spelled as it is and as if that were masked,
    codes = (NORMAL, MASKED) if is_masked else (NORMAL,)
    patient_id, entry = a_document(registry, confidentiality_codes=codes)
    other = an_entry(patient_id)
    replacing = link(AssociationType.RPLC, other, entry.entry_uuid)
    lot = a_set(patient_id)
    receipt = registry.receipts.ask(
        patient_id=patient_id,
        structure_id=HOSPITAL,
        unique_ids=[lot.unique_id, other.unique_id],
        ids=[other.entry_uuid, entry.entry_uuid],
    )
    assert receipt.record is not None
    # when it is registered,
    registry.writer.register(
        record=receipt.record,
        revision=receipt.revision,
        patient_id=patient_id,
        structure_id=HOSPITAL,
        submission_set=lot,
        entries=[NewEntry(entry=other, blob_address=None)],
        associations=[*members_of(lot, [other], [], [replacing]), replacing],
        if_masked=[
            IfMasked(entry_uuid=other.entry_uuid, target=entry.entry_uuid, confidentiality_codes=(NORMAL, MASKED))
        ],
        now=datetime.now(UTC),
        event=an_event(lot.unique_id),
    )
    # then what is kept says the same as the fragment.
    said = read_entry(parse(fragment(registry, other.entry_uuid)))
    assert (MASKED in said.confidentiality_codes) is is_masked
    assert kept(registry, other.entry_uuid) == orjson.dumps(write_lasting(said))


def test_what_was_written_in_another_form_is_not_answered(registry: Registry) -> None:
    patient_id, entry = a_document(registry)
    registry.owner.execute(
        "UPDATE ecluse.entry_resources SET form = %s WHERE entry_uuid = %s", (FORM + 1, uuid_of(entry.entry_uuid))
    )
    (one,) = found(registry, patient_id)
    assert one.version.lasting is None
    assert found_resource(BASE, one, IdPolicy.LID)["content"][0]["attachment"]["title"] == entry.title


def test_another_identifier_of_the_patient_takes_it_away(registry: Registry) -> None:
    patient_id, entry = a_document(registry)
    registry.owner.execute(
        "UPDATE ecluse.document_entries SET fragment = replace(encode(fragment, 'escape'), 'NH', 'PI')::bytea"
        " WHERE entry_uuid = %s",
        (uuid_of(entry.entry_uuid),),
    )
    assert kept(registry, entry.entry_uuid) is None
    (one,) = found(registry, patient_id)
    assert one.version.lasting is None


def test_it_goes_with_its_document(registry: Registry) -> None:
    _, entry = a_document(registry)
    assert kept(registry, entry.entry_uuid) is not None
    with registry.owner.transaction(force_rollback=True):
        registry.owner.execute(
            "DELETE FROM ecluse.document_entries WHERE entry_uuid = %s", (uuid_of(entry.entry_uuid),)
        )
        assert kept(registry, entry.entry_uuid) is None


@pytest.mark.parametrize("role", ["ingest", "consultation"])
@pytest.mark.parametrize("was_kept", [True, False])
def test_no_door_keeps_anything_of_a_document_that_was_there_before(
    registry: Registry, pools: Callable[[str], DoorPool], role: str, *, was_kept: bool
) -> None:
    # Given a document that is registered, with what was kept of it or without,
    _, entry = a_document(registry)
    if not was_kept:
        registry.owner.execute("DELETE FROM ecluse.entry_resources WHERE entry_uuid = %s", (uuid_of(entry.entry_uuid),))
    before = kept(registry, entry.entry_uuid)
    digest = hashlib.sha256(fragment(registry, entry.entry_uuid)).digest()
    # when a door that was taken over keeps another text of it,
    with pools(role).connection() as connection:
        connection.execute(
            "SELECT keep_resources(%s::uuid[], %b::bytea[], %s, %b::bytea[])",
            ([uuid_of(entry.entry_uuid)], [digest], FORM, [b'{"content":[{"attachment":{}}]}']),
        )
    # then nothing is kept.
    assert kept(registry, entry.entry_uuid) == before
    assert (before is not None) is was_kept


def test_the_door_of_ingest_does_not_read_what_is_kept(registry: Registry, pools: Callable[[str], DoorPool]) -> None:
    a_document(registry)
    with pools("ingest").connection() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT resource FROM entry_resources")

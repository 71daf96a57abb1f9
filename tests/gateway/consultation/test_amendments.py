"""Amendments at the same time, on facts that grew old, in a house of the DMP, and by a thief of the door's password."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import Barrier
from typing import Any
from uuid import uuid4

import orjson
import psycopg
import pytest

from security.audit.event import Outcome
from xds.errors import Refusal
from xds.metadata.document_entry import DocumentEntry
from xds.registry.amendments import ATTEMPTS, until_unchanged
from xds.registry.availability import ChangedMeanwhile
from xds.registry.identifiers import uuid_of
from xds.registry.rows import submission_set_row
from xds.registry.update_plan import plan_update

from .conftest import HAS_MEMBER, NOW, NOW_TEXT, House, a_document, a_set, codes_of, link, next_version, update_of

ROUNDS = 6
UPDATE = (
    "SELECT update_objects(%s::text::jsonb, %s, 'thief', %s::text::jsonb, %s::text::jsonb, '[]', %s::text::jsonb,"
    " '[]', '{}', %s, %b::bytea[], '{}')"
)


def together(*acts: Callable[[], None]) -> list[Refusal | None]:
    """Run acts at the same time; what each was refused with."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], None]) -> Refusal | None:
        barrier.wait()
        try:
            act()
        except Refusal as refusal:
            return refusal
        return None

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def whole_lot(house: House, document: DocumentEntry) -> tuple[str, ...]:
    """The ids of a lot of one document."""
    row = house.owner.execute(
        "SELECT 'urn:uuid:' || source, 'urn:uuid:' || entry_uuid FROM associations WHERE target = %s",
        (uuid_of(document.entry_uuid),),
    ).fetchone()
    assert row is not None
    return (document.entry_uuid, *row)


def test_of_two_updates_at_once_one_wins_and_the_other_has_the_wrong_version(house: House) -> None:
    for _ in range(ROUNDS):
        patient = house.a_patient()
        document = a_document(patient)
        house.register(patient, document)
        requests = [update_of(a_set(patient), next_version(document)) for _ in range(2)]
        refusals = together(*(partial(house.update, request) for request in requests))
        told = [codes_of(refusal) for refusal in refusals if refusal is not None]
        assert told == [{("U12", "XDSMetadataVersionError")}]
        assert [row[:2] for row in house.versions("document_entries", document.entry_uuid)] == [
            (1, "DEPRECATED"),
            (2, "APPROVED"),
        ]


def test_an_update_and_a_removal_at_once_leave_no_loose_end(house: House) -> None:
    for _ in range(ROUNDS):
        patient = house.a_patient()
        document = a_document(patient)
        house.register(patient, document)
        lot, request = whole_lot(house, document), update_of(a_set(patient), next_version(document))
        refusals = together(partial(house.update, request), partial(house.remove, *lot))
        versions = house.versions("document_entries", document.entry_uuid)
        assert (refusals[0] is None, [version for version, _, _ in versions]) in (
            (True, [1, 2]),
            (True, [2]),
            (False, []),
        )
        loose = house.owner.execute(
            "SELECT count(*) FROM associations a WHERE a.patient_key = %s"
            " AND (NOT EXISTS (SELECT FROM submission_sets s WHERE s.entry_uuid = a.source)"
            "      OR NOT EXISTS (SELECT FROM document_entries e WHERE e.entry_uuid = a.target))",
            (house.key_of(patient),),
        ).fetchone()
        assert loose == (0,)


def test_an_update_and_a_removal_of_bytes_at_once_leave_no_bytes(house: House) -> None:
    for _ in range(ROUNDS):
        patient = house.a_patient()
        document = a_document(patient)
        house.register(patient, document)
        request = update_of(a_set(patient), next_version(document))
        refusals = together(partial(house.update, request), partial(house.remove_documents, document.unique_id))
        assert refusals == [None, None]
        left = house.owner.execute(
            "SELECT count(*), count(blob_address) FROM document_entries WHERE unique_id = %s", (document.unique_id,)
        ).fetchone()
        assert left == (2, 0)


def test_a_plan_made_on_old_facts_is_not_written(house: House) -> None:
    patient = house.a_patient()
    document = a_document(patient)
    house.register(patient, document)
    submission_set = a_set(patient)
    request = update_of(submission_set, next_version(document))
    facts = house.updates.registered.ask(
        ids=[document.entry_uuid], logical_ids=[document.entry_uuid], patient_ids=[patient]
    )
    house.update(update_of(a_set(patient), next_version(document)))
    before = house.everything()
    event = house.updates.witness.access("ITI-57", Outcome.SUCCESS, house.caller, patient_id=patient, objects=())
    with pytest.raises(ChangedMeanwhile):
        house.updates.amendments.update(
            plan_update(request, facts),
            revisions=facts.revisions,
            patient_key=house.key_of(patient),
            structure_id="structure",
            now=NOW,
            event=event,
        )
    with pytest.raises(ChangedMeanwhile):
        house.updates.amendments.remove([document.entry_uuid], revisions=facts.revisions, event=event)
    with pytest.raises(ChangedMeanwhile):
        house.updates.amendments.remove_documents([document.unique_id], revisions=facts.revisions, event=event)
    assert house.everything() == before


def test_a_record_that_never_rests_makes_the_registry_busy() -> None:
    attempts = []

    def attempt() -> None:
        attempts.append(1)
        raise ChangedMeanwhile

    with pytest.raises(Refusal) as refused:
        until_unchanged(attempt)
    assert [str(error.code) for error in refused.value.errors] == ["XDSRegistryBusy"]
    assert len(attempts) == ATTEMPTS


@contextmanager
def as_door(house: House) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(
        house.database.layout.consultation_url, autocommit=True, options="-c search_path=ecluse"
    ) as connection:
        yield connection


@pytest.mark.parametrize("said", ["dmp", None], ids=["a house of the DMP", "a house that says nothing"])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT update_objects('{}', gen_random_uuid(), '', '{}', '[]', '[]', '[]', '[]', '{}', '', '{}', '{}')",
        "SELECT remove_objects('{}', '{}', '{}')",
        "SELECT remove_documents('{}', '{}', '{}')",
    ],
)
def test_nothing_is_amended_outside_the_generic_domain(house: House, said: str | None, statement: str) -> None:
    house.owner.execute("DELETE FROM house")
    if said is not None:
        house.owner.execute("INSERT INTO house VALUES (%s)", (said,))
    try:
        with as_door(house) as door, pytest.raises(psycopg.errors.InsufficientPrivilege):
            door.execute(statement)
    finally:
        house.owner.execute("DELETE FROM house")
        house.owner.execute("INSERT INTO house VALUES ('ihe')")


def test_the_inner_function_is_no_ones(house: House) -> None:
    with as_door(house) as door, pytest.raises(psycopg.errors.InsufficientPrivilege):
        door.execute("SELECT hold_records('{}')")


def thief(
    house: House,
    patient: str,
    *,
    entries: list[dict[str, Any]] | None = None,
    links: list[dict[str, Any]] | None = None,
) -> None:
    """Call the function as whoever stole the password of the consultation door would."""
    key = house.key_of(patient)
    revision = house.owner.execute("SELECT revision FROM records WHERE patient_key = %s", (key,)).fetchone()
    assert revision is not None
    entries, links = entries or [], links or []
    parameters = (
        orjson.dumps({str(key): revision[0]}).decode(),
        key,
        orjson.dumps(submission_set_row(a_set(patient))).decode(),
        orjson.dumps(entries).decode(),
        orjson.dumps(links).decode(),
        NOW_TEXT,
        [b"x"] * (1 + len(entries) + len(links)),
    )
    with as_door(house) as door:
        door.execute(UPDATE, parameters)


def a_row(previous: str, **changes: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"author_structure_ids": [], "author_person_ids": [], "author_persons": [], "codes": {}}
    return {
        "entry_uuid": str(uuid4()),
        "previous": str(uuid_of(previous)),
        "mime_type": "text/plain",
        "reference_ids": [],
        "document_availability": "",
        **empty,
        **changes,
    }


def test_a_thief_of_the_door_brings_no_bytes_and_no_new_document_in(house: House) -> None:
    patient, other = house.a_patient(), house.a_patient()
    document, alien = a_document(patient), a_document(other)
    house.register(patient, document)
    house.register(other, alien)
    before = house.everything()
    for previous in (f"urn:uuid:{uuid4()}", alien.entry_uuid):
        with pytest.raises(psycopg.Error) as refused:
            thief(house, patient, entries=[a_row(previous)])
        assert refused.value.sqlstate == "XDS02"
    ends = {"source": str(uuid4()), "target": str(uuid_of(document.entry_uuid))}
    loose = {"entry_uuid": str(uuid4()), "association_type": str(HAS_MEMBER), **ends}
    with pytest.raises(psycopg.Error) as refused:
        thief(house, patient, links=[loose])
    assert refused.value.sqlstate == "XDS02"
    assert house.everything() == before

    row = a_row(
        document.entry_uuid, blob_address="ff" * 32, key_id=str(uuid4()), unique_id="1.2.3", logical_id=str(uuid4())
    )
    thief(house, patient, entries=[row])
    columns = ("blob_address", "key_id", "unique_id", "logical_id")
    new = house.row("document_entries", f"urn:uuid:{row['entry_uuid']}", *columns)
    assert new == house.row("document_entries", document.entry_uuid, *columns)


def test_an_association_made_meanwhile_keeps_an_object_from_being_removed(house: House) -> None:
    """The last net: the function itself looks again for associations before it lets an object go."""
    patient = house.a_patient()
    document, other = a_document(patient), a_document(patient)
    house.register(patient, document)
    lot = whole_lot(house, document)
    facts = house.updates.registered.ask(ids=lot, neighbours=2)
    house.register(patient, other, links=[link(HAS_MEMBER, other.entry_uuid, document.entry_uuid)])
    event = house.updates.witness.access("ITI-62", Outcome.SUCCESS, house.caller, patient_id=patient, objects=())
    with pytest.raises(ChangedMeanwhile):
        house.removals.amendments.remove(lot, revisions=facts.revisions, event=event)
    assert house.row("document_entries", document.entry_uuid, "status") == ("APPROVED",)

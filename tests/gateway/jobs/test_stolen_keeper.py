"""Whoever takes the keeper over holds its role: he does what is due, and nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from gateway.administration import life
from gateway.database.roles import DatabaseRole, read_url
from gateway.records import authorise
from security.audit.event import AuditEvent, Outcome
from xds.dmp.record import Record
from xds.registry import amendments
from xds.registry.change_plan import WantedChange, plan_changes
from xds.registry.connections import OneConnection
from xds.registry.document_changes import SYSTEM, DocumentChanges, _submission_set
from xds.registry.due import DueItem, DueKind

from .conftest import DOCTOR, HIDDEN, Place

FUNCTIONS = {
    "keeper_act",
    "keeper_destroy",
    "keeper_due",
    "keeper_feed",
    "keeper_insured",
    "keeper_notice",
    "keeper_noticed",
    "keeper_release",
    "keeper_remains",
    "keeper_removed",
    "law_now",
}
SEEN = {"associations", "document_entries", "folders", "patients", "records", "submission_sets", "unique_ids"}
FAR = datetime.fromisoformat("9999-01-01T00:00:00+00:00")


@pytest.fixture
def thief(place: Place) -> Iterator[psycopg.Connection[Any]]:
    """The keeper's own connection, in the hands of somebody else."""
    url = read_url(place.data, DatabaseRole.KEEPER)
    with psycopg.connect(url, autocommit=True, options="-c search_path=ecluse_keeper,ecluse,pg_temp") as connection:
        yield connection


def test_the_role_may_call_eleven_functions_and_look_through_seven_views(place: Place) -> None:
    functions = place.all(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'ecluse'::regnamespace"
        " AND has_function_privilege('ecluse_keeper', oid, 'EXECUTE')"
    )
    assert {name for (name,) in functions} == FUNCTIONS
    relations = place.all(
        "SELECT c.relnamespace::regnamespace::text, c.relname, p FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT',"
        " 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p"
        " WHERE c.relnamespace IN ('ecluse'::regnamespace, 'ecluse_keeper'::regnamespace)"
        " AND c.relkind IN ('r', 'p', 'v', 'm') AND has_table_privilege('ecluse_keeper', c.oid, p)"
    )
    assert set(relations) == {("ecluse_keeper", name, "SELECT") for name in SEEN}


INSTANTS = ["2001-01-01T00:00:00+00:00", "9999-01-01T00:00:00+00:00", "infinity", "-infinity", ""]


@pytest.mark.parametrize("instant", INSTANTS)
@pytest.mark.parametrize("kind", [kind.value for kind in DueKind])
def test_nothing_is_done_before_its_time(place: Place, thief: psycopg.Connection[Any], kind: str, instant: str) -> None:
    patient_id, record = place.a_record()
    authorise(place.owner, patient_id, DOCTOR)
    (entry,) = [place.deposit(patient_id, record, HIDDEN)]
    uuid = str(entry.entry_uuid).removeprefix("urn:uuid:")
    life.close_record(place.owner, patient_id)
    life.request_destruction(place.owner, patient_id)
    before = everything_of(place, record)
    thief.execute("SELECT set_config('ecluse.law_time', %s, false)", (instant,))
    for due in (FAR, place.now(), place.now() - timedelta(days=5000)):
        for subject in ("", DOCTOR, uuid):
            try:
                row = thief.execute(
                    "SELECT keeper_act(%s, %s, %s, %s)", (kind, record.patient_key, subject, due)
                ).fetchone()
                assert row == (False,)
            except psycopg.errors.RaiseException:
                pass
        try:
            row = thief.execute("SELECT keeper_destroy(%s, %s, %s)", (kind, record.patient_key, due)).fetchone()
            assert row == (False,)
        except psycopg.errors.RaiseException:
            pass
    assert everything_of(place, record) == before


def everything_of(place: Place, record: Record) -> list[Any]:
    tables = ("records", "authorisations", "document_entries", "traces", "outbox", "record_keys")
    return [
        place.all(f"SELECT t::text FROM ecluse.{table} t WHERE patient_key = %s ORDER BY 1", record.patient_key)  # noqa: S608
        for table in tables
    ] + [place.all("SELECT size FROM ecluse.audit_chains WHERE door = 'administration'")]


def test_he_sees_a_record_only_while_a_document_of_it_is_to_be_released(
    place: Place, thief: psycopg.Connection[Any]
) -> None:
    place.work()
    patient_id, record = place.a_record()
    entry = place.deposit(patient_id, record, HIDDEN)
    other_id, other = place.a_record()
    place.deposit(other_id, other)
    keys = [key for (key,) in place.all("SELECT patient_key FROM ecluse.records")]
    assert seen_by(thief, keys) == {}
    place.move_to(place.now() + timedelta(days=32))
    assert seen_by(thief, keys) == {record.patient_key: [(patient_id,)]}
    work_on(thief, record.patient_key)
    assert thief.execute("SELECT unique_id FROM document_entries").fetchall() == [(entry.unique_id,)]
    # A condition that would betray rows by its errors is evaluated on what may be seen only.
    for key in (other.patient_key, "", uuid4()):
        work_on(thief, key)
        assert (
            thief.execute("SELECT 1 FROM document_entries WHERE 1 / length(unique_id) > length(hash) - 40").fetchall()
            == []
        )
        assert thief.execute("SELECT 1 FROM patients WHERE patient_id::integer = 0").fetchall() == []
    place.work()
    assert seen_by(thief, keys) == {}


def work_on(thief: psycopg.Connection[Any], key: object) -> None:
    thief.execute("SELECT set_config('ecluse.record', %s, false)", (str(key),))


def seen_by(thief: psycopg.Connection[Any], keys: list[Any]) -> dict[Any, list[Any]]:
    """The records of which anything is seen, with the identifier of the patient."""
    found = {}
    for key in keys:
        work_on(thief, key)
        if any(thief.execute(f"SELECT 1 FROM {view}").fetchall() for view in SEEN):  # noqa: S608
            found[key] = thief.execute("SELECT patient_id FROM patients").fetchall()
    return found


MASK = "MASQUE_PS^^1.2.250.1.213.1.1.4.13"
WRONG: list[tuple[str, Any]] = [
    ("two documents at once", lambda a: a["entries"].append(a["entries"][0])),
    ("a code that was not there", lambda a: a["entries"][0]["confidentiality"].append(MASK)),
    ("a code that goes", lambda a: a["entries"][0]["confidentiality"].clear()),
    ("a mask that waits", lambda a: a["entries"][0].update(mask_when_visible=True)),
    ("another document", lambda a: a["entries"][0].update(previous=str(uuid4()))),
    ("a deletion", lambda a: a["statuses"].append(
        {"kind": "DE", "entry_uuid": a["entries"][0]["previous"], "original": "APPROVED", "status": "DELETED"})),
    ("an association of others", lambda a: a["associations"].append(
        {**a["associations"][0], "entry_uuid": str(uuid4()), "source": str(uuid4()), "target": str(uuid4())})),
    ("a submission of somebody's", lambda a: a["submission_set"].update(source_id="1.2.3")),
]  # fmt: skip


@pytest.mark.parametrize("change", [one[1] for one in WRONG], ids=[one[0] for one in WRONG])
def test_a_release_changes_the_visibility_of_one_document_and_nothing_else(
    place: Place, thief: psycopg.Connection[Any], change: Any
) -> None:
    place.work()
    patient_id, record = place.a_record()
    place.deposit(patient_id, record, HIDDEN)
    place.move_to(place.now() + timedelta(days=32))
    with place.kept() as kept:
        (item,) = [one for one in kept.keeper.agenda.page(place.now()) if one.kind is DueKind.HIDDEN_RELEASE]
    said = arguments_of_a_release(thief, patient_id, item)
    before = everything_of(place, record)
    wrong = copy.deepcopy(said)
    change(wrong)
    wrong["fragments"].append(b"<x/>")
    assert not release(thief, item, wrong)
    assert everything_of(place, record) == before
    assert release(thief, item, said), "as the keeper says it, it is done"


def release(thief: psycopg.Connection[Any], item: DueItem, said: dict[str, Any]) -> bool:
    spelled = [json.dumps(said[name]) for name in ("submission_set", "entries", "associations", "statuses")]
    thief.execute("SELECT set_config('ecluse.law_time', %s, false)", (item.due_at.isoformat(),))
    parameters = (item.patient_key, said["revision"], *spelled, said["fragments"])
    try:
        row = thief.execute("SELECT keeper_release(%s, %s, %s, %s, %s, %s, %b::bytea[])", parameters).fetchone()
    except psycopg.Error as error:
        if error.sqlstate != "XDS03":
            raise
        return False
    return row == (True,)


def arguments_of_a_release(thief: psycopg.Connection[Any], patient_id: str, item: DueItem) -> dict[str, Any]:
    """What the keeper sends to release a document."""
    work_on(thief, item.patient_key)
    changes = DocumentChanges(OneConnection(thief))
    row = thief.execute("SELECT unique_id FROM document_entries WHERE entry_uuid = %s", (item.subject,)).fetchone()
    assert row is not None
    found = changes._found(patient_id, row[0])
    former = changes._documents.submission_of(found.document, found.record.patient_key)
    codes = tuple(code for code in found.document.entry.confidentiality_codes if code.code != "INVISIBLE_PATIENT")
    plan = plan_changes(
        _submission_set(former, patient_id, SYSTEM, datetime.now(UTC)),
        (WantedChange(document=found.document, confidentiality_codes=codes),),
        found.facts,
    )
    submission_set, entries, associations, statuses, fragments = amendments._rows(plan)
    return {
        "revision": found.record.revision,
        "submission_set": json.loads(submission_set),
        "entries": json.loads(entries),
        "associations": json.loads(associations),
        "statuses": json.loads(statuses),
        "fragments": fragments,
    }


def test_events_of_the_system_are_spelled_as_those_of_the_doors(place: Place) -> None:
    patient_id, record = place.a_record()
    odd = 'PS "quoted" \\ é'
    authorise(place.owner, patient_id, odd, days=1)
    place.deposit(patient_id, record, HIDDEN)
    place.move_to(place.now() + timedelta(days=40))
    place.work()
    texts = place.all(
        "SELECT event FROM ecluse.audit_events WHERE event::jsonb ->> 'actor' = 'SYSTEM' AND event LIKE %s",
        f"%{record.patient_key}%",
    )
    assert len(texts) == 3
    for (text,) in texts:
        said = json.loads(text)
        event = AuditEvent(
            door=said["door"],
            time=datetime.fromisoformat(said["time"]),
            transaction=said["transaction"],
            outcome=Outcome(said["outcome"]),
            request_id=said["request"],
            actor_id=said["actor"],
            objects=tuple(said["objects"]),
        )
        assert event.canonical().decode() == text

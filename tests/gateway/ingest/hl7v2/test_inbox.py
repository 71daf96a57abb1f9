"""The inbox under its own role of the database: what it takes, gives, remembers, and what that role may not do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from gateway.database.opening import Database
from gateway.database.pool import open_pool
from gateway.ingest.hl7v2.inbox import Arrival, Ending, Inbox, Receipt, State
from gateway.ingest.hl7v2.reception import Bounds, Fullness
from security.at_rest.queue_key import QueueKey
from xds.hl7v2.header import Header
from xds.hl7v2.patient import Patient, PatientId

OPTIONS = "-c search_path=ecluse,pg_temp"
FUNCTIONS = {
    "acknowledgement_claim",
    "acknowledgement_finish",
    "consent_keep",
    "consent_of",
    "inbox_claim",
    "inbox_finish",
    "inbox_forget",
    "inbox_load",
    "inbox_receive",
    "letter_answered",
    "letter_claim",
    "letter_finish",
    "letter_put",
    "letter_recipient",
    "letter_told",
}


@pytest.fixture
def inbox(database: Database) -> Iterator[Inbox]:
    """An empty inbox."""
    with psycopg.connect(database.layout.owner_url, autocommit=True) as owner:
        owner.execute("TRUNCATE ecluse.inbox, ecluse.acknowledgements, ecluse.feeding_consents, ecluse.letters CASCADE")
    with closing(open_pool(database.layout.inbox_url, size=2)) as pool:
        yield Inbox(pool, QueueKey.of(bytes(range(32))))


@pytest.fixture
def connect(database: Database) -> Iterator[Callable[[], psycopg.Connection[Any]]]:
    """Connections of workers."""
    opened: list[psycopg.Connection[Any]] = []

    def connection() -> psycopg.Connection[Any]:
        opened.append(psycopg.connect(database.layout.inbox_url, autocommit=True, options=OPTIONS))
        return opened[-1]

    yield connection
    for one in opened:
        one.close()


def arrival(patient: str = "1", control_id: str = "", data: bytes = b"MSH|", structure: str = "1690999032") -> Arrival:
    header = Header(sender=("LABO", "LAB"), message_code="ORU", trigger="R01", control_id=control_id or uuid4().hex)
    ids = (PatientId(value=patient, authority="1.2.250.1.213.1.4.10", type="INS"),)
    return Arrival(
        header=header, patient=Patient(ids=ids), data=data, certificate=b"certificate", structure_id=structure
    )


def test_what_is_received_is_claimed_as_it_came_and_then_erased(inbox: Inbox, connect: Any) -> None:
    data = bytes(range(256)) * 100
    assert inbox.receive(arrival(data=data), again=False) is Receipt.STORED
    assert inbox.load() == (1, len(data))
    worker = connect()

    with inbox.claim(worker) as claimed:
        assert claimed is not None
        assert (claimed.data, claimed.certificate, claimed.attempts) == (data, b"certificate", 0)
        inbox.finish(worker, claimed.message_id, Ending(state=State.DONE, outcome="done"))

    assert inbox.load() == (0, 0)
    with inbox.claim(worker) as nothing:
        assert nothing is None


def test_the_same_bytes_are_taken_once_and_others_under_their_id_when_that_is_allowed(inbox: Inbox) -> None:
    first, other = arrival(control_id="7", data=b"a"), arrival(control_id="7", data=b"b")
    taken = [inbox.receive(one, again=False) for one in (first, first, other)]
    assert taken == [Receipt.STORED, Receipt.KNOWN, Receipt.OTHER]
    assert inbox.receive(other, again=True) is Receipt.STORED
    elsewhere = arrival(control_id="7", data=b"c", structure="1750999013")
    assert inbox.receive(elsewhere, again=False) is Receipt.STORED


def test_one_message_of_a_patient_is_held_at_a_time_and_others_go_on(inbox: Inbox, connect: Any) -> None:
    for patient, data in (("1", b"first"), ("1", b"second"), ("2", b"other")):
        inbox.receive(arrival(patient, data=data), again=False)
    one, two, three = connect(), connect(), connect()

    with inbox.claim(one) as first, inbox.claim(two) as other, inbox.claim(three) as nothing:
        assert first is not None
        assert other is not None
        assert (first.data, other.data, nothing) == (b"first", b"other", None)
        inbox.finish(one, first.message_id, Ending(state=State.DONE, outcome="done"))
        inbox.finish(two, other.message_id, Ending(state=State.DONE, outcome="done"))
    with inbox.claim(one) as second:
        assert second is not None
        assert second.data == b"second"
        inbox.finish(one, second.message_id, Ending(state=State.DONE, outcome="done"))


def test_a_worker_that_dies_lets_go_of_its_message(inbox: Inbox, connect: Any) -> None:
    inbox.receive(arrival(data=b"held"), again=False)
    dying = connect()
    claim = inbox.claim(dying)
    held = claim.__enter__()
    assert held is not None
    dying.close()

    with inbox.claim(worker := connect()) as found:
        assert found is not None
        assert found.data == b"held"
        inbox.finish(worker, found.message_id, Ending(state=State.DONE, outcome="done"))


def test_what_is_tried_again_keeps_its_place_and_what_is_parked_holds_up_nobody(inbox: Inbox, connect: Any) -> None:
    worker = connect()
    for data in (b"first", b"second"):
        inbox.receive(arrival(data=data), again=False)
    with inbox.claim(worker) as first:
        assert first is not None
        inbox.finish(worker, first.message_id, Ending(state=State.WAITING, outcome="busy", pause=60))
    with inbox.claim(worker) as nothing:
        assert nothing is None, "the second waits for the first"
    with inbox.pool.connection() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE inbox SET state = 'PARKED'")


def test_a_message_sealed_with_another_key_is_parked(inbox: Inbox, connect: Any, database: Database) -> None:
    inbox.receive(arrival(), again=False)
    worker = connect()
    with Inbox(inbox.pool, QueueKey.of(bytes(32))).claim(worker) as nothing:
        assert nothing is None
    with psycopg.connect(database.layout.owner_url) as owner:
        assert owner.execute("SELECT state, outcome FROM ecluse.inbox").fetchall() == [
            ("PARKED", "unreadable with this key")
        ]


@pytest.mark.parametrize(("messages", "held"), [(2, 1000), (100, 20)])
def test_a_full_inbox_takes_nothing_more(inbox: Inbox, messages: int, held: int) -> None:
    fullness = Fullness(inbox=inbox, bounds=Bounds(messages=messages, bytes=held))
    assert [fullness.leaves_no_room(10) for _ in range(3)] == [False, False, True]


def test_the_last_word_of_a_patient_counts_under_each_of_his_names(inbox: Inbox) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    ins = PatientId(value="1", authority="1.2.250.1.213.1.4.10", type="INS")
    ipp = PatientId(value="9", authority="1.2.3", type="PI")
    inbox.keep_consent("S", Patient(ids=(ins, ipp)), ("IO", now), ("INC", now))
    assert [inbox.feeding("S", Patient(ids=(one,))) for one in (ins, ipp)] == ["IO", "IO"]
    inbox.keep_consent("S", Patient(ids=(ipp,)), ("INO", now - timedelta(days=1)), ("IC", now))
    assert inbox.feeding("S", Patient(ids=(ipp,))) == "IO"
    inbox.keep_consent("S", Patient(ids=(ipp,)), ("INO", now + timedelta(days=1)), ("IC", now))
    assert inbox.feeding("S", Patient(ids=(ins, ipp))) == "INO"
    assert inbox.feeding("T", Patient(ids=(ins,))) is None


def test_what_is_done_is_forgotten_after_its_days_and_nothing_else(inbox: Inbox, connect: Any, database: Any) -> None:
    worker = connect()
    inbox.receive(arrival("1"), again=False)
    inbox.receive(arrival("2"), again=False)
    with inbox.claim(worker) as claimed:
        assert claimed is not None
        inbox.finish(worker, claimed.message_id, Ending(state=State.DONE, outcome="done"))
    with psycopg.connect(database.layout.owner_url, autocommit=True) as owner:
        owner.execute("UPDATE ecluse.inbox SET ended_at = ended_at - interval '31 days' WHERE ended_at IS NOT NULL")
        inbox.forget(32)
        assert owner.execute("SELECT count(*) FROM ecluse.inbox").fetchone() == (2,)
        inbox.forget(30)
        assert owner.execute("SELECT state FROM ecluse.inbox").fetchall() == [("WAITING",)]


def test_the_role_of_the_inbox_calls_its_functions_and_nothing_else(connect: Any) -> None:
    connection = connect()
    functions = connection.execute(
        "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'ecluse'::regnamespace"
        " AND has_function_privilege(p.oid, 'EXECUTE')"
    ).fetchall()
    tables = connection.execute(
        "SELECT c.relname FROM pg_class c"
        " WHERE c.relnamespace IN ('ecluse'::regnamespace, 'ecluse_keeper'::regnamespace)"
        " AND c.relkind IN ('r', 'v') AND (has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE')"
        "                                  OR has_table_privilege(c.oid, 'DELETE, TRUNCATE'))"
    ).fetchall()
    assert ({name for (name,) in functions}, tables) == (FUNCTIONS, [])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT inbox_forget(0)")

"""Letters under the role of the inbox: kept once, held by one worker, each recipient told of once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from gateway.database.opening import Database
from gateway.ingest.hl7v2.inbox import State
from gateway.ingest.mssante.letter import Kind, Letter, letter_id_of
from gateway.ingest.mssante.letters import Letters, News
from security.at_rest.queue_key import QueueKey
from xds.hl7v2.header import Header
from xds.hl7v2.zam import ZamEvent

OPTIONS = "-c search_path=ecluse,pg_temp"
MAIL = b"Subject: x\r\n\r\ntext\r\n"
DOCTOR, PATIENT = "Claire@hopital.mssante.fr", "279035121518989@patient.mssante.fr"
GOOD, BAD = News(event=ZamEvent.MSS_RECEIPT), News(event=ZamEvent.MSS_RECEIPT, code="550", label="no such box")
READ = News(event=ZamEvent.MSS_READING)
LETTERS = Letters(QueueKey.of(bytes(range(32))))
Connect = Callable[[], psycopg.Connection[Any]]


@pytest.fixture
def connect(database: Database) -> Iterator[Connect]:
    """Connections of workers, on an empty queue."""
    opened: list[psycopg.Connection[Any]] = []

    def connection() -> psycopg.Connection[Any]:
        opened.append(psycopg.connect(database.layout.inbox_url, autocommit=True, options=OPTIONS))
        return opened[-1]

    with psycopg.connect(database.layout.owner_url, autocommit=True) as owner:
        owner.execute("TRUNCATE ecluse.letters, ecluse.acknowledgements CASCADE")
    yield connection
    for one in opened:
        one.close()


@pytest.fixture
def rows(database: Database) -> Callable[[str], list[tuple[Any, ...]]]:
    """What the owner reads."""

    def read(statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(database.layout.owner_url, autocommit=True, options=OPTIONS) as owner:
            return owner.execute(statement.encode()).fetchall()

    return read


def letter(*recipients: str, receipt: bool = True, reading: bool = True) -> Letter:
    message_id = uuid4()
    return Letter(
        letter_id=letter_id_of(message_id, Kind.PROFESSIONALS),
        message_id=message_id,
        kind=Kind.PROFESSIONALS,
        mail=MAIL,
        recipients=recipients or (DOCTOR, PATIENT),
        header=Header(sender=("LABO", "LAB"), receiver=("ECLUSE", "PFI"), control_id="C1", processing_id="P"),
        wants_receipt=receipt,
        wants_reading=reading,
    )


def zams(rows: Callable[[str], list[tuple[Any, ...]]]) -> list[tuple[str, str, bytes]]:
    found = rows("SELECT ack_id, event, destination, content FROM acknowledgements ORDER BY created_at")
    return [(event, to, LETTERS.key.open(content, ack_id)) for ack_id, event, to, content in found]


def test_a_letter_is_kept_once_and_comes_back_as_it_was(connect: Connect) -> None:
    connection, one = connect(), letter()
    assert LETTERS.put(connection, one)
    assert not LETTERS.put(connection, one)
    with LETTERS.claim(connection) as claimed:
        assert claimed is not None
        assert (claimed.mail, claimed.waiting) == (MAIL, {0: DOCTOR, 1: PATIENT})
        LETTERS.finish(connection, one.letter_id, State.DONE, "sent", 0.0)
    with LETTERS.claim(connection) as claimed:
        assert claimed is None


def test_two_workers_never_hold_one_letter_and_a_dead_one_lets_go_of_it(connect: Connect) -> None:
    first, second = connect(), connect()
    LETTERS.put(first, letter())

    def work_until_killed() -> None:
        with LETTERS.claim(first) as held:
            assert held is not None
            with LETTERS.claim(second) as other:
                assert other is None
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work_until_killed()
    with LETTERS.claim(second) as found:
        assert found is not None
        LETTERS.finish(second, found.letter_id, State.DONE, "sent", 0.0)


def test_only_recipients_that_wait_are_tried_again(connect: Connect) -> None:
    connection, one = connect(), letter()
    LETTERS.put(connection, one)
    with LETTERS.claim(connection):
        LETTERS.answered(connection, one.letter_id, 0, "ACCEPTED", "250")
        LETTERS.answered(connection, one.letter_id, 1, "WAITING", "451")
        LETTERS.finish(connection, one.letter_id, State.WAITING, "451", 0.0)
    with LETTERS.claim(connection) as claimed:
        assert claimed is not None
        assert (claimed.waiting, claimed.attempts) == ({1: PATIENT}, 1)
        LETTERS.finish(connection, one.letter_id, State.DONE, "sent", 0.0)


SEQUENCES = {
    "good news": ([GOOD], [True], ["Y"]),
    "good news twice": ([GOOD, GOOD], [True, False], ["Y"]),
    "bad news twice": ([BAD, BAD], [True, False], ["N"]),
    "good news, then bad news": ([GOOD, BAD, BAD], [True, True, False], ["Y", "N"]),
    "nothing follows bad news": ([BAD, GOOD], [True, False], ["N"]),
    "delivery and reading are two things": ([GOOD, READ, READ], [True, True, False], ["Y", "Y"]),
}


@pytest.mark.parametrize("case", SEQUENCES)
def test_each_thing_is_told_once(connect: Connect, rows: Callable[[str], Any], case: str) -> None:
    news, changed, told = SEQUENCES[case]
    connection, one = connect(), letter()
    LETTERS.put(connection, one)
    assert [LETTERS.tell(connection, one.letter_id, DOCTOR.upper(), each) for each in news] == changed
    found = zams(rows)
    assert [content.split(b"|C1|")[1][:1].decode() for _, _, content in found] == told
    assert all(to == "LABO^LAB" and b"X.400^Claire@hopital.mssante.fr" in content for _, to, content in found)


def test_what_nobody_asked_for_is_remembered_and_not_told(connect: Connect, rows: Callable[[str], Any]) -> None:
    connection, one = connect(), letter(receipt=False, reading=False)
    LETTERS.put(connection, one)
    assert LETTERS.tell(connection, one.letter_id, DOCTOR, BAD)
    assert LETTERS.tell(connection, one.letter_id, DOCTOR, READ)
    assert zams(rows) == []
    assert rows("SELECT receipt, reading FROM letter_recipients ORDER BY rank") == [("N", "Y"), (None, None)]


@pytest.mark.parametrize(
    ("stranger", "address"), [(True, DOCTOR), (False, "other@hopital.mssante.fr")], ids=["a letter", "a recipient"]
)
def test_nothing_is_told_of_what_is_unknown(
    connect: Connect, rows: Callable[[str], Any], stranger: bool, address: str
) -> None:
    connection, one = connect(), letter()
    LETTERS.put(connection, one)
    letter_id: UUID = uuid4() if stranger else one.letter_id
    assert not LETTERS.tell(connection, letter_id, address, GOOD)
    assert zams(rows) == []


def test_who_is_known_to_have_it_is_not_sent_it_again(connect: Connect) -> None:
    connection, one = connect(), letter()
    LETTERS.put(connection, one)
    LETTERS.tell(connection, one.letter_id, DOCTOR, GOOD)
    with LETTERS.claim(connection) as claimed:
        assert claimed is not None
        assert claimed.waiting == {1: PATIENT}
        LETTERS.finish(connection, one.letter_id, State.DONE, "sent", 0.0)


def test_what_is_done_is_erased_and_the_database_never_sees_an_address(
    connect: Connect, rows: Callable[[str], Any]
) -> None:
    connection, one = connect(), letter()
    LETTERS.put(connection, one)
    LETTERS.tell(connection, one.letter_id, PATIENT, BAD)
    with LETTERS.claim(connection):
        LETTERS.finish(connection, one.letter_id, State.DONE, "sent", 0.0)
    assert rows("SELECT content FROM letters") == [(None,)]
    everything = repr(
        rows("SELECT * FROM letters") + rows("SELECT * FROM letter_recipients") + rows("SELECT * FROM acknowledgements")
    ).encode()
    assert b"279035121518989" not in everything
    assert b"mssante.fr" not in everything


def test_a_code_of_no_table_is_not_told(connect: Connect) -> None:
    connection, one = connect(), letter()
    LETTERS.put(connection, one)
    with pytest.raises(ValueError, match="999"):
        LETTERS.tell(connection, one.letter_id, DOCTOR, News(event=ZamEvent.MSS_RECEIPT, code="999"))

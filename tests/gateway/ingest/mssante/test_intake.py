"""What is done with a mail before it leaves the mailbox, under the role of the inbox, in a real database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from gateway.database.opening import Database
from gateway.database.pool import open_pool
from gateway.ingest.hl7v2.inbox import LETTER, Ending, Inbox, State
from gateway.ingest.mssante.intake import Intake, LookAtMail, letter_of
from gateway.ingest.mssante.letters import Letters
from gateway.ingest.mssante.mailbox import Fate, Take
from gateway.wire.imap_server import NoMailbox
from security.at_rest.queue_key import QueueKey

OPTIONS = "-c search_path=ecluse,pg_temp"
KEY = QueueKey.of(bytes(range(32)))
STRUCTURE = "1690999032"


def mail(medium: str = "UEs=", *, message_id: str = "", sender: str = "a@x.mssante.fr", received: str = "") -> bytes:
    """A letter with a medium, whatever that holds."""
    return (
        f"{received}Return-Path: <{sender}>\r\nFrom: {sender}\r\nMessage-ID: <{message_id or uuid4()}@x>\r\n"
        "Subject: XDM/1.0/DDM+x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n{medium}\r\n--b--\r\n"
    ).encode()


@dataclass
class Bench:
    """An intake, and what it did."""

    inbox: Inbox
    connection: psycopg.Connection[Any]
    structure: str = STRUCTURE
    is_full: bool = False
    counted: Counter[str] = field(default_factory=Counter)

    @property
    def intake(self) -> Intake:
        return Intake(
            inbox=self.inbox,
            letters=Letters(KEY),
            structure=self.structure,
            leaves_no_room=lambda size: self.is_full,
            counters=lambda name: self.counted.update((name,)),
            told=lambda: self.counted.update(("told",)),
            arrived=lambda: self.counted.update(("arrived",)),
        )

    def take(self, data: bytes | None) -> Fate:
        return self.intake(self.connection, data)

    def claimed(self) -> list[tuple[str, str, bytes]]:
        """Structure, kind and bytes of everything that waits, which is then done."""
        found = []
        while True:
            with self.inbox.claim(self.connection) as claimed:
                if claimed is None:
                    return found
                found.append((claimed.structure_id, claimed.kind, claimed.data))
                self.inbox.finish(self.connection, claimed.message_id, Ending(state=State.DONE, outcome="done"))


@pytest.fixture
def bench(database: Database) -> Iterator[Bench]:
    with psycopg.connect(database.layout.owner_url, autocommit=True) as owner:
        owner.execute("TRUNCATE ecluse.inbox, ecluse.letters, ecluse.acknowledgements CASCADE")
    pool = open_pool(database.layout.inbox_url, size=2, name="intake")
    with psycopg.connect(database.layout.inbox_url, autocommit=True, options=OPTIONS) as connection:
        yield Bench(Inbox(pool, KEY), connection)
    pool.close()


def test_a_letter_waits_as_it_came_under_its_kind(bench: Bench) -> None:
    data = mail()

    assert bench.take(data) is Fate.TAKEN

    assert bench.claimed() == [(STRUCTURE, LETTER, data)]
    assert bench.counted["arrived"] == 1


def test_copies_are_one_letter_and_another_medium_is_another_letter(bench: Bench) -> None:
    fates = [
        bench.take(mail(message_id="one")),
        bench.take(mail(message_id="one", received="Received: from y by z\r\n")),
        bench.take(mail("UEtQSw==", message_id="one")),
        bench.take(mail(message_id="two")),
    ]

    assert set(fates) == {Fate.TAKEN}
    assert len(bench.claimed()) == 3


def test_letters_of_one_sender_keep_their_order_and_hold_up_no_other(bench: Bench) -> None:
    first, second, other = (mail(sender=one) for one in ("a@x.fr", "A@x.fr", "b@x.fr"))
    for data in (first, second, other):
        bench.take(data)

    with bench.inbox.claim(bench.connection) as claimed:
        assert claimed is not None
        assert claimed.data == first
        later = Ending(state=State.WAITING, outcome="later", pause=3600.0)
        bench.inbox.finish(bench.connection, claimed.message_id, later)

    assert [data for _, _, data in bench.claimed()] == [other]


def test_names_of_letters_are_hidden_from_the_database(bench: Bench, database: Database) -> None:
    bench.take(mail(message_id="279035121518989", sender="279035121518989@patient.mssante.fr"))

    with psycopg.connect(database.layout.owner_url, autocommit=True, options=OPTIONS) as owner:
        rows = str(owner.execute("SELECT inbox.* FROM inbox").fetchall())
    assert "279035121518989" not in rows
    assert "mssante.fr" not in rows


def test_a_full_inbox_leaves_letters_where_they_are(bench: Bench) -> None:
    bench.is_full = True
    assert bench.take(mail()) is Fate.LATER
    assert bench.claimed() == []


def test_a_house_that_feeds_nothing_leaves_letters_to_people(bench: Bench) -> None:
    bench.structure = ""
    assert bench.take(mail()) is Fate.ASIDE
    assert bench.claimed() == []


@pytest.mark.parametrize("data", [None, b"", b"Subject: hello\r\n\r\nx", mail().replace(b"XDM/1.0/DDM", b"bonjour")])
def test_what_is_nothing_of_ours_is_left_to_people(bench: Bench, data: bytes | None) -> None:
    assert bench.take(data) is Fate.ASIDE
    assert bench.counted["mail.aside"] == 1


def test_a_mail_that_meets_a_fault_of_ours_is_left_and_stops_no_other(bench: Bench) -> None:
    broken = Bench(bench.inbox, bench.connection, structure="\x00")  # what no column takes

    assert broken.take(mail()) is Fate.ASIDE
    assert bench.take(mail()) is Fate.TAKEN


def test_a_database_that_is_gone_is_no_fate(bench: Bench) -> None:
    bench.connection.close()
    notice = (
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n"
        b"Original-Envelope-Id: " + str(uuid4()).encode() + b"\r\n\r\nFinal-Recipient: rfc822; a@b.fr\r\n"
        b"Action: failed\r\n\r\n--b--"
    )
    with pytest.raises(psycopg.OperationalError):
        bench.take(notice)


@dataclass
class Places:
    """A mailbox that counts looks, and can be out of reach."""

    looks: int = 0
    fault: str = ""

    def look(self, take: Take) -> None:
        self.looks += 1
        if self.fault:
            raise NoMailbox(self.fault)


def test_a_mailbox_is_looked_at_now_and_then_reachable_or_not(bench: Bench) -> None:
    places = Places(fault="the IMAP server does not answer: OSError")
    step = LookAtMail(source=places, intake=bench.intake, seconds=3600.0)

    assert step(bench.connection) is False
    assert step(bench.connection) is False

    assert places.looks == 1
    assert bench.counted["mail.no_mailbox"] == 1


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("0b7e1f5a-7c9d-5f5e-9a57-3f0f0b7c7d11", True),
        ("0b7e1f5a-7c9d-5f5e-9a57-3f0f0b7c7d11@mssante.fr", True),
        ("one@mssante.fr", False),
        ("", False),
    ],
)
def test_a_letter_is_named_by_its_id_alone_or_before_the_domain(name: str, *, is_one: bool) -> None:
    assert (letter_of(name) is not None) is is_one


def test_no_stranger_chooses_a_kind(bench: Bench) -> None:
    bench.take(b"MSH|^~\\&|A|B|C|D|20260101||ORU^R01|1|P|2.5: x\r\n" + mail())
    assert all(kind == LETTER for _, kind, _ in bench.claimed())

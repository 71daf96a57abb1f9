"""The step of a worker that sends letters: what no server ever said stops no other letter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from gateway.database.opening import Database
from gateway.ingest.hl7v2.retrying import Retrying
from gateway.ingest.mssante.channels import Answer, Channel, Envelope, Handover
from gateway.ingest.mssante.letter import Kind, Letter, letter_id_of
from gateway.ingest.mssante.letters import Letters
from gateway.ingest.mssante.sending import SendLetters
from gateway.server.health import Counters
from security.at_rest.queue_key import QueueKey
from xds.hl7v2.header import Header

LETTERS = Letters(QueueKey.of(bytes(range(32))))


class Capricious:
    """A server whose library breaks on a letter that says so."""

    def send(self, envelope: Envelope) -> Handover:
        if envelope.mail == b"bad":
            raise RuntimeError("nobody thought of this")
        return Handover(answers=dict.fromkeys(envelope.waiting, Answer(250)), will_tell=False)


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The connection of a worker, on an empty queue."""
    with psycopg.connect(database.layout.owner_url, autocommit=True) as owner:
        owner.execute("TRUNCATE ecluse.letters, ecluse.acknowledgements CASCADE")
    options = "-c search_path=ecluse,pg_temp"
    with psycopg.connect(database.layout.inbox_url, autocommit=True, options=options) as opened:
        yield opened


def put(connection: psycopg.Connection[Any], mail: bytes) -> None:
    message_id = uuid4()
    letter = Letter(
        letter_id=letter_id_of(message_id, Kind.PATIENT),
        message_id=message_id,
        kind=Kind.PATIENT,
        mail=mail,
        recipients=("a@b.fr",),
        header=Header(sender=("LABO", "LAB"), control_id="C1"),
        wants_receipt=True,
        wants_reading=False,
    )
    LETTERS.put(connection, letter)


def test_a_letter_that_meets_a_fault_of_ours_is_parked_and_the_next_one_leaves(
    connection: psycopg.Connection[Any], database: Database
) -> None:
    for mail in (b"bad", b"good"):
        put(connection, mail)
    channel: Channel = Capricious()
    told: list[None] = []
    step = SendLetters(
        letters=LETTERS,
        channel=channel,
        retrying=Retrying(attempts=3, first_pause=1.0),
        counters=Counters(),
        told=lambda: told.append(None),
    )

    assert [step(connection) for _ in range(3)] == [True, True, False]

    with psycopg.connect(database.layout.owner_url, autocommit=True) as owner:
        found = owner.execute(
            "SELECT state, outcome, content IS NULL FROM ecluse.letters ORDER BY created_at"
        ).fetchall()
    assert found[0][0] == "PARKED"
    assert found[0][1].startswith("incident ")
    assert found[1] == ("DONE", "sent", True)
    assert len(told) == 2

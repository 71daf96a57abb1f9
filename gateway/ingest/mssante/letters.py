"""Letters on their way: kept sealed with their recipients, claimed, answered, and what is told of each, once.

A letter is derived from its message: a message that is treated again makes the same letter, which is kept once (G-350).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID, uuid5

import psycopg

from gateway.ingest.hl7v2.inbox import State
from gateway.ingest.mssante.letter import Kind, Letter
from security.at_rest.queue_key import QueueKey, QueueKeyError
from xds.hl7v2.header import Header
from xds.hl7v2.zam import ZamEvent, mss_reading, mss_receipt, write_zam

_PUT = "SELECT letter_put(%s, %s, %s, %b, %s, %s::bytea[], %s::bytea[], %s, %s, %s)"
_LONGEST_LABEL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A letter that a worker holds. `waiting` are the addresses, by rank, that it has not reached yet.

    `is_answer`: nobody is to answer it, no server either.
    """

    letter_id: UUID
    mail: bytes = field(repr=False)
    waiting: Mapping[int, str] = field(repr=False)
    wants_receipt: bool
    attempts: int
    is_answer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is known of one recipient: `code` is empty for good news.

    A bad Z02 has a code of SMTPERRORCODE, `label` being the server's words; a bad Z03 one of 900 to 906.
    """

    event: ZamEvent
    code: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Letters:
    """The queue as the door sees it.

    Every method runs on the connection of a worker, and raises psycopg.OperationalError.
    """

    key: QueueKey

    def put(self, connection: psycopg.Connection[Any], letter: Letter) -> bool:
        """Keep a letter in the transaction of the caller. False: it is here already."""
        content = _packed(
            {
                "recipients": letter.recipients,
                "receipt": letter.wants_receipt,
                "answer": letter.kind is Kind.ANSWER,
            }
        )
        content += letter.mail
        row = connection.execute(
            _PUT,
            (
                letter.letter_id,
                letter.message_id,
                letter.kind.value,
                self.key.seal(content, letter.letter_id),
                len(letter.mail),
                [self._name(letter.letter_id, address) for address in letter.recipients],
                [self._told_of(letter, rank, address) for rank, address in enumerate(letter.recipients)],
                "^".join(letter.header.sender),
                letter.wants_receipt,
                letter.wants_reading,
            ),
        ).fetchone()
        return row is not None and bool(row[0])

    @contextmanager
    def claim(self, connection: psycopg.Connection[Any]) -> Iterator[Claimed | None]:
        """Hold the next letter, if there is one, for as long as the block runs; a killed worker lets go of it.

        `finish` must be called in the block.
        """
        with connection.transaction():
            row = connection.execute("SELECT * FROM letter_claim()", binary=True).fetchone()
            if row is None:
                yield None
                return
            letter_id, sealed, attempts, ranks = row
            try:
                said, mail = _unpacked(self.key.open(sealed, letter_id))
            except QueueKeyError:
                self.finish(connection, letter_id, State.PARKED, "unreadable with this key", 0.0)
                yield None
                return
            yield Claimed(
                letter_id=letter_id,
                mail=mail,
                waiting={rank: said["recipients"][rank] for rank in ranks},
                wants_receipt=said["receipt"],
                attempts=attempts,
                is_answer=said.get("answer", False),
            )

    @staticmethod
    def answered(connection: psycopg.Connection[Any], letter_id: UUID, rank: int, state: str, outcome: str) -> None:
        """What the server said of one recipient: WAITING (to be tried again), ACCEPTED or REFUSED."""
        connection.execute("SELECT letter_answered(%s, %s, %s, %s)", (letter_id, rank, state, outcome))

    @staticmethod
    def finish(connection: psycopg.Connection[Any], letter_id: UUID, state: State, outcome: str, pause: float) -> None:
        """What became of a held letter; `pause` in seconds before it is tried again."""
        connection.execute("SELECT letter_finish(%s, %s, %s, %s)", (letter_id, state.value, outcome, pause))

    def tell(self, connection: psycopg.Connection[Any], letter_id: UUID, address: str, news: News) -> bool:
        """Tell the sender of the message what is known of one recipient, if he asked for it, exactly once.

        False: nothing changed, since letter or recipient is unknown, or this is known already. Good news may be
        followed by bad news, once. Raises ValueError: `news.code` is none of its table.
        """
        found = connection.execute(
            "SELECT rank, content FROM letter_recipient(%s, %s)",
            (letter_id, self._name(letter_id, address)),
            binary=True,
        ).fetchone()
        if found is None:
            return False
        rank, sealed = found
        try:
            said, _ = _unpacked(self.key.open(sealed, _recipient_id(letter_id, rank)))
        except QueueKeyError:
            return False
        good = not news.code
        ack_id = uuid5(letter_id, f"{rank} {news.event.value} {'Y' if good else 'N'}")
        content = self.key.seal(_zam(_header(said["header"]), said["address"], news), ack_id)
        row = connection.execute(
            "SELECT letter_told(%s, %s, %s, %s, %s, %b)", (letter_id, rank, news.event.value, good, ack_id, content)
        ).fetchone()
        return row is not None and bool(row[0])

    def knows(self, connection: psycopg.Connection[Any], letter_id: UUID, address: str) -> bool:
        """Whether such a letter went to this address, as far as is remembered."""
        found = connection.execute(
            "SELECT rank FROM letter_recipient(%s, %s)", (letter_id, self._name(letter_id, address))
        ).fetchone()
        return found is not None

    def _name(self, letter_id: UUID, address: str) -> bytes:
        return self.key.name("recipient", str(letter_id), address.strip().lower())

    def _told_of(self, letter: Letter, rank: int, address: str) -> bytes:
        said = _packed({"address": address, "header": asdict(letter.header)})
        return self.key.seal(said, _recipient_id(letter.letter_id, rank))


def _recipient_id(letter_id: UUID, rank: int) -> UUID:
    return uuid5(letter_id, f"recipient {rank}")


def _zam(header: Header, address: str, news: News) -> bytes:
    if news.event is ZamEvent.MSS_READING:
        return write_zam(mss_reading(header, address, news.code or None))
    label = " ".join("".join(one if one.isprintable() else " " for one in news.label).split())[:_LONGEST_LABEL]
    return write_zam(mss_receipt(header, address, (news.code, label) if news.code else None))


def _header(said: Mapping[str, Any]) -> Header:
    pairs: Mapping[str, Sequence[str]] = {name: said[name] for name in ("sender", "receiver")}
    return Header(**{**said, **{name: (pair[0], pair[1]) for name, pair in pairs.items()}})


def _packed(said: Mapping[str, Any]) -> bytes:
    text = json.dumps(said).encode()
    return len(text).to_bytes(4, "big") + text


def _unpacked(content: bytes) -> tuple[dict[str, Any], bytes]:
    size = int.from_bytes(content[:4], "big")
    return json.loads(content[4 : 4 + size]), content[4 + size :]

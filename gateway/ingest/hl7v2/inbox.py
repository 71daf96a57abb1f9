"""What the listener took responsibility for: stored sealed before AA is said, claimed in order, erased when done.

The database sees keyed hashes of patients and sealed messages; the key is the door's own (G-331).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import psycopg

from gateway.database.pool import DoorPool
from gateway.ingest.mssante.letter import Letter
from security.at_rest.queue_key import QueueKey, QueueKeyError
from xds.hl7v2.header import Header
from xds.hl7v2.patient import Patient

_RECEIVE = "SELECT inbox_receive(%s, %s, %s, %s, %s, %s, %s, %s, %b, %s, %s)"
LETTERS, LETTER = "MSSANTE", "XDM"
"""The application and the kind that a letter stands under in the inbox."""
_FINISH = "SELECT inbox_finish(%s, %s, %s, %s, %s, %b)"


class Receipt(StrEnum):
    """What became of a message that was to be stored."""

    STORED = "STORED"
    KNOWN = "KNOWN"
    OTHER = "OTHER"


class State(StrEnum):
    """WAITING is tried again, PARKED waits for a person, DONE is erased but for its outcome."""

    WAITING = "WAITING"
    PARKED = "PARKED"
    DONE = "DONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message as it came: its bytes untouched, the certificate (DER) and the structure of who sent it."""

    header: Header
    patient: Patient
    data: bytes = field(repr=False)
    certificate: bytes = field(repr=False)
    structure_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message that one worker holds: `kind` is MSH-9, or `XDM` of a letter. `attempts` are those before this one."""

    message_id: UUID
    structure_id: str
    kind: str
    data: bytes = field(repr=False)
    certificate: bytes = field(repr=False)
    attempts: int
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What became of a message: `pause` in seconds before it is tried again; what its sender is told, and where.

    `letters` are the mails that it makes; whoever finishes the message keeps them in the same transaction.
    """

    state: State
    outcome: str
    pause: float = 0.0
    destination: str = ""
    acknowledgement: bytes | None = None
    letters: tuple[Letter, ...] = ()


@dataclass(frozen=True, slots=True)
class Inbox:
    """The inbox as the listener and its workers see it. Every method raises DatabaseUnavailable."""

    pool: DoorPool
    key: QueueKey

    def receive(self, arrival: Arrival, *, again: bool) -> Receipt:
        """Store a message durably, once. `again`: a control id may be used again for other bytes."""
        header = arrival.header
        kind = "^".join(part for part in (header.message_code, header.trigger) if part)
        named = (*header.sender, header.control_id, hashlib.sha256(arrival.data).digest(), kind, self._lane(arrival))
        return self._store(arrival.structure_id, named, arrival.certificate, arrival.data, again=again)

    def receive_letter(self, structure_id: str, mail: bytes, *, sender: str, message_id: str, medium: bytes) -> Receipt:
        """Store a letter that came to the mailbox of a structure, once, whichever way its copies went.

        It is known by its Message-ID and its medium; letters of one sender keep their order. Names are hidden.
        """
        name = self.key.name("mail", message_id).hex()
        lane = self.key.name("mail lane", structure_id, sender.lower())
        named = (LETTERS, "", name, hashlib.sha256(medium).digest(), LETTER, lane)
        return self._store(structure_id, named, b"", mail, again=True)

    def _store(
        self, structure_id: str, named: tuple[object, ...], certificate: bytes, data: bytes, *, again: bool
    ) -> Receipt:
        """`named`: application, facility, control id, hash, kind and lane."""
        identifier = uuid4()
        sealed = self.key.seal(struct.pack(">I", len(certificate)) + certificate + data, identifier)
        with self.pool.connection() as connection:
            row = connection.execute(_RECEIVE, (identifier, structure_id, *named, sealed, len(data), again)).fetchone()
        if row is None:
            raise LookupError("inbox_receive always answers")
        return Receipt(row[0])

    def load(self) -> tuple[int, int]:
        """Messages held, and their bytes."""
        with self.pool.connection() as connection:
            row = connection.execute("SELECT messages, bytes FROM inbox_load()").fetchone()
        return (int(row[0]), int(row[1])) if row is not None else (0, 0)

    def keep_consent(
        self,
        structure_id: str,
        patient: Patient,
        feeding: tuple[str, datetime],
        consultation: tuple[str, datetime],
    ) -> None:
        """Keep what a patient told a structure; a later date wins, and on the same date what comes last."""
        with self.pool.connection() as connection:
            connection.execute(
                "SELECT consent_keep(%s, %s, %s, %s, %s, %s)",
                (structure_id, list(self._subjects(patient)), *feeding, *consultation),
            )

    def feeding(self, structure_id: str, patient: Patient) -> str | None:
        """What a patient told a structure last of feeding: INO, IO, NA; None when he told nothing."""
        with self.pool.connection() as connection:
            row = connection.execute(
                "SELECT consent_of(%s, %s)", (structure_id, list(self._subjects(patient)))
            ).fetchone()
        return str(row[0]) if row is not None and row[0] is not None else None

    def forget(self, days: int) -> None:
        """Forget control ids and outcomes older than so many days."""
        with self.pool.connection() as connection:
            connection.execute("SELECT inbox_forget(%s)", (days,))

    @contextmanager
    def claim(self, connection: psycopg.Connection[Any]) -> Iterator[Claimed | None]:
        """Hold the next message, if there is one, for as long as the block runs; a killed worker lets go of it.

        `finish` must be called in the block. Raises psycopg.OperationalError.
        """
        with connection.transaction():
            row = connection.execute("SELECT * FROM inbox_claim()", binary=True).fetchone()
            if row is None:
                yield None
                return
            message_id, structure_id, kind, sealed, attempts, received_at = row
            try:
                content = self.key.open(sealed, message_id)
            except QueueKeyError:
                self.finish(connection, message_id, Ending(state=State.PARKED, outcome="unreadable with this key"))
                yield None
                return
            (size,) = struct.unpack_from(">I", content)
            yield Claimed(
                message_id=message_id,
                structure_id=structure_id,
                kind=kind,
                data=content[4 + size :],
                certificate=content[4 : 4 + size],
                attempts=attempts,
                received_at=received_at,
            )

    @staticmethod
    def finish(connection: psycopg.Connection[Any], message_id: UUID, ending: Ending) -> None:
        """Write what became of a held message, and queue what its sender is told, in the transaction that holds it."""
        connection.execute(
            _FINISH,
            (
                message_id,
                ending.state.value,
                ending.outcome,
                ending.pause,
                ending.destination,
                ending.acknowledgement,
            ),
        )

    def _lane(self, arrival: Arrival) -> bytes:
        """Messages about one patient of one structure keep their order; one about nobody is alone."""
        patient = arrival.patient.ins or arrival.patient.ipp
        if patient is None:
            return self.key.name("alone", str(uuid4()))
        return self.key.name("lane", arrival.structure_id, patient.value)

    def _subjects(self, patient: Patient) -> Iterable[bytes]:
        for one in patient.ids:
            if one.is_ins or one.type == "PI":
                yield self.key.name("subject", one.type, one.authority or one.namespace, one.value)

"""A message and its acknowledgement: AA once it is stored for good, AE and AR with every fault before (H-18)."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from gateway.database.errors import DatabaseUnavailable
from gateway.doorkeeper import Doorkeeper
from gateway.ingest.hl7v2.inbox import Arrival, Inbox, Receipt
from gateway.ingest.hl7v2.sender import Senders
from gateway.ingest.mssante.admission import check_mssante
from gateway.server.health import Counters
from security.audit.event import Outcome
from security.audit.trail import AuditUnavailable
from security.errors import ErrorKind, SecurityError
from security.pki.certificate import HolderCertificate
from xds.hl7v2.acknowledgement import code_of, write_ack
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.faults import Condition, Fault, has_errors
from xds.hl7v2.header import Header
from xds.hl7v2.reading import Reading
from xds.hl7v2.terms import Terms

TRANSACTION: Final = "HL7V2"
_LOOK = 1.0
"""Seconds for which what the inbox holds is taken as known."""

_log = logging.getLogger("ecluse.hl7v2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the inbox holds at most before senders are told to come again: messages that wait, and bytes."""

    messages: int
    bytes: int


@dataclass(slots=True, kw_only=True)
class Fullness:
    """Whether the inbox is full, as it was a moment ago."""

    inbox: Inbox
    bounds: Bounds
    _held: tuple[int, int] = field(init=False, default=(0, 0))
    _asked: float = field(init=False, default=float("-inf"))
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def leaves_no_room(self, size: int) -> bool:
        """Whether a message of so many bytes has no place. Raises DatabaseUnavailable."""
        with self._lock:
            if time.monotonic() - self._asked > _LOOK:
                self._held = self.inbox.load()
                self._asked = time.monotonic()
            messages, held = self._held
            if messages >= self.bounds.messages or held + size > self.bounds.bytes:
                return True
            self._held = messages + 1, held + size
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """What the listener calls with each message and the client's certificate (DER): it returns the acknowledgement.

    `read` finds everything that is wrong with the content; `arrived` is told when there is something to do; `again`
    lets a sender use a control id again for another message; `sends_mail` says whether MSSanté letters leave here.
    """

    keeper: Doorkeeper
    inbox: Inbox
    senders: Senders
    fullness: Fullness
    read: Callable[[bytes], Reading]
    terms: Callable[[], Terms]
    counters: Counters
    arrived: Callable[[], None]
    again: bool
    sends_mail: bool

    def __call__(self, data: bytes, certificate: bytes) -> bytes:
        request_id, now = uuid.uuid4().hex, datetime.now(UTC)
        header = Header()
        try:
            reading = self.read(data)
            header = reading.header
            faults = self._faults(reading, data, certificate, request_id, now)
        except (DatabaseUnavailable, AuditUnavailable):
            _log.error("store unavailable", extra={"request": request_id})
            faults = _busy("the inbox cannot be written now: send again later")
        except Exception:  # noqa: BLE001 - the one place where our own bugs become an incident number
            _log.exception("unexpected error", extra={"request": request_id})
            faults = _busy(f"internal error, incident {request_id}")
        self.counters.add(f"messages.{code_of(faults)}")
        return write_ack(header, faults, now)

    def _faults(
        self, reading: Reading, data: bytes, certificate: bytes, request_id: str, now: datetime
    ) -> Sequence[Fault]:
        """What is told of the message: warnings alone when responsibility was taken for it."""
        try:
            holder = self.keeper.gate.admit_certificate(certificate, now)
        except SecurityError as error:
            self._write_down(error.code, request_id, now, None, certificate)
            return _busy(f"{error.kind}: {error.text}")
        message, told = reading.message, reading.faults
        if not reading.accepted or message is None:
            return told
        if isinstance(message, DocumentMessage):
            try:
                found = tuple(check_mssante(message, self.terms(), is_served=self.sends_mail))
                self._check_sender(message, holder)
            except SecurityError as error:
                self._write_down(error.code, request_id, now, holder, certificate)
                at_fault = error.kind is ErrorKind.ASSERTION_IDENTITY
                condition = Condition.VALUE if at_fault else Condition.APPLICATION
                place = f"PRT^{message.sender.number if message.sender is not None else 1}^8"
                found = (_fault(condition, place, f"{error.code}: {error.text}"),)
            told = (*told, *found)
            if has_errors(found):
                return told
        if self.fullness.leaves_no_room(len(data)):
            return _busy("the inbox is full: send again later")
        arrival = Arrival(
            header=reading.header,
            patient=message.patient,
            data=data,
            certificate=certificate,
            structure_id=holder.structure_id or holder.national_id,
        )
        receipt = self.inbox.receive(arrival, again=self.again)
        if receipt is Receipt.OTHER:
            text = "this control id was used for another message of this sender: nothing was taken"
            return (*told, _fault(Condition.DUPLICATE_KEY, "MSH^1^10", text))
        if receipt is Receipt.STORED:
            self.arrived()
        return told

    def _check_sender(self, message: DocumentMessage, holder: HolderCertificate) -> None:
        """Who feeds the DMP is sealed for; who only sends mail names no other structure. Raises NotAuthenticated."""
        if message.instructions.destdmp:
            self.senders.check(message, holder, self.terms())
        elif message.sender is not None and (message.instructions.destmssanteps or message.instructions.destmssantepat):
            self.senders.speaks_for(message, holder, self.terms())

    def _write_down(
        self, code: str, request_id: str, now: datetime, holder: HolderCertificate | None, certificate: bytes
    ) -> None:
        event = self.keeper.witness.event(
            TRANSACTION,
            Outcome.REFUSED,
            request_id=request_id,
            now=now,
            certificate=holder,
            fingerprint=hashlib.sha256(certificate).hexdigest(),
            code=code,
        )
        self.keeper.audit.append(event)


def _fault(condition: Condition, location: str, text: str) -> Fault:
    return Fault(condition=condition, location=location, text=text)


def _busy(text: str) -> Sequence[Fault]:
    """Rejected for circumstances (AR): the same message may be right later, or from another."""
    return (Fault(condition=Condition.APPLICATION, location="MSH^1", text=text, rejects=True),)

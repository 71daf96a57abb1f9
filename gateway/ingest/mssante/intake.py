"""What is done with a mail that came, before it leaves the mailbox: kept in the inbox, told of, or left for people."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import psycopg

from gateway.database.errors import DatabaseUnavailable
from gateway.ingest.hl7v2.inbox import Inbox, Receipt
from gateway.ingest.mssante.letters import Letters, News
from gateway.ingest.mssante.mailbox import Fate, Source
from gateway.wire.imap_server import NoMailbox
from xds.hl7v2.zam import ZamEvent
from xds.mss.incoming import IncomingLetter, NotForUs, read_incoming
from xds.mss.mail import UnusableMail
from xds.mss.notices import DeliveryStatus, Notice

UNTRUSTED: Final = "not fed here"

_log = logging.getLogger("ecluse.mssante")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Takes mails. `structure` is who letters are fed for, empty where none are; `counters` counts by name.

    `leaves_no_room` says whether a letter of so many bytes has no place; `told` and `arrived` wake who has work now.
    """

    inbox: Inbox
    letters: Letters
    structure: str
    leaves_no_room: Callable[[int], bool]
    counters: Callable[[str], None]
    told: Callable[[], None]
    arrived: Callable[[], None]

    def __call__(self, connection: psycopg.Connection[Any], data: bytes | None) -> Fate:
        """What becomes of a mail. Raises psycopg.OperationalError: the database is gone."""
        try:
            return self._taken(connection, data)
        except psycopg.OperationalError:
            raise
        except Exception:  # noqa: BLE001 - one mail that cannot be read stops no other, and stays where people see it
            _log.exception("a mail cannot be taken")
            return self._aside("an incident of ours")

    def _taken(self, connection: psycopg.Connection[Any], data: bytes | None) -> Fate:
        if data is None:
            return self._aside("larger than any that is read")
        try:
            found = read_incoming(data)
        except UnusableMail as error:
            return self._aside(str(error))
        if isinstance(found, NotForUs):
            return self._aside(found.reason)
        if isinstance(found, IncomingLetter):
            return self._keep(found, data)
        event = ZamEvent.MSS_RECEIPT if isinstance(found, DeliveryStatus) else ZamEvent.MSS_READING
        return self._tell(connection, found.notices, event)

    def _keep(self, letter: IncomingLetter, data: bytes) -> Fate:
        if not self.structure:
            return self._aside(UNTRUSTED)
        try:
            if self.leaves_no_room(len(data)):
                self.counters("mail.no_room")
                return Fate.LATER
            receipt = self.inbox.receive_letter(
                self.structure, data, sender=letter.sender, message_id=letter.message_id, medium=letter.medium
            )
        except DatabaseUnavailable:
            return Fate.LATER
        if receipt is Receipt.STORED:
            self.counters("mail.letters")
            self.arrived()
        return Fate.TAKEN

    def _tell(self, connection: psycopg.Connection[Any], notices: Iterable[Notice], event: ZamEvent) -> Fate:
        """Tell what is news. A notice about a letter that nobody sent from here is none of ours."""
        own = False
        for notice in notices:
            letter_id = letter_of(notice.letter)
            if letter_id is None:
                continue
            address = next((one for one in notice.recipients if self.letters.knows(connection, letter_id, one)), None)
            if address is None:
                continue
            own = True
            news = News(event=event, code=notice.code, label=notice.label)
            if self.letters.tell(connection, letter_id, address, news):
                self.counters(f"mail.{event.value}")
                self.told()
        return Fate.TAKEN if own else self._aside("a notice about no letter of ours")

    def _aside(self, reason: str) -> Fate:
        self.counters("mail.aside")
        _log.info("a mail is left for people", extra={"reason": reason})
        return Fate.ASIDE


@dataclass(slots=True, kw_only=True)
class LookAtMail:
    """The step of a worker that looks at the mailbox, at most every so many `seconds`."""

    source: Source
    intake: Intake
    seconds: float
    _next: float = field(init=False, default=float("-inf"))

    def __call__(self, connection: psycopg.Connection[Any]) -> bool:
        """Take what came. Always False: the next look waits. Raises psycopg.OperationalError: the database is gone."""
        if time.monotonic() < self._next:
            return False
        try:
            self.source.look(lambda data: self.intake(connection, data))
        except NoMailbox as error:
            self.intake.counters("mail.no_mailbox")
            _log.warning("the mailbox cannot be read", extra={"reason": str(error)})
        finally:
            self._next = time.monotonic() + self.seconds
        return False


def letter_of(name: str) -> UUID | None:
    """The letter that an ENVID names, or a Message-ID of this house; None: another's."""
    try:
        return UUID(name.partition("@")[0])
    except ValueError:
        return None

"""Hand letters over: to the SMTP server of the operator, or, in the sandbox, to files for whoever tries Écluse."""

from __future__ import annotations

import os
import smtplib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from gateway.wire.durable_files import put_file
from gateway.wire.smtp_server import NoServer, SmtpServer, leave

_ACCEPTED: Final = 250
_TOO_LARGE: Final = 552
_NO_ANSWER: Final = -1
"""What smtplib says of a connection that ended."""


class NotSent(Exception):
    """Nothing was handed over, to nobody; another hour may do better. The text holds no address."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said of one recipient: a reply code of RFC 5321 and its text."""

    code: int
    text: str = ""

    @property
    def is_accepted(self) -> bool:
        """Whether it took responsibility."""
        return 200 <= self.code < 300

    @property
    def is_for_later(self) -> bool:
        """Whether it may say something else later."""
        return 400 <= self.code < 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A letter and whom it has not reached yet, by rank. `wants_receipt` asks for delivery status (RFC 3461).

    `is_answer`: it comes from nowhere, so that nothing answers it (RFC 8098 §3).
    """

    letter_id: UUID
    mail: bytes = field(repr=False)
    waiting: Mapping[int, str] = field(repr=False)
    wants_receipt: bool
    is_answer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What was said of each recipient, by rank. `will_tell`: the server sends a delivery status for who is accepted."""

    answers: Mapping[int, Answer]
    will_tell: bool


class Channel(Protocol):
    """Takes letters."""

    def send(self, envelope: Envelope) -> Handover:
        """Hand a letter over to every recipient that waits. Raises NotSent."""


@dataclass(frozen=True, slots=True)
class Files:
    """Writes letters as `.eml` files in a directory; the same letter is the same file."""

    directory: Path

    def send(self, envelope: Envelope) -> Handover:
        """Write the file; everybody is taken for reached. Raises NotSent."""
        try:
            put_file(self.directory / f"{envelope.letter_id}.eml", envelope.mail)
        except OSError as error:
            fault = os.strerror(error.errno) if error.errno else type(error).__name__
            raise NotSent(f"the file is not written: {fault}") from None
        return Handover(answers=dict.fromkeys(envelope.waiting, Answer(_ACCEPTED)), will_tell=False)


@dataclass(frozen=True, slots=True)
class Smtp:
    """Sends letters to a server, each over a connection of its own. `mailbox` is where its notices come back to."""

    server: SmtpServer
    mailbox: str

    def send(self, envelope: Envelope) -> Handover:
        """Hand a letter over. Raises NotSent: the server cannot be had, or refuses the mailbox itself."""
        try:
            connection = self.server.connect()
        except NoServer as error:
            raise NotSent(str(error)) from None
        try:
            return self._talk(connection, envelope)
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(f"the server does not answer: {type(error).__name__}") from None
        finally:
            leave(connection)

    def _talk(self, connection: smtplib.SMTP, envelope: Envelope) -> Handover:
        connection.ehlo_or_helo_if_needed()
        asks = envelope.wants_receipt and connection.has_extn("dsn")
        options = [f"SIZE={len(envelope.mail)}"] if connection.has_extn("size") else []
        if asks:
            options += ["RET=HDRS", f"ENVID={envelope.letter_id}"]
        said = _answer(*connection.mail("" if envelope.is_answer else self.mailbox, options))
        if said.code == _TOO_LARGE:
            return Handover(answers=dict.fromkeys(envelope.waiting, said), will_tell=False)
        if not said.is_accepted:
            raise NotSent(f"the server refuses mssante.mailbox: {said.code}")
        answers = {
            rank: _answer(*connection.rcpt(address, _notify(address) if asks else ()))
            for rank, address in envelope.waiting.items()
        }
        taken = [rank for rank, answer in answers.items() if answer.is_accepted]
        if taken:
            answers.update(dict.fromkeys(taken, self._data(connection, envelope.mail)))
        return Handover(answers=answers, will_tell=asks)

    @staticmethod
    def _data(connection: smtplib.SMTP, mail: bytes) -> Answer:
        """What the server says of the letter itself, to all that it had accepted."""
        try:
            return _answer(*connection.data(mail))
        except smtplib.SMTPDataError as error:
            return _answer(error.smtp_code, error.smtp_error)


def _answer(code: int, text: bytes | str) -> Answer:
    """Raises SMTPServerDisconnected: it was none."""
    if code == _NO_ANSWER:
        raise smtplib.SMTPServerDisconnected("the connection ended")
    return Answer(code, text.decode("utf-8", "replace") if isinstance(text, bytes) else text)


def _notify(address: str) -> tuple[str, str]:
    """RFC 3461 §4.1 and §4.2: be told of delivery and of failure, under the address that we know."""
    told = "".join(one if "!" <= one <= "~" and one not in "+=" else f"+{ord(one):02X}" for one in address)
    return "NOTIFY=SUCCESS,FAILURE", f"ORCPT=rfc822;{told}"

"""Hand messages over: to an SMTP server, to a command that sends short messages, or to files for a person to post."""

from __future__ import annotations

import os
import shlex
import smtplib
import subprocess
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Protocol

from gateway.notices.message import Channel, Message
from gateway.settings import MailSettings, SmsSettings
from gateway.wire.durable_files import put_file
from gateway.wire.smtp_server import NoServer, SmtpServer, leave

_FOLDERS = {Channel.EMAIL: ("mail", "eml"), Channel.SMS: ("sms", "txt"), Channel.LETTER: ("letters", "txt")}

_FOR_GOOD = 550
"""From this answer on, the server will not take it tomorrow either; below, it is busy or wants something of us."""


class NotSent(Exception):
    """The message was not taken. `permanent`: trying again would change nothing. The text holds no address."""

    def __init__(self, text: str, *, permanent: bool) -> None:
        super().__init__(text)
        self.permanent = permanent


class Sender(Protocol):
    """Hands over messages of one channel."""

    def send(self, message: Message) -> None:
        """Hand over one message. Raises NotSent."""

    def close(self) -> None:
        """Let go of what was opened."""


class Files:
    """Writes messages as files below `root`; the same message is the same file, so that it is never there twice."""

    def __init__(self, root: Path, sender: str) -> None:
        self._root = root
        self._sender = sender

    def send(self, message: Message) -> None:
        """Write the message: an `.eml` file for an e-mail, a text for others."""
        folder, suffix = _FOLDERS[message.channel]
        if message.channel is Channel.EMAIL:
            content = bytes(as_email(message, self._sender))
        elif message.channel is Channel.SMS:
            content = f"{message.address}\n\n{message.wording.short}\n".encode()
        else:
            content = f"{message.address}\n\n{message.wording.subject}\n\n{message.wording.text}".encode()
        path = self._root / folder / f"{message.notice_id}-{message.message_id[:8]}.{suffix}"
        try:
            put_file(path, content)
        except OSError as error:
            fault = os.strerror(error.errno) if error.errno else type(error).__name__
            raise NotSent(f"the file is not written: {fault}", permanent=False) from error

    def close(self) -> None:
        """Nothing is open."""


class Smtp:
    """Sends e-mails to a server (RFC 5321), over one connection as long as it lasts.

    A server that does not answer is not asked again before `close`.
    """

    def __init__(self, settings: MailSettings) -> None:
        self._sender = settings.sender
        self._server = SmtpServer(
            keys="mail.",
            host=settings.host,
            port=settings.port,
            security=settings.security,
            ca=settings.ca,
            user=settings.user,
            password=settings.password,
            timeout=settings.timeout,
        )
        self._connection: smtplib.SMTP | None = None
        self._down = ""

    def send(self, message: Message) -> None:
        """Hand an e-mail to the server. Raises NotSent: permanent when it refuses this address or this letter (55z)."""
        connection = self._opened()
        try:
            connection.send_message(as_email(message, self._sender))
        except smtplib.SMTPRecipientsRefused as error:
            code = max((code for code, _ in error.recipients.values()), default=0)
            raise NotSent(f"the server refuses the address: {code}", permanent=code >= _FOR_GOOD) from None
        except smtplib.SMTPSenderRefused as error:
            raise self._gave_up(f"the server refuses mail.sender: {error.smtp_code}") from None
        except smtplib.SMTPNotSupportedError:
            raise NotSent("the server does not take this address", permanent=True) from None
        except smtplib.SMTPDataError as error:
            self.drop()
            raise NotSent(
                f"the server refuses the message: {error.smtp_code}", permanent=error.smtp_code >= _FOR_GOOD
            ) from None
        except (OSError, smtplib.SMTPException) as error:
            raise self._gave_up(f"the server does not answer: {type(error).__name__}") from None

    def close(self) -> None:
        """Say good-bye; the next message opens a connection again."""
        self.drop()
        self._down = ""

    def drop(self) -> None:
        """Leave the connection."""
        if self._connection is not None:
            leave(self._connection)
            self._connection = None

    def _opened(self) -> smtplib.SMTP:
        """The connection, opened if need be. Raises NotSent, and does so until `close` when it does not open."""
        if self._down:
            raise NotSent(self._down, permanent=False)
        if self._connection is not None:
            return self._connection
        try:
            self._connection = self._server.connect()
        except NoServer as error:
            raise self._gave_up(str(error)) from None
        return self._connection

    def _gave_up(self, fault: str) -> NotSent:
        self.drop()
        self._down = fault
        return NotSent(fault, permanent=False)


class Command:
    """Sends short messages by a command of the house."""

    def __init__(self, settings: SmsSettings) -> None:
        self._words = shlex.split(settings.command)
        self._timeout = settings.timeout

    def send(self, message: Message) -> None:
        """Run the command with the number; the text is its standard input. Raises NotSent: another status than 0."""
        try:
            subprocess.run(
                [*self._words, message.address],
                input=message.wording.short.encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=self._timeout,
                check=True,
                env={name: value for name, value in os.environ.items() if not name.startswith("ECLUSE_")},
            )
        except subprocess.CalledProcessError as error:
            raise NotSent(f"the command ends with status {error.returncode}", permanent=False) from None
        except (OSError, subprocess.SubprocessError) as error:
            raise NotSent(f"the command fails: {type(error).__name__}", permanent=False) from None

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class Channels:
    """A sender for each channel."""

    by_channel: dict[Channel, Sender]

    def send(self, message: Message) -> None:
        """Hand a message over. Raises NotSent."""
        self.by_channel[message.channel].send(message)

    def close(self) -> None:
        """Let go of everything."""
        for sender in self.by_channel.values():
            sender.close()


def channels(mail: MailSettings, sms: SmsSettings, outgoing: Path) -> Channels:
    """The channels of a house: what is not configured writes files below `outgoing`; letters always are."""
    files = Files(outgoing, mail.sender)
    return Channels(
        {
            Channel.EMAIL: Smtp(mail) if mail.host else files,
            Channel.SMS: Command(sms) if sms.command else files,
            Channel.LETTER: files,
        }
    )


def as_email(message: Message, sender: str) -> EmailMessage:
    """The e-mail of a message."""
    letter = EmailMessage()
    letter["From"] = sender
    letter["To"] = message.address
    letter["Subject"] = message.wording.subject
    letter["Date"] = formatdate()
    letter["Message-ID"] = f"<{message.message_id}@{sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.wording.text)
    return letter

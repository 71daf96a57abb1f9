"""What became of a letter, told to who sent it: a disposition notification (RFC 8098; CI-SIS, MSS mail)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from profiles.hl7v2.tables import application_errors
from xds.mss.mail import Mail, is_address

_LINE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`code` is one of 900 to 906, empty when the documents are in; `reason` is said in the text, without patient.

    `answer_id` is what stands left of the @ of its Message-ID; `letter` the mail that is answered, `to` where.
    """

    answer_id: str
    mailbox: str
    to: str = field(repr=False)
    letter: bytes = field(repr=False)
    code: str = ""
    reason: str = ""


def write_answer(answer: Answer, now: datetime) -> bytes:
    """Spell a notification: words for people, the disposition, and the letter that it is about.

    Raises ValueError: an address that is none, or a code that the table does not have.
    """
    label, mail = _label(answer), Mail.read(answer.letter)
    parts = (_words(answer, label), _disposition(answer, mail.message_id, label), _letter(answer.letter))
    return _joined(answer, mail, now, "multipart/report; report-type=disposition-notification", "auto-replied", parts)


def write_report(answer: Answer, now: datetime) -> bytes:
    """Spell an ordinary mail of the same subject, for a mailbox of the house where no notification was asked for.

    Raises ValueError as `write_answer` does.
    """
    parts = (_words(answer, _label(answer)), _letter(answer.letter))
    return _joined(answer, Mail.read(answer.letter), now, "multipart/mixed", "auto-generated", parts)


def _label(answer: Answer) -> str:
    """What the code of an answer means, empty for good news. Raises ValueError: it cannot be sent."""
    if not is_address(answer.to) or not is_address(answer.mailbox):
        raise ValueError("a notification goes from one address to another")
    label = application_errors().get(answer.code, "")
    if answer.code and not label:
        raise ValueError(f"{answer.code} is no code of an application")
    return label


def _joined(answer: Answer, mail: Mail, now: datetime, kind: str, submitted: str, parts: Iterable[bytes]) -> bytes:
    """A mail of parts that are spelled already."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(addr_spec=answer.mailbox)
    message["To"] = Address(addr_spec=answer.to)
    message["Subject"] = _one_line(
        f"[KO Intégration système !][{answer.code}] {mail.subject}" if answer.code else mail.subject
    )
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{answer.answer_id}@{answer.mailbox.rpartition('@')[2]}>"
    if mail.message_id.isascii() and mail.message_id.isprintable():
        message["In-Reply-To"] = f"<{mail.message_id}>"
    message["Auto-Submitted"] = submitted
    message["MIME-Version"] = "1.0"
    boundary = f"=_{secrets.token_hex(16)}"
    line = boundary.encode()
    pieces = [b"--" + line + b"\r\n" + part + b"\r\n" for part in parts]
    head = message.as_bytes().rstrip(b"\r\n") + f'\r\nContent-Type: {kind};\r\n boundary="{boundary}"\r\n\r\n'.encode()
    return b"".join((head, *pieces, b"--" + line + b"--\r\n"))


def _words(answer: Answer, label: str) -> bytes:
    part = EmailMessage(policy=SMTP)
    if answer.code:
        why = f"{answer.code} {label}\n{_one_line(answer.reason)}"
        text = f"Les documents de ce courriel n'ont pas été intégrés.\n\n{why}\n"
    else:
        text = "Les documents de ce courriel ont été intégrés.\n"
    part.set_content(text, charset="utf-8", cte="quoted-printable")
    return part.as_bytes()


def _disposition(answer: Answer, message_id: str, label: str) -> bytes:
    said = f"processed/Error: {answer.code}^{label}" if answer.code else "processed"
    lines = (
        "Reporting-UA: ecluse",
        f"Original-Recipient: rfc822;{answer.mailbox}",
        f"Final-Recipient: rfc822;{answer.mailbox}",
        f"Original-Message-ID: <{_one_line(message_id)}>",
        f"Disposition: automatic-action/MDN-sent-automatically; {said}",
    )
    return _enclosed("message/disposition-notification", "\r\n".join((*lines, "")).encode())


def _letter(letter: bytes) -> bytes:
    """The whole letter, its media and readable copies included, so that its sender finds what was not taken."""
    return _enclosed("message/rfc822", letter)


def _enclosed(media_type: str, content: bytes) -> bytes:
    """A part of type `message`, whose content is not encoded (RFC 2046 §5.2)."""
    encoding = "7bit" if content.isascii() else "8bit"
    return f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + content


def _one_line(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:_LINE]

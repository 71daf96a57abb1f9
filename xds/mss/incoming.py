"""What came to the mailbox: a letter with a medium, a notice about one of ours, or nothing for this door.

Source: CI-SIS, Trans-LPS CDA by MSS mail; ITI TF-2 §3.32.4.1.3 (subject and attachment); RFC 3834 (machines).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from xds.mss.mail import Mail, Part
from xds.mss.notices import DeliveryStatus, Disposition, read_notice

PHRASE: Final = "XDM/1.0/DDM"
MEDIUM_NAME: Final = "IHE_XDM.ZIP"
_ZIP: Final = frozenset(("application/zip", "application/x-zip-compressed", "application/x-zip", "multipart/x-zip"))
_OF_PATIENTS: Final = "@patient.mssante.fr"
_FAILED: Final = re.compile(r"\[KO\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingLetter:
    """A letter with one medium, of a `sender` as far as anybody says.

    `answer_to` is where a notification goes; empty: nowhere (RFC 8098 §2.1).
    """

    message_id: str
    subject: str
    sender: str = field(repr=False)
    answer_to: str = field(repr=False)
    medium: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotForUs:
    """A mail that this door leaves alone, and why."""

    reason: str


Incoming = IncomingLetter | DeliveryStatus | Disposition | NotForUs


def read_incoming(data: bytes) -> Incoming:
    """What a mail is. Raises UnusableMail: it cannot be taken apart."""
    mail = Mail.read(data)
    notice = read_notice(mail)
    if notice is not None:
        return notice
    if PHRASE not in mail.subject.upper():
        return NotForUs("its subject is not that of a letter with a medium")
    if _FAILED.search(mail.subject) or is_automatic(mail):
        return NotForUs("a machine answered")
    if is_of_patient(mail):
        return NotForUs("a patient sends it: what he adds to his record is his own space's affair")
    media = _media(mail.parts())
    if len(media) != 1:
        return NotForUs("no medium" if not media else f"{len(media)} media")
    return IncomingLetter(
        message_id=mail.message_id,
        subject=mail.subject,
        sender=next(iter((*mail.addresses("Return-Path"), *mail.addresses("From"))), ""),
        answer_to=_answer_to(mail),
        medium=media[0].content,
    )


def is_automatic(mail: Mail) -> bool:
    """Whether a machine wrote this, so that no machine answers it (RFC 3834 §2, §5)."""
    submitted = mail.field("Auto-Submitted").partition(";")[0].strip().lower()
    bulk = mail.field("Precedence").lower() in ("bulk", "junk", "list")
    return submitted not in ("", "no") or bulk or bool(mail.field("List-Id"))


def is_of_patient(mail: Mail) -> bool:
    """Whether one of those it comes from is the mailbox of a patient (Mon espace santé)."""
    senders = (*mail.addresses("From"), *mail.addresses("Sender"), *mail.addresses("Return-Path"))
    return any(one.endswith(_OF_PATIENTS) for one in senders)


def _media(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The attachments that are media: those of the name that the standard gives, else every ZIP archive."""
    archives = tuple(one for one in parts if one.media_type in _ZIP or one.name.upper().endswith(".ZIP"))
    named = tuple(one for one in archives if one.name.upper() == MEDIUM_NAME)
    return named or archives


def _answer_to(mail: Mail) -> str:
    """The one address that asks for a notification and that the letter came from (RFC 8098 §2.1)."""
    asked, path = mail.addresses("Disposition-Notification-To"), mail.addresses("Return-Path")
    if not mail.message_id or len(asked) != 1 or path != asked or len(mail.fields("Disposition-Notification-To")) != 1:
        return ""
    return asked[0]

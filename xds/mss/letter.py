"""A letter of MSSanté, written: headers, text, IHE_XDM.zip and readable copies (CI-SIS, Trans-LPS CDA by MSS mail).

Nothing that was sent to us becomes a header of its own, or a second recipient: values are one line each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final
from uuid import UUID

ARCHIVE: Final = "IHE_XDM.zip"
PHRASE: Final = "XDM/1.0/DDM"
"""What a subject begins with, a letter that carries a medium (DICOM PS3.12 §V; CI-SIS)."""
FINAL: Final = ("X-MSS-MES", "FIN")
"""The patient may not answer."""
_LONGEST_WORD: Final = 120
_UNFOLDED: Final = SMTP.clone(max_line_length=900)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a subject tells: label of the document, names of the patient, day of birth: `YYYYMMDD`, or what is known."""

    label: str
    family: str
    given: str
    born: str

    def __str__(self) -> str:
        born = self.born[:8]
        day = f"{born[6:8]}/{born[4:6]}/{born[:4]}" if len(born) == 8 else born
        words = (one_line(word)[:_LONGEST_WORD] for word in (self.label, self.family.upper(), self.given, day))
        return f"{PHRASE}+" + " ".join(word for word in words if word)


@dataclass(frozen=True, slots=True, kw_only=True)
class MssLetter:
    """What a letter says. Addresses are bare (RFC 5321 §2.3.11) and hold ASCII only.

    `archive` is the medium, a ZIP archive; `readable` are the documents as PDF, in their order. `wants_reading` asks
    each recipient for a disposition notification (RFC 8098); `final` tells the patient that he may not answer.
    """

    letter_id: UUID
    mailbox: str
    recipients: tuple[str, ...] = field(repr=False)
    reply_to: str = ""
    subject: Subject = field(repr=False)
    text: str = field(repr=False)
    archive: bytes = field(repr=False)
    readable: tuple[bytes, ...] = field(repr=False)
    wants_reading: bool
    final: bool
    date: datetime


def write_letter(letter: MssLetter) -> bytes:
    """The mail as it leaves, lines ended by CR LF, seven bits. Raises ValueError: an address is none."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _address(letter.mailbox)
    mail["To"] = ", ".join(map(_address, letter.recipients))
    if letter.reply_to:
        mail["Reply-To"] = _address(letter.reply_to)
    mail["Subject"] = str(letter.subject)
    mail["Date"] = format_datetime(letter.date)
    mail["Message-ID"] = message_id_of(letter.letter_id, letter.mailbox)
    if letter.wants_reading:
        mail["Disposition-Notification-To"] = _address(letter.mailbox)
    if letter.final:
        mail[FINAL[0]] = FINAL[1]
    text = "\n".join(one_line(line) for line in letter.text.splitlines())
    mail.set_content(text + "\n", cte="quoted-printable")
    mail.add_attachment(letter.archive, maintype="application", subtype="zip", filename=ARCHIVE)
    for number, content in enumerate(letter.readable, 1):
        mail.add_attachment(content, maintype="application", subtype="pdf", filename=f"DOC{number:05}.pdf")
    # A subject is looked for by its beginning: it is not folded before it. Encoded words are short (RFC 2047 §2).
    return mail.as_bytes(policy=_UNFOLDED if str(letter.subject).isascii() else SMTP)


def message_id_of(letter_id: UUID, mailbox: str) -> str:
    """The Message-ID of a letter: the same whenever it is sent."""
    return f"<{letter_id}@{mailbox.rpartition('@')[2]}>"


def one_line(text: str) -> str:
    """A text as one line that a person can read: what is not printable becomes a blank, and ends are trimmed."""
    return "".join(one if one.isprintable() else " " for one in text).strip()


def _address(address: str) -> str:
    if not address.isascii() or not address.isprintable() or any(one in address for one in ' ",;:<>()[]\\'):
        raise ValueError("an address is bare, of ASCII, and one")
    return address

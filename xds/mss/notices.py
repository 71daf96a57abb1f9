"""What servers and readers tell of a letter: delivery status (RFC 3464) and disposition notifications (RFC 8098).

Nothing here is believed yet: a notice names a letter and a recipient, and whoever sent that letter knows both or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from profiles.hl7v2.tables import application_errors
from xds.mss.mail import Mail, Part, UnusableMail, identifier_of
from xds.mss.smtp_codes import nearest, of_status

OTHER_ERROR: Final = "906"
"""The application code of an error that has none of its own."""
_MOST_RECIPIENTS: Final = 500
_DELIVERED: Final = frozenset(("delivered", "relayed", "expanded"))
_FAILED: Final = "failed"
_READ: Final = frozenset(("displayed", "dispatched", "processed", "deleted"))
_REPLY: Final = re.compile(r"(?<![\d.])([2-5]\d\d)(?![\d.])")
_STATUS: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_XCHAR: Final = re.compile(r"\+([0-9A-F]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is told of one recipient. `letter` is what names the letter: an ENVID, or a Message-ID without brackets.

    `recipients` are the addresses that the recipient may be known by, the original one first. `code` is empty for good
    news, else one of SMTPERRORCODE (delivery) or 900 to 906 (disposition); `label` are the words of whoever tells.
    """

    letter: str
    recipients: tuple[str, ...] = field(repr=False)
    code: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """A DSN: a notice for each recipient of whom something is certain; one that is only late is left out."""

    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Disposition:
    """An MDN: one notice; none when it does not say what became of the letter."""

    notices: tuple[Notice, ...]


def read_notice(mail: Mail) -> DeliveryStatus | Disposition | None:
    """What a mail tells of a letter; None: it is no notice. Raises UnusableMail: more parts than are read."""
    if mail.media_type != "multipart/report":
        return None
    parts = mail.parts()
    for part in parts:
        if part.media_type in ("message/delivery-status", "message/global-delivery-status"):
            return DeliveryStatus(tuple(_deliveries(part, _enclosed(parts))))
        if part.media_type in ("message/disposition-notification", "message/global-disposition-notification"):
            return Disposition(tuple(_dispositions(part)))
    return None


def _deliveries(part: Part, message_id: str) -> Iterator[Notice]:
    """RFC 3464 §2: fields of the message, then a block of fields for each recipient."""
    blocks = _blocks(part.content)
    envelope = _unescaped(blocks[0].get("original-envelope-id", "")) if blocks else ""
    letter = envelope or message_id
    for block in blocks[1 : _MOST_RECIPIENTS + 1]:
        action = block.get("action", "").partition(" ")[0].lower()
        recipients = _addresses(block)
        if not letter or not recipients or action not in {*_DELIVERED, _FAILED}:
            continue
        if action in _DELIVERED:
            yield Notice(letter=letter, recipients=recipients)
        else:
            diagnostic = _after_type(block.get("diagnostic-code", ""))
            code = _smtp_code(diagnostic, block.get("status", ""))
            yield Notice(letter=letter, recipients=recipients, code=code, label=diagnostic or "delivery failed")


def _dispositions(part: Part) -> Iterator[Notice]:
    """RFC 8098 §3.2: one block; the modifier `Error` has its details behind it (CI-SIS), or in a field of its own."""
    blocks = _blocks(part.content)
    if not blocks:
        return
    block = blocks[0]
    letter, recipients = identifier_of(block.get("original-message-id", "")), _addresses(block)
    said = block.get("disposition", "").partition(";")[2]
    kind, _, modifier = said.partition("/")
    if not letter or not recipients or kind.strip().lower() not in _READ:
        return
    details = " ".join((modifier.strip(), block.get("error", ""), block.get("failure", ""))).strip()
    failed = modifier.strip().lower().startswith(("error", "failure")) or "error" in block or "failure" in block
    code = _application_code(details) if failed else ""
    yield Notice(letter=letter, recipients=recipients, code=code, label=details[:200] if failed else "")


def _application_code(details: str) -> str:
    found = re.search(r"(?<!\d)(\d{3})(?!\d)", details)
    return found[1] if found is not None and found[1] in application_errors() else OTHER_ERROR


def _smtp_code(diagnostic: str, status: str) -> str:
    """The code that the server answered, else what its enhanced status means."""
    reply = _REPLY.match(diagnostic.lstrip())
    if reply is not None and reply[1][0] in "45":
        return nearest(reply[1])
    enhanced = _STATUS.search(status) or _STATUS.search(diagnostic)
    return of_status(enhanced[1]) if enhanced is not None else of_status("")


def _enclosed(parts: Sequence[Part]) -> str:
    """The Message-ID of the letter that a DSN encloses, whole or its header alone, for servers without ENVID."""
    for part in parts:
        if part.media_type in ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"):
            try:
                return Mail.read(part.content).message_id
            except UnusableMail:
                return ""
    return ""


def _blocks(content: bytes) -> list[dict[str, str]]:
    """Blocks of fields between empty lines, names in lower case, folded lines joined; the first of a name counts."""
    blocks: list[dict[str, str]] = []
    block: dict[str, str] = {}
    name = ""
    for line in [*content.decode("utf-8", "replace").splitlines(), ""]:
        if not line.strip():
            if block:
                blocks.append(block)
            block, name = {}, ""
        elif line[0] in " \t":
            if name:
                block[name] = f"{block[name]} {line.strip()}"
        else:
            key, _, value = line.partition(":")
            name = "" if key.strip().lower() in block else key.strip().lower()
            if name:
                block[name] = value.strip()
    return blocks


def _addresses(block: dict[str, str]) -> tuple[str, ...]:
    found = (_after_type(block.get(name, "")) for name in ("original-recipient", "final-recipient"))
    return tuple(dict.fromkeys(_unescaped(one).strip("<> ").lower() for one in found if one))


def _after_type(value: str) -> str:
    """What follows `rfc822;`, `utf-8;` or `smtp;`."""
    head, separator, rest = value.partition(";")
    return rest.strip() if separator else head.strip()


def _unescaped(text: str) -> str:
    """`xtext` decoded (RFC 3461 §4): some servers repeat it as it was sent."""
    return _XCHAR.sub(lambda found: chr(int(found[1], 16)), text)

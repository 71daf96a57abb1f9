"""A mail as it came: header fields and parts, whatever its sender made of them (RFC 5322, RFC 2045, RFC 2047).

Mail comes from strangers: what cannot be read is empty, never an exception but UnusableMail, and no field is believed
to have one line or to be ASCII.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses
from typing import Final

_DEEPEST: Final = 20
"""Multiparts inside one another, at most."""
_MOST_PARTS: Final = 200
_BOUNDARY = re.compile(rb"boundary\s*=", re.IGNORECASE)
_ATTACHED = re.compile(rb"^[A-Za-z0-9+/]{40,}={0,2}\n", re.MULTILINE)
"""A line of an attachment in base64: no field, no boundary, no end of a header."""
_MOST_WRITTEN: Final = 4 * 1024 * 1024
_MOST_LINES: Final = 50_000
"""Of everything else in a mail, in bytes and in lines: each may become an object of the parser."""
_BLANK = re.compile(r"\s+")
_ADDRESS = re.compile(r"[^\s<>@\"(),:;]{1,64}@[^\s<>@\"(),:;]{1,255}")
_LONGEST_ID: Final = 998
_LONGEST_FIELD: Final = 8192


class UnusableMail(ValueError):
    """Not a mail that can be read: too many parts, or too deep. The text repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part that is no multipart: `media_type` in lower case, `name` of its file or empty, bytes decoded."""

    media_type: str
    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. `data` are its bytes as they came."""

    data: bytes = field(repr=False)
    _message: Message = field(repr=False)

    @classmethod
    def read(cls, data: bytes) -> Mail:
        """Read a mail. Raises UnusableMail."""
        _check_shape(data)
        try:
            return cls(data, email.message_from_bytes(data))
        except (RecursionError, ValueError, LookupError, TypeError, AttributeError, IndexError):
            raise UnusableMail("the mail cannot be taken apart") from None

    @property
    def media_type(self) -> str:
        """`type/subtype` of the whole, in lower case."""
        return self._message.get_content_type()

    @property
    def message_id(self) -> str:
        """Its Message-ID without angle brackets; empty without one."""
        return identifier_of(self.field("Message-ID"))

    @property
    def subject(self) -> str:
        """Its subject, decoded, on one line."""
        return self.field("Subject")

    def field(self, name: str) -> str:
        """The first field of that name, unfolded and decoded; empty without one."""
        values = self.fields(name)
        return values[0] if values else ""

    def fields(self, name: str) -> tuple[str, ...]:
        """All fields of that name, from the top."""
        wanted = name.lower()
        return tuple(_text(value) for key, value in self._message.raw_items() if key.lower() == wanted)

    def addresses(self, name: str) -> tuple[str, ...]:
        """The addresses in all fields of that name, in lower case; what is no address is left out."""
        found = (address.strip().lower() for _, address in getaddresses(list(self.fields(name))))
        return tuple(dict.fromkeys(address for address in found if _ADDRESS.fullmatch(address)))

    def parameter(self, name: str) -> str:
        """A parameter of its Content-Type; empty without it."""
        try:
            found = self._message.get_param(name)
        except (ValueError, LookupError, TypeError):
            return ""
        return found.lower() if isinstance(found, str) else ""

    def parts(self) -> tuple[Part, ...]:
        """Every part that is no multipart, in order; a mail inside the mail is one. Raises UnusableMail: too many."""
        found: list[Part] = []
        for part in _leaves(self._message):
            if len(found) >= _MOST_PARTS:
                raise UnusableMail("more parts than are read")
            found.append(Part(part.get_content_type(), _file_name(part), _content(part)))
        return tuple(found)


def _check_shape(data: bytes) -> None:
    """Raises UnusableMail: what the parser would make of these bytes is out of all proportion to them."""
    if len(_BOUNDARY.findall(data)) > _DEEPEST:
        raise UnusableMail("more multiparts than are read")
    written = _ATTACHED.sub(b"", data.replace(b"\r\n", b"\n"))
    if len(written) > _MOST_WRITTEN or written.count(b"\n") + written.count(b"\r") > _MOST_LINES:
        raise UnusableMail("more text besides attachments than is read")


def identifier_of(text: str) -> str:
    """What stands between the first angle brackets, or all of it, without blanks (RFC 5322 §3.6.4)."""
    inside = text.partition("<")[2].partition(">")[0] or text
    return _BLANK.sub("", inside)[:_LONGEST_ID]


def is_address(text: str) -> bool:
    """Whether a text is one address, and nothing that could end a line or begin another."""
    return _ADDRESS.fullmatch(text) is not None and text.isprintable()


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that are no multipart; a part of type `message/…` is not gone into."""
    waiting: list[Message] = [message]
    while waiting:
        one = waiting.pop()
        inside = one.get_payload()
        if one.get_content_maintype() == "multipart" and isinstance(inside, list):
            waiting.extend(each for each in reversed(inside) if isinstance(each, Message))
        else:
            yield one


def _content(part: Message) -> bytes:
    """The bytes of a part; those of a mail inside the mail as they would be sent again."""
    inside = part.get_payload()
    try:
        if isinstance(inside, list):
            return b"\r\n".join(one.as_bytes() for one in inside if isinstance(one, Message))
        found = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, AttributeError):
        return b""
    return found if isinstance(found, bytes) else b""


def _file_name(part: Message) -> str:
    try:
        return _text(part.get_filename("") or "")
    except (ValueError, LookupError, TypeError):
        return ""


def _text(value: object) -> str:
    """A field decoded, on one line, without control characters; bytes that are no UTF-8 are Latin-1."""
    raw = str(value)[:_LONGEST_FIELD]
    try:
        pieces = [_decoded(piece, charset) for piece, charset in decode_header(raw)]
    except (HeaderParseError, ValueError, LookupError):
        pieces = [raw]
    joined = "".join(pieces).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return _BLANK.sub(" ", "".join(one if one.isprintable() else " " for one in joined)).strip()


def _decoded(piece: str | bytes, charset: str | None) -> str:
    if isinstance(piece, str):
        raw = piece.encode("utf-8", "surrogateescape")
    else:
        raw = piece
        if charset is not None and charset != "unknown-8bit":
            try:
                return raw.decode(charset, "replace")
            except LookupError:
                return raw.decode("ascii", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")

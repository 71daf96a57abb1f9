"""Multipart/related packages: a strict streaming splitter, and the writer (RFC 2046 §5.1, RFC 2387, MTOM 1.0).

A part's bytes are exactly those between the empty line and the CRLF before the next delimiter. They are gathered
once: a document is in memory once, plus one read.
"""

from __future__ import annotations

import binascii
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Protocol

from gateway.wire.media_type import MediaType, read_media_type
from security.errors import ErrorKind, MalformedMessage

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_FOLD = re.compile(rb"\r\n[ \t]+")
_PADDING = re.compile(rb"[ \t]{0,64}\r\n")
_READ = 64 * 1024
_MARGIN = 4096
_IDENTITIES = frozenset(("binary", "8bit", "7bit"))
_SPACE = b" \t\r\n"


class Readable(Protocol):
    """What a message is read from: `wsgi.input` or anything alike."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MimeLimits:
    """Bounds of one package. Sizes are in bytes; `parts` counts the root, `fields` and `field_size` are per part.

    `ignore_unnamed`: a part that no xop:Include names is ignored, as IHE receivers do, not refused.
    """

    body: int = 64 * 1024 * 1024
    root: int = 4 * 1024 * 1024
    parts: int = 128
    fields: int = 16
    field_size: int = 1024
    ignore_unnamed: bool = False


@dataclass(frozen=True, slots=True)
class Package:
    """A package taken apart. `parts` maps Content-ID, without angle brackets, to decoded bytes, root excluded."""

    root_type: MediaType
    root: bytes
    parts: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A binary part to send. `content_id` is without angle brackets."""

    content_id: str
    mime_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Part:
    content_id: str | None
    media_type: MediaType | None
    content: bytes


def split(media_type: MediaType, stream: Readable, limits: MimeLimits) -> Package:
    """Take a multipart/related package apart and read `stream` to its end.

    Raises MalformedMessage: MIME_MALFORMED (structure, missing closing delimiter, transfer encoding, Content-ID),
    MIME_LIMIT, HTTP_LIMIT (`limits.body`). Source: RFC 2046 §5.1.1, RFC 2387 §3.
    """
    boundary = media_type.parameters.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise _malformed("the boundary is not 1 to 70 of the characters allowed by RFC 2046")
    start = media_type.parameters.get("start")
    wanted = None if start is None else _without_brackets(start)
    root: _Part | None = None
    parts: dict[str, bytes] = {}
    for part in _parts(_Window(stream, limits.body), b"\r\n--" + boundary.encode("ascii"), wanted, limits):
        if root is None and (wanted is None or part.content_id == wanted):
            root = part
        elif part.content_id is None:
            raise _malformed("a part other than the root has no Content-ID")
        elif part.content_id in parts or (root is not None and part.content_id == root.content_id):
            raise _malformed("a Content-ID occurs twice")
        else:
            parts[part.content_id] = part.content
    if root is None:
        raise _malformed("the package has no part whose Content-ID is its start parameter")
    if root.content_id in parts:
        raise _malformed("a Content-ID occurs twice")
    return Package(root.media_type or MediaType("text/plain", {}), root.content, parts)


class _Window:
    """The bytes read and not yet used. It opens with a CRLF, so that a delimiter may be the very first bytes."""

    def __init__(self, stream: Readable, limit: int) -> None:
        self._stream = stream
        self._left = limit
        self.buffer = b"\r\n"

    def more(self) -> bool:
        chunk = self._stream.read(_READ)
        self._left -= len(chunk)
        if self._left < 0:
            raise MalformedMessage(ErrorKind.HTTP_LIMIT, "the body is larger than this door accepts")
        self.buffer = self.buffer + chunk if self.buffer else chunk
        return bool(chunk)

    def take_until(self, mark: bytes, limit: int, what: str) -> bytes:
        """Return what precedes `mark` and leave the window just after it."""
        at = self.buffer.find(mark)
        if at >= 0:
            self._check(at, limit, what)
            taken, self.buffer = self.buffer[:at], self.buffer[at + len(mark) :]
            return taken
        sink = BytesIO()
        keep = len(mark) - 1
        while at < 0:
            cut = len(self.buffer) - keep
            if cut > 0:
                sink.write(memoryview(self.buffer)[:cut])
                self.buffer = self.buffer[cut:]
                self._check(sink.tell(), limit, what)
            if not self.more():
                raise _malformed(f"the body ends inside {what}")
            at = self.buffer.find(mark)
        sink.write(memoryview(self.buffer)[:at])
        self.buffer = self.buffer[at + len(mark) :]
        self._check(sink.tell(), limit, what)
        return sink.getvalue()

    def holds(self, count: int) -> bool:
        while len(self.buffer) < count:
            if not self.more():
                return False
        return True

    def drain(self, limit: int) -> None:
        """Read to the end: what follows the package is not kept, and is small."""
        size = len(self.buffer)
        while size <= limit:
            self.buffer = b""
            if not self.more():
                return
            size += len(self.buffer)
        raise MalformedMessage(ErrorKind.MIME_LIMIT, f"more than {limit} bytes follow the last part")

    @staticmethod
    def _check(size: int, limit: int, what: str) -> None:
        if size > limit:
            raise MalformedMessage(ErrorKind.MIME_LIMIT, f"{what} is larger than {limit} bytes")


def _parts(window: _Window, delimiter: bytes, start: str | None, limits: MimeLimits) -> Iterator[_Part]:
    window.take_until(delimiter, _MARGIN, "what precedes the first delimiter")
    count = 0
    while not _closed(window):
        count += 1
        if count > limits.parts:
            raise MalformedMessage(ErrorKind.MIME_LIMIT, f"the package has more than {limits.parts} parts")
        # The CRLF that ends the delimiter line is still there: a part without fields is CRLF CRLF.
        head = window.take_until(b"\r\n\r\n", limits.fields * limits.field_size, "the head of a part")
        fields = _read_fields(head, limits)
        content_id = None if "content-id" not in fields else _without_brackets(fields["content-id"])
        is_root = content_id == start if start is not None else count == 1
        content = window.take_until(
            delimiter, limits.root if is_root else limits.body, "the root" if is_root else "a part"
        )
        content = _decode(content, fields.get("content-transfer-encoding", "binary"))
        declared = fields.get("content-type")
        yield _Part(content_id, None if declared is None else read_media_type(declared), content)
    window.drain(_MARGIN)


def _closed(window: _Window) -> bool:
    """Read the end of a delimiter line, up to and without its CRLF. True after the closing delimiter."""
    window.holds(2)
    closing = window.buffer.startswith(b"--")
    if closing:
        window.buffer = window.buffer[2:]
        if not window.holds(1):
            return True
    while (padding := _PADDING.match(window.buffer)) is None:
        if window.buffer.strip(b" \t") not in (b"", b"\r") or len(window.buffer) > 66:
            raise _malformed("a delimiter line goes on after the boundary")
        if not window.more():
            if closing and not window.buffer.strip(b" \t"):
                return True
            raise _malformed("the closing delimiter is missing")
    window.buffer = window.buffer[padding.end() - 2 :]
    return closing


def _read_fields(head: bytes, limits: MimeLimits) -> dict[str, str]:
    fields: dict[str, str] = {}
    first, *lines = _FOLD.sub(b" ", head).split(b"\r\n")
    if first:
        raise _malformed("a field of a part is malformed")
    if len(lines) > limits.fields:
        raise MalformedMessage(ErrorKind.MIME_LIMIT, f"a part has more than {limits.fields} fields")
    for line in lines:
        if len(line) > limits.field_size:
            raise MalformedMessage(ErrorKind.MIME_LIMIT, f"a field of a part is larger than {limits.field_size} bytes")
        found = _FIELD.fullmatch(line)
        if found is None:
            raise _malformed("a field of a part is malformed")
        name = found[1].decode("ascii").lower()
        if name in fields:
            raise _malformed("a field of a part occurs twice")
        fields[name] = found[2].decode("latin-1").strip(" \t")
    return fields


def _without_brackets(content_id: str) -> str:
    bare = content_id.strip()
    if bare.startswith("<") and bare.endswith(">"):
        bare = bare[1:-1]
    if not bare or any(character in " \t<>" for character in bare):
        raise _malformed("a Content-ID is malformed")
    return bare


def _decode(content: bytes, encoding: str) -> bytes:
    name = encoding.lower()
    if name in _IDENTITIES:
        return content
    if name != "base64":
        raise _malformed("the transfer encoding of a part is not binary, 8bit, 7bit or base64")
    content = content.translate(None, _SPACE)
    try:
        return binascii.a2b_base64(content, strict_mode=True) if content else b""
    except binascii.Error:
        raise _malformed("a part declared as base64 is not base64") from None


def _malformed(text: str) -> MalformedMessage:
    return MalformedMessage(ErrorKind.MIME_MALFORMED, text)


def join(envelope: bytes, action: str, attachments: Sequence[Attachment] = ()) -> tuple[str, int, tuple[bytes, ...]]:
    """Write a package: its Content-Type, its exact length in bytes, its chunks.

    The attachments' bytes are not copied: they are chunks of their own. Source: MTOM 1.0 §3.2, ITI TF-2 §V.3.6.
    """
    boundary = f"ecluse-{uuid.uuid4().hex}"
    root_id = "root@ecluse"
    chunks = [
        (
            f"--{boundary}\r\n"
            'Content-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\n'
            "Content-Transfer-Encoding: binary\r\n"
            f"Content-ID: <{root_id}>\r\n\r\n"
        ).encode("ascii")
        + envelope
    ]
    for attachment in attachments:
        head = (
            f"\r\n--{boundary}\r\nContent-Type: {attachment.mime_type}\r\nContent-Transfer-Encoding: binary\r\n"
            f"Content-ID: <{attachment.content_id}>\r\n\r\n"
        )
        if head.count("\r\n") != 6:
            raise ValueError("a Content-ID or a media type holds a line break")
        chunks += (head.encode("ascii"), attachment.content)
    chunks.append(f"\r\n--{boundary}--\r\n".encode("ascii"))
    content_type = (
        f'multipart/related; boundary="{boundary}"; type="application/xop+xml"; start="<{root_id}>"; '
        f'start-info="application/soap+xml"; action="{action}"'
    )
    if not attachments:
        chunks = [b"".join(chunks)]
    return content_type, sum(map(len, chunks)), tuple(chunks)

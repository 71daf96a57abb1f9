"""Documents lifted out of a message before it is read as text: OBX-5 of type ED holds one in base64 (HL7 v2.5 §2.A.24).

A document of many megabytes is never part of a text: it is decoded from where it lies, piece by piece.
"""

from __future__ import annotations

import io
import re
from binascii import Error as NotBase64
from binascii import a2b_base64
from collections.abc import Iterator
from dataclasses import dataclass

from xds.hl7v2.faults import Condition, Fault
from xds.hl7v2.findings import broken

_BREAKS = re.compile(rb"\\(?:\.br|X0D0A|X0D|X0A)\\")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s\\]")
_BLANKS = b"\r\n\t "
_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")
_PIECE = 1 << 20
_MOST_LINES = 4_000_000
_LONGEST_LINE = 4096
_VALUE_TYPE, _VALUE = 2, 5
_DATA = 5


@dataclass(frozen=True, slots=True)
class Payload:
    """Where base64 lies in a message: bytes `start` to `end` of it, in the OBX of that number, counted from 1."""

    observation: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lifted:
    """A message without its documents, whose places are in `payloads`. `lines` are its segments, without their ends.

    `strays` are the numbers, from 1, of lines that hold ends of lines inside, outside of base64. `truncated`: there
    are more segments than `at_most`, or more bytes than `longest` besides documents; the rest was left out.
    """

    lines: tuple[bytes, ...]
    payloads: tuple[Payload, ...]
    strays: tuple[int, ...] = ()
    truncated: bool = False


def lift(data: bytes, *, at_most: int, longest: int) -> Lifted:
    """Cut a message, which begins with MSH, into segments, and leave out the base64 of each OBX-5 of type ED.

    A segment begins at the begin of a line with three capitals or digits and the delimiter of fields: base64 that is
    broken into lines stays whole.
    """
    if data.count(b"\n") + data.count(b"\r") > _MOST_LINES:
        return Lifted((_first_line(data),), (), truncated=True)
    separator, component = data[3:4], data[4:5] or b"^"
    lines: list[bytes] = []
    payloads: list[Payload] = []
    strays: list[int] = []
    total = observations = 0
    for begin, end in _places(data, separator):
        observations += data.startswith(b"OBX", begin)
        payload = _payload(data, begin, end, observations, separator, component)
        line = data[begin:end] if payload is None else data[begin : payload.start] + data[payload.end : end]
        line = line.rstrip(_BLANKS)
        total += len(line)
        if len(lines) == at_most or total > longest:
            return Lifted(tuple(lines), tuple(payloads), tuple(strays), truncated=True)
        lines.append(line.translate(_ONE_LINE))
        if payload is not None:
            payloads.append(payload)
        if b"\r" in line or b"\n" in line:
            strays.append(len(lines))
    return Lifted(tuple(lines), tuple(payloads), tuple(strays))


def _first_line(data: bytes) -> bytes:
    return re.split(b"[\r\n]", data[:_LONGEST_LINE], maxsplit=1)[0]


def _places(data: bytes, separator: bytes) -> Iterator[tuple[int, int]]:
    """Where each segment begins, and where the next line does that begins another."""
    name = re.compile(rb"[A-Z][A-Z0-9]{2}(?:%b|[\r\n]|\Z)" % re.escape(separator))
    begin = 0
    for end in _ends(data):
        if name.match(data, end + 1):
            yield begin, end
            begin = end + 1
    yield begin, len(data)


def _ends(data: bytes) -> Iterator[int]:
    """Where lines end. Two searches for one byte are many times faster than one pattern."""
    carriage, feed = data.find(b"\r"), data.find(b"\n")
    while carriage >= 0 or feed >= 0:
        if feed < 0 or 0 <= carriage < feed:
            yield carriage
            carriage = data.find(b"\r", carriage + 1)
        else:
            yield feed
            feed = data.find(b"\n", feed + 1)


def _payload(data: bytes, begin: int, end: int, observation: int, separator: bytes, component: bytes) -> Payload | None:
    """The fifth component of OBX-5, if OBX-2 is ED."""
    if not data.startswith(b"OBX" + separator, begin):
        return None
    at = begin
    starts = [begin]
    for _ in range(_VALUE):
        at = data.find(separator, at, end) + 1
        if not at:
            return None
        starts.append(at)
    if data[starts[_VALUE_TYPE] : starts[_VALUE_TYPE + 1] - 1].strip() != b"ED":
        return None
    stop = data.find(separator, at, end)
    stop = end if stop < 0 else stop
    for _ in range(_DATA - 1):
        at = data.find(component, at, stop) + 1
        if not at:
            return None
    after = data.find(component, at, stop)
    return Payload(observation, at, stop if after < 0 else after)


def decode_payload(data: bytes, payload: Payload) -> tuple[bytes, tuple[Fault, ...]]:
    """The bytes of a document. Missing padding and line breaks are warnings, anything else is none of base64 (H-02)."""
    location = f"OBX^{payload.observation}^5^1^5"
    decoder = _Decoder()
    view = memoryview(data)
    try:
        at = payload.start
        # One search for a byte is many times faster than a pattern, and hardly anybody sends these.
        if data.find(b"\\", payload.start, payload.end) >= 0:
            for found in _BREAKS.finditer(data, payload.start, payload.end):
                decoder.feed(view[at : found.start()])
                decoder.broken, at = True, found.end()
        decoder.feed(view[at : payload.end])
        content = decoder.finished()
    except NotBase64 as error:
        stray = _NOT_BASE64.search(data, payload.start, payload.end)
        shown = f"byte {stray[0].hex()} at {stray.start() - payload.start + 1}" if stray is not None else str(error)
        return b"", (broken("H-02", location, found=shown),)
    if not content:
        return b"", (broken("H-02", location, condition=Condition.MISSING),)
    return content, tuple(
        broken(rule, location)
        for rule, wrong in (("SBX_B64_PADDING", decoder.unpadded), ("SBX_B64_BREAKS", decoder.broken))
        if wrong
    )


class _Decoder:
    """Base64 fed in pieces, cut anywhere. Raises NotBase64."""

    def __init__(self) -> None:
        self.broken = self.unpadded = self._blank = False
        self._rest = b""
        self._ended = False
        self._out = io.BytesIO()

    def feed(self, data: memoryview) -> None:
        """Add what comes next."""
        for at in range(0, len(data), _PIECE):
            piece = bytes(data[at : at + _PIECE])
            dense = piece.translate(None, _BLANKS) if any(blank in piece for blank in _BLANKS) else piece
            body = piece.rstrip(_BLANKS)
            # Blanks at the end of a field are no line breaks.
            self.broken |= bool(body) and (self._blank or b"\r" in body or b"\n" in body)
            self._blank = b"\r" in piece[len(body) :] or b"\n" in piece[len(body) :] or (self._blank and not body)
            dense = self._rest + dense
            whole = len(dense) // 4 * 4
            self._rest = dense[whole:]
            self._take(dense[:whole])

    def finished(self) -> bytes:
        """All that was decoded, the end being here."""
        if self._rest:
            self.unpadded = True
            self._take(self._rest + b"=" * (4 - len(self._rest)))
        return self._out.getvalue()

    def _take(self, quads: bytes) -> None:
        if not quads:
            return
        if self._ended:
            raise NotBase64("data after the padding")
        self._ended = quads.endswith(b"=")
        self._out.write(a2b_base64(quads, strict_mode=True))

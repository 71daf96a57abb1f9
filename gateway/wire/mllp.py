"""MLLP frames: 0x0B, the message, 0x1C 0x0D (HL7 v2.5 Appendix C; Transport Specification MLLP release 1)."""

from __future__ import annotations

_START, _END = 0x0B, b"\x1c\r"
_BETWEEN = b"\r\n"


class FramingError(Exception):
    """The bytes are no frame, or one that is too long. The text holds numbers only: it may be logged."""


def frame(message: bytes) -> bytes:
    """Put a message into its frame. Raises ValueError: it holds a byte that delimits frames."""
    if _START in message or _END[0] in message:
        raise ValueError("a message holds no delimiter of frames")
    return bytes([_START]) + message + _END


class FrameReader:
    """Takes messages out of a stream. Ends of lines between frames are tolerated, nothing else is.

    A message ends at the first 0x1C, which 0x0D must follow: no text of HL7 v2 holds either delimiter.
    """

    def __init__(self, limit: int) -> None:
        """`limit`: bytes of a message, its frame not counted."""
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0

    @property
    def is_inside(self) -> bool:
        """Whether a frame has begun and not ended."""
        return bool(self._buffer)

    @property
    def held(self) -> int:
        """Bytes of the frame that has begun."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Add bytes, cut anywhere; returns the messages that end in them, in order. Raises FramingError."""
        self._buffer += data
        messages = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    def _next(self) -> bytes | None:
        if not self._searched:
            self._skip()
        end = self._buffer.find(_END[0], self._searched)
        if end < 0:
            self._searched = len(self._buffer)
            self._check(len(self._buffer) - 1)
            return None
        self._check(end - 1)
        if end + 1 == len(self._buffer):
            self._searched = end
            return None
        if self._buffer[end + 1] != _END[1]:
            raise FramingError("0x1C is not followed by 0x0D")
        with memoryview(self._buffer) as whole:  # one copy of what may be large
            message = bytes(whole[1:end])
        if _START in message:
            raise FramingError("a frame begins inside another")
        del self._buffer[: end + 2]
        self._searched = 0
        return message

    def _skip(self) -> None:
        between = len(self._buffer) - len(self._buffer.lstrip(_BETWEEN))
        del self._buffer[:between]
        if self._buffer and self._buffer[0] != _START:
            raise FramingError("bytes outside a frame")

    def _check(self, length: int) -> None:
        if length > self._limit:
            raise FramingError(f"a message of more than {self._limit} bytes")

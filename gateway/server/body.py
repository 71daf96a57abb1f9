"""The body of a request: bounded, and whatever goes wrong while reading it is a MalformedMessage."""

from __future__ import annotations

import io
import ssl
import threading
import time
from collections.abc import Mapping
from typing import Any

from gunicorn.http.errors import LimitRequestHeaders, NoMoreData, ParseException
from gunicorn.http.unreader import SocketUnreader

from gateway.wire.faults import Overloaded
from security.errors import ErrorKind, MalformedMessage

_PLAIN_READ = 64 * 1024
# A TLS record: reading less would leave decrypted bytes that no selector sees, more allocates for nothing.
_TLS_READ = 16 * 1024
_SMALL = 1024 * 1024
_STEP = 4 * 1024 * 1024


class DeadlineUnreader(SocketUnreader):  # type: ignore[misc]  # gunicorn is not typed
    """Reads a socket until a deadline. The socket's own timeout bounds each silence, this bounds their sum."""

    def __init__(self, sock: Any) -> None:
        super().__init__(sock)
        self._size = _TLS_READ if isinstance(sock, ssl.SSLSocket) else _PLAIN_READ
        self._deadline = 0.0
        self._head_left: int | None = None

    def begin_head(self, size: int, seconds: float) -> None:
        """Expect a request head of at most `size` bytes within `seconds`."""
        self._head_left = size + self._size
        self._deadline = time.monotonic() + seconds

    def begin_body(self, seconds: float) -> None:
        """Expect the rest of the request within `seconds`."""
        self._head_left = None
        self._deadline = time.monotonic() + seconds

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next bytes, none at the end of the stream. Raises TimeoutError, LimitRequestHeaders."""
        if time.monotonic() > self._deadline:
            raise TimeoutError
        data: bytes = self.sock.recv(self._size)
        if self._head_left is not None:
            self._head_left -= len(data)
            if self._head_left < 0:
                raise LimitRequestHeaders("request head")
        return data


class BodyMemory:
    """How many bytes of large bodies one door holds at once. Thread-safe; sizes in bytes."""

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._change = threading.Condition()

    def take(self, size: int, seconds: float) -> bool:
        """Reserve room, waiting for it at most `seconds`; False when there is still not enough."""
        with self._change:
            if not self._change.wait_for(lambda: size <= self._free, seconds):
                return False
            self._free -= size
            return True

    def give_back(self, size: int) -> None:
        """Free what was reserved."""
        with self._change:
            self._free += size
            self._change.notify_all()


class BodyStream(io.RawIOBase):
    """`wsgi.input` of a door: counts while reading and refuses compression, excess, silence and truncation.

    A body longer than a mebibyte reserves its room in `memory` as it comes, and waits for it at most `patience`
    seconds; `release` gives it back.
    `read` raises MalformedMessage: HTTP_LIMIT (size, time), HTTP_MALFORMED (framing, cut, Content-Encoding); and
    Overloaded: the door holds too many large bodies already.
    """

    def __init__(
        self, source: Any, environ: Mapping[str, Any], limit: int, memory: BodyMemory, patience: float
    ) -> None:
        super().__init__()
        self._source = source
        self._limit = limit
        self._memory = memory
        self._patience = patience
        self._reserved = 0
        length = environ.get("CONTENT_LENGTH", "")
        self._expected = int(length) if length else None
        self._chunked = "HTTP_TRANSFER_ENCODING" in environ
        self._ended = False
        self._encoding = str(environ.get("HTTP_CONTENT_ENCODING", "identity")).strip().lower()
        self.count = 0

    @property
    def unread(self) -> int:
        """Bytes that the client may still send; of a chunked body that has not ended, the limit less what was read."""
        if self._expected is not None:
            return max(0, self._expected - self.count)
        return max(0, self._limit - self.count) if self._chunked and not self._ended else 0

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Read at most `size` bytes, or all of them; less only at the end."""
        if self._encoding not in ("", "identity"):
            raise MalformedMessage(ErrorKind.HTTP_MALFORMED, "a Content-Encoding is not accepted")
        if self._expected is not None and self._expected > self._limit:
            raise self._too_large()
        self._reserve()
        left = self._limit - self.count + 1
        wanted = left if size is None or size < 0 else min(size, left)
        try:
            data: bytes = self._source.read(wanted)
        except LimitRequestHeaders:
            raise MalformedMessage(ErrorKind.HTTP_LIMIT, "the trailer section is too large") from None
        except (ParseException, NoMoreData):
            raise MalformedMessage(ErrorKind.HTTP_MALFORMED, "the chunked body is malformed or cut") from None
        except TimeoutError:
            raise MalformedMessage(ErrorKind.HTTP_LIMIT, "the body took too long to arrive") from None
        except OSError:
            raise MalformedMessage(ErrorKind.HTTP_MALFORMED, "the connection failed inside the body") from None
        self.count += len(data)
        self._ended = len(data) < wanted
        if self.count > self._limit:
            raise self._too_large()
        if len(data) < wanted and self._expected is not None and self.count < self._expected:
            raise MalformedMessage(ErrorKind.HTTP_MALFORMED, "the body is shorter than its Content-Length")
        return data

    def release(self) -> None:
        """Give the reserved room back: nothing of the body is held any more."""
        self._memory.give_back(self._reserved)
        self._reserved = 0

    def _reserve(self) -> None:
        """Have room for what comes: all of a body of known length at once, an unknown one by steps."""
        if self._expected is not None:
            size = self._expected if self._expected > _SMALL and not self._reserved else 0
        else:
            size = _STEP if self.count > _SMALL and self.count >= self._reserved else 0
        if size and not self._memory.take(size, self._patience):
            raise Overloaded
        self._reserved += size

    def readinto(self, buffer: Any, /) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        return self.read()

    def _too_large(self) -> MalformedMessage:
        return MalformedMessage(ErrorKind.HTTP_LIMIT, f"the body is larger than {self._limit} bytes")

"""How a door writes: head and first bytes in one record, no names of software, a bound on slow readers."""

from __future__ import annotations

import http
import time
from typing import Any

from gunicorn import util
from gunicorn.http.errors import (
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.http.wsgi import Response

_SLICE = 256 * 1024
_TOTAL_SECONDS = 600.0
_STATUSES = {
    LimitRequestLine: 414,
    LimitRequestHeaders: 431,
    UnsupportedTransferCoding: 501,
    ExpectationFailed: 417,
}


class DoorResponse(Response):  # type: ignore[misc]  # gunicorn is not typed
    """Holds the head back until the first bytes of the body, and gives up on a reader after ten minutes."""

    headers_sent: bool

    def __init__(self, req: Any, sock: Any, cfg: Any) -> None:
        super().__init__(req, sock, cfg)
        self.version = "ecluse"
        self._head = b""

    def send_headers(self) -> None:
        if self.headers_sent:
            return
        fields = [*self.default_headers(), *(f"{name}: {value}\r\n" for name, value in self.headers), "\r\n"]
        self._head = "".join(fields).encode("latin-1")
        self.headers_sent = True

    def _emit_body(self, data: bytes) -> None:
        deadline = time.monotonic() + _TOTAL_SECONDS
        if len(data) <= _SLICE and not self.chunked:
            self._flush(data)
            return
        for start in range(0, len(data), _SLICE):
            if time.monotonic() > deadline:
                raise TimeoutError
            self._flush(b"")
            util.write(self.sock, data[start : start + _SLICE], self.chunked)

    def close(self) -> None:
        self.send_headers()
        self._flush(b"")
        super().close()

    def _flush(self, data: bytes) -> None:
        if self._head or data:
            head, self._head = self._head, b""
            self.sock.sendall(head + data)


def status_of(error: BaseException) -> int:
    """The HTTP status of a request that never reached the application."""
    for kind, status in _STATUSES.items():
        if isinstance(error, kind):
            return status
    if isinstance(error, TimeoutError):
        return 408
    return 400 if isinstance(error, ParseException) else 500


def write_refusal(sock: Any, status: int, text: str = "") -> None:
    """Answer in one plain line and announce the end of the connection."""
    phrase = http.HTTPStatus(status).phrase
    body = f"{text or phrase}\n".encode()
    sock.sendall(
        f"HTTP/1.1 {status} {phrase}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode("ascii")
        + body
    )

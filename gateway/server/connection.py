"""One connection of a door: its handshake, its certificate, its end."""

from __future__ import annotations

import hashlib
import select
import socket
import ssl
import time
from typing import Any

from gunicorn import http
from gunicorn.workers.gthread import TConn

from gateway.server.body import DeadlineUnreader
from gateway.server.options import HandshakeRefusal, ServerOptions, TlsSource

_LINGER_SECONDS = 1.0
_LINGER_BYTES = 4 * 1024 * 1024


class HandshakeError(Exception):
    """The TLS handshake did not succeed."""

    def __init__(self, refusal: HandshakeRefusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


class DoorConnection(TConn):  # type: ignore[misc]  # gunicorn is not typed
    """`certificate` is the client's, DER, as OpenSSL accepted it; None on a plain socket. `holder` is its SHA-256."""

    initialized: bool
    sock: Any
    timeout: float | None

    def __init__(self, cfg: Any, sock: Any, client: Any, server: Any, options: ServerOptions) -> None:
        super().__init__(cfg, sock, client, server)
        self._options = options
        self.certificate: bytes | None = None
        self.holder: bytes | None = None
        self.admitted = False
        self._accepted = time.monotonic()

    @property
    def address(self) -> str:
        """The client's IP address, empty on a Unix socket."""
        return str(self.client[0]) if isinstance(self.client, tuple) else ""

    def init(self) -> None:
        """Take the handshake one step further, never waiting for the client; `is_ready` when it is complete.

        Raises HandshakeError.
        """
        if self.is_ready:
            return
        if self._options.tls is not None and not self._shake_hands(self._options.tls):
            return
        self.parser = http.get_parser(self.cfg, self.sock, self.client)
        self.parser.unreader = DeadlineUnreader(self.sock)
        self.initialized = True

    @property
    def is_ready(self) -> bool:
        """Whether requests can be read: the handshake, if any, is complete."""
        return self.initialized

    def is_overdue(self, now: float) -> bool:
        """Whether it has waited too long, for its handshake or for a request (`now` is monotonic)."""
        if self.is_ready:
            return bool(self.timeout is not None and now > self.timeout)
        return now > self._accepted + self._options.handshake_timeout

    def begin_request(self) -> None:
        """Expect a head now."""
        self.sock.settimeout(self._options.head_timeout)
        self.parser.unreader.begin_head(self._options.head, self._options.head_timeout)

    def begin_body(self) -> None:
        """Expect a body now; also bounds each silence of a client that reads the response slowly."""
        self.sock.settimeout(self._options.body_idle)
        self.parser.unreader.begin_body(self._options.body_total)

    def has_more(self, seconds: float) -> bool:
        """Whether the next request, or the end of the connection, comes within so many seconds."""
        if self.parser.unreader.buf.getvalue():
            return True
        waiting = select.poll()
        waiting.register(self.sock, select.POLLIN)
        return bool(waiting.poll(seconds * 1000))

    def linger(self, seconds: float = _LINGER_SECONDS, size: int = _LINGER_BYTES) -> None:
        """Half-close and read what still comes for a while, `size` bytes at most, so that our last words are read.

        Closing with unread bytes would reset the connection and destroy the response or the TLS alert in flight.
        """
        deadline = time.monotonic() + seconds
        left = size
        try:
            self.sock.shutdown(socket.SHUT_WR)
            while left > 0 and (remaining := deadline - time.monotonic()) > 0:
                self.sock.settimeout(remaining)
                received = len(self.sock.recv(64 * 1024))
                if not received:
                    return
                left -= received
        except (OSError, ValueError):
            return

    def close(self, graceful: bool = False) -> None:
        """Close at once: lingering is done in a thread of its own, never in the main loop."""
        del graceful
        super().close()

    def _shake_hands(self, tls: TlsSource) -> bool:
        try:
            if not isinstance(self.sock, ssl.SSLSocket):
                self.sock.setblocking(False)
                self.sock = tls.current().wrap_socket(self.sock, server_side=True, do_handshake_on_connect=False)
            self.sock.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            # Our flight fits in the socket's buffer: what is awaited is always the client's.
            return False
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or "TLS error"
            raise HandshakeError(HandshakeRefusal(self.address, str(reason))) from None
        except ConnectionError:
            raise HandshakeError(HandshakeRefusal(self.address, "closed")) from None
        self.certificate = self.sock.getpeercert(True)
        if self.certificate is not None:
            self.holder = hashlib.sha256(self.certificate).digest()
        return True

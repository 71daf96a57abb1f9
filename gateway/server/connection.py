"""One connection of a door: its handshake, its certificate, its end."""

from __future__ import annotations

import hashlib
import socket
import ssl
import time
from typing import Any

from gunicorn import http
from gunicorn.workers.gthread import TConn

from gateway.server.body import DeadlineUnreader
from gateway.server.options import HandshakeRefusal, ServerOptions

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

    def __init__(self, cfg: Any, sock: Any, client: Any, server: Any, options: ServerOptions) -> None:
        super().__init__(cfg, sock, client, server)
        self._options = options
        self.certificate: bytes | None = None
        self.holder: bytes | None = None
        self.admitted = False

    @property
    def address(self) -> str:
        """The client's IP address, empty on a Unix socket."""
        return str(self.client[0]) if isinstance(self.client, tuple) else ""

    def init(self) -> None:
        """Complete the handshake within its time and set up the parser. Raises HandshakeError."""
        if self.initialized:
            return
        self.initialized = True
        if self._options.tls is not None:
            self._shake_hands(self._options.tls.current())
        self.parser = http.get_parser(self.cfg, self.sock, self.client)
        self.parser.unreader = DeadlineUnreader(self.sock)

    def begin_request(self) -> None:
        """Expect a head now."""
        self.sock.settimeout(self._options.head_timeout)
        self.parser.unreader.begin_head(self._options.head, self._options.head_timeout)

    def begin_body(self) -> None:
        """Expect a body now; also bounds each silence of a client that reads the response slowly."""
        self.sock.settimeout(self._options.body_idle)
        self.parser.unreader.begin_body(self._options.body_total)

    def linger(self) -> None:
        """Half-close and read what still comes for a second, so that the client reads our last words.

        Closing with unread bytes would reset the connection and destroy the response or the TLS alert in flight.
        """
        deadline = time.monotonic() + _LINGER_SECONDS
        left = _LINGER_BYTES
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

    def _shake_hands(self, context: ssl.SSLContext) -> None:
        self.sock.settimeout(self._options.handshake_timeout)
        try:
            self.sock = context.wrap_socket(self.sock, server_side=True, do_handshake_on_connect=False)
            self.sock.do_handshake()
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or "TLS error"
            raise HandshakeError(HandshakeRefusal(self.address, str(reason))) from None
        except TimeoutError:
            raise HandshakeError(HandshakeRefusal(self.address, "timeout")) from None
        except OSError:
            raise HandshakeError(HandshakeRefusal(self.address, "closed")) from None
        self.certificate = self.sock.getpeercert(True)
        if self.certificate is not None:
            self.holder = hashlib.sha256(self.certificate).digest()

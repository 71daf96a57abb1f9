"""How one door listens, and how much of it one client may take."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Any]
"""A WSGI application (PEP 3333)."""
Build = Callable[[], WSGIApp]
"""Makes the application inside the worker: database pools do not survive a fork."""


class TlsSource(Protocol):
    """Gives the TLS context in force now; asked at every connection, so that a new revocation list is seen."""

    certificate: Path
    key: Path

    def current(self) -> ssl.SSLContext:
        """Return the context for one connection."""


@dataclass(frozen=True, slots=True)
class HandshakeRefusal:
    """A TLS connection that never became one. `reason` is OpenSSL's word or `timeout`, `closed`, never a traceback."""

    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the door and its health endpoint really listen."""

    host: str
    port: int
    health_port: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Sizes are in bytes, times in seconds. `port` and `health_port` 0 let the system choose, None is no endpoint.

    `tls` None serves plain HTTP, for a proxy on a private socket and for tests.
    `per_certificate` bounds the requests of one certificate served at once, `connections_per_certificate` its
    connections; 0 is no bound.
    """

    name: str = "door"
    host: str = "127.0.0.1"
    port: int = 0
    health_port: int | None = 0
    tls: TlsSource | None = None
    threads: int = 8
    workers: int = 1
    connections: int = 512
    requests_per_connection: int = 1000
    per_certificate: int = 0
    connections_per_certificate: int = 200
    head: int = 32 * 1024
    fields: int = 100
    body: int = 128 * 1024 * 1024
    memory: int = 256 * 1024 * 1024
    handshake_timeout: float = 5.0
    head_timeout: float = 10.0
    body_idle: float = 15.0
    body_total: float = 120.0
    keep_alive: int = 15
    graceful_timeout: int = 30
    access_log: bool = False
    log_level: str = "info"
    temporary_directory: Path | None = None
    on_handshake_refused: Callable[[HandshakeRefusal], None] | None = None

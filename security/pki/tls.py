"""TLS of a door: mutual, with the revocation lists of the door, renewed whenever they change.

A context is never shared between doors. A new revision of the trust directory makes a new context, hence new ticket
keys and an empty session cache: a resumed session cannot outlive a revocation.
"""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from security.pki.trust import FILES

TLS_1_2_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""AEAD with forward secrecy only. TLS 1.3 has no other."""
_log = logging.getLogger(__name__)


def server_context(
    certificate: Path, key: Path, trust: Path, *, minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
) -> ssl.SSLContext:
    """A context that demands a client certificate of the `trust` directory, not revoked.

    `certificate` is PEM, leaf first. Raises OSError (a file), ssl.SSLError (its content, or a key that does not fit).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = minimum
    context.set_ciphers(TLS_1_2_SUITES)
    context.options |= (
        ssl.OP_NO_RENEGOTIATION
        | ssl.OP_NO_COMPRESSION
        | ssl.OP_NO_TICKET
        | ssl.OP_CIPHER_SERVER_PREFERENCE
        | ssl.OP_SINGLE_ECDH_USE
    )
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED
    for name in FILES:
        if (trust / name).stat().st_size:
            context.load_verify_locations(cafile=trust / name)
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN | ssl.VERIFY_X509_STRICT
    return context


@dataclass(slots=True)
class TlsContexts:
    """The context of the files as they are now: ask `current()` for every connection (it looks at five file dates)."""

    certificate: Path
    key: Path
    trust: Path
    minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    _stamps: tuple[tuple[int, int, int], ...] = field(default=(), init=False)
    _context: ssl.SSLContext | None = field(default=None, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def current(self) -> ssl.SSLContext:
        """The context in force. Files that became unusable leave the former context; at first, they raise."""
        stamps = self._read_stamps()
        if self._context is not None and stamps == self._stamps:
            return self._context
        with self._lock:
            if self._context is None or stamps != self._stamps:
                self._renew(stamps)
            assert self._context is not None  # noqa: S101 -- _renew raises otherwise
            return self._context

    def _renew(self, stamps: tuple[tuple[int, int, int], ...]) -> None:
        try:
            self._context = server_context(self.certificate, self.key, self.trust, minimum=self.minimum)
        except OSError as error:  # ssl.SSLError is one
            if self._context is None:
                raise
            _log.warning("TLS files not reloaded, the former ones stay in force: %s", type(error).__name__)
        self._stamps = stamps

    def _read_stamps(self) -> tuple[tuple[int, int, int], ...]:
        files = (self.certificate, self.key, *(self.trust / name for name in FILES))
        try:
            statuses = [file.stat() for file in files]
        except FileNotFoundError:
            return self._stamps if self._context is not None else ()
        return tuple((status.st_mtime_ns, status.st_size, status.st_ino) for status in statuses)

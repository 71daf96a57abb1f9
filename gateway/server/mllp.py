"""MLLP over TLS: a listener whose clients all show a certificate, and bounds on each of them (ITI TF-2 §3.8, ATNA).

A thread for each connection: its messages are answered one after the other, in order. When all places are taken, nobody
is accepted until one is free: clients wait in the queue of the system.
"""

from __future__ import annotations

import logging
import select
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from gateway.server.mllp_connection import (
    Handle,
    Memory,
    MllpConnection,
    MllpLimits,
    address_of,
    linger,
    reason_of,
    shake_hands,
)
from gateway.server.options import HandshakeRefusal, TlsSource

__all__ = ("Handle", "MllpLimits", "MllpListener")

_log = logging.getLogger("ecluse.mllp")
_PATIENCE = 0.2
_LINGER = 0.5
_DEFAULT_LIMITS = MllpLimits()


class MllpListener:
    """Listens on a port in threads of its own. `port` is known once started."""

    def __init__(
        self,
        host: str,
        port: int,
        tls: TlsSource,
        handle: Handle,
        limits: MllpLimits = _DEFAULT_LIMITS,
        *,
        on_handshake_refused: Callable[[HandshakeRefusal], None] | None = None,
    ) -> None:
        self.host, self.port, self.limits = host, port, limits
        self._tls, self._handle, self._refused = tls, handle, on_handshake_refused
        self._doors = threading.BoundedSemaphore(limits.handshakes)
        self._places = threading.BoundedSemaphore(limits.connections)
        self._lock = threading.Lock()
        self._threads: dict[threading.Thread, socket.socket] = {}
        self._clients: Counter[bytes] = Counter()
        self._memory = Memory(limits.memory)
        self._stopping = threading.Event()
        self._wake, self._woken = socket.socketpair()
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None

    def start(self) -> None:
        """Listen. Raises OSError: the address cannot be had."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._listener = socket.create_server((self.host, self.port), family=family, backlog=64)
        self.port = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, name="mllp-accept", daemon=True)
        self._acceptor.start()

    def stop(self) -> None:
        """Accept nobody any more, let messages in hand be answered, then close. Returns within `grace` seconds."""
        deadline = time.monotonic() + self.limits.grace
        self._stopping.set()
        self._wake.close()
        if self._acceptor is not None:
            self._acceptor.join(self.limits.grace)
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        with self._lock:
            left = list(self._threads.values())
        for sock in left:
            # Not SSLSocket.shutdown: it would make the thread that still writes go on in clear.
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        self._woken.close()
        if left:
            _log.warning("connections cut at the end", extra={"connections": len(left)})

    def _accept(self) -> None:
        listener = self._listener
        if listener is None:
            return
        with listener:
            while not self._stopping.is_set():
                if not self._doors.acquire(timeout=_PATIENCE):
                    continue
                sock = self._next(listener)
                if sock is None:
                    self._doors.release()
                    continue
                thread = threading.Thread(target=self._run, args=(sock,), name="mllp", daemon=True)
                with self._lock:
                    self._threads[thread] = sock
                try:
                    thread.start()
                except RuntimeError:
                    _log.warning("no thread for a connection")
                    with self._lock:
                        del self._threads[thread]
                    sock.close()
                    self._doors.release()

    def _next(self, listener: socket.socket) -> socket.socket | None:
        waiting = select.poll()
        waiting.register(listener, select.POLLIN)
        waiting.register(self._woken, select.POLLIN | select.POLLHUP)
        waiting.poll()
        if self._stopping.is_set():
            return None
        try:
            return listener.accept()[0]
        except OSError as error:
            # Out of descriptors, or the client is gone already: nothing a listener ends for.
            _log.warning("connection not accepted", extra={"reason": type(error).__name__})
            self._stopping.wait(_PATIENCE)
            return None

    def _run(self, plain: socket.socket) -> None:
        address = address_of(plain)
        try:
            with plain:
                self._welcome(plain, address)
        except Exception:  # noqa: BLE001 - the last resort of a thread: one connection ends, the others go on
            _log.exception("connection ended by an error", extra={"address": address})
        finally:
            with self._lock:
                self._threads.pop(threading.current_thread(), None)

    def _welcome(self, plain: socket.socket, address: str) -> None:
        """Shake hands and wait for a place; whoever has none of either is closed."""
        try:
            try:
                sock = shake_hands(self._tls.current(), plain, time.monotonic() + self.limits.handshake)
            except (ssl.SSLError, TimeoutError, ConnectionError) as error:
                self._refuse(HandshakeRefusal(address, reason_of(error)))
                return
            with self._lock:
                self._threads[threading.current_thread()] = sock
            placed = self._places.acquire(timeout=self.limits.handshake)
        finally:
            self._doors.release()
        with sock:
            if not placed:
                _log.warning("no place for a connection", extra={"address": address})
                return
            try:
                self._serve(sock, address, sock.getpeercert(True) or b"")
            finally:
                self._places.release()

    def _serve(self, sock: ssl.SSLSocket, address: str, certificate: bytes) -> None:
        with self._counted(certificate) as count:
            if count > self.limits.per_certificate:
                self._refuse(HandshakeRefusal(address, "too many connections of this certificate"))
                return
            MllpConnection(
                sock, address, certificate, self._handle, self.limits, self._woken, self._stopping, self._memory
            ).serve()
            linger(sock, _LINGER)

    @contextmanager
    def _counted(self, certificate: bytes) -> Iterator[int]:
        with self._lock:
            self._clients[certificate] += 1
            count = self._clients[certificate]
        try:
            yield count
        finally:
            with self._lock:
                self._clients[certificate] -= 1
                if not self._clients[certificate]:
                    del self._clients[certificate]

    def _refuse(self, refusal: HandshakeRefusal) -> None:
        _log.info("handshake refused", extra={"address": refusal.address, "reason": refusal.reason})
        if self._refused is not None:
            self._refused(refusal)

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
from dataclasses import dataclass

from gateway.server.options import HandshakeRefusal, TlsSource
from gateway.wire.mllp import FrameReader, FramingError, frame

_log = logging.getLogger("ecluse.mllp")
_CHUNK = 64 * 1024
_PATIENCE = 0.2
_LINGER = 0.5
_LINGER_BYTES = 4 * 1024 * 1024

Handle = Callable[[bytes, bytes], bytes]
"""Takes a message and the client's certificate (DER); returns the acknowledgement. Both without frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MllpLimits:
    """Sizes in bytes, times in seconds.

    `connections` are served at once, `per_certificate` of them for one client; `handshakes` more may be shaking hands,
    or waiting for a place, for `handshake` seconds. `idle` is the longest silence between two messages, `message` the
    longest time from the first byte of one to its last, and to take its answer. `grace` is left to messages in hand
    when the listener stops.
    """

    size: int = 1024 * 1024
    connections: int = 32
    per_certificate: int = 16
    handshakes: int = 32
    handshake: float = 5.0
    idle: float = 300.0
    message: float = 15.0
    grace: float = 10.0


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
        address = _address(plain)
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
                sock = _shake_hands(self._tls.current(), plain, time.monotonic() + self.limits.handshake)
            except (ssl.SSLError, TimeoutError, ConnectionError) as error:
                self._refuse(HandshakeRefusal(address, _reason(error)))
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
            _Connection(sock, address, certificate, self._handle, self.limits, self._woken, self._stopping).serve()
            _linger(sock, _LINGER)

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


def _shake_hands(context: ssl.SSLContext, plain: socket.socket, deadline: float) -> ssl.SSLSocket:
    """The whole handshake is bounded: a timeout of the socket alone would begin again with every byte."""
    plain.setblocking(False)
    sock = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
    try:
        while True:
            try:
                sock.do_handshake()
                return sock
            except ssl.SSLWantReadError:
                _await(sock, select.POLLIN, deadline)
            except ssl.SSLWantWriteError:
                _await(sock, select.POLLOUT, deadline)
    except BaseException:
        _linger(sock, _PATIENCE)
        sock.close()
        raise


def _await(sock: ssl.SSLSocket, event: int, deadline: float) -> None:
    waiting = select.poll()
    waiting.register(sock, event)
    if not waiting.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError


def _linger(sock: ssl.SSLSocket, seconds: float) -> None:
    """Say goodbye and read what still comes for a while: closing with unread bytes would destroy the last answer."""
    with suppress(OSError, ValueError):
        sock.unwrap()
    deadline = time.monotonic() + seconds
    with suppress(OSError, ValueError):
        socket.socket.shutdown(sock, socket.SHUT_WR)
        left = _LINGER_BYTES
        while left > 0:
            _await(sock, select.POLLIN, deadline)
            received = len(socket.socket.recv(sock, _CHUNK))
            if not received:
                return
            left -= received


@dataclass(slots=True)
class _Connection:
    """One client that showed a certificate."""

    sock: ssl.SSLSocket
    address: str
    certificate: bytes
    handle: Handle
    limits: MllpLimits
    woken: socket.socket
    stopping: threading.Event

    def serve(self) -> None:
        """Answer messages until the client leaves, is silent for too long, breaks a frame, or the listener stops."""
        reader = FrameReader(self.limits.size)
        begun = 0.0
        self.sock.setblocking(False)
        while not self.stopping.is_set():
            now = time.monotonic()
            deadline = begun + self.limits.message if reader.is_inside else now + self.limits.idle
            if not self._wait(deadline - now, select.POLLIN):
                self._end("half a message" if reader.is_inside else "idle")
                return
            try:
                data = self._receive()
                if data is None:
                    continue
                if not data:
                    if reader.is_inside:
                        self._end("half a message")
                    return
                if not reader.is_inside:
                    begun = time.monotonic()
                messages = reader.feed(data)
            except FramingError as error:
                self._end(str(error))
                return
            except (ssl.SSLError, OSError) as error:
                self._end(_reason(error))
                return
            if messages:
                begun = time.monotonic()
            if not all(self._answer(message) for message in messages):
                return

    def _answer(self, message: bytes) -> bool:
        answer = frame(self.handle(message, self.certificate))
        deadline = time.monotonic() + self.limits.message
        view = memoryview(answer)
        while view:
            try:
                view = view[self.sock.send(view) :]
            except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
                if not self._wait(deadline - time.monotonic(), select.POLLOUT, wakeful=False):
                    self._end("an answer that nobody takes")
                    return False
            except OSError as error:
                self._end(_reason(error))
                return False
        return True

    def _receive(self) -> bytes | None:
        """What came; None when it was only of TLS."""
        try:
            return self.sock.recv(_CHUNK)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None

    def _wait(self, seconds: float, event: int, *, wakeful: bool = True) -> bool:
        if event == select.POLLIN and self.sock.pending():
            return True
        waiting = select.poll()
        waiting.register(self.sock, event)
        if wakeful:
            waiting.register(self.woken, select.POLLIN | select.POLLHUP)
        return bool(waiting.poll(max(0.0, seconds) * 1000))

    def _end(self, reason: str) -> None:
        _log.info("connection closed", extra={"address": self.address, "reason": reason})


def _address(sock: socket.socket) -> str:
    try:
        return str(sock.getpeername()[0])
    except OSError:
        return ""


def _reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError):
        return str(getattr(error, "verify_message", "") or error.reason or "TLS error")
    return "timeout" if isinstance(error, TimeoutError) else "closed"

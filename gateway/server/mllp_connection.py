"""One connection of the MLLP listener: its handshake, its messages in order, its end."""

from __future__ import annotations

import logging
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from gateway.wire.mllp import FrameReader, FramingError, frame

_log = logging.getLogger("ecluse.mllp")
_CHUNK = 64 * 1024
_HANDSHAKE_LINGER = 0.2
_LINGER_BYTES = 4 * 1024 * 1024

Handle = Callable[[bytes, bytes], bytes]
"""Takes a message and the client's certificate (DER); returns the acknowledgement. Both without frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MllpLimits:
    """Sizes in bytes, times in seconds.

    `connections` are served at once, `per_certificate` of them for one client; `handshakes` more may be shaking hands,
    or waiting for a place, for `handshake` seconds. `idle` is the longest silence between two messages, `message` the
    longest time from the first byte of one to its last, and to take its answer. `grace` is left to messages in hand
    when the listener stops. `memory` bounds what all connections are receiving: beyond, the one that asks for more is
    closed.
    """

    size: int = 1024 * 1024
    memory: int = 64 * 1024 * 1024
    connections: int = 32
    per_certificate: int = 16
    handshakes: int = 32
    handshake: float = 5.0
    idle: float = 300.0
    message: float = 15.0
    grace: float = 10.0


def shake_hands(context: ssl.SSLContext, plain: socket.socket, deadline: float) -> ssl.SSLSocket:
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
        linger(sock, _HANDSHAKE_LINGER)
        sock.close()
        raise


def _await(sock: ssl.SSLSocket, event: int, deadline: float) -> None:
    waiting = select.poll()
    waiting.register(sock, event)
    if not waiting.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError


def linger(sock: ssl.SSLSocket, seconds: float) -> None:
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
class Memory:
    """Bytes of messages that all connections of a listener hold, of those allowed."""

    limit: int
    _held: int = field(init=False, default=0)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def change(self, size: int) -> bool:
        """Hold more, or less; False when there is no room: nothing changed then."""
        with self._lock:
            if size > 0 and self._held + size > self.limit:
                return False
            self._held += size
            return True


@dataclass(slots=True)
class MllpConnection:
    """One client that showed a certificate."""

    sock: ssl.SSLSocket
    address: str
    certificate: bytes
    handle: Handle
    limits: MllpLimits
    woken: socket.socket
    stopping: threading.Event
    memory: Memory
    _held: int = field(init=False, default=0)

    def serve(self) -> None:
        """Answer messages until the client leaves, is silent for too long, breaks a frame, or the listener stops."""
        try:
            self._serve()
        finally:
            self.memory.change(-self._held)

    def _serve(self) -> None:
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
                self._end(reason_of(error))
                return
            if not self._hold(reader.held + sum(map(len, messages))):
                self._end("more is being received than there is memory for")
                return
            if messages:
                begun = time.monotonic()
            if not all(self._answer(message) for message in messages):
                return
            self._hold(reader.held)

    def _hold(self, size: int) -> bool:
        """Count what this connection holds now; False when there is no room for it."""
        if not self.memory.change(size - self._held):
            return False
        self._held = size
        return True

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
                self._end(reason_of(error))
                return False
        return True

    def _receive(self) -> bytes | None:
        """What came; None when it was only of TLS."""
        try:
            data = self.sock.recv(_CHUNK)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        # A sender that gathers what is small holds the end of a message back until its begin is acknowledged.
        with suppress(OSError):
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return data

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


def address_of(sock: socket.socket) -> str:
    try:
        return str(sock.getpeername()[0])
    except OSError:
        return ""


def reason_of(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError):
        return str(getattr(error, "verify_message", "") or error.reason or "TLS error")
    return "timeout" if isinstance(error, TimeoutError) else "closed"

"""The MLLP listener, with real TLS, the test PKI, and clients good and bad."""

from __future__ import annotations

import gc
import hashlib
import logging
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from gateway.server.mllp import MllpLimits, MllpListener
from gateway.server.options import HandshakeRefusal
from samples.feed import MllpClient, NoAnswer
from samples.pki.factory import TestPki
from security.pki.tls import TlsContexts

LIMITS = MllpLimits(
    size=10_000, connections=4, per_certificate=3, handshakes=6, handshake=0.6, idle=0.8, message=0.6, grace=3
)
BAD_HANDSHAKES = [None, "bad.wrong-authority", "bad.self-signed", "bad.expired", "bad.revoked", "dr-essai.auth"]


@dataclass
class Served:
    """A listener, what it refused, and its clients. Messages `slow…` take half a second, `boom` is a bug."""

    pki: TestPki
    limits: MllpLimits = LIMITS
    refusals: list[HandshakeRefusal] = field(default_factory=list)
    handled: list[bytes] = field(default_factory=list)
    clients: list[MllpClient] = field(default_factory=list)

    def __post_init__(self) -> None:
        server = self.pki.server("ingest")
        self.listener = MllpListener(
            "127.0.0.1",
            0,
            TlsContexts(server.chain_path, server.key_path, self.pki.trust("ingest")),
            self.handle,
            self.limits,
            on_handshake_refused=self.refusals.append,
        )
        self.listener.start()

    def handle(self, message: bytes, certificate: bytes) -> bytes:
        if message == b"boom":
            raise ValueError("a bug")
        if message.startswith(b"slow"):
            time.sleep(0.5)
        self.handled.append(message)
        return message + b"|" + hashlib.sha256(certificate).hexdigest().encode()

    def client(self, name: str | None = "chu-seine.auth") -> MllpClient:
        credential = None if name is None else self.pki.certificate(name)
        made = MllpClient("127.0.0.1", self.listener.port, credential, self.pki.ca_for_clients("ingest"))
        self.clients.append(made)
        return made

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self.listener.stop()


@pytest.fixture
def serve(pki: TestPki) -> Iterator[Callable[..., Served]]:
    made: list[Served] = []

    def start(**changes: Any) -> Served:
        made.append(Served(pki, **changes))
        return made[-1]

    yield start
    for each in made:
        each.close()


def fingerprint(pki: TestPki, name: str) -> bytes:
    return hashlib.sha256(pki.certificate(name).certificate_der()).hexdigest().encode()


def ended(client: MllpClient, seconds: float = 3.0) -> bool:
    """Whether the listener closes the connection, without another answer."""
    client.timeout = seconds
    try:
        client.receive()
    except (NoAnswer, ConnectionError, ssl.SSLError):
        return True
    return False


def test_a_message_is_answered_and_the_certificate_is_that_of_the_connection(
    serve: Callable[..., Served], pki: TestPki
) -> None:
    served = serve()
    for name in ("chu-seine.auth", "labo-rhone.auth"):
        assert served.client(name).send(b"MSH|1") == b"MSH|1|" + fingerprint(pki, name)


def test_messages_of_one_connection_are_answered_in_order(serve: Callable[..., Served]) -> None:
    served = serve()
    client = served.client()
    client.send_bytes(b"".join(b"\x0b%d\x1c\r" % number for number in range(50)))
    assert [client.receive().split(b"|")[0] for _ in range(50)] == [b"%d" % number for number in range(50)]


def test_a_message_cut_in_pieces_is_one(serve: Callable[..., Served]) -> None:
    client = serve().client()
    for piece in (b"\x0bMS", b"H|2\x1c", b"\r\x0bMSH|3"):
        client.send_bytes(piece)
        time.sleep(0.05)
    assert client.receive().startswith(b"MSH|2|")
    client.send_bytes(b"\x1c\r")
    assert client.receive().startswith(b"MSH|3|")


@pytest.mark.parametrize("name", BAD_HANDSHAKES)
def test_a_certificate_of_another_door_or_bad_is_refused_at_the_handshake(
    serve: Callable[..., Served], name: str | None
) -> None:
    served = serve()
    with pytest.raises((OSError, NoAnswer)):
        served.client(name).send(b"MSH|")
    _until(lambda: len(served.refusals) == 1)
    assert served.refusals[0].address == "127.0.0.1"
    assert served.handled == []
    assert served.client().send(b"MSH|").startswith(b"MSH|")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "bytes outside a frame"),
        (b"\x0bMSH|secret\x1cX", "0x1C is not followed by 0x0D"),
        (b"\x0bMSH|secret\x0b\x1c\r", "a frame begins inside another"),
        (b"\x0bMSH|" + b"secret" * 2000, "a message of more than 10000 bytes"),
        (b"\x0bMSH|secret", "half a message"),
    ],
)
def test_what_is_no_frame_closes_the_connection_and_is_told_without_its_content(
    serve: Callable[..., Served], caplog: pytest.LogCaptureFixture, data: bytes, reason: str
) -> None:
    served = serve()
    caplog.set_level(logging.INFO, "ecluse.mllp")
    client = served.client()
    client.send_bytes(data)
    assert ended(client)
    _until(lambda: len(caplog.records) == 1)
    (record,) = caplog.records
    assert vars(record)["reason"] == reason
    assert "secret" not in str(vars(record))
    assert served.handled == []


def test_half_a_message_and_a_goodbye_is_told(serve: Callable[..., Served], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ecluse.mllp")
    client = serve().client()
    client.send_bytes(b"\x0bMSH|")
    client.close()
    _until(lambda: len(caplog.records) == 1)
    assert vars(caplog.records[0])["reason"] == "half a message"


def test_a_message_that_drips_is_given_up(serve: Callable[..., Served]) -> None:
    client = serve().client()
    start = time.monotonic()
    client.send_bytes(b"\x0b")
    with pytest.raises(OSError):  # noqa: PT011 -- a reset, a broken pipe or the alert of the end
        _drip(client)
    assert time.monotonic() - start < 5


def _drip(client: MllpClient) -> None:
    for _ in range(60):
        client.send_bytes(b"x")
        time.sleep(0.1)


def test_silence_ends_a_connection(serve: Callable[..., Served]) -> None:
    client = serve().client()
    client.send(b"MSH|")
    start = time.monotonic()
    assert ended(client)
    assert time.monotonic() - start > 0.5


def test_a_bug_ends_its_connection_and_no_other(serve: Callable[..., Served], caplog: pytest.LogCaptureFixture) -> None:
    served = serve()
    client, other = served.client(), served.client()
    other.send(b"MSH|")
    client.send_bytes(b"\x0bboom\x1c\r")
    assert ended(client)
    assert other.send(b"MSH|").startswith(b"MSH|")
    _until(lambda: [record.levelname for record in caplog.records] == ["ERROR"])


def test_strangers_that_say_nothing_hold_no_place(serve: Callable[..., Served]) -> None:
    served = serve(limits=replace(LIMITS, handshake=3))
    held = [socket.create_connection(("127.0.0.1", served.listener.port)) for _ in range(5)]
    assert served.client().send(b"MSH|").startswith(b"MSH|")
    assert served.refusals == [], "nobody was given up to make room"
    _until(lambda: len(served.refusals) == 5, 10)
    assert {refusal.reason for refusal in served.refusals} == {"timeout"}
    for sock in held:
        sock.close()


def test_clients_wait_in_the_queue_when_nobody_can_be_welcomed(serve: Callable[..., Served]) -> None:
    served = serve()
    held = [socket.create_connection(("127.0.0.1", served.listener.port)) for _ in range(12)]
    assert served.client().send(b"MSH|").startswith(b"MSH|"), "served once the silent ones are given up"
    for sock in held:
        sock.close()


def test_one_certificate_has_a_bounded_number_of_connections(serve: Callable[..., Served]) -> None:
    served = serve()
    mine = [served.client() for _ in range(3)]
    for client in mine:
        client.send(b"MSH|")
    with pytest.raises((OSError, NoAnswer)):
        served.client().send(b"MSH|")
    assert served.client("labo-rhone.auth").send(b"MSH|").startswith(b"MSH|")
    _until(lambda: bool(served.refusals))
    assert served.refusals[0].reason == "too many connections of this certificate"


def test_what_all_connections_receive_at_once_is_bounded(serve: Callable[..., Served]) -> None:
    served = serve(limits=replace(LIMITS, memory=12_000, message=5))
    first, second = served.client(), served.client()
    first.send_bytes(b"\x0b" + b"a" * 8_000)
    _until(lambda: served.listener._memory._held > 7_000)

    second.send_bytes(b"\x0b" + b"b" * 8_000)

    assert ended(second), "there is no room for both"
    first.send_bytes(b"a\x1c\r")
    assert first.receive().startswith(b"aaa")
    _until(lambda: served.listener._memory._held == 0)
    third = served.client()
    assert third.send(b"c" * 8_000).startswith(b"ccc")


def test_a_place_set_free_is_taken_by_who_waits(serve: Callable[..., Served]) -> None:
    served = serve(limits=MllpLimits(connections=1, handshake=3))
    first = served.client()
    first.send(b"MSH|")
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(served.client("labo-rhone.auth").send, b"MSH|2")
        time.sleep(0.2)
        assert not waiting.done()
        first.close()
        assert waiting.result(5).startswith(b"MSH|2")


def test_many_clients_at_once_are_all_answered(serve: Callable[..., Served]) -> None:
    served = serve(limits=MllpLimits(connections=8, per_certificate=8))

    def talk(number: int) -> set[bytes]:
        with served.client() as client:
            return {client.send(b"%d.%d" % (number, turn)).split(b"|")[0] for turn in range(20)}

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(talk, range(16)))
    assert answers == [{b"%d.%d" % (number, turn) for turn in range(20)} for number in range(16)]


def test_a_message_in_hand_is_answered_before_the_end_and_nobody_is_accepted_after(
    serve: Callable[..., Served],
) -> None:
    served = serve()
    busy, idle = served.client(), served.client()
    idle.send(b"MSH|")
    busy.send_bytes(b"\x0bslow\x1c\r")
    time.sleep(0.2)
    start = time.monotonic()
    served.listener.stop()
    assert time.monotonic() - start < 2
    assert busy.receive().startswith(b"slow|")
    assert ended(idle)
    with pytest.raises(OSError):  # noqa: PT011 -- refused or reset
        served.client().send(b"MSH|")


def test_an_answer_that_does_not_come_in_time_is_cut_at_the_end(serve: Callable[..., Served]) -> None:
    release = threading.Event()
    served = serve(limits=MllpLimits(grace=0.3))
    served.listener._handle = lambda message, _certificate: message if release.wait(10) else b""
    client = served.client()
    client.send_bytes(b"\x0bstuck\x1c\r")
    time.sleep(0.2)
    start = time.monotonic()
    served.listener.stop()
    assert time.monotonic() - start < 5
    release.set()
    assert ended(client)


def test_a_client_that_takes_no_answer_is_given_up(serve: Callable[..., Served]) -> None:
    served = serve(limits=MllpLimits(size=2_000_000, message=0.6))
    client = served.client()
    message = b"\x0b" + b"x" * 1_000_000 + b"\x1c\r"
    client.timeout = 5
    with pytest.raises(OSError):  # noqa: PT011 -- a reset or a broken pipe
        client.send_bytes(message * 40)


def test_a_listener_that_ended_leaves_no_thread_and_no_socket(pki: TestPki) -> None:
    before = set(threading.enumerate())
    served = Served(pki)
    served.client().send(b"MSH|")
    served.close()
    _until(lambda: set(threading.enumerate()) <= before)
    port = served.listener.port
    del served
    gc.collect()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_port_that_is_taken_is_an_error_at_once(serve: Callable[..., Served], pki: TestPki) -> None:
    server = pki.server("ingest")
    tls = TlsContexts(server.chain_path, server.key_path, pki.trust("ingest"))
    second = MllpListener("127.0.0.1", serve().listener.port, tls, lambda message, _certificate: message)
    with pytest.raises(OSError):  # noqa: PT011 -- EADDRINUSE
        second.start()
    second.stop()


def _until(condition: Callable[[], bool], seconds: float = 4.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        select.select([], [], [], 0.02)

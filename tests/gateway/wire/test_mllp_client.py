"""A message to a listener of somebody else: why no acknowledgement came is said in words."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest

from gateway.wire.mllp import frame
from gateway.wire.mllp_client import MllpAddress, MllpTrust, NotDelivered, send
from samples.pki import factory

ACK = b"MSH|^~\\&|A\rMSA|AA|1\r"
Talk = Callable[[socket.socket], None]


def _answers(sock: socket.socket) -> None:
    sock.recv(1 << 16)
    sock.sendall(frame(ACK))


def _hangs_up(sock: socket.socket) -> None:
    sock.recv(1 << 16)


def _says_nothing(sock: socket.socket) -> None:
    while sock.recv(1 << 16):
        """Until the other side gives up."""


@contextlib.contextmanager
def listener(pki: factory.TestPki, talk: Talk, *, asks_for_certificate: bool = False) -> Iterator[int]:
    own = pki.server("hl7v2")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.chain_path, own.key_path)
    if asks_for_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(pki.ca_for_clients("hl7v2"))

    def serve() -> None:
        with contextlib.suppress(OSError), door.accept()[0] as plain, context.wrap_socket(plain, True) as sock:
            talk(sock)

    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=serve)
        thread.start()
        yield door.getsockname()[1]
        thread.join()


def delivered(pki: factory.TestPki, port: int, timeout: float = 20.0) -> bytes:
    own = pki.server("hl7v2")
    trust = MllpTrust(authorities=pki.ca_for_clients("hl7v2"), certificate=own.chain_path, key=own.key_path)
    return send(MllpAddress(host="localhost", port=port, tls=True), b"MSH|", trust, timeout)


def test_an_acknowledgement_comes_back(pki: factory.TestPki) -> None:
    with listener(pki, _answers) as port:
        assert delivered(pki, port) == ACK


def test_a_listener_that_hangs_up_is_told(pki: factory.TestPki) -> None:
    with listener(pki, _hangs_up) as port, pytest.raises(NotDelivered, match="it ended the"):
        delivered(pki, port)


def test_a_listener_that_says_nothing_is_told(pki: factory.TestPki) -> None:
    with listener(pki, _says_nothing) as port, pytest.raises(NotDelivered, match="it did not answer in time"):
        delivered(pki, port, 0.5)


def test_a_listener_that_refuses_the_certificate_of_the_door_is_told(pki: factory.TestPki) -> None:
    with (
        listener(pki, _answers, asks_for_certificate=True) as port,
        pytest.raises(NotDelivered, match="it may refuse the certificate of this door"),
    ):
        delivered(pki, port)


def test_that_nobody_listens_is_told(pki: factory.TestPki) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with pytest.raises(NotDelivered, match="nobody listens there"):
        delivered(pki, port)

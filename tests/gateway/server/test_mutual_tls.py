"""Mutual TLS of a door, with the test PKI."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor

import pytest


def test_the_application_sees_the_certificate_of_the_socket(tls_door):
    client = tls_door.as_("chu-seine.auth")
    status, body = client.post(b"x" * 200_000)
    pem = tls_door.pki.certificate("chu-seine.auth").certificate_path.read_text()
    expected = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    seen = json.loads(body)
    assert (status, seen["size"], seen["certificate"], seen["scheme"]) == (200, 200_000, expected, "https")


def test_a_connection_is_kept_for_many_requests(tls_door):
    connection = tls_door.as_("chu-seine.auth").http()
    for size in (0, 1, 70_000, 1_000_000):
        connection.request("POST", "/echo", b"y" * size)
        assert json.loads(connection.getresponse().read())["size"] == size
    connection.close()


@pytest.mark.parametrize(
    "name", [None, "bad.wrong-authority", "bad.self-signed", "bad.expired", "bad.revoked", "dr-essai.auth"]
)
def test_a_certificate_of_another_door_or_bad_is_refused_at_the_handshake(tls_door, name):
    client = tls_door.as_(name)
    before = len(tls_door.refusals.read_text().splitlines())
    with pytest.raises((ssl.SSLError, ConnectionError)):
        client.post()
    deadline = time.monotonic() + 3
    while len(lines := tls_door.refusals.read_text().splitlines()) == before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(lines) == before + 1
    assert lines[-1].startswith("127.0.0.1 ")


def test_handshakes_that_never_end_hold_nobody_and_are_given_up(tls_door):
    held = [socket.create_connection(("127.0.0.1", tls_door.door.port)) for _ in range(40)]
    for client in held[20:]:
        client.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
    start = time.monotonic()
    assert tls_door.as_("chu-seine.auth").post()[0] == 200
    assert time.monotonic() - start < 2, "those before must have been waited for"
    for client in held:
        client.settimeout(5)
        assert client.recv(100) == b""
        client.close()
    while (told := tls_door.refusals.read_text().count("127.0.0.1 timeout\n")) < 40 and time.monotonic() - start < 15:
        time.sleep(0.05)
    assert told == 40


def test_plain_http_on_a_tls_port_gets_no_answer_of_the_application(tls_door):
    assert b"200" not in tls_door.door.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")


def test_one_certificate_has_a_bounded_number_of_requests_at_once(tls_door):
    def slow(_number: int) -> int:
        return tls_door.as_("labo-rhone.auth").post(path="/slow")[0]

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(slow, range(4)))
    assert statuses == [200, 200, 503, 503]
    assert tls_door.as_("labo-rhone.auth").post()[0] == 200


def test_one_certificate_has_a_bounded_number_of_connections(tls_door):
    client = tls_door.as_("ch-loire.auth")
    held = [client.http() for _ in range(5)]
    for connection in held:
        connection.request("POST", "/echo", b"")
        assert connection.getresponse().read()
    with pytest.raises(OSError):  # noqa: PT011 -- a reset or an end of file, both are OSErrors
        client.post()
    assert tls_door.as_("chu-seine.auth").post()[0] == 200
    for connection in held:
        connection.close()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            assert client.post()[0] == 200
            break
        except OSError:
            time.sleep(0.1)
    else:
        pytest.fail("closed connections are still counted")

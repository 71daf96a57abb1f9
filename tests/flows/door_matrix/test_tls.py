"""TLS of the doors: what is refused in the handshake, which versions there are, sessions that open one door only."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from gateway.soap_door import SERVICES
from samples.pki.catalogue import Entry, read_catalogue

DOORS = ("ingest", "consultation")
NOBODY = "no certificate"
CATALOGUE = read_catalogue()
WSDL = "repository?wsdl"


@pytest.mark.parametrize("door", DOORS)
def test_what_tls_refuses_is_refused_in_the_handshake(
    knocker: Any, verdict: Callable[[Entry | None, str], str | None], door: str
) -> None:
    """In TLS 1.3 a client learns of its refusal only at its first reading; in TLS 1.2, before it may say anything."""
    outside: dict[str, bool] = {}
    for name in (NOBODY, *CATALOGUE.entries):
        with closing(knocker.connect(door, knocker.shown(name), maximum=ssl.TLSVersion.TLSv1_2)) as connection:
            try:
                connection.connect()
                outside[name] = False
            except (ssl.SSLError, ConnectionError):
                outside[name] = True

    assert outside == {
        name: verdict(CATALOGUE.entries.get(name), door) == "TLS" for name in (NOBODY, *CATALOGUE.entries)
    }


@pytest.mark.parametrize("door", DOORS)
def test_no_door_speaks_a_version_of_tls_before_1_2(knocker: Any, door: str) -> None:
    holder = "chu-seine" if door == "ingest" else "dr-essai"
    address = knocker.house.doors[door]
    url = urlsplit(address.url)
    alert = _alert_to(_old_hello(), (url.hostname or "", url.port or 0))

    assert alert == (21, 2, 70), "an alert, fatal, protocol_version (RFC 5246 §7.2)"
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        credentials = knocker.house.credential(f"{holder}.auth")
        with closing(knocker.connect(door, credentials, maximum=version)) as connection:
            response, _ = knocker.get(connection, WSDL)
            assert response.status == 200
            assert connection.sock.version() == version.name.replace("_", ".")


def _old_hello() -> bytes:
    """The first flight of a client that speaks TLS 1.1 at most."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    outgoing = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), outgoing).do_handshake()
    return outgoing.read()


def _alert_to(hello: bytes, address: tuple[str, int]) -> tuple[int, int, int]:
    """Content type, level and description of the record that answers `hello`."""
    with socket.create_connection(address, 10) as connection:
        connection.sendall(hello)
        record = connection.recv(7, socket.MSG_WAITALL)
    return record[0], record[5], record[6]


def test_a_session_of_one_door_does_not_open_the_other(knocker: Any) -> None:
    """The same context, hence the same certificate and session, at both doors (RFC 5246 §7.4.1.2; RFC 8446 §2.2)."""
    house = knocker.house
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        for name, own, other in (("chu-seine", *DOORS), ("dr-essai", *reversed(DOORS))):
            connection = knocker.connect(own, house.credential(f"{name}.auth"), maximum=version)
            context: ssl.SSLContext = connection._context
            with closing(connection):
                assert knocker.get(connection, WSDL)[0].status == 200
                session = connection.sock.session
            assert session is None or not session.has_ticket
            assert _opens(context, house.doors[own].url, session)[0]
            assert _opens(context, house.doors[other].url, session) == (False, False)


def _opens(context: ssl.SSLContext, url: str, session: ssl.SSLSession | None) -> tuple[bool, bool]:
    """Whether a door answers to a client that offers `session`, and whether it resumed it."""
    address = urlsplit(url)
    resumed = False
    try:
        with (
            socket.create_connection((address.hostname or "", address.port or 0), 10) as plain,
            context.wrap_socket(plain, server_hostname=address.hostname, session=session) as secured,
        ):
            resumed = bool(secured.session_reused)
            secured.sendall(f"GET {SERVICES}/repository?wsdl HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            return secured.recv(12) == b"HTTP/1.1 200", resumed
    except (ssl.SSLError, ConnectionError):
        return False, resumed

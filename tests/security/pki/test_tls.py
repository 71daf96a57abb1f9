"""Handshakes on real sockets, with the test PKI and the contexts of the doors."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from samples.pki import factory
from samples.pki.catalogue import read_catalogue
from samples.pki.factory import TestPki
from security.pki.tls import TlsContexts, server_context

TWINS = [entry for entry in read_catalogue().entries.values() if entry.refused is not None]
TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


class Handshake:
    """The two ends of one connection. `error` is the server's refusal; `peer` what it knows of the client."""

    def __init__(self, server: ssl.SSLContext, client: ssl.SSLContext, session: ssl.SSLSession | None = None) -> None:
        self.error: str | None = None
        self.peer: bytes | None = None
        self.protocol: str | None = None
        self.session: ssl.SSLSession | None = None
        self.reused = False
        here, there = socket.socketpair()
        with closing(here), closing(there):
            here.settimeout(10)
            there.settimeout(10)
            serving = threading.Thread(target=self._serve, args=(server, there))
            serving.start()
            try:
                with client.wrap_socket(here, server_hostname="localhost", session=session) as wrapped:
                    self.answer = wrapped.recv(2)
                    self.cipher = wrapped.cipher()
                    self.session, self.reused = wrapped.session, bool(wrapped.session_reused)
            except (ssl.SSLError, ConnectionError):
                self.answer = b""
            serving.join()

    def _serve(self, context: ssl.SSLContext, sock: socket.socket) -> None:
        try:
            with context.wrap_socket(sock, server_side=True) as wrapped:
                self.peer = wrapped.getpeercert(binary_form=True)
                self.protocol = wrapped.selected_alpn_protocol()
                wrapped.sendall(b"ok")
        except (ssl.SSLError, ConnectionError) as error:
            self.error = getattr(error, "verify_message", "") or str(error)


@pytest.fixture(scope="module")
def client_of(pki: TestPki) -> Callable[..., ssl.SSLContext]:
    def context(name: str | None, door: str = "ingest", **versions: ssl.TLSVersion) -> ssl.SSLContext:
        made = ssl.create_default_context(cafile=pki.ca_for_clients(door))
        made.set_alpn_protocols(["h2", "http/1.1"])
        if name is not None:
            credential = pki.certificate(name)
            made.load_cert_chain(credential.chain_path, credential.key_path)
        made.maximum_version = versions.get("maximum", ssl.TLSVersion.MAXIMUM_SUPPORTED)
        return made

    return context


@pytest.fixture(scope="module")
def server_of(pki: TestPki) -> dict[str, ssl.SSLContext]:
    doors = ("ingest", "consultation")
    files = {door: pki.server(door) for door in doors}
    return {door: server_context(files[door].chain_path, files[door].key_path, pki.trust(door)) for door in doors}


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
@pytest.mark.parametrize(
    ("name", "door", "opens"),
    [
        ("chu-seine.auth", "ingest", True), ("chu-seine.cpe", "ingest", True), ("ch-loire.cpe", "ingest", True),
        ("dr-essai.auth", "consultation", True), ("pha-roux.auth", "consultation", True),
        ("dr-essai.auth", "ingest", False), ("chu-seine.auth", "consultation", False),
        ("chu-seine.cpe", "consultation", False), ("chu-seine.sign", "ingest", False),
        ("dr-essai.sign", "consultation", False), ("server.ingest", "ingest", False), (None, "ingest", False),
    ],
)  # fmt: skip
def test_a_certificate_opens_its_own_door_only(
    server_of: Any, client_of: Any, pki: TestPki, name: str | None, door: str, opens: bool, version: ssl.TLSVersion
) -> None:
    handshake = Handshake(server_of[door], client_of(name, door, maximum=version))
    assert (handshake.answer == b"ok") is opens
    assert (handshake.error is None) is opens
    if opens and name is not None:
        assert handshake.peer == pki.certificate(name).certificate_der()
        assert handshake.protocol == "http/1.1"


@pytest.mark.parametrize("entry", TWINS, ids=lambda entry: entry.name)
def test_tls_alone_stops_the_twins_that_the_catalogue_says_it_stops(server_of: Any, client_of: Any, entry: Any) -> None:
    handshake = Handshake(server_of[entry.door], client_of(entry.name, entry.door))
    assert (handshake.error is None) is entry.handshake, handshake.error


def test_only_suites_with_forward_secrecy_and_authentication_of_data(server_of: Any, client_of: Any) -> None:
    names = [suite["name"] for suite in server_of["ingest"].get_ciphers()]
    assert all(name.startswith(("TLS_", "ECDHE-")) for name in names)
    assert not [name for name in names if "GCM" not in name and "CHACHA20" not in name]
    weak = client_of("chu-seine.auth", maximum=TLS_1_2)
    weak.set_ciphers("ECDHE+AES256:!AESGCM:!AESCCM")
    assert Handshake(server_of["ingest"], weak).error is not None


def test_a_minimum_of_tls_1_3_refuses_1_2(pki: TestPki, client_of: Any) -> None:
    files = pki.server("ingest")
    server = server_context(files.chain_path, files.key_path, pki.trust("ingest"), minimum=TLS_1_3)
    assert Handshake(server, client_of("chu-seine.auth", maximum=TLS_1_2)).error is not None
    assert Handshake(server, client_of("chu-seine.auth")).error is None


def _own(pki: TestPki, tmp_path: Path) -> tuple[TestPki, TlsContexts]:
    """A PKI of the test's own, and the contexts of its ingest door."""
    own = factory.load(Path(shutil.copytree(pki.directory, tmp_path / "pki")))
    files = own.server("ingest")
    return own, TlsContexts(files.chain_path, files.key_path, own.trust("ingest"))


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_a_revocation_is_noticed_without_a_restart_even_by_a_session_that_would_resume(
    pki: TestPki, client_of: Any, tmp_path: Path, bench: Any, version: ssl.TLSVersion
) -> None:
    own, contexts = _own(pki, tmp_path)
    client = client_of("chu-seine.auth", maximum=version)
    before = contexts.current()
    first = Handshake(before, client)
    assert first.error is None
    assert contexts.current() is before
    factory.revoke(own.directory, "chu-seine.auth", bench.now)
    assert contexts.current() is not before
    assert Handshake(contexts.current(), client).error == "certificate revoked"
    assert Handshake(contexts.current(), client, first.session).error == "certificate revoked"


def test_tls_1_3_sessions_are_not_resumed(server_of: Any, client_of: Any) -> None:
    client = client_of("chu-seine.auth")
    first = Handshake(server_of["ingest"], client)
    assert first.session is None or not first.session.has_ticket


def test_unusable_files_leave_the_former_context(pki: TestPki, tmp_path: Path) -> None:
    own, contexts = _own(pki, tmp_path)
    before = contexts.current()
    crls = own.trust("ingest") / "crls.pem"
    content = crls.read_bytes()
    crls.write_bytes(b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")
    assert contexts.current() is before
    crls.unlink()
    assert contexts.current() is before
    crls.write_bytes(content)
    os.utime(crls, ns=(1, 1))
    assert contexts.current() is not before


def test_a_context_without_its_files_is_not_made(pki: TestPki, tmp_path: Path) -> None:
    files = pki.server("ingest")
    with pytest.raises(FileNotFoundError):
        TlsContexts(files.chain_path, files.key_path, tmp_path).current()
    with pytest.raises(ssl.SSLError):
        server_context(files.chain_path, pki.server("consultation").key_path, pki.trust("ingest"))

"""The client shows its certificate and knows its server: real TLS, the test PKI, the doors' own TLS settings."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from samples.client.raw import RawClient
from samples.client.transport import open_session
from security.pki.certificate import read_certificate
from security.pki.tls import server_context


@pytest.fixture(scope="module")
def door(pki):
    """The address of an ingest door that answers with the structure of the certificate it was shown."""
    server_certificate = pki.server("ingest")
    context = server_context(server_certificate.chain_path, server_certificate.key_path, pki.trust("ingest"))

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            try:
                self.request.do_handshake()
            finally:
                super().setup()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            content = (read_certificate(self.request.getpeercert(binary_form=True)).structure_id or "").encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A refused handshake is what some tests want."""

    server = Server(("127.0.0.1", 0), Door)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("name", "structure"), [("chu-seine.auth", "1750999013"), ("ch-loire.cpe", "1440999068")])
def test_the_door_sees_the_certificate_of_the_client(pki, door, name, structure):
    with open_session(pki.certificate(name), pki.ca_for_clients("ingest")) as session:
        answer = session.post(door, data=b"x", timeout=5)
    assert answer.text == structure
    raw = RawClient(door, pki.certificate(name), pki.ca_for_clients("ingest"), timeout=5).send(b"x", "text/plain")
    assert raw.body.decode() == structure


@pytest.mark.parametrize(
    "name", ["bad.expired", "bad.revoked", "bad.wrong-authority", "bad.self-signed", "dr-essai.auth"]
)
def test_a_refused_certificate_is_a_connection_error(pki, door, name):
    credential, ca = pki.certificate(name), pki.ca_for_clients("ingest")
    with open_session(credential, ca) as session, pytest.raises(requests.ConnectionError):
        session.post(door, data=b"x", timeout=5)
    with pytest.raises(OSError, match=r"(?i)alert|reset|pipe|closed|eof"):
        RawClient(door, credential, ca, timeout=5).send(b"x", "text/plain")


def test_no_certificate_at_all_is_a_connection_error(pki, door):
    with open_session(None, pki.ca_for_clients("ingest")) as session, pytest.raises(requests.ConnectionError):
        session.post(door, data=b"x", timeout=5)


def test_a_server_of_another_authority_is_not_believed(pki, door):
    credential = pki.certificate("chu-seine.auth")
    with open_session(credential, credential.chain_path) as session, pytest.raises(requests.exceptions.SSLError):
        session.post(door, data=b"x", timeout=5)
    with pytest.raises(ssl.SSLCertVerificationError):
        RawClient(door, credential, credential.chain_path, timeout=5).send(b"x", "text/plain")

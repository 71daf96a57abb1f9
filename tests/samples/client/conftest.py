"""A server that answers what the test put in its mouth, over a real socket, and remembers what it was sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from samples.client.mtom import Part, encode
from security import xml

WSA = "http://www.w3.org/2005/08/addressing"
SOAP = "http://www.w3.org/2003/05/soap-envelope"


@dataclass
class Scripted:
    """`answer` is (status, Content-Type, body); `{message_id}` in the body becomes that of the request."""

    url: str = ""
    answer: tuple[int, str, bytes] = (200, "text/plain", b"")
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)
    pages: dict[str, bytes] = field(default_factory=dict)

    def says(self, body: str, *, action: str, parts: tuple[Part, ...] = (), mtom: bool, status: int = 200) -> None:
        envelope = (
            f'<s:Envelope xmlns:s="{SOAP}" xmlns:wsa="{WSA}"><s:Header><wsa:Action>{action}</wsa:Action>'
            f"<wsa:RelatesTo>{{message_id}}</wsa:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
        ).encode()
        if mtom:
            content_type, content = encode(envelope, parts, action=action)
        else:
            content_type, content = "application/soap+xml; charset=UTF-8", envelope
        self.answer = status, content_type, content


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            script.requests.append((self.path, dict(self.headers.items()), body))
            script.connections.add(self.client_address)
            status, content_type, content = script.answer
            content = content.replace(b"{message_id}", _message_id(self.headers["Content-Type"], body))
            self._answer(status, content_type, content)

        def do_GET(self) -> None:
            content = script.pages.get(self.path)
            self._answer(404 if content is None else 200, "text/xml", content or b"")

        def _answer(self, status: int, content_type: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield script
    server.shutdown()
    thread.join()
    server.server_close()


def _message_id(content_type: str, body: bytes) -> bytes:
    start, end = body.find(b"<wsa:MessageID>"), body.find(b"</wsa:MessageID>")
    return body[start + 15 : end] if start >= 0 else b""


@pytest.fixture
def root_of() -> Any:
    def read(content: bytes) -> Any:
        return xml.parse(content)

    return read

"""Bytes on a TLS socket, for those who test how a door takes what no library would send."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from samples.client.description import service_url
from samples.client.transport import Credential, Reply, read_reply


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """An HTTP answer; `headers` keep the names as sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def reply(self) -> Reply:
        """Read it as SOAP. Raises NotSoap, MimeError, MalformedMessage."""
        return read_reply(self.status, self.headers, self.body)


class RawClient:
    """One connection a call, nothing checked but the certificate of the server (plain HTTP for an `http:` URL).

    `service` is `repository` or `registry`. Every call raises OSError (ssl.SSLError is one) when the connection is
    refused, cut, or silent for `timeout` seconds, and http.client.HTTPException when no HTTP comes back.
    """

    def __init__(
        self,
        url: str,
        credential: Credential | None,
        ca: Path | None,
        *,
        service: str = "repository",
        timeout: float = 30.0,
    ) -> None:
        address = urlsplit(service_url(url, service))
        self.host, self.path, self.timeout = address.hostname or "", address.path, timeout
        self.port = address.port or (443 if address.scheme == "https" else 80)
        self.context = _context(credential, ca) if address.scheme == "https" else None

    def send(self, body: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> RawAnswer:
        """POST `body` as it is; `headers` are added, or replace those of the same name."""
        with self._connect() as connection:
            connection.sendall(self.head(len(body), content_type, headers) + body)
            return _read(connection)

    def send_bytes(self, request: bytes) -> RawAnswer:
        """Send `request`, the whole of an HTTP request down to its request line, and read one answer."""
        with self._connect() as connection:
            connection.sendall(request)
            return _read(connection)

    def send_pieces(self, pieces: Iterable[bytes], *, hang_up: bool = False) -> RawAnswer:
        """Send a whole request piece by piece, as slowly as `pieces` gives them, and read one answer.

        `hang_up` ends our direction of the TLS connection before the answer is read (RFC 8446 §6.1).
        """
        with self._connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
            if hang_up and isinstance(connection, ssl.SSLSocket):
                connection.settimeout(0)
                with contextlib.suppress(ssl.SSLWantReadError):  # our close_notify is sent, theirs is not awaited
                    connection.unwrap()
                connection.settimeout(self.timeout)
            return _read(connection)

    def cut(self, body: bytes, content_type: str, after: int) -> None:
        """Announce the whole of `body`, send its first `after` bytes, and hang up without a word."""
        connection = self._connect()
        connection.sendall(self.head(len(body), content_type) + body[:after])
        raw = socket.socket(fileno=connection.detach())
        raw.close()

    def head(self, length: int, content_type: str, headers: Mapping[str, str] | None = None) -> bytes:
        """Return the request line and the header of a POST of `length` bytes."""
        fields = {
            "Host": f"{self.host}:{self.port}",
            "Content-Type": content_type,
            "Content-Length": str(length),
            "Connection": "close",
            **(headers or {}),
        }
        lines = [f"POST {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def _connect(self) -> socket.socket:
        connection = socket.create_connection((self.host, self.port), self.timeout)
        if self.context is None:
            return connection
        try:
            return self.context.wrap_socket(connection, server_hostname=self.host)
        except BaseException:
            connection.close()
            raise


def _context(credential: Credential | None, ca: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    if credential is not None:
        context.load_cert_chain(credential.certificate_path, credential.key_path)
    return context


def _read(connection: socket.socket) -> RawAnswer:
    response = HTTPResponse(connection, method="POST")
    try:
        response.begin()
        body = response.read()
        return RawAnswer(status=response.status, headers=dict(response.getheaders()), body=body)
    finally:
        response.close()

"""Messages as senders write them, assembled by hand so that any byte may be wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

ACTION = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
BOUNDARY = "uuid:0ca0e16e+id=1"
MULTIPART = (
    f'multipart/related; boundary="{BOUNDARY}"; type="application/xop+xml"; start="<root@sender>"; '
    f'start-info="application/soap+xml"; action="{ACTION}"'
)


@dataclass(frozen=True)
class Messages:
    """Builders of envelopes and packages."""

    action: str = ACTION
    multipart: str = MULTIPART
    boundary: str = BOUNDARY

    def envelope(
        self,
        *,
        header: str | None = None,
        body: str = '<x:RetrieveDocumentSetRequest xmlns:x="urn:ihe:iti:xds-b:2007"/>',
        before: str = "",
        extra: str = "",
        namespace: str = "http://www.w3.org/2003/05/soap-envelope",
        action: str = ACTION,
    ) -> bytes:
        if header is None:
            header = (
                f'<a:Action s:mustUnderstand="1">{action}</a:Action><a:MessageID>urn:uuid:1f2e</a:MessageID>'
                "<a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>"
                f'<a:To s:mustUnderstand="1">https://door.example/repository</a:To>{extra}'
            )
        return (
            f'{before}<s:Envelope xmlns:s="{namespace}" xmlns:a="http://www.w3.org/2005/08/addressing">'
            f"<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
        ).encode()

    def deposit(self, *references: str) -> str:
        include = '<i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="{}"/>'
        documents = "".join(f'<x:Document id="d">{include.format(reference)}</x:Document>' for reference in references)
        return (
            '<x:ProvideAndRegisterDocumentSetRequest xmlns:x="urn:ihe:iti:xds-b:2007">'
            f"{documents}</x:ProvideAndRegisterDocumentSetRequest>"
        )

    def root(self, envelope: bytes) -> bytes:
        return (
            b'Content-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\n'
            b"Content-Transfer-Encoding: binary\r\nContent-ID: <root@sender>\r\n\r\n" + envelope
        )

    def part(self, content: bytes, content_id: str = "doc@sender", encoding: str = "binary") -> bytes:
        return (
            f"Content-Type: text/xml\r\nContent-Transfer-Encoding: {encoding}\r\nContent-ID: <{content_id}>\r\n\r\n"
        ).encode() + content

    def package(self, *parts: bytes, end: bytes = b"--\r\n", preamble: bytes = b"") -> bytes:
        delimiter = f"--{self.boundary}".encode()
        joined = b"".join(delimiter + b"\r\n" + part + b"\r\n" for part in parts)
        return preamble + joined + delimiter + end

    def good(self, content: bytes = b"<document/>") -> bytes:
        return self.package(self.root(self.envelope(body=self.deposit("cid:doc%40sender"))), self.part(content))


class Trickle:
    """A stream that gives its bytes in the pieces it is told."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""

    def read(self, size: int) -> bytes:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


@pytest.fixture
def messages() -> Messages:
    return Messages()


@pytest.fixture
def trickle() -> type[Trickle]:
    return Trickle

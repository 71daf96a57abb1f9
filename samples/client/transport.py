"""HTTP over mutual TLS with keep-alive, and a zeep transport that speaks MTOM (MTOM 1.0; RFC 8446).

zeep sends no MTOM and damages binary parts on receipt, so that both directions are done here, on the raw bytes.
Everything that fails below HTTP (refused certificate, cut connection, time-out) is a `requests.RequestException`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import requests
import zeep
from lxml import etree

from samples.client.addressing import addressing
from samples.client.mtom import Message, Packaging, Part, decode, extract, media_parameters, restore
from security import xml

ANSWER = xml.XmlLimits(size=256 * 1024 * 1024, elements=5_000_000)
MTOM_ACTIONS = frozenset(("urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b", "urn:ihe:iti:2007:RetrieveDocumentSet"))
"""The transactions that travel as MTOM both ways, even without a document (ITI TF-2 §3.41, §3.43)."""


class Credential(Protocol):
    """What a client certificate is read from: PEM files. The certificate file may hold its chain after it."""

    @property
    def certificate_path(self) -> Path: ...

    @property
    def key_path(self) -> Path: ...


class NotSoap(Exception):
    """The server answered with something else than SOAP: a limit of HTTP, a proxy, a health page."""

    def __init__(self, status: int, content_type: str, body: bytes) -> None:
        super().__init__(f"HTTP {status}, {content_type or 'no Content-Type'}, {len(body)} bytes")
        self.status, self.content_type, self.body = status, content_type, body


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A SOAP answer as it came. `root` is the envelope, `xop:Include` still in it; `parts` are by Content-ID."""

    status: int
    headers: Mapping[str, str]
    packaging: Packaging
    root: etree._Element
    parts: Mapping[str, Part]


def open_session(credential: Credential | None, ca: Path | None) -> requests.Session:
    """Open a session that shows `credential` and believes servers certified by `ca` (PEM) only.

    Connections are kept alive until `close()`. Proxies and `.netrc` of the environment are not used.
    """
    session = requests.Session()
    session.trust_env = False
    if ca is not None:
        session.verify = str(ca)
    if credential is not None:
        session.cert = (str(credential.certificate_path), str(credential.key_path))
    return session


class MtomTransport(zeep.Transport):
    """zeep transport: MTOM for the actions that need it, simple SOAP for the others.

    Any zeep client may use it; documents then are `bytes` on both sides. `timeout` is in seconds, for connecting and
    between two reads.
    """

    def __init__(
        self, session: requests.Session, *, timeout: float = 30.0, mtom_actions: frozenset[str] = MTOM_ACTIONS
    ) -> None:
        super().__init__(session=session, timeout=timeout, operation_timeout=timeout)  # type: ignore[no-untyped-call]
        self.mtom_actions = mtom_actions

    def post_xml(self, address: str, envelope: etree._Element, headers: Mapping[str, str]) -> requests.Response:
        """Send what zeep built and give back what zeep reads: one envelope, with the documents inside as base64."""
        reply = self.exchange(address, self.pack(envelope))
        restore(reply.root, reply.parts)
        response = requests.Response()
        response.status_code = reply.status
        response.headers.update({**reply.headers, "Content-Type": "application/soap+xml; charset=UTF-8"})
        response.raw = BytesIO(etree.tostring(reply.root, xml_declaration=True, encoding="UTF-8"))
        return response

    def pack(self, envelope: etree._Element, names: Mapping[str, tuple[str, str]] | None = None) -> Message:
        """Make the message of `envelope`, whose documents are taken out when it travels as MTOM; see `mtom.extract`."""
        action = addressing(envelope, "Action") or ""
        packaging = Packaging.MTOM if action in self.mtom_actions else Packaging.SIMPLE
        parts = extract(envelope, names) if packaging is Packaging.MTOM else ()
        root = etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
        message_id = addressing(envelope, "MessageID") or ""
        return Message(action=action, message_id=message_id, root=root, parts=parts, packaging=packaging)

    def exchange(self, address: str, message: Message) -> Reply:
        """Send `message` and read the answer, faults included.

        Raises NotSoap, MimeError (the package of the answer is broken), requests.RequestException.
        """
        content_type, body = message.encode()
        response = self.session.post(
            address, data=body, headers={"Content-Type": content_type}, timeout=self.operation_timeout
        )
        return read_reply(response.status_code, dict(response.headers), response.content)


def read_reply(status: int, headers: Mapping[str, Any], body: bytes) -> Reply:
    """Read an HTTP answer as SOAP, in either packaging. Raises NotSoap, MimeError, MalformedMessage."""
    content_type = str(headers.get("Content-Type", ""))
    media_type = media_parameters(content_type)[""] if content_type else ""
    parts: Mapping[str, Part] = {}
    if media_type == "multipart/related":
        packaging = Packaging.MTOM
        root, parts = decode(content_type, body)
        envelope = xml.parse(root.content, ANSWER)
    elif media_type == "application/soap+xml":
        packaging = Packaging.SIMPLE
        envelope = xml.parse(body, ANSWER)
    else:
        raise NotSoap(status, content_type, body)
    return Reply(status=status, headers=headers, packaging=packaging, root=envelope, parts=parts)

"""SOAP 1.2 over HTTP: read a request, write its reply or its fault (ITI TF-2 Appendix V, SOAP 1.2 Part 2 §7)."""

from __future__ import annotations

import base64
import re
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote
from xml.sax.saxutils import escape

from lxml import etree

from gateway.wire.addressing import SECURITY, SOAP12, WSA, message_id_of, read_addressing
from gateway.wire.faults import EnvelopeRefused, write_fault
from gateway.wire.media_type import MediaType, read_media_type
from gateway.wire.mtom import Attachment, MimeLimits, Readable, join, split
from security import xml
from security.errors import ErrorKind, MalformedMessage

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
XOP_INCLUDE = "{http://www.w3.org/2004/08/xop/include}Include"
XDSB_DOCUMENT = "{urn:ihe:iti:xds-b:2007}Document"

_SOAP_TYPE = "application/soap+xml"
_DECLARATION = re.compile(rb"^\s*<\?xml[^>]*\?>\s*")
_DEFAULT_LIMITS = MimeLimits()


class Packaging(StrEnum):
    """How an envelope travels. A reply mirrors its request (ITI TF-2 §3.41.4.2.2)."""

    MTOM = "MTOM"
    SIMPLE = "SIMPLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapMessage:
    """A request as read. `body` is the single child of Body; `security` is `wsse:Security` inside the same tree.

    `parts` maps Content-ID, without angle brackets, to bytes.
    """

    action: str
    message_id: str
    to: str | None
    security: etree._Element | None
    body: etree._Element
    parts: Mapping[str, bytes] = field(repr=False)
    packaging: Packaging


@dataclass(frozen=True, slots=True)
class SoapReply:
    """An HTTP response. `headers` hold the exact Content-Length; `incident` is set on faults, for the log."""

    status: int
    headers: list[tuple[str, str]]
    content: Iterable[bytes] = field(repr=False)
    incident: str = ""


class UnreadableMessage(MalformedMessage):
    """The refusal of a message that could not be read, with what its fault still needs: MessageID and packaging."""

    def __init__(self, cause: MalformedMessage, packaging: Packaging, message_id: str | None) -> None:
        super().__init__(cause.kind, cause.text, code=cause.code)
        self.cause = cause
        self.packaging = packaging
        self.message_id = message_id


def read(content_type: str, stream: Readable, limits: MimeLimits = _DEFAULT_LIMITS) -> SoapMessage:
    """Read one request, `stream` to its end.

    Raises UnreadableMessage: HTTP_LIMIT, MIME_*, XML_*, or SOAP_STRUCTURE with the code of SOAP or WS-Addressing.
    """
    packaging, message_id = Packaging.SIMPLE, None
    try:
        media_type = read_media_type(content_type)
        if media_type.essence == "multipart/related":
            packaging = Packaging.MTOM
            package = split(media_type, stream, limits)
            actions = _check_package_types(media_type, package.root_type)
            content, parts = package.root, package.parts
        else:
            actions = _check_simple_type(media_type)
            content, parts = _read_all(stream, limits), {}
        envelope = xml.parse(content)
        header, body = _open(envelope)
        message_id = message_id_of(header)
        addressing = read_addressing(header, actions)
        _check_includes(envelope, body, parts, packaging, limits)
    except MalformedMessage as error:
        raise UnreadableMessage(error, packaging, message_id) from error
    return SoapMessage(
        action=addressing.action,
        message_id=addressing.message_id,
        to=addressing.to,
        security=None if header is None else header.find(SECURITY),
        body=body,
        parts=parts,
        packaging=packaging,
    )


def reply(message: SoapMessage, action: str, body: bytes, attachments: Sequence[Attachment] = ()) -> SoapReply:
    """Write the answer, packaged as the request was. `body` is the child of Body; its Includes name `attachments`."""
    if message.packaging is Packaging.SIMPLE and attachments:
        body = _inline(body, attachments)
        attachments = ()
    envelope = _envelope(action, message.message_id, "", _DECLARATION.sub(b"", body, count=1))
    return _packaged(200, envelope, action, message.packaging, attachments)


def fault(error: BaseException, message: SoapMessage | None = None, *, request_id: str = "") -> SoapReply:
    """Write a fault for any exception; `message` is None when the request could not be read."""
    packaging, relates_to = Packaging.SIMPLE, None
    if message is not None:
        packaging, relates_to = message.packaging, message.message_id
    elif isinstance(error, UnreadableMessage):
        packaging, relates_to = error.packaging, error.message_id
    spelled = write_fault(error.cause if isinstance(error, UnreadableMessage) else error, request_id)
    envelope = _envelope(spelled.action, relates_to, spelled.header_blocks, spelled.body.encode())
    answer = _packaged(spelled.status, envelope, spelled.action, packaging, ())
    return SoapReply(answer.status, answer.headers, answer.content, spelled.incident)


def _check_package_types(outer: MediaType, root: MediaType) -> list[str]:
    """Check the media types of a package; return the `action` parameters found in them (MTOM 1.0 §3.2)."""
    kind = outer.parameters.get("type", "application/xop+xml").lower()
    if kind != "application/xop+xml" or root.essence != "application/xop+xml":
        raise MalformedMessage(ErrorKind.MIME_MALFORMED, "the root of the package is not application/xop+xml")
    _check_charset(root)
    infos = [outer.parameters.get("start-info"), root.parameters.get("type")]
    nested = [read_media_type(info) for info in infos if info]
    for info in nested:
        if info.essence == "text/xml":
            raise _old_version()
        if info.essence != _SOAP_TYPE:
            raise MalformedMessage(ErrorKind.MIME_MALFORMED, "the package does not hold application/soap+xml")
    return [found for kind in (outer, root, *nested) if (found := kind.parameters.get("action")) is not None]


def _check_simple_type(media_type: MediaType) -> list[str]:
    if media_type.essence == "text/xml":
        raise _old_version()
    if media_type.essence != _SOAP_TYPE:
        raise MalformedMessage(
            ErrorKind.HTTP_MALFORMED, "the Content-Type is neither application/soap+xml nor multipart/related"
        )
    _check_charset(media_type)
    return [found for found in (media_type.parameters.get("action"),) if found is not None]


def _check_charset(media_type: MediaType) -> None:
    if media_type.charset not in ("utf-8", "us-ascii"):
        raise MalformedMessage(ErrorKind.XML_ENCODING, "the charset parameter is not UTF-8")


def _read_all(stream: Readable, limits: MimeLimits) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := stream.read(128 * 1024):
        size += len(chunk)
        if size > limits.root:
            raise MalformedMessage(ErrorKind.HTTP_LIMIT, f"a simple message is at most {limits.root} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _open(envelope: etree._Element) -> tuple[etree._Element | None, etree._Element]:
    """Return Header, if any, and the single child of Body (SOAP 1.2 Part 1 §5)."""
    if envelope.tag == f"{{{SOAP11}}}Envelope":
        raise _old_version()
    if envelope.tag != f"{{{SOAP12}}}Envelope":
        raise EnvelopeRefused("the root element is not a SOAP 1.2 Envelope")
    # Also before and after the root: a processing instruction is nobody's.
    if any(True for _ in envelope.iter(etree.PI)) or _surrounded_by_instructions(envelope):
        raise MalformedMessage(ErrorKind.XML_FORBIDDEN, "a processing instruction is not allowed in a message")
    children = list(envelope.iterchildren(tag=etree.Element))
    names = [child.tag for child in children]
    if names not in ([f"{{{SOAP12}}}Body"], [f"{{{SOAP12}}}Header", f"{{{SOAP12}}}Body"]):
        raise EnvelopeRefused("an Envelope is one Header and one Body, in that order")
    header = children[0] if len(children) == 2 else None
    if header is not None:
        if any(True for _ in header.iter(etree.Comment)):
            raise MalformedMessage(ErrorKind.XML_FORBIDDEN, "a comment is not allowed in a Header")
        if len(header.findall(SECURITY)) > 1:
            raise EnvelopeRefused("wsse:Security occurs more than once", header=SECURITY)
    content = list(children[-1].iterchildren(tag=etree.Element))
    if len(content) != 1:
        raise EnvelopeRefused(f"Body has {len(content)} children, it must have one")
    if any(_text_of(element) for element in (envelope, header, children[-1]) if element is not None):
        raise EnvelopeRefused("there is text between the elements of the Envelope")
    return header, content[0]


def _surrounded_by_instructions(envelope: etree._Element) -> bool:
    around = [*envelope.itersiblings(preceding=True), *envelope.itersiblings()]
    return any(isinstance(node, etree._ProcessingInstruction) for node in around)


def _text_of(element: etree._Element) -> bool:
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)


def _check_includes(
    envelope: etree._Element,
    body: etree._Element,
    parts: Mapping[str, bytes],
    packaging: Packaging,
    limits: MimeLimits,
) -> None:
    """Includes stand alone in a Document of the request; each part is named once. A missing part is not judged here."""
    named: Counter[str] = Counter()
    for include in envelope.iter(XOP_INCLUDE):
        document = include.getparent()
        if document is None or document.tag != XDSB_DOCUMENT or document.getparent() is not body:
            raise MalformedMessage(ErrorKind.MIME_MALFORMED, "xop:Include is allowed only in a Document of the request")
        if packaging is Packaging.SIMPLE:
            raise MalformedMessage(ErrorKind.MIME_MALFORMED, "xop:Include is allowed only in a multipart message")
        if len(include) or _text_of(include) or len(document) != 1 or _text_of(document):
            raise MalformedMessage(ErrorKind.MIME_MALFORMED, "xop:Include is not alone in its Document")
        reference = include.get("href", "")
        if reference[:4].lower() != "cid:":
            raise MalformedMessage(ErrorKind.MIME_MALFORMED, "the href of xop:Include is not a cid: URL")
        named[unquote(reference[4:])] += 1
    if any(count > 1 for count in named.values()):
        raise MalformedMessage(ErrorKind.MIME_MALFORMED, "two xop:Include name the same part")
    for rank, content_id in enumerate(() if limits.ignore_unnamed else parts, start=1):
        if content_id not in named:
            raise MalformedMessage(
                ErrorKind.MIME_MALFORMED, f"no xop:Include names part {rank} of the package, its root not counted"
            )


def _old_version() -> EnvelopeRefused:
    return EnvelopeRefused("the message is not SOAP 1.2", code="VersionMismatch")


def _envelope(action: str, relates_to: str | None, header_blocks: str, body: bytes) -> bytes:
    related = "" if relates_to is None else f"<wsa:RelatesTo>{escape(relates_to)}</wsa:RelatesTo>"
    return b"".join(
        (
            b'<?xml version="1.0" encoding="UTF-8"?>',
            f'<env:Envelope xmlns:env="{SOAP12}" xmlns:wsa="{WSA}"><env:Header>'
            f'<wsa:Action env:mustUnderstand="true">{escape(action)}</wsa:Action>'
            f"<wsa:MessageID>urn:uuid:{uuid.uuid4()}</wsa:MessageID>{related}{header_blocks}"
            "</env:Header><env:Body>".encode(),
            body,
            b"</env:Body></env:Envelope>",
        )
    )


def _packaged(
    status: int, envelope: bytes, action: str, packaging: Packaging, attachments: Collection[Attachment]
) -> SoapReply:
    if packaging is Packaging.MTOM:
        content_type, size, chunks = join(envelope, action, tuple(attachments))
    else:
        content_type, size = f'{_SOAP_TYPE}; charset=UTF-8; action="{action}"', len(envelope)
        chunks = (envelope,)
    return SoapReply(status, [("Content-Type", content_type), ("Content-Length", str(size))], chunks)


def _inline(body: bytes, attachments: Sequence[Attachment]) -> bytes:
    """Put the attachments in the place of their Includes, as base64."""
    contents = {attachment.content_id: attachment.content for attachment in attachments}
    root = xml.parse(body, xml.DOCUMENT)
    for include in list(root.iter(XOP_INCLUDE)):
        document = include.getparent()
        if document is None:
            raise ValueError("an Include is the root of a body")
        document.remove(include)
        document.text = base64.b64encode(contents[unquote(include.get("href", "")[4:])]).decode("ascii")
    return etree.tostring(root)

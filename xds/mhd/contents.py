"""The bytes of documents: Binary resources, documents in FHIR, text inside a DocumentReference (IHE MHD 4.2.4)."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterable
from typing import Any

from xds.errors import XdsErrorCode
from xds.mhd.document_reference_reader import ReadDocument
from xds.mhd.element import Element
from xds.mhd.transaction import BundleEntry, EntryKind

_WHITE_SPACE = str.maketrans("", "", " \t\r\n")
Spell = Callable[[Any], bytes]
"""Writes a resource as JSON."""


def read_published(document: ReadDocument) -> bytes | None:
    """The bytes of a document that came alone, in its resource (ITI-105); None, and a fault: it has none there."""
    attachment = f"{document.path}.content[0].attachment"
    if document.data and not document.url:
        return _decoded(document.data, f"{attachment}.data", document.notes.fault)
    expected = "the document in base64: ITI-105 carries it in attachment.data, without url"
    found = "data and a url" if document.data else "a url" if document.url else "nothing"
    code = XdsErrorCode.REPOSITORY_METADATA if document.data else XdsErrorCode.MISSING_DOCUMENT
    document.notes.fault("DOCUMENT", f"{attachment}.data", found, expected, code)
    return None


def read_contents(documents: Iterable[ReadDocument], carriers: Iterable[BundleEntry], spell: Spell) -> dict[str, bytes]:
    """Map the entryUUID of each document to its bytes; documents and carriers of bytes go two by two.

    A Binary gives the bytes that were sent. A document in FHIR that is an entry of the Bundle has no bytes of its own:
    `spell` writes it, its members in their order.
    Noted: XDSMissingDocument, XDSMissingDocumentMetadata, XDSRepositoryMetadataError (bytes that cannot be read).
    """
    by_url = {carrier.full_url: carrier for carrier in carriers}
    wanted: set[str] = set()
    contents: dict[str, bytes] = {}
    for document in documents:
        content = _content(document, by_url, wanted, spell)
        if content is not None:
            contents[document.entry.entry_uuid] = content
    for url, carrier in by_url.items():
        if url not in wanted:
            expected = "a DocumentReference whose attachment.url is its fullUrl"
            path = carrier.resource.path
            carrier.resource.notes.fault(
                "DOCUMENT", path, "a document", expected, XdsErrorCode.MISSING_DOCUMENT_METADATA
            )
    return contents


def _content(document: ReadDocument, carriers: dict[str, BundleEntry], wanted: set[str], spell: Spell) -> bytes | None:
    attachment = f"{document.path}.content[0].attachment"
    notes = document.notes
    if document.data and document.url:
        expected = "data or the url of a Binary, not both"
        notes.fault("DOCUMENT", attachment, "two contents", expected, XdsErrorCode.REPOSITORY_METADATA)
        return None
    if document.data:
        return _decoded(document.data, f"{attachment}.data", notes.fault)
    carrier = carriers.get(document.url)
    if carrier is None:
        expected = "the fullUrl of a Binary of the message"
        # An address that holds the document itself is not quoted: what is refused is told, and written down.
        found = "a data: address" if document.url.startswith("data:") else document.url or "nothing"
        notes.fault("DOCUMENT", f"{attachment}.url", found, expected, XdsErrorCode.MISSING_DOCUMENT)
        return None
    if document.url in wanted:
        expected = "a Binary for each DocumentReference"
        notes.fault("DOCUMENT", f"{attachment}.url", "a Binary of another one", expected, XdsErrorCode.MISSING_DOCUMENT)
        return None
    wanted.add(document.url)
    if carrier.kind is EntryKind.FHIR_DOCUMENT:
        return spell(carrier.resource.content)
    return _binary(carrier.resource, document)


def _binary(resource: Element, document: ReadDocument) -> bytes | None:
    content_type, data = resource.text("contentType"), resource.text("data")
    resource.ignore("securityContext")
    resource.finish()
    declared = document.content_type
    if declared and content_type and content_type != declared:
        expected = f"{declared}, the contentType of the attachment"
        resource.notes.fault("DOCUMENT", resource.at("contentType"), content_type, expected)
    return _decoded(data, resource.at("data"), resource.notes.fault)


def _decoded(text: str, path: str, fault: Callable[[str, str, str, str, XdsErrorCode], None]) -> bytes | None:
    """The bytes of base64 text; blanks may stand in it (FHIR R4 §2.24.0.1)."""
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        pass
    try:
        return binascii.a2b_base64(text.translate(_WHITE_SPACE), strict_mode=True)
    except (binascii.Error, ValueError):
        fault("DOCUMENT", path, "text that is no base64", "base64 text", XdsErrorCode.REPOSITORY_METADATA)
        return None

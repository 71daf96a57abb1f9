"""What a document says of itself completes what its resource leaves out (IHE MHD 4.2.4 §2:3.105; CI-SIS Partage).

A CDA document speaks by its header, a document in FHIR by its Composition. What was sent is never changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from cda.document import UnreadableDocument, parse_document
from cda.header import read_header
from cda.to_metadata import CDA_MIME_TYPE, to_entry
from security import strict_json
from security.errors import MalformedMessage
from xds.errors import RegistryError, XdsErrorCode
from xds.messages import ProvideAndRegisterRequest
from xds.metadata.document_entry import DocumentEntry
from xds.mhd.composition import MIME_TYPE as FHIR_MIME_TYPE
from xds.mhd.composition import FhirDocument, check_composition, read_document

_CDA_MIME_TYPES = frozenset((CDA_MIME_TYPE, "application/xslt+xml"))
_COMPLETED = frozenset(field.name for field in fields(DocumentEntry)) - {
    # What the registry sets, and what the sender alone may say.
    "entry_uuid",
    "availability_status",
    "extra",
    "home_community_id",
    "limited_metadata",
    "logical_id",
    "object_type",
    "repository_unique_id",
    "uri",
    "version",
}


def completed(entry: DocumentEntry, content: bytes) -> DocumentEntry:
    """The entry with what its document says where it says nothing; the same when the document says nothing."""
    derived = _derived(entry, content)
    if derived is None:
        return entry
    changes: dict[str, Any] = {
        name: getattr(derived, name) for name in _COMPLETED if getattr(entry, name) in (None, "", ())
    }
    return replace(entry, **changes)


def why_silent(entry: DocumentEntry, content: bytes) -> str:
    """Why a document that is sent as CDA says nothing of itself; empty when it does, or is sent as something else."""
    if entry.mime_type and entry.mime_type not in _CDA_MIME_TYPES:
        return ""
    try:
        read_header(parse_document(content))
    except UnreadableDocument as error:
        return str(error)
    return ""


def check_fhir_documents(request: ProvideAndRegisterRequest, places: Mapping[str, str]) -> Iterator[RegistryError]:
    """Documents in FHIR agree with their metadata, and are documents at all."""
    for entry in request.entries:
        content = request.documents.get(entry.entry_uuid)
        if entry.mime_type != FHIR_MIME_TYPE or content is None:
            continue
        path = f"{places.get(entry.entry_uuid, 'DocumentReference')}.content[0].attachment"
        document = _fhir_document(content, entry.entry_uuid)
        if document is None:
            text = f"{entry.unique_id}: not a Bundle of type document that begins with a Composition"
            yield RegistryError(XdsErrorCode.INVALID_DOCUMENT_CONTENT, text, path, rule="FHIR-COMPOSITION")
        else:
            yield from check_composition(entry, document, path)


def _derived(entry: DocumentEntry, content: bytes) -> DocumentEntry | None:
    if entry.mime_type == FHIR_MIME_TYPE:
        document = _fhir_document(content, entry.entry_uuid)
        return document.entry if document is not None else None
    try:
        header = read_header(parse_document(content))
    except UnreadableDocument:
        return None
    return to_entry(header, content, entry_uuid=entry.entry_uuid, mime_type=entry.mime_type or CDA_MIME_TYPE)


def _fhir_document(content: bytes, entry_uuid: str) -> FhirDocument | None:
    try:
        bundle = strict_json.read_json(content)
    except MalformedMessage:
        return None
    return read_document(bundle, entry_uuid) if isinstance(bundle, dict) else None

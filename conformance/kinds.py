"""What a file holds, by its first bytes: which of the validators it is for. Nothing is parsed, whatever its size."""

from __future__ import annotations

import re
from enum import StrEnum

_MARK = rb"(?:\xef\xbb\xbf)?+"
_MESSAGE = re.compile(_MARK + rb"[\s\x0b]*+MSH[^\w\s<]")
_JSON = re.compile(_MARK + rb"[ \t\r\n]*+\{")
_XML = re.compile(_MARK + rb"[ \t\r\n]*+<")
RESOURCE_TYPE = b'"resourceType"'
# Possessive: a prologue of a thousand comments is read once, not in every way that they could be cut.
_ROOT = re.compile(
    _MARK + rb"(?:\s++|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*+(?:\[.*?\])?+\s*+>)*+"
    rb"<(?:(?P<prefix>[\w.-]++):)?+[\w.-]++"
    rb"(?P<attributes>(?:\s++[\w.:-]++\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'))*+)",
    re.DOTALL,
)
HL7V2, ZIP = "application/edi-hl7", "application/zip"
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06")
_DIRECTORY = re.compile(rb"IHE_XDM", re.IGNORECASE)
_FHIR = b"http://hl7.org/fhir"


class Kind(StrEnum):
    """MESSAGE: HL7 v2. RESOURCE: FHIR, in JSON or XML. MEDIUM: an archive with IHE_XDM. XML: any other XML."""

    MESSAGE = "message"
    RESOURCE = "resource"
    MEDIUM = "medium"
    XML = "xml"


def kind_of(content: bytes) -> Kind | None:
    """What these bytes seem to be; None: nothing that is judged here, or no XML in UTF-8."""
    if content.startswith(_ARCHIVES):
        return Kind.MEDIUM if _DIRECTORY.search(content) else None
    if is_message(content):
        return Kind.MESSAGE
    if _JSON.match(content):
        return Kind.RESOURCE if RESOURCE_TYPE in content else None
    if is_xml(content):
        return Kind.RESOURCE if _FHIR in content and _is_of_fhir(content) else Kind.XML
    return None


def media_type(content: bytes) -> str:
    """The media type of these bytes, as a report names it: XML where they are nothing else that is known."""
    if content.startswith(_ARCHIVES):
        return ZIP
    if is_message(content):
        return HL7V2
    return "application/json" if _JSON.match(content) else "application/xml"


def is_message(content: bytes) -> bool:
    """Whether these bytes begin like a message of HL7 v2, or what its sender takes for one.

    A byte order mark, a frame and blanks before MSH are faults of the message, not another kind of file.
    """
    return _MESSAGE.match(content) is not None


def is_xml(content: bytes) -> bool:
    """Whether these bytes begin like XML in UTF-8."""
    return _XML.match(content) is not None


def _is_of_fhir(content: bytes) -> bool:
    """Whether the root is in the namespace of FHIR."""
    root = _ROOT.match(content)
    if root is None:
        return False
    name = b"xmlns" if root["prefix"] is None else b"xmlns:" + root["prefix"]
    bound = re.compile(rb"(?:^|\s)%b\s*=\s*[\"']%b[\"']" % (re.escape(name), re.escape(_FHIR)))
    return bound.search(root["attributes"]) is not None

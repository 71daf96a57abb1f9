"""The PDF that a document carries: its whole body at level 1, or the copy of a structured one (CI-SIS CDA R2)."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from typing import Final

from lxml.etree import _Element

from cda.document import CDA_NAMESPACE, CdaDocument

_V3: Final = f"{{{CDA_NAMESPACE}}}"
_PDF: Final = "application/pdf"
_COPY: Final = "55108-5"
"""LOINC: what is attached is the document itself, for reading."""


def is_unstructured(document: CdaDocument) -> bool:
    """Whether the body is a file, which has no narrative."""
    return document.root.find(f"{_V3}component/{_V3}nonXMLBody") is not None


def embedded_pdf(document: CdaDocument) -> bytes | None:
    """The PDF that is the document for a reader; None when there is none that can be read. Annexes are not it."""
    for place in _places(document.root):
        if place.get("mediaType") != _PDF or place.get("representation") != "B64":
            continue
        try:
            content = b64decode("".join((place.text or "").split()), validate=True)
        except (Error, ValueError):
            continue
        if content.startswith(b"%PDF-"):
            return content
    return None


def _places(root: _Element) -> Iterator[_Element]:
    yield from root.iterfind(f"{_V3}component/{_V3}nonXMLBody/{_V3}text")
    for organizer in root.iter(f"{_V3}organizer"):
        if any(value.get("code") == _COPY for value in organizer.iter(f"{_V3}value")):
            yield from organizer.iterfind(f".//{_V3}observationMedia/{_V3}value")

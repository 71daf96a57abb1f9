"""A CDA document as bytes and as a tree: parsed once, then handed from function to function (HL7 CDA R2)."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from security import xml
from security.errors import MalformedMessage

CDA_NAMESPACE = "urn:hl7-org:v3"
CLINICAL_DOCUMENT = f"{{{CDA_NAMESPACE}}}ClinicalDocument"


class UnreadableDocument(ValueError):
    """The bytes are not a CDA document: not acceptable XML, or no `ClinicalDocument` in it. The text says why."""


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class CdaDocument:
    """A parsed CDA document, the same as itself only.

    `content` is what was received, byte for byte; `root` is its `ClinicalDocument` element, which is the root of the
    XML or lies inside the style sheet (self-presentable document) or the signature that wraps it.
    """

    content: bytes
    root: etree._Element

    @property
    def is_wrapped(self) -> bool:
        """Whether a style sheet or a signature is around the document."""
        return self.root.getparent() is not None


def parse_document(content: bytes) -> CdaDocument:
    """Parse a CDA document, bare or wrapped in one style sheet or signature.

    Raises UnreadableDocument: malformed or forbidden XML, or not exactly one ClinicalDocument where it is looked for.
    Source: HL7 CDA R2 §4.2; CI-SIS self-presentable documents.
    """
    try:
        root = xml.parse(content, xml.DOCUMENT)
    except MalformedMessage as error:
        raise UnreadableDocument(error.text) from error
    if root.tag == CLINICAL_DOCUMENT:
        return CdaDocument(content, root)
    found = list(root.iter(CLINICAL_DOCUMENT)) if _may_wrap(root) else []
    if len(found) == 1:
        return CdaDocument(content, found[0])
    if found:
        raise UnreadableDocument(f"{len(found)} ClinicalDocument elements, expected one")
    name = etree.QName(root)
    raise UnreadableDocument(
        f"the root element is {name.localname} of {name.namespace or 'no namespace'}, expected "
        f"ClinicalDocument of {CDA_NAMESPACE}"
    )


def _may_wrap(root: etree._Element) -> bool:
    return root.tag in (
        "{http://www.w3.org/1999/XSL/Transform}stylesheet",
        "{http://www.w3.org/2000/09/xmldsig#}Signature",
    )

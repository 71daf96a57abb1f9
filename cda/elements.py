"""Elements of a document that is written: texts that no sender can make markup of (HL7 CDA R2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from lxml import etree

CDA: Final = "urn:hl7-org:v3"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
LOINC: Final = "2.16.840.1.113883.6.1"
PREFIXES: Final[Mapping[str | None, str]] = MappingProxyType({None: CDA, "xsi": XSI})
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Content = etree._Element | str | None | Iterable[etree._Element]


def element(tag: str, *content: Content, xsi_type: str | None = None, **attributes: str | None) -> etree._Element:
    """Make an element of children in order, or of a text; None leaves a child or an attribute out.

    A character that XML cannot hold becomes U+FFFD.
    """
    return build(f"{{{CDA}}}{tag}", content, {f"{{{XSI}}}type": xsi_type or None, **attributes})


def build(
    name: str,
    content: Iterable[Content] = (),
    attributes: Mapping[str, str | None] = MappingProxyType({}),
    prefixes: Mapping[str | None, str] = PREFIXES,
) -> etree._Element:
    """As `element`, of any namespace: `name` is `{namespace}tag`, `prefixes` are declared there."""
    made = etree.Element(name, nsmap=dict(prefixes))  # type: ignore[arg-type]
    for key, value in attributes.items():
        if value is not None:
            made.set(key, clean(value))
    for part in content:
        if part is None:
            continue
        if isinstance(part, str):
            made.text = clean(part)
        elif isinstance(part, etree._Element):
            made.append(part)
        else:
            made.extend(part)
    return made


def templates(*roots: str) -> list[etree._Element]:
    """One `templateId` per root."""
    return [element("templateId", root=root) for root in roots]


def reference(anchor: str) -> etree._Element:
    """A `reference` to a piece of the narrative."""
    return element("reference", value=f"#{anchor}")


def original(anchor: str) -> etree._Element:
    """The `originalText` of a code: what the narrative says."""
    return element("originalText", reference(anchor))


def clean(text: str) -> str:
    """The text, with U+FFFD for what XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)

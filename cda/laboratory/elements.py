"""Elements of a document that is written: texts that no sender can make markup of, codes, ids."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree

from cda.header_values import InstanceId
from xds.metadata.codes import Code

CDA = "urn:hl7-org:v3"
LAB = "urn:oid:1.3.6.1.4.1.19376.1.3.2"
LOINC = "2.16.840.1.113883.6.1"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_NSMAP = {None: CDA, "xsi": _XSI, "lab": LAB}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Content = etree._Element | str | None | Iterable[etree._Element]


def element(
    tag: str, *content: Content, xsi_type: str | None = None, namespace: str = CDA, **attributes: str | None
) -> etree._Element:
    """Make an element of children in order, or of a text; None leaves a child or an attribute out.

    A character that XML cannot hold becomes U+FFFD; a line feed in a text of the narrative is for `lines`.
    """
    made = etree.Element(f"{{{namespace}}}{tag}", nsmap=_NSMAP)  # type: ignore[arg-type]
    if xsi_type:
        made.set(f"{{{_XSI}}}type", xsi_type)
    for name, value in attributes.items():
        if value is not None:
            made.set(name, _clean(value))
    for part in content:
        if part is None:
            continue
        if isinstance(part, str):
            made.text = _clean(part)
        elif isinstance(part, etree._Element):
            made.append(part)
        else:
            made.extend(part)
    return made


def templates(*roots: str) -> list[etree._Element]:
    """One `templateId` per root."""
    return [element("templateId", root=root) for root in roots]


def coded(tag: str, code: Code, *content: Content, xsi_type: str | None = None) -> etree._Element:
    """A coded element."""
    return element(
        tag,
        *content,
        xsi_type=xsi_type,
        code=code.code,
        displayName=code.display or None,
        codeSystem=code.scheme,
        codeSystemName="LOINC" if code.scheme == LOINC else None,
    )


def identified(one: InstanceId, tag: str = "id") -> etree._Element:
    """An id."""
    return element(tag, root=one.root, extension=one.extension)


def reference(anchor: str) -> etree._Element:
    """A `reference` to a piece of the narrative."""
    return element("reference", value=f"#{anchor}")


def original(anchor: str) -> etree._Element:
    """The `originalText` of a code: what the narrative says."""
    return element("originalText", reference(anchor))


def lines(tag: str, text: str, anchor: str | None = None) -> etree._Element:
    """A text of the narrative, its line feeds as `br`."""
    made = element(tag, ID=anchor)
    first, *others = text.splitlines() or [""]
    made.text = _clean(first)
    for line in others:
        etree.SubElement(made, f"{{{CDA}}}br").tail = _clean(line)
    return made


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)

"""Elements of a laboratory report that is written: codes, ids, lines of its narrative."""

from __future__ import annotations

from typing import Final

from lxml import etree

from cda.elements import CDA, LOINC, PREFIXES, Content, clean, element
from cda.header_values import InstanceId
from xds.metadata.codes import Code

LAB: Final = "urn:oid:1.3.6.1.4.1.19376.1.3.2"
LAB_PREFIXES: Final = {**PREFIXES, "lab": LAB}


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


def lines(tag: str, text: str, anchor: str | None = None) -> etree._Element:
    """A text of the narrative, its line feeds as `br`."""
    made = element(tag, ID=anchor)
    first, *others = text.splitlines() or [""]
    made.text = clean(first)
    for line in others:
        etree.SubElement(made, f"{{{CDA}}}br").tail = clean(line)
    return made

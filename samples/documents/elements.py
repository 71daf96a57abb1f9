"""Building blocks of a CDA document in the making: elements, codes, identifiers (HL7 CDA R2)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from lxml import etree

CDA = "urn:hl7-org:v3"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

LOINC = "2.16.840.1.113883.6.1"
SNOMED_CT = "2.16.840.1.113883.6.96"
ICD_10 = "2.16.840.1.113883.6.3"
ACT_CODE = "2.16.840.1.113883.5.4"

_NAMES = {LOINC: "LOINC", SNOMED_CT: "SNOMED CT", ICD_10: "CIM-10", ACT_CODE: "HL7:ActCode"}
_NSMAP = {None: CDA, "xsi": XSI}

Content = etree._Element | str | None | Iterable[etree._Element]


def element(tag: str, *content: Content, xsi_type: str | None = None, **attributes: str | None) -> etree._Element:
    """Make a CDA element. Children and texts in order; None leaves a child or an attribute out."""
    made = etree.Element(f"{{{CDA}}}{tag}", nsmap=_NSMAP)  # type: ignore[arg-type]
    if xsi_type:
        made.set(f"{{{XSI}}}type", xsi_type)
    for name, value in attributes.items():
        if value is not None:
            made.set(name, value)
    for part in content:
        if part is None:
            continue
        if isinstance(part, str):
            made.text = part
        elif isinstance(part, etree._Element):
            made.append(part)
        else:
            made.extend(part)
    return made


def templates(*roots: str) -> list[etree._Element]:
    """One `templateId` per root."""
    return [element("templateId", root=root) for root in roots]


def coded(
    tag: str, code: str, display: str, system: str, *content: Content, **attributes: str | None
) -> etree._Element:
    """A coded element, with the name of its code system when it is a usual one."""
    return element(
        tag,
        *content,
        code=code,
        displayName=display,
        codeSystem=system,
        codeSystemName=_NAMES.get(system),
        **attributes,
    )


def reference(anchor: str) -> etree._Element:
    """A `reference` to a piece of the narrative."""
    return element("reference", value=f"#{anchor}")


def original(anchor: str) -> etree._Element:
    """The `originalText` of a code: what the narrative says."""
    return element("originalText", reference(anchor))


def ts(moment: datetime) -> str:
    """Spell an aware datetime as an HL7 TS, to the second, with its offset."""
    return moment.strftime("%Y%m%d%H%M%S%z")


def new_oid() -> str:
    """A fresh OID under the UUID arc (ITU-T X.667), at most 44 characters."""
    return f"2.25.{uuid.uuid4().int}"


class Identifiers:
    """UUIDs for the inside of one document, always the same for the same document."""

    def __init__(self, document_id: str) -> None:
        self._space = uuid.uuid5(uuid.NAMESPACE_OID, document_id)
        self._count = 0

    def next(self) -> etree._Element:
        """The next `id` element."""
        self._count += 1
        return element("id", root=str(uuid.uuid5(self._space, str(self._count))).upper())

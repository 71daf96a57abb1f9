"""Building blocks of a CDA document in the making: elements, codes, identifiers (HL7 CDA R2)."""

from __future__ import annotations

import uuid
from datetime import datetime

from lxml import etree

from cda.elements import CDA, LOINC, XSI, Content, element, original, reference, templates

__all__ = (
    "ACT_CODE", "CDA", "ICD_10", "LOINC", "SNOMED_CT", "XSI", "Content", "Identifiers", "coded", "element", "new_oid",
    "original", "reference", "templates", "ts",
)  # fmt: skip

SNOMED_CT = "2.16.840.1.113883.6.96"
ICD_10 = "2.16.840.1.113883.6.3"
ACT_CODE = "2.16.840.1.113883.5.4"

_NAMES = {LOINC: "LOINC", SNOMED_CT: "SNOMED CT", ICD_10: "CIM-10", ACT_CODE: "HL7:ActCode"}


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

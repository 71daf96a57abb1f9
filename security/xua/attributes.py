"""Attributes of an XUA assertion: names of OASIS XSPA and IHE, values as text or HL7 codes (ITI TF-2 §3.40.4.1.2)."""

from __future__ import annotations

from lxml import etree

from security.saml import SAML
from security.xua.model import Coded
from security.xua.policy import XuaCode, refuse

SUBJECT_NAME = "urn:oasis:names:tc:xspa:1.0:subject:subject-id"
ORGANIZATION = "urn:oasis:names:tc:xspa:1.0:subject:organization"
ORGANIZATION_ID = "urn:oasis:names:tc:xspa:1.0:subject:organization-id"
ROLE = "urn:oasis:names:tc:xacml:2.0:subject:role"
PURPOSE = "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"
PATIENT = "urn:oasis:names:tc:xacml:2.0:resource:resource-id"
HOME_COMMUNITY = "urn:ihe:iti:xca:2010:homeCommunityId"
NPI = "urn:oasis:names:tc:xspa:1.0:subject:npi"

HL7 = "urn:hl7-org:v3"
_KNOWN = frozenset({SUBJECT_NAME, ORGANIZATION, ORGANIZATION_ID, ROLE, PURPOSE, PATIENT, HOME_COMMUNITY, NPI})
_ATTRIBUTE, _VALUE = f"{{{SAML}}}Attribute", f"{{{SAML}}}AttributeValue"
_LONGEST, _MOST_CODES = 500, 20


class Attributes:
    """The known attributes of one AttributeStatement, or of none. Unknown names are ignored, none is there twice."""

    def __init__(self, statement: etree._Element | None) -> None:
        self._values: dict[str, list[etree._Element]] = {}
        for attribute in () if statement is None else statement:
            if attribute.tag != _ATTRIBUTE:
                refuse(XuaCode.INVALID_TOKEN, "AttributeStatement holds something else than Attribute")
            name = attribute.get("Name") or ""
            if name not in _KNOWN:
                continue
            if name in self._values:
                refuse(XuaCode.INVALID_TOKEN, f"attribute {name} is there twice")
            if any(value.tag != _VALUE for value in attribute):
                refuse(XuaCode.INVALID_TOKEN, f"attribute {name} holds something else than AttributeValue")
            self._values[name] = list(attribute)

    def text(self, name: str) -> str | None:
        """The value of an attribute of text, None when it is absent or empty."""
        values = self._values.get(name, [])
        if not values:
            return None
        if len(values) != 1 or len(values[0]):
            refuse(XuaCode.INVALID_TOKEN, f"attribute {name} has not exactly one value, as text")
        text = (values[0].text or "").strip()
        if len(text) > _LONGEST or not text.isprintable():
            refuse(XuaCode.INVALID_TOKEN, f"attribute {name} is longer than {_LONGEST} or holds control characters")
        return text or None

    def codes(self, name: str, element: str) -> tuple[Coded, ...]:
        """The values of a coded attribute, spelled as `hl7:<element>`, in order."""
        values = self._values.get(name, [])
        if len(values) > _MOST_CODES:
            refuse(XuaCode.INVALID_TOKEN, f"attribute {name} has {len(values)} values, at most {_MOST_CODES}")
        return tuple(_code(name, element, value) for value in values)


def _code(name: str, element: str, value: etree._Element) -> Coded:
    if [child.tag for child in value] != [f"{{{HL7}}}{element}"] or len(value[0]):
        refuse(XuaCode.INVALID_TOKEN, f"a value of {name} is not one {element} of {HL7}")
    code, system, display = (value[0].get(key) or "" for key in ("code", "codeSystem", "displayName"))
    if not code or not system:
        refuse(XuaCode.INVALID_TOKEN, f"a value of {name} has no code or no codeSystem")
    if any(len(text) > _LONGEST or not text.isprintable() for text in (code, system, display)):
        refuse(XuaCode.INVALID_TOKEN, f"a code of {name} is longer than {_LONGEST} or holds control characters")
    return Coded(code=code, system=system, display=display)

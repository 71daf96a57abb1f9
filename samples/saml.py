"""Elements of SAML assertions, for those who make VIHF and XUA assertions (SAML core §2.7.3; ITI TF-2 §3.40)."""

from __future__ import annotations

from typing import Any, Final, Protocol

from lxml import etree

SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
HL7: Final = "urn:hl7-org:v3"
XS: Final = "http://www.w3.org/2001/XMLSchema"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_DEFAULT: Any = {None: HL7}  # the published stubs of lxml do not know the default namespace


class CodedValue(Protocol):
    """A code of HL7 (CE). `system` is the OID of the code system; an empty `display` is left out."""

    @property
    def code(self) -> str: ...

    @property
    def system(self) -> str: ...

    @property
    def display(self) -> str: ...


def add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    """Add an element of SAML."""
    element = etree.SubElement(parent, f"{{{SAML}}}{name}")
    element.text = text
    return element


def add_attribute(statement: etree._Element, name: str) -> etree._Element:
    """Add an attribute without value to an AttributeStatement."""
    attribute = add(statement, "Attribute")
    attribute.set("Name", name)
    return attribute


def add_text(statement: etree._Element, name: str, text: str) -> None:
    """Add an attribute whose value is a text."""
    add(add_attribute(statement, name), "AttributeValue", text).set(f"{{{XSI}}}type", "xs:string")


def add_code(attribute: etree._Element, name: str, coded: CodedValue) -> None:
    """Add a coded value, `hl7:Role` or `hl7:PurposeOfUse`, to an attribute."""
    code = etree.SubElement(add(attribute, "AttributeValue"), f"{{{HL7}}}{name}", nsmap=_DEFAULT)
    code.set(f"{{{XSI}}}type", "CE")
    code.set("code", coded.code)
    code.set("codeSystem", coded.system)
    if coded.display:
        code.set("displayName", coded.display)

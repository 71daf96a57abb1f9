"""Attributes of a VIHF: their names, and how each is spelled (CI-SIS Transport synchrone, VIHF)."""

from __future__ import annotations

from lxml import etree

from security.vihf.header import SAML
from security.vihf.model import Role
from security.vihf.policy import VihfCode, refuse

VERSION = "VIHF_Version"
MODE = "Authentification_Mode"
STRUCTURE = "Identifiant_Structure"
SECTOR = "Secteur_Activite"
SUBJECT = "urn:oasis:names:tc:xspa:1.0:subject:subject-id"
ROLE = "urn:oasis:names:tc:xacml:2.0:subject:role"
PATIENT = "urn:oasis:names:tc:xacml:2.0:resource:resource-id"
RESOURCE = "Ressource_URN"
PURPOSE = "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"
REASON = "Mode_Acces_Raison"
CONFIDENTIALITY = "urn:oasis:names:tc:xspa:1.0:resource:patient:hl7:confidentiality-code"
LPS_ID = "LPS_ID"
LPS_NAME = "LPS_Nom"
LPS_VERSION = "LPS_Version"
HOMOLOGATION = "LPS_ID_HOMOLOGATION_DMP"

HL7 = "urn:hl7-org:v3"
_KNOWN = {
    name.lower(): name
    for name in (
        VERSION, MODE, STRUCTURE, SECTOR, SUBJECT, ROLE, PATIENT, RESOURCE, PURPOSE, REASON, CONFIDENTIALITY, LPS_ID,
        LPS_NAME, LPS_VERSION, HOMOLOGATION,
    )
}  # fmt: skip
_ATTRIBUTE = f"{{{SAML}}}Attribute"
_VALUE = f"{{{SAML}}}AttributeValue"
_LONGEST = 500


class Attributes:
    """The known attributes of one AttributeStatement. Unknown names are ignored, a known name twice is refused."""

    def __init__(self, statement: etree._Element) -> None:
        self.warnings: list[str] = []
        self._values: dict[str, list[etree._Element]] = {}
        for attribute in statement:
            if attribute.tag != _ATTRIBUTE:
                refuse(VihfCode.MALFORMED, "AttributeStatement holds something else than Attribute")
            spelled = attribute.get("Name") or ""
            name = _KNOWN.get(spelled.lower())
            if name is None:
                continue
            if name in self._values:
                refuse(VihfCode.MALFORMED, f"attribute {name} is there twice")
            if name != spelled:
                self.warnings.append(f"attribute {name} is spelled with other capitals")
            self._values[name] = list(attribute)
            if any(value.tag != _VALUE for value in attribute):
                refuse(VihfCode.MALFORMED, f"attribute {name} holds something else than AttributeValue")

    def text(self, name: str) -> str:
        """Return the value of a mandatory attribute. Raises NotAuthenticated: SBX_VIHF_MALFORMED."""
        value = self.optional_text(name)
        if value is None:
            refuse(VihfCode.MALFORMED, f"attribute {name} is missing")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return the value of an attribute, None when it is absent or empty."""
        if name not in self._values:
            return None
        values = self._values[name]
        if len(values) != 1 or len(values[0]):
            refuse(VihfCode.MALFORMED, f"attribute {name} has not exactly one value, as text")
        text = values[0].text or ""
        if len(text) > _LONGEST or any(not character.isprintable() for character in text):
            refuse(VihfCode.MALFORMED, f"attribute {name} is longer than {_LONGEST} or holds control characters")
        return text or None

    def codes(self, name: str, element: str, most: int) -> tuple[Role, ...]:
        """Return the HL7 CE values of a mandatory attribute, 1 to `most`, spelled as `element`."""
        values = self._values.get(name, [])
        if not 1 <= len(values) <= most:
            refuse(VihfCode.MALFORMED, f"attribute {name} has {len(values)} values, expected 1 to {most}")
        return tuple(_read_code(name, element, value) for value in values)


def _read_code(name: str, element: str, value: etree._Element) -> Role:
    if [child.tag for child in value] != [f"{{{HL7}}}{element}"] or len(value[0]):
        refuse(VihfCode.MALFORMED, f"a value of {name} is not one {element} of urn:hl7-org:v3")
    code, system = value[0].get("code"), value[0].get("codeSystem")
    if not code or not system:
        refuse(VihfCode.MALFORMED, f"a value of {name} has no code or no codeSystem")
    return Role(code=code, system=system, display=value[0].get("displayName") or "")

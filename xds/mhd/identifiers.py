"""Identifiers: uniqueId, entryUUID, CX, CXi, and those of people and structures (IHE MHD 4.2.4 §3:4.5.1.1)."""

from __future__ import annotations

from typing import Final

from xds.metadata import ins
from xds.metadata.datatypes import Cx, ReferenceId, parse_oid
from xds.mhd.constants import IDENTIFIER_TYPES, OID, URI
from xds.mhd.element import Element, Json
from xds.mhd.values import kept

PERSONS: Final = "1.2.250.1.71.4.2.1"
"""Who gives the national identifier of a professional."""
STRUCTURES: Final = "1.2.250.1.71.4.2.2"
"""Who gives the national identifier of a structure."""

_FRENCH_TYPES = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
_FRENCH = frozenset(("IDNPS", "IDNST"))
_SYNONYMS: Final = {
    "INS-NIR": "NH",
    "INS-NIA": "NH",
    "INS-NIR-TEST": "NH",
    "INS-NIR-DEMO": "NH",
    "INS-C": "NH",
    "RPPS": "IDNPS",
    "ADELI": "IDNPS",
    "FINEJ": "IDNST",
    "FINEG": "IDNST",
    "SIREN": "IDNST",
    "SIRET": "IDNST",
}
"""Types of FR Core, and what the French texts of XDS call them."""


def write_unique_id(unique_id: str) -> Json:
    """The masterIdentifier: `urn:oid:…`; a root with an extension is the system of its value."""
    root, _, extension = unique_id.partition("^")
    if _is_oid(root):
        return {"system": OID + root, "value": extension} if extension else {"system": URI, "value": OID + root}
    return {"system": URI, "value": unique_id}


def read_unique_id(element: Element) -> str:
    """The uniqueId of an Identifier; empty when it has no value."""
    system, value = element.text("system"), element.text("value")
    _pass_by(element)
    if system.startswith(OID) and value:
        return f"{system.removeprefix(OID)}^{value}"
    oid = value.removeprefix(OID)
    return oid if oid != value and _is_oid(oid) else value


def write_uri(uri: str, use: str | None = None) -> Json:
    """An Identifier that is a URI."""
    return {"use": use, "system": URI, "value": uri} if use else {"system": URI, "value": uri}


def write_identifier(value: str, authority: str, kind: str) -> Json:
    """An identifier that an authority gave; `kind` is its type (HL7 v2 table 0203, or the French additions)."""
    written: Json = {}
    if kind:
        system = _FRENCH_TYPES if kind in _FRENCH else IDENTIFIER_TYPES
        written["type"] = {"coding": [{"system": system, "code": kind}]}
    if authority:
        written["system"] = OID + authority
    if value:
        written["value"] = value
    return written


def read_identifier(element: Element) -> tuple[str, str, str]:
    """Value, authority (OID) and type. Without type: NH of an INS, IDNPS and IDNST of national identifiers."""
    system, value = element.text("system"), element.text("value")
    kind = ""
    concept = element.child("type")
    if concept is not None:
        codes = [coding.text("code") for coding in concept.children("coding")]
        kind = next((_SYNONYMS.get(code, code) for code in codes if code), "")
    element.ignore("use")
    _pass_by(element)
    authority = system.removeprefix(OID)
    if system == URI:
        value, authority = value.removeprefix(OID), ""
    return value, authority, kind or _usual_type(value, authority)


def write_cx(text: str) -> Json:
    """The Identifier of a patient id (CX)."""
    try:
        cx = Cx.parse(text)
    except ValueError:
        return {"extension": [kept(text)]}
    written = write_identifier(cx.identifier, cx.authority, cx.type)
    read = Cx(identifier=cx.identifier, authority=cx.authority, type=cx.type or _usual_type("", cx.authority))
    return written if read.format() == text else {**written, "extension": [kept(text)]}


def read_cx(element: Element) -> str:
    """The patient id (CX) of an Identifier; empty when it has neither value nor text kept."""
    exact = element.kept()
    value, authority, kind = read_identifier(element)
    if exact:
        return _agreeing(element, exact, write_cx(exact))
    if not value or not _is_oid(authority):
        element.notes.fault("O3", element.path, "an identifier", "a value, and the system urn:oid: of its authority")
        return ""
    return Cx(identifier=value, authority=authority, type=kind).format()


def write_reference_id(text: str) -> Json:
    """The logical reference of one value of referenceIdList (CXi)."""
    try:
        found = ReferenceId.parse(text)
    except ValueError:
        return {"identifier": {"extension": [kept(text)]}}
    parts = found.authority.split("&")
    authority = parts[1] if len(parts) == 3 and not parts[0] and parts[2] == "ISO" else ""
    written: Json = {"type": {"coding": [{"system": URI, "code": found.type}]}, "value": found.identifier}
    if authority:
        written["system"] = OID + authority
    again = ReferenceId(
        identifier=found.identifier, type=found.type, authority=f"&{authority}&ISO" if authority else ""
    )
    if again.format() != text:
        written["extension"] = [kept(text)]
    return {"identifier": written}


def read_reference_id(reference: Element) -> str:
    """One value of referenceIdList, of a reference that is an identifier; empty: it is none, which is noted."""
    element = reference.child("identifier")
    reference.ignore("display", "type")
    if element is None:
        reference.notes.deviation("FHIR-UNMAPPED", reference.path, "a literal reference", "an identifier")
        return ""
    reference.finish()
    exact = element.kept()
    system, value = element.text("system"), element.text("value")
    concept = element.child("type")
    kind = next((one.text("code") for one in concept.children("coding")), "") if concept else ""
    _pass_by(element)
    if exact:
        return _agreeing(element, exact, write_reference_id(exact)["identifier"])
    authority = f"&{system.removeprefix(OID)}&ISO" if system.startswith(OID) else ""
    if system == URI:
        value = value.removeprefix(OID)
    if not value or not kind:
        element.notes.fault("O3", element.path, "an identifier", "its value, and a type whose code is that of CXi.5")
        return ""
    return ReferenceId(identifier=value, type=kind, authority=authority).format()


def agrees(element: Element, written: Json) -> bool:
    """Whether an element is what is written of its text, for all that a text says (the order of members apart)."""
    return all(element.content.get(name) == value for name, value in written.items())


def _agreeing(element: Element, exact: str, written: Json) -> str:
    if agrees(element, written):
        return exact
    element.notes.fault("FHIR-KEPT", element.path, "a text kept that is another", "the text of the element")
    return ""


def _pass_by(element: Element) -> None:
    """What an Identifier says of itself is no metadata of a document."""
    element.ignore("use", "type", "period", "assigner")
    element.finish()


def _usual_type(value: str, authority: str) -> str:
    if authority in ins.AUTHORITIES:
        return "NH"
    if authority == PERSONS:
        return "EI" if "/" in value else "IDNPS"
    return "IDNST" if authority == STRUCTURES else ""


def _is_oid(text: str) -> bool:
    try:
        parse_oid(text)
    except ValueError:
        return False
    return True

"""People, devices and structures as resources: XCN, XON, XTN (IHE MHD 4.2.4 §3:4.5.1.2; CI-SIS Annexe XDS)."""

from __future__ import annotations

from functools import lru_cache

from xds.metadata.datatypes import Xcn, Xon, Xtn
from xds.mhd.element import Element, Json
from xds.mhd.identifiers import read_identifier, write_identifier
from xds.mhd.notes import Notes
from xds.mhd.values import kept

_NAME_TYPES = {"D": "usual", "L": "official"}
_NAME_USES = {use: name_type for name_type, use in _NAME_TYPES.items()}
_DEVICE = ("U", "RI")


@lru_cache(maxsize=2048)
def write_person(text: str) -> Json:
    """The Practitioner, Patient or Device of an XCN, without id; never change it."""
    try:
        found = Xcn.parse(text)
    except ValueError:
        return {"resourceType": "Practitioner", "extension": [kept(text)]}
    written = _person(found)
    return written if _xcn(Element(written, "", Notes())) == text else {**written, "extension": [kept(text)]}


def read_person(resource: Element) -> str:
    """The XCN of a Practitioner, a Patient, a Device, or a PractitionerRole that only has an identifier."""
    exact = resource.kept()
    text = _xcn(resource)
    if not exact:
        return text
    if {name: value for name, value in write_person(exact).items() if name != "id"} == _without_id(resource):
        return exact
    resource.notes.fault("FHIR-KEPT", resource.path, "a text kept that is another", "the text of the resource")
    return text


@lru_cache(maxsize=2048)
def write_organization(text: str) -> Json:
    """The Organization of an XON, without id; never change it."""
    try:
        found = Xon.parse(text)
    except ValueError:
        return {"resourceType": "Organization", "extension": [kept(text)]}
    written: Json = {"resourceType": "Organization", "name": found.name}
    if found.identifier:
        authority = found.authority
        written["identifier"] = [write_identifier(found.identifier, authority, found.id_type)]
        if not authority:
            written["identifier"][0]["system"] = "urn:ietf:rfc:3986"
            written["identifier"][0]["value"] = f"urn:oid:{found.identifier}"
    return written if _xon(Element(written, "", Notes())) == text else {**written, "extension": [kept(text)]}


def read_organization(resource: Element) -> str:
    """The XON of an Organization; a structure without a name bears its identifier."""
    exact = resource.kept()
    text = _xon(resource)
    if not exact:
        return text
    if write_organization(exact) == _without_id(resource):
        return exact
    resource.notes.fault("FHIR-KEPT", resource.path, "a text kept that is another", "the text of the resource")
    return text


@lru_cache(maxsize=2048)
def write_telecom(text: str) -> Json:
    """The ContactPoint of an XTN; never change it."""
    try:
        found = Xtn.parse(text)
    except ValueError:
        return {"extension": [kept(text)]}
    if found.equipment == "Internet":
        written = {"system": "email", "value": found.address}
    else:
        parts = (found.country, found.area, found.number, found.extension)
        written = {"system": "phone", "value": " ".join(part for part in parts if part)}
    read = _xtn(written["system"], written["value"])
    return written if read == text else {**written, "extension": [kept(text)]}


def read_telecom(element: Element) -> str:
    """The XTN of a ContactPoint: an e-mail address, else a number."""
    exact = element.kept()
    system, value = element.text("system"), element.text("value")
    element.ignore("use", "rank", "period")
    element.finish()
    if not exact:
        return _xtn(system, value) if value else ""
    if write_telecom(exact) == dict(element.content):
        return exact
    element.notes.fault("FHIR-KEPT", element.path, "a text kept that is another", "the text of the element")
    return ""


def _person(found: Xcn) -> Json:
    identifier = (
        [write_identifier(found.identifier, found.authority, found.id_type)]
        if found.identifier or found.authority
        else []
    )
    written: Json = {"resourceType": "Practitioner"}
    if (found.name_type, found.id_type) == _DEVICE:
        written = {"resourceType": "Device"}
        if found.family:
            written["deviceName"] = [{"name": found.family, "type": "user-friendly-name"}]
    else:
        if found.id_type == "NH":
            written = {"resourceType": "Patient"}
        name: Json = {}
        if found.name_type in _NAME_TYPES:
            name["use"] = _NAME_TYPES[found.name_type]
        if found.family:
            name["family"] = found.family
        given = [one for one in (found.given, found.middle) if one]
        if given:
            name["given"] = given
        for member, value in (("prefix", found.prefix), ("suffix", found.suffix)):
            if value:
                name[member] = [value]
        if any(member != "use" for member in name):
            written["name"] = [name]
    return {**written, "identifier": identifier} if identifier else written


def _xcn(resource: Element) -> str:
    """What a person or a device says, as an XCN; empty when it is nobody."""
    identifiers = resource.children("identifier")
    value, authority, kind = read_identifier(identifiers[0]) if identifiers else ("", "", "")
    for other in identifiers[1:]:
        other.notes.deviation("FHIR-UNMAPPED", other.path, "a second identifier", "one: the registry keeps one")
    if resource.content.get("resourceType") == "Device":
        names = resource.children("deviceName")
        family = names[0].text("name") if names else ""
        return _format(Xcn(identifier=value, family=family, authority=authority, name_type="U", id_type="RI"))
    names = resource.children("name")
    for other in names[1:]:
        other.notes.deviation("FHIR-UNMAPPED", other.path, "a second name", "one: the registry keeps one")
    family = prefix = suffix = use = ""
    given: tuple[str, ...] = ()
    if names:
        name = names[0]
        use, family, given = name.text("use"), name.text("family"), name.texts("given")
        prefix, suffix = " ".join(name.texts("prefix")), " ".join(name.texts("suffix"))
        text = name.text("text")
        family = family or text
        name.ignore("period")
        name.finish()
    # A name that tells no use is the one that is displayed, where the French texts ask for a type.
    name_type = _NAME_USES.get(use, "D" if kind and not use else "")
    found = Xcn(
        identifier=value,
        family=family,
        given=given[0] if given else "",
        middle=" ".join(given[1:]),
        prefix=prefix,
        suffix=suffix,
        authority=authority,
        name_type=name_type,
        id_type=kind,
    )
    return _format(found)


def _format(found: Xcn) -> str:
    return found.format() if found.identifier or found.family else ""


def _xon(resource: Element) -> str:
    name = resource.text("name")
    identifiers = resource.children("identifier")
    value, authority, kind = read_identifier(identifiers[0]) if identifiers else ("", "", "")
    for other in identifiers[1:]:
        other.notes.deviation("FHIR-UNMAPPED", other.path, "a second identifier", "one: the registry keeps one")
    if not name and not value:
        return ""
    return Xon(name=name or value, identifier=value, authority=authority, id_type=kind).format()


def _xtn(system: str, value: str) -> str:
    # XTN.2 NET and XTN.3 Internet are how HL7 v2 says e-mail; PH a telephone, its number unformatted in XTN.12.
    if system == "email":
        return f"^NET^Internet^{value}"
    return f"^^PH^^^^^^^^^{value}"


def _without_id(resource: Element) -> Json:
    return {name: value for name, value in resource.content.items() if name != "id"}

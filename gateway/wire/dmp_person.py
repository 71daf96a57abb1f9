"""Persons in the record transactions of the DMP: identity, address, ways to be told, legal representatives.

Source: HL7 V3 PRPA_MT201301UV02, PRPA_MT201310UV02 (Patient, Person, PersonalRelationship, BirthPlace).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree

from gateway.wire.dmp_interaction import add
from gateway.wire.dmp_reading import Node
from gateway.wire.dmp_vocabulary import RELATIONSHIPS
from xds.dmp import minority
from xds.dmp.holder import Address, Holder, Representative, Traits

GENDERS = "2.16.840.1.113883.5.1"
EMAIL = re.compile(r"[^\s@<>\",;:()\[\]\\]{1,64}@[^\s@<>\",;:()\[\]\\]{1,190}")
MOBILE = re.compile(r"\+?[0-9]{6,15}", re.ASCII)
_DAY = re.compile(r"\d{8}", re.ASCII)


def read_holder(person: Node, identity_source: str = "") -> Holder:
    """Read a `patientPerson`; faults are left in the node."""
    email, mobile = read_channels(person)
    return Holder(traits=read_traits(person, identity_source), email=email, mobile=mobile)


def read_traits(person: Node, identity_source: str = "") -> Traits:
    """Identity and address of a person."""
    name = person.one("name")
    families = name.all("family")
    birth = [one for one in families if one.get("qualifier", required=False) != "SP"]
    used = [one for one in families if one.get("qualifier", required=False) == "SP"]
    if name and len(birth) != 1:
        name.fault("family", f"{len(birth)} names of birth", "one")
    if len(used) > 1:
        name.fault("family[@qualifier='SP']", f"{len(used)} names in use", "one at most")
    gender = person.one("administrativeGenderCode")
    code = gender.get("code")
    if code and code not in ("M", "F", "UN"):
        gender.fault("@code", code, "M, F or UN")
    place = person.one("birthPlace/addr/county", required=False)
    return Traits(
        family=birth[0].text() if birth else "",
        given=tuple(one.text() for one in name.all("given")),
        used_family=used[0].text() if used else "",
        gender=code,
        birth_date=_birth_date(person.one("birthTime")),
        birth_place=place.text() if place else "",
        address=_address(person.one("addr", required=False)),
        identity_source=identity_source,
    )


def read_channels(person: Node) -> tuple[str, str]:
    """E-mail and mobile number, empty where there is none; two of a kind are a fault (DMP TD1.1, TD1.5b)."""
    found: dict[str, str] = {}
    for telecom in person.all("telecom"):
        scheme, _, value = telecom.get("value").partition(":")
        form = {"mailto": EMAIL, "tel": MOBILE}.get(scheme)
        if form is None:
            telecom.fault("@value", f"{scheme}:", "mailto: or tel:")
        elif scheme in found:
            telecom.fault("@value", f"a second {scheme}:", "one e-mail and one mobile number at most")
        elif not form.fullmatch(value):
            telecom.fault("@value", "a value of another form", "an e-mail address, or the digits of a mobile number")
        else:
            found[scheme] = value
    return found.get("mailto", ""), found.get("tel", "")


def read_representatives(person: Node) -> tuple[Representative, ...]:
    """The legal representatives of a minor."""
    return tuple(_representative(one) for one in person.all("personalRelationship"))


def add_person(parent: etree._Element, name: str, traits: Traits, *, full: bool) -> etree._Element:
    """Append a person; `full`: with address and place of birth. What is not known is left out."""
    person = add(parent, name, classCode="PSN", determinerCode="INSTANCE")
    names = add(person, "name")
    add(names, "family", traits.family, qualifier="BR")
    if traits.used_family:
        add(names, "family", traits.used_family, qualifier="SP")
    for given in traits.given:
        add(names, "given", given)
    if traits.gender:
        add(person, "administrativeGenderCode", code=traits.gender, codeSystem=GENDERS)
    if traits.birth_date:
        add(person, "birthTime", value=traits.birth_date)
    if full:
        _add_address(person, traits.address)
        if traits.birth_place:
            add(add(add(person, "birthPlace"), "addr"), "county", traits.birth_place)
    return person


def add_channels(person: etree._Element, email: str, mobile: str) -> None:
    """Insert the ways to be told after the name, where HL7 has them."""
    values = [f"mailto:{email}" if email else "", f"tel:{mobile}" if mobile else ""]
    for value in reversed([one for one in values if one]):
        element = add(person, "telecom", value=value)
        person.remove(element)
        person.insert(1, element)


def add_representatives(person: etree._Element, representatives: Iterable[Representative]) -> None:
    """Append the legal representatives."""
    for one in representatives:
        relationship = add(person, "personalRelationship", classCode="PRS")
        add(relationship, "code", code=one.relationship, codeSystem=RELATIONSHIPS)
        holder = add_person(relationship, "relationshipHolder1", one.traits, full=True)
        add_channels(holder, one.email, one.mobile)


def _representative(node: Node) -> Representative:
    code = node.one("code")
    relationship = code.get("code")
    if relationship and relationship not in minority.RELATIONSHIPS:
        code.fault("@code", relationship, " ".join(minority.RELATIONSHIPS))
    if (system := code.get("codeSystem")) and system != RELATIONSHIPS:
        code.fault("@codeSystem", system, RELATIONSHIPS)
    person = node.one("relationshipHolder1")
    names = person.one("name")
    email, mobile = read_channels(person)
    traits = Traits(
        family=names.one("family").text(),
        given=tuple(one.text() for one in names.all("given")),
        address=_address(person.one("addr", required=False)),
    )
    return Representative(relationship=relationship, traits=traits, email=email, mobile=mobile)


def _birth_date(node: Node) -> str:
    value = node.time()
    if value and not _DAY.fullmatch(value):
        node.fault("@value", value, "a day: yyyymmdd")
        return ""
    return value


def _address(node: Node) -> Address:
    return Address(
        lines=tuple(one.text() for one in node.all("streetAddressLine")),
        postal_code=node.one("postalCode", required=False).text(required=False),
        city=node.one("city", required=False).text(required=False),
        country=node.one("country", required=False).text(required=False),
    )


def _add_address(parent: etree._Element, address: Address) -> None:
    if address == Address():
        return
    element = add(parent, "addr")
    for line in address.lines:
        add(element, "streetAddressLine", line)
    for name, value in (("postalCode", address.postal_code), ("city", address.city), ("country", address.country)):
        if value:
            add(element, name, value)

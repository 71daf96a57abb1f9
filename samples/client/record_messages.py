"""Messages about records as the software of a professional writes them, in HL7 V3 (DMP TD0.2 to TD1.4)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from lxml import etree

HL7: Final = "urn:hl7-org:v3"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_INTERACTIONS: Final = "2.16.840.1.113883.1.6"
_REASONS: Final = "1.2.250.1.213.1.1.4.11"
_CONSENTS: Final = "1.2.250.1.213.4.1.2.3"
_MOTIVES: Final = "1.2.250.1.213.4.1.2.4"
_OWN_KEYS: Final = "urn:ecluse:attention:1"
_RELATIONSHIPS: Final = "2.16.840.1.113883.1.11.19579"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who holds a record, or represents its holder. `relationship` is a code such as `MTH`, of a representative."""

    family: str
    given: tuple[str, ...] = ()
    used_family: str = ""
    gender: str = "F"
    born: str = "19580714"
    birth_place: str = ""
    lines: tuple[str, ...] = ()
    postal_code: str = ""
    city: str = ""
    email: str = ""
    mobile: str = ""
    relationship: str = ""


def existence(patient_id: str, reason: str = "TEST_EXST") -> etree._Element:
    """TD0.2, or TD1.3a with the reason CNSLT_DATA."""
    root, control = _interaction("PRPA_IN201307UV02", reason)
    parameters = _parameters(control)
    identifier = _add(parameters, "patientIdentifier")
    _add_id(identifier, "value", patient_id)
    _add(identifier, "semanticsText", "Patient.id")
    return root


def search(person: Person) -> etree._Element:
    """TD0.5: what `person` leaves empty is not asked."""
    root, control = _interaction("PRPA_IN201305UV02", "")
    parameters = _parameters(control)
    if person.gender:
        _add(_add(parameters, "livingSubjectAdministrativeGender"), "value", code=person.gender)
    if person.born:
        _add(_add(parameters, "livingSubjectBirthTime"), "value", value=person.born)
    if person.family or person.given:
        value = _add(_add(parameters, "livingSubjectName"), "value")
        for name, texts in (("family", (person.family,) if person.family else ()), ("given", person.given)):
            for text in texts:
                _add(value, name, text)
    if person.postal_code or person.city:
        value = _add(_add(parameters, "patientAddress"), "value")
        for name, text in (("postalCode", person.postal_code), ("city", person.city)):
            if text:
                _add(value, name, text)
    return root


def registration(
    reason: str,
    patient_id: str,
    person: Person | None = None,
    *,
    representatives: Iterable[Person] = (),
    flags: Mapping[str, bool] | None = None,
    identity_source: str = "",
    motive: str = "",
    text: str = "",
) -> etree._Element:
    """TD1.1 (reason CREA_RD), TD1.2 (REAC), TD1.3b (MODIF_DATA), TD1.4 (FERM).

    `flags` are consents and oppositions by code (`CONSENTEMENT_OUVERTURE_DMP`); `motive` and `text` those of a closing.
    """
    name = "PRPA_IN201311UV02" if reason == "CREA_RD" else "PRPA_IN201314UV02"
    lines: list[tuple[str, str, str, str]] = [
        (code, _CONSENTS, "BL", str(value).lower()) for code, value in (flags or {}).items()
    ]
    if identity_source:
        lines.append(("SOURCE_IDENTITE", _OWN_KEYS, "CV", identity_source))
    root, control = _interaction(name, reason, lines)
    event = _add(_add(control, "subject", typeCode="SUBJ"), "registrationRequest", classCode="REG", moodCode="RQO")
    _add(event, "statusCode", code="active")
    patient = _add(_add(event, "subject1", typeCode="SBJ"), "patient", classCode="PAT")
    _add_id(patient, "id", patient_id)
    _add(patient, "statusCode", code="terminated" if reason == "FERM" else "active")
    if person is not None:
        _add_person(patient, "patientPerson", person, representatives)
    if reason == "FERM":
        issue = _add(_add(control, "reasonOf", typeCode="RSON"), "detectedIssueEvent", classCode="ALRT", moodCode="EVN")
        _add(issue, "code", code=motive, codeSystem=_MOTIVES)
        _add(issue, "text", text)
    return root


def _interaction(
    name: str, reason: str, lines: Sequence[tuple[str, str, str, str]] = ()
) -> tuple[etree._Element, etree._Element]:
    root = etree.Element(f"{{{HL7}}}{name}", nsmap={None: HL7, "xsi": _XSI})  # type: ignore[dict-item]
    root.set("ITSVersion", "XML_1.0")
    _add(root, "id", root=str(uuid.uuid4()))
    _add(root, "creationTime", value=datetime.now(UTC).strftime("%Y%m%d%H%M%S"))
    _add(root, "interactionId", root=_INTERACTIONS, extension=name)
    _add(root, "processingCode", code="D")
    _add(root, "processingModeCode", code="T")
    _add(root, "acceptAckCode", code="AL")
    for element, code, oid in (("receiver", "RCV", "1.2.250.1.213.4.1.1.1"), ("sender", "SND", "1.2.250.1.999.8")):
        device = _add(_add(root, element, typeCode=code), "device", classCode="DEV", determinerCode="INSTANCE")
        _add(device, "id", root=oid)
    for code, system, kind, value in lines:
        line = _add(root, "attentionLine")
        _add(line, "keyWordText", code=code, codeSystem=system)
        attributes = {"code": value} if kind == "CV" else {"value": value}
        _add(line, "value", **attributes).set(f"{{{_XSI}}}type", kind)
    control = _add(root, "controlActProcess", classCode="CACT", moodCode="EVN")
    _add(control, "code", code=name.replace("_IN", "_TE"), codeSystem=_INTERACTIONS)
    if reason:
        _add(control, "reasonCode", code=reason, codeSystem=_REASONS)
    return root, control


def _parameters(control: etree._Element) -> etree._Element:
    query = _add(control, "queryByParameter")
    _add(query, "queryId", root="1.2.250.1.999.8.1", extension=uuid.uuid4().hex)
    _add(query, "statusCode", code="new")
    return _add(query, "parameterList")


def _add_person(parent: etree._Element, name: str, person: Person, representatives: Iterable[Person] = ()) -> None:
    element = _add(parent, name, classCode="PSN", determinerCode="INSTANCE")
    names = _add(element, "name")
    _add(names, "family", person.family, qualifier="BR")
    if person.used_family:
        _add(names, "family", person.used_family, qualifier="SP")
    for given in person.given:
        _add(names, "given", given)
    for value in (f"mailto:{person.email}" if person.email else "", f"tel:{person.mobile}" if person.mobile else ""):
        if value:
            _add(element, "telecom", value=value)
    _add(element, "administrativeGenderCode", code=person.gender, codeSystem="2.16.840.1.113883.5.1")
    _add(element, "birthTime", value=person.born)
    if person.lines or person.city:
        address = _add(element, "addr")
        for line in person.lines:
            _add(address, "streetAddressLine", line)
        _add(address, "postalCode", person.postal_code)
        _add(address, "city", person.city)
    for one in representatives:
        relationship = _add(element, "personalRelationship", classCode="PRS")
        _add(relationship, "code", code=one.relationship, codeSystem=_RELATIONSHIPS)
        _add_person(relationship, "relationshipHolder1", one)
    if person.birth_place:
        _add(_add(_add(element, "birthPlace"), "addr"), "county", person.birth_place)


def _add_id(parent: etree._Element, name: str, patient_id: str) -> None:
    parts = patient_id.split("^")
    _add(parent, name, root=parts[3].split("&")[1], extension=parts[0])


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    child = etree.SubElement(parent, f"{{{HL7}}}{name}", attributes)
    child.text = text
    return child

"""A document with every element that the CI-SIS header knows: each participant, each part of an address, each date."""

from __future__ import annotations

from functools import cache

from lxml import etree

from samples.documents.elements import LOINC, coded, element
from samples.documents.header import clinical_document
from samples.documents.header_parts import (
    LAB,
    SDTC,
    address_in_lines,
    address_in_parts,
    authenticator,
    consent,
    data_enterer,
    device_author,
    entity,
    foreign,
    order,
    organization_guardian,
    part_of,
    period,
    person_guardian,
    professional_informant,
    recipient,
    trusted_person,
)
from samples.documents.identity import Identity
from samples.documents.patients import CLAIRE
from samples.documents.professionals import GENERALIST, HOSPITAL_DOCTOR
from security import xml

_Element = etree._Element
_NS = {"cda": "urn:hl7-org:v3"}
_MOMENT = "20240611093000+0200"


@cache
def header_full() -> bytes:
    """A plan of one section, whose header is as full as it may be. Always the same bytes."""
    root = xml.parse(_plain(), xml.DOCUMENT)
    _fill_identification(root)
    _fill_patient(root)
    _fill_author(root)
    _after(root, "author", device_author(), data_enterer())
    _before(root, "custodian", professional_informant(), trusted_person())
    _fill_custodian(root)
    _after(root, "custodian", recipient())
    _after(root, "legalAuthenticator", authenticator())
    _fill_participant(root)
    _after(root, "participant", order())
    _fill_act(root)
    _before(root, "componentOf", consent())
    _fill_encounter(root)
    etree.cleanup_namespaces(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _plain() -> bytes:
    """The plan with a usual header."""
    identity = Identity(
        patient=CLAIRE,
        author=GENERALIST,
        unique_id="2.25.1123581321",
        replaces="2.25.1123581320",
        version=2,
    )
    section = element(
        "section",
        coded("code", "34133-9", "Synthèse d'épisode de soins", LOINC),
        element("title", "Note"),
        element("text", "Rien à signaler."),
    )
    return clinical_document(
        identity,
        model=("1.2.250.1.213.1.1.1.56", None),
        code=("34133-9", "Synthèse d'épisode de soins", LOINC),
        title="Plan personnalisé",
        act=("34117-2", "Historique et clinique", LOINC),
        body=element("structuredBody", element("component", section)),
    )


def _fill_identification(root: _Element) -> None:
    _one(root, "cda:setId").set("extension", "VSM")
    related = _one(root, "cda:relatedDocument/cda:parentDocument")
    related.append(element("versionNumber", value="1"))


def _fill_patient(root: _Element) -> None:
    role = _one(root, "cda:recordTarget/cda:patientRole")
    _one(role, "cda:telecom").addprevious(address_in_parts("H"))
    _one(role, "cda:telecom").addprevious(address_in_lines())
    birth = _one(role, "cda:patient/cda:birthTime")
    for made in (
        foreign(SDTC, "multipleBirthOrderNumber", value="1"),
        foreign(SDTC, "multipleBirthInd", value="true"),
        foreign(SDTC, "deceasedTime", value="20240611"),
        foreign(SDTC, "deceasedInd", value="true"),
    ):
        birth.addnext(made)
    name = _one(role, "cda:patient/cda:name")
    name.insert(0, element("prefix", "MME"))
    name.append(element("suffix", "DR"))
    _one(role, "cda:patient/cda:birthplace/cda:place").insert(0, element("name", "Maternité de la Croix-Essai"))
    _before(_one(role, "cda:patient"), "birthplace", person_guardian(), organization_guardian())


def _fill_author(root: _Element) -> None:
    author = _one(root, "cda:author")
    _one(author, "cda:functionCode").append(element("originalText", "Médecin traitant"))
    assigned = _one(author, "cda:assignedAuthor")
    _one(assigned, "cda:addr").addnext(address_in_lines("WP"))


def _fill_custodian(root: _Element) -> None:
    organization = _one(root, "cda:custodian/cda:assignedCustodian/cda:representedCustodianOrganization")
    address = _one(organization, "cda:addr")
    address.set("use", "WP")


def _fill_participant(root: _Element) -> None:
    participant = _one(root, "cda:participant")
    function = _one(participant, "cda:functionCode")
    function.addprevious(element("templateId", root="1.2.250.1.213.99.8.3", extension="2024"))
    function.append(element("originalText", "Médecin traitant"))
    function.append(coded("translation", "PCP", "Primary care physician", "2.16.840.1.113883.5.88"))
    _one(participant, "cda:time").append(element("high", value="20240611"))
    associated = _one(participant, "cda:associatedEntity")
    _one(associated, "cda:addr").addnext(address_in_lines("WP"))
    organization = _one(associated, "cda:scopingOrganization")
    organization.append(coded("standardIndustryClassCode", "AMBULATOIRE", "Ambulatoire", "1.2.250.1.213.1.1.4.9"))


def _fill_act(root: _Element) -> None:
    event = _one(root, "cda:documentationOf/cda:serviceEvent")
    code = _one(event, "cda:code")
    code.addprevious(element("id", root="1.2.250.1.213.99.9.1"))
    code.append(element("originalText", "Historique"))
    name = element("name", code="XX", codeSystem="1.2.250.1.213.99.9.2", codeSystemName="Essais", displayName="Région")
    code.append(coded("translation", "SYNTH", "Synthèse", "1.2.250.1.213.1.1.4.12", element("qualifier", name)))
    code.addnext(foreign(LAB, "statusCode", code="completed"))
    _one(event, "cda:effectiveTime").append(element("high", value=_MOMENT))
    performer = _one(event, "cda:performer")
    performer.insert(0, element("templateId", root="1.2.250.1.213.99.8.4", extension="2024"))
    function = coded("functionCode", "PCP", "Médecin traitant", "2.16.840.1.113883.5.88")
    performer.insert(1, function)
    function.addnext(period())
    assigned = _one(performer, "cda:assignedEntity")
    assigned.replace(_one(assigned, "cda:addr"), address_in_parts())
    organization = _one(assigned, "cda:representedOrganization")
    _one(organization, "cda:id").addnext(element("id", root="1.2.250.1.213.99.9.3", extension="SERVICE-1"))
    organization.append(part_of())


def _fill_encounter(root: _Element) -> None:
    encounter = _one(root, "cda:componentOf/cda:encompassingEncounter")
    encounter.insert(0, element("id", root="1.2.250.1.213.99.9.5", extension="SEJOUR-1"))
    _one(encounter, "cda:effectiveTime").addnext(
        coded("dischargeDispositionCode", "8", "Domicile", "1.2.250.1.213.2.14")
    )
    party = _one(encounter, "cda:responsibleParty")
    organization = _one(party, "cda:assignedEntity/cda:representedOrganization")
    _one(organization, "cda:id").addnext(element("id", root="1.2.250.1.213.99.9.3", extension="SERVICE-2"))
    organization.append(part_of())
    party.addnext(element("encounterParticipant", period(), entity(HOSPITAL_DOCTOR), typeCode="CON"))
    facility = _one(encounter, "cda:location/cda:healthCareFacility")
    facility.insert(0, element("id", root="1.2.250.1.213.99.9.6"))
    _one(facility, "cda:code").append(coded("translation", "SA07", "Cabinet", "1.2.250.1.71.4.2.4"))
    _one(facility, "cda:location").append(address_in_parts())


def _one(element_: _Element, path: str) -> _Element:
    found = element_.find(path, _NS)
    if found is None:
        raise LookupError(f"the document has no {path}")
    return found


def _after(root: _Element, tag: str, *made: _Element) -> None:
    last = root.findall(f"cda:{tag}", _NS)[-1]
    for one in reversed(made):
        last.addnext(one)


def _before(root: _Element, tag: str, *made: _Element) -> None:
    first = _one(root, f"cda:{tag}")
    for one in made:
        first.addprevious(one)

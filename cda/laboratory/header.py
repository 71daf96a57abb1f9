"""The header of a laboratory report (CI-SIS Structuration minimale des documents de santé; CI-SIS CR-BIO 2024.01)."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from cda.elements import LOINC, build, element, templates
from cda.header_values import CI_SIS_HEADER, HL7_FRANCE_HEADER, Organization, Participant, Patient, PersonName
from cda.laboratory.elements import LAB, LAB_PREFIXES, coded, identified
from cda.laboratory.report import LaboratoryReport
from xds.metadata.codes import Code

TYPE = Code("11502-2", LOINC, "CR d'examens biologiques")
_TITLE = "Compte rendu d'examens biologiques"
_XD_LAB = "1.3.6.1.4.1.19376.1.3.3"
_CR_BIO = "1.2.250.1.213.1.1.1.55"
_PRESCRIBER = "1.3.6.1.4.1.19376.1.3.3.1.6"
_PERFORMER = "1.3.6.1.4.1.19376.1.3.3.1.7"
_GENDERS = {"F": "Féminin", "M": "Masculin", "UN": "Indifférencié"}


def header_of(report: LaboratoryReport) -> Iterable[etree._Element]:
    """All that stands before the body, in the order of the schema."""
    made = report.effective_time
    yield element("realmCode", code="FR")
    yield element("typeId", root="2.16.840.1.113883.1.3", extension="POCD_HD000040")
    yield from templates(HL7_FRANCE_HEADER, CI_SIS_HEADER, _XD_LAB, _CR_BIO)
    yield element("id", root=report.unique_id)
    yield coded("code", TYPE)
    yield element("title", _TITLE)
    yield element("effectiveTime", value=made)
    yield coded("confidentialityCode", Code("N", "2.16.840.1.113883.5.25", "Normal"))
    yield element("languageCode", code="fr-FR")
    yield element("setId", root=report.unique_id)
    yield element("versionNumber", value="1")
    yield _patient(report.patient)
    yield element("author", element("time", value=made), _entity("assignedAuthor", report.biologist))
    yield _custodian(report.biologist.organization or Organization())
    yield element(
        "legalAuthenticator",
        element("time", value=made),
        element("signatureCode", code="S"),
        _entity("assignedEntity", report.biologist),
    )
    if report.prescriber is not None:
        yield _prescriber(report.prescriber, report.prescribed)
    if report.order is not None:
        yield element("inFulfillmentOf", element("order", identified(report.order)))
    yield from _acts(report)
    yield element("componentOf", _encounter(report))


def _patient(patient: Patient) -> etree._Element:
    names = (
        ("family", patient.birth_family, "BR"),
        ("given", patient.all_given, None),
        ("given", patient.first_given, "BR"),
        ("family", patient.used_family, "CL"),
        ("given", patient.used_given, "CL"),
    )
    gender = patient.gender or "UN"
    place = element("place", element("addr", element("county", patient.birth_place)))
    return element(
        "recordTarget",
        element(
            "patientRole",
            map(identified, patient.ids),
            element(
                "patient",
                element("name", *(element(tag, text, qualifier=kind) for tag, text, kind in names if text)),
                coded("administrativeGenderCode", Code(gender, "2.16.840.1.113883.5.1", _GENDERS.get(gender, gender))),
                element("birthTime", value=patient.birth_time),
                element("birthplace", place) if patient.birth_place else None,
                classCode="PSN",
            ),
        ),
    )


def _entity(tag: str, one: Participant, *, setting: bool = False) -> etree._Element:
    """A person for his organisation; `setting` says its frame of practice."""
    organization = one.organization
    return element(
        tag,
        identified(one.id) if one.id is not None else None,
        coded("code", one.code) if one.code is not None else None,
        element("assignedPerson", _name(one.name or PersonName())),
        element("representedOrganization", *_organization(organization, setting=setting)) if organization else None,
    )


def _name(name: PersonName) -> etree._Element:
    given = element("given", name.given) if name.given else None
    return element("name", given, element("family", name.family))


def _organization(one: Organization, *, setting: bool) -> Iterable[etree._Element]:
    if one.id is not None:
        yield identified(one.id)
    if one.name:
        yield element("name", one.name)
    if setting and one.practice_setting is not None:
        yield coded("standardIndustryClassCode", one.practice_setting)


def _custodian(one: Organization) -> etree._Element:
    kept = element("representedCustodianOrganization", *_organization(one, setting=False))
    return element("custodian", element("assignedCustodian", kept))


def _prescriber(one: Participant, when: str | None) -> etree._Element:
    time = (
        element("time", element("high", value=when), xsi_type="IVL_TS") if when else element("time", nullFlavor="UNK")
    )
    return element(
        "participant",
        templates(_PRESCRIBER),
        time,
        element(
            "associatedEntity",
            identified(one.id) if one.id is not None else None,
            coded("code", one.code) if one.code is not None else None,
            element("associatedPerson", _name(one.name or PersonName())),
            classCode="PROV",
        ),
        typeCode="REF",
    )


def _acts(report: LaboratoryReport) -> Iterable[etree._Element]:
    """The request with its first chapter, then an act a chapter."""
    first, *others = dict.fromkeys(battery.chapter for battery in report.batteries)
    performer = element(
        "performer",
        templates(_PERFORMER),
        element("time", element("high", value=report.effective_time)),
        _entity("assignedEntity", report.biologist, setting=True),
        typeCode="PRF",
    )
    yield element(
        "documentationOf",
        element(
            "serviceEvent",
            identified(report.request) if report.request is not None else None,
            coded("code", first),
            build(f"{{{LAB}}}statusCode", attributes={"code": report.status}, prefixes=LAB_PREFIXES),
            element(
                "effectiveTime",
                element("low", value=report.received),
                element("high", value=report.effective_time) if report.status == "completed" else None,
            ),
            performer,
        ),
    )
    for chapter in others:
        yield element("documentationOf", element("serviceEvent", coded("code", chapter)))


def _encounter(report: LaboratoryReport) -> etree._Element:
    end = report.encounter_end
    name = report.biologist.organization.name if report.biologist.organization is not None else None
    return element(
        "encompassingEncounter",
        coded("code", report.encounter),
        element(
            "effectiveTime",
            element("low", value=report.encounter_start),
            element("high", value=end) if end else None,
        ),
        element("responsibleParty", _entity("assignedEntity", report.biologist)),
        element(
            "location",
            element(
                "healthCareFacility",
                coded("code", report.facility),
                element("location", element("name", name)) if name else None,
            ),
        ),
    )

"""The header of the sample documents (CI-SIS volet Structuration minimale des documents de santé)."""

from __future__ import annotations

from lxml import etree

from samples.documents.elements import coded, element, templates, ts
from samples.documents.identity import Identity
from samples.documents.patients import IPP_ISSUER, SamplePatient
from samples.documents.professionals import PERSON_ROOT, STRUCTURE_ROOT, SampleAuthor


def clinical_document(
    identity: Identity,
    *,
    model: tuple[str, str | None],
    code: tuple[str, str, str],
    title: str,
    act: tuple[str, str, str] | None,
    body: etree._Element,
) -> bytes:
    """Put the header before `body` and serialise, indented, in UTF-8.

    `model` is the (root, extension) of the document model; `code` and `act` are (code, display name, code system).
    """
    made = ts(identity.effective_time)
    document = element(
        "ClinicalDocument",
        element("realmCode", code="FR"),
        element("typeId", root="2.16.840.1.113883.1.3", extension="POCD_HD000040"),
        templates("2.16.840.1.113883.2.8.2.1", "1.2.250.1.213.1.1.1.1"),
        element("templateId", root=model[0], extension=model[1]),
        element("id", root=identity.unique_id),
        coded("code", *code),
        element("title", title),
        element("effectiveTime", value=made),
        element("confidentialityCode", code="N", displayName="Normal", codeSystem="2.16.840.1.113883.5.25"),
        element("languageCode", code="fr-FR"),
        element("setId", root=identity.set_id or identity.replaces or identity.unique_id),
        element("versionNumber", value=str(identity.version)),
        _record_target(identity.patient),
        _author(identity.author, made),
        _emergency_contact(identity.patient),
        _custodian(identity.author),
        element(
            "legalAuthenticator",
            element("time", value=made),
            element("signatureCode", code="S"),
            _entity("assignedEntity", identity.author),
        ),
        _attending_doctor(identity.author),
        element("documentationOf", _service_event(identity, act)),
        _related_document(identity),
        element("componentOf", _encounter(identity)),
        element("component", body),
    )
    etree.cleanup_namespaces(document)
    etree.indent(document)
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8")


def _record_target(patient: SamplePatient) -> etree._Element:
    name = element(
        "name",
        element("family", patient.family, qualifier="BR"),
        element("given", " ".join(patient.given)),
        element("given", patient.given[0], qualifier="BR"),
        element("family", patient.used_family or patient.family, qualifier="CL"),
        element("given", patient.given[0], qualifier="CL"),
    )
    gender = {"F": "Féminin", "M": "Masculin"}[patient.gender]
    return element(
        "recordTarget",
        element(
            "patientRole",
            element("id", root=patient.ins_root, extension=patient.ins),
            element("id", root=IPP_ISSUER, extension=patient.local_id),
            element("telecom", value="tel:0600000002", use="MC"),
            element(
                "patient",
                name,
                element(
                    "administrativeGenderCode",
                    code=patient.gender,
                    displayName=gender,
                    codeSystem="2.16.840.1.113883.5.1",
                ),
                element("birthTime", value=patient.born),
                element(
                    "birthplace",
                    element(
                        "place",
                        element("addr", element("county", patient.birth_place), element("city", patient.birth_city)),
                    ),
                ),
                classCode="PSN",
            ),
        ),
    )


def _author(author: SampleAuthor, made: str) -> etree._Element:
    return element("author", _function(author), element("time", value=made), _entity("assignedAuthor", author))


def _function(author: SampleAuthor) -> etree._Element:
    if author.encounter_type[0] == "IMP":
        return coded(
            "functionCode",
            "ATTPHYS",
            "Référent - Responsable du patient dans la structure de soins",
            "2.16.840.1.113883.5.88",
        )
    if author.facility_type[0] == "SA07":
        return coded("functionCode", "PCP", "Médecin traitant", "2.16.840.1.113883.5.88")
    return coded("functionCode", "CORRE", "Correspondant", "1.2.250.1.213.1.1.4.2.280")


def _entity(
    tag: str, author: SampleAuthor, person: str = "assignedPerson", organization: str = "representedOrganization"
) -> etree._Element:
    setting = coded("standardIndustryClassCode", *author.practice_setting, "1.2.250.1.213.1.1.4.9")
    return element(
        tag,
        element("id", root=PERSON_ROOT, extension=author.national_id),
        coded("code", *author.specialty, "1.2.250.1.213.1.1.4.5"),
        _address(),
        element("telecom", value="tel:0400000001", use="WP"),
        element(
            person,
            element(
                "name",
                element("prefix", author.civility),
                element("given", author.given),
                element("family", author.family),
                element("suffix", author.title),
            ),
        ),
        element(organization, *_structure(author), setting if organization == "representedOrganization" else None),
    )


def _structure(author: SampleAuthor) -> tuple[etree._Element, ...]:
    return (
        element("id", root=STRUCTURE_ROOT, extension=author.structure_id),
        element("name", author.structure_name),
        element("telecom", value="tel:0400000001", use="WP"),
        _address(),
    )


def _address() -> etree._Element:
    return element(
        "addr",
        element("houseNumber", "12"),
        element("streetName", "rue des Essais"),
        element("postalCode", "69003"),
        element("city", "LYON"),
    )


def _emergency_contact(patient: SamplePatient) -> etree._Element:
    relative = element(
        "relatedPerson",
        element("name", element("family", patient.used_family or patient.family), element("given", "Camille")),
    )
    return element(
        "informant",
        element(
            "relatedEntity",
            coded("code", "FAMMEMB", "Autre membre de la famille", "2.16.840.1.113883.5.111"),
            element("addr", nullFlavor="NAV"),
            element("telecom", value="tel:0600000003", use="MC"),
            relative,
            classCode="ECON",
        ),
    )


def _custodian(author: SampleAuthor) -> etree._Element:
    return element(
        "custodian", element("assignedCustodian", element("representedCustodianOrganization", *_structure(author)))
    )


def _attending_doctor(author: SampleAuthor) -> etree._Element | None:
    if author.facility_type[0] != "SA07":
        return None
    entity = _entity("associatedEntity", author, "associatedPerson", "scopingOrganization")
    entity.set("classCode", "PROV")
    return element(
        "participant",
        _function(author),
        element("time", element("low", value="20150105"), xsi_type="IVL_TS"),
        entity,
        typeCode="INF",
    )


def _service_event(identity: Identity, act: tuple[str, str, str] | None) -> etree._Element:
    return element(
        "serviceEvent",
        coded("code", *act) if act else None,
        element("effectiveTime", element("low", value=ts(identity.act_start))),
        element("performer", _entity("assignedEntity", identity.author), typeCode="PRF"),
    )


def _related_document(identity: Identity) -> etree._Element | None:
    if identity.replaces is None:
        return None
    return element("relatedDocument", element("parentDocument", element("id", root=identity.replaces)), typeCode="RPLC")


def _encounter(identity: Identity) -> etree._Element:
    author = identity.author
    return element(
        "encompassingEncounter",
        coded("code", *author.encounter_type, "2.16.840.1.113883.5.4"),
        element(
            "effectiveTime",
            element("low", value=ts(identity.act_start)),
            element("high", value=ts(identity.effective_time)),
        ),
        element("responsibleParty", _entity("assignedEntity", author)),
        element(
            "location",
            element(
                "healthCareFacility",
                coded("code", *author.facility_type, "1.2.250.1.71.4.2.4"),
                element("location", element("name", author.structure_name)),
            ),
        ),
    )

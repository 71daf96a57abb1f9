"""Participants and pieces of a header, each with all that the CI-SIS lets it hold. Nobody in them exists."""

from __future__ import annotations

from lxml import etree

from samples.documents.elements import ACT_CODE, LOINC, coded, element
from samples.documents.professionals import BIOLOGIST, HOSPITAL_DOCTOR, PERSON_ROOT, STRUCTURE_ROOT, SampleAuthor

SDTC = "urn:hl7-org:sdtc"
LAB = "urn:oid:1.3.6.1.4.1.19376.1.3.2"
DICOM = "urn:dicom-org:ps3-20"

_Element = etree._Element
_ROLE = "2.16.840.1.113883.5.111"
_MOMENT = "20240611093000+0200"
_EARLIER = "20240610180000+0200"
_SPECIALTIES = "1.2.250.1.213.1.1.4.5"


def address_in_parts(use: str = "WP") -> _Element:
    """An address in parts, with every part."""
    parts = {
        "country": "FRANCE",
        "state": "Auvergne-Rhône-Alpes",
        "city": "LYON",
        "postalCode": "69003",
        "county": "69383",
        "houseNumber": "12 bis",
        "houseNumberNumeric": "12",
        "streetName": "des Essais",
        "streetNameType": "RUE",
        "additionalLocator": "Escalier C",
        "unitID": "Bâtiment 4",
        "postBox": "BP 99",
        "precinct": "Part-Dieu",
    }
    return element("addr", *(element(name, text) for name, text in parts.items()), use=use)


def address_in_lines(use: str = "HP") -> _Element:
    """An address in seven lines, as many as there may be."""
    lines = ("Mme MODELE", "Chez M. EXEMPLE", "Escalier C", "12 RUE DES ESSAIS", "BP 99", "69003 LYON", "FRANCE")
    return element("addr", *(element("streetAddressLine", line) for line in lines), use=use)


def person_guardian() -> _Element:
    """A person who represents the patient."""
    return element(
        "guardian",
        element("id", root=PERSON_ROOT, extension="899999999990"),
        address_in_parts("H"),
        address_in_lines(),
        _telecom("MC"),
        element(
            "guardianPerson",
            element(
                "name",
                element("prefix", "MME"),
                element("family", "MODELE", qualifier="BR"),
                element("given", "Zoé"),
            ),
        ),
    )


def organization_guardian() -> _Element:
    """An organisation that represents the patient."""
    return element(
        "guardian",
        element(
            "guardianOrganization",
            element("id", root=STRUCTURE_ROOT, extension="1690000998"),
            element("name", "Association tutélaire des Essais"),
        ),
    )


def device_author() -> _Element:
    """A device that wrote the document."""
    return element(
        "author",
        element("time", value=_MOMENT),
        element(
            "assignedAuthor",
            element("id", root="1.2.250.1.213.99.7", extension="automate-1"),
            element(
                "assignedAuthoringDevice",
                element("manufacturerModelName", "Station des Essais"),
                element("softwareName", "Logiciel des Essais 1.0"),
            ),
            element("representedOrganization", _structure_id(HOSPITAL_DOCTOR)),
        ),
    )


def data_enterer() -> _Element:
    """Who typed the document."""
    return element("dataEnterer", element("time", value=_MOMENT), entity(HOSPITAL_DOCTOR, setting="AMBULATOIRE"))


def professional_informant() -> _Element:
    """A professional who gave information."""
    return element("informant", entity(HOSPITAL_DOCTOR))


def trusted_person() -> _Element:
    """The patient's trusted person."""
    return element(
        "informant",
        element(
            "relatedEntity",
            coded("code", "DAUC", "Fille", _ROLE, element("originalText", "Sa fille")),
            address_in_parts("H"),
            address_in_lines(),
            _telecom("MC"),
            element(
                "relatedPerson",
                element("name", element("prefix", "MME"), element("family", "SPECIMEN"), element("given", "Rose")),
            ),
            classCode="NOK",
        ),
    )


def recipient() -> _Element:
    """Whom the document is for."""
    return element(
        "informationRecipient",
        element(
            "intendedRecipient",
            element("templateId", root="1.2.250.1.213.99.8.1"),
            element("id", root=PERSON_ROOT, extension=BIOLOGIST.national_id),
            address_in_parts(),
            address_in_lines("WP"),
            _telecom("WP"),
            element("informationRecipient", _name(BIOLOGIST)),
            element(
                "receivedOrganization",
                _structure_id(BIOLOGIST),
                element("name", BIOLOGIST.structure_name),
                _telecom("WP"),
                address_in_parts(),
            ),
        ),
    )


def authenticator() -> _Element:
    """A professional who attests the document."""
    return element(
        "authenticator",
        element("templateId", root="1.2.250.1.213.99.8.2"),
        element("time", value=_MOMENT),
        element("signatureCode", code="S"),
        entity(HOSPITAL_DOCTOR),
    )


def order() -> _Element:
    """The order that the document answers."""
    return element(
        "inFulfillmentOf",
        element(
            "order",
            element("id", root="1.2.250.1.213.99.5", extension="ORD-1"),
            coded("code", "11502-2", "Examens de biologie", LOINC, element("originalText", "Bilan")),
            foreign(DICOM, "accessionNumber", root="1.2.250.1.213.99.6", extension="ACC-1"),
        ),
    )


def consent() -> _Element:
    """A consent of the patient."""
    return element(
        "authorization",
        element(
            "consent",
            element("id", root="1.2.250.1.213.99.9.4"),
            coded("code", "INFA", "Accès à l'information", ACT_CODE),
            element("statusCode", code="completed"),
            classCode="CONS",
            moodCode="EVN",
        ),
        typeCode="AUTH",
    )


def entity(author: SampleAuthor, setting: str = "ETABLISSEMENT") -> _Element:
    """A professional with all that an assignedEntity may hold."""
    return element(
        "assignedEntity",
        element("id", root=PERSON_ROOT, extension=author.national_id),
        coded("code", *author.specialty, _SPECIALTIES),
        address_in_parts(),
        address_in_lines("WP"),
        _telecom("WP"),
        element("assignedPerson", _name(author)),
        element(
            "representedOrganization",
            _structure_id(author),
            element("name", author.structure_name),
            _telecom("WP"),
            address_in_parts(),
            coded("standardIndustryClassCode", setting, "Cadre d'exercice", "1.2.250.1.213.1.1.4.9"),
        ),
    )


def _name(author: SampleAuthor) -> _Element:
    return element(
        "name",
        element("prefix", author.civility),
        element("given", author.given),
        element("family", author.family),
        element("suffix", author.title),
    )


def _structure_id(author: SampleAuthor) -> _Element:
    return element("id", root=STRUCTURE_ROOT, extension=author.structure_id)


def _telecom(use: str) -> _Element:
    return element("telecom", value="tel:0400000009", use=use)


def period() -> _Element:
    """A period with both ends."""
    return element("time", element("low", value=_EARLIER), element("high", value=_MOMENT), xsi_type="IVL_TS")


def part_of() -> _Element:
    """What an organisation is part of."""
    return element(
        "asOrganizationPartOf",
        element("templateId", root="1.2.250.1.213.99.8.5"),
        element("id", root="1.2.250.1.213.99.9.7"),
        coded("code", "SERVICE", "Service", "1.2.250.1.213.99.9.8"),
        element("statusCode", code="active"),
        element("effectiveTime", element("low", value="20200101")),
    )


def foreign(namespace: str, tag: str, **attributes: str) -> _Element:
    """An element of another namespace than CDA's."""
    return etree.Element(f"{{{namespace}}}{tag}", attributes)

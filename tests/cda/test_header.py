from __future__ import annotations

import pytest

from cda.document import parse_document
from cda.header import read_header, read_identity
from cda.header_values import CdaHeader, DocumentIdentity, InstanceId, Organization
from samples.documents.discharge_letter import discharge_letter
from samples.documents.patients import LUCIA
from samples.documents.vsm import vsm
from xds.metadata.codes import Code


def test_a_header_says_what_the_document_says():
    header = read_header(parse_document(vsm(LUCIA, unique_id="2.25.7", replaces="2.25.6", version=2)))

    assert header.unique_id == "2.25.7"
    assert header.replaces == InstanceId("2.25.6")
    assert (header.set_id, header.version) == (InstanceId("2.25.6"), "2")
    assert header.code == Code("SYNTH", "1.2.250.1.213.1.1.4.12", "Synthèse")
    assert header.models == (("1.2.250.1.213.1.1.1.13", "2023.01"),)
    assert (header.level, header.media_type, header.language) == (3, None, "fr-FR")
    assert header.patient is not None
    assert header.patient.ins == InstanceId("1.2.250.1.213.1.4.10", LUCIA.ins)
    assert header.patient.local_id == InstanceId("1.2.250.1.213.99.1.1", LUCIA.local_id)
    assert (header.patient.birth_family, header.patient.all_given) == ("ECHANTILLON", "LUCIA")
    assert header.patient.birth_place == "2A004"
    assert header.main_act is not None
    assert header.main_act.low == "20240611091500+0200"
    assert header.authors[0].function == Code("PCP", "2.16.840.1.113883.5.88", "Médecin traitant")
    assert header.authors[0].organization == Organization(
        id=InstanceId("1.2.250.1.71.4.2.2", "1690000999"),
        name="Cabinet médical des Essais",
        practice_setting=Code("AMBULATOIRE", "1.2.250.1.213.1.1.4.9", "Ambulatoire"),
    )


def test_a_header_of_level_1_says_of_what_media_type():
    header = read_header(parse_document(discharge_letter(media_type="text/plain")))

    assert (header.level, header.media_type) == (1, "text/plain")


def test_an_empty_header_is_read_as_nothing():
    header = read_header(parse_document(b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>'))

    assert header == CdaHeader()
    assert header.unique_id is None
    assert header.main_act is None


def test_what_carries_a_null_flavor_is_absent():
    header = read_header(
        parse_document(
            b'<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2" nullFlavor="UNK"/>'
            b'<title nullFlavor="UNK">x</title>'
            b'<recordTarget><patientRole><id nullFlavor="UNK"/></patientRole></recordTarget></ClinicalDocument>'
        )
    )

    assert header.id is None
    assert header.title is None
    assert header.patient is not None
    assert header.patient.ins is None


def test_a_device_author_of_an_official_example_is_read(official):
    header = read_header(parse_document(official("CNAM-HR_2021.01.xml")))

    assert header.authors[0].device == "Assurance Maladie"
    assert header.authors[0].name is None


@pytest.mark.parametrize(
    "content",
    [
        vsm(LUCIA, unique_id="2.25.7", replaces="2.25.6", version=2),
        discharge_letter(media_type="text/plain"),
        b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>',
        b'<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2" nullFlavor="UNK"/>'
        b'<relatedDocument typeCode="APND"><parentDocument><id root="1.3"/></parentDocument></relatedDocument>'
        b'<relatedDocument typeCode="RPLC"><parentDocument><id root="1.4" extension="5"/></parentDocument>'
        b'</relatedDocument><recordTarget><patientRole><id nullFlavor="UNK"/><id root="1.5"/></patientRole>'
        b"</recordTarget></ClinicalDocument>",
    ],
    ids=["whole", "level 1", "empty", "odd"],
)
def test_the_identity_of_a_document_is_what_its_header_says(content: bytes):
    document = parse_document(content)
    header = read_header(document)

    assert read_identity(document) == DocumentIdentity(
        id=header.id,
        code=header.code,
        confidentiality=header.confidentiality,
        patient=header.patient,
        replaces=header.replaces,
    )

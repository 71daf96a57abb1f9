from __future__ import annotations

import hashlib

import pytest

from cda.document import parse_document
from cda.header import read_header
from cda.to_metadata import to_entry
from samples.documents.discharge_letter import discharge_letter
from samples.documents.laboratory_report import laboratory_report
from samples.documents.patients import CLAIRE
from samples.documents.vsm import vsm
from xds.metadata.codes import Code
from xds.metadata.datatypes import Cx, Xcn, Xon


def entry_of(content: bytes, **more):
    return to_entry(read_header(parse_document(content)), content, entry_uuid="Document01", **more)


def test_a_summary_gives_all_of_its_metadata():
    content = vsm(unique_id="2.25.7")

    entry = entry_of(content)

    assert entry.unique_id == "2.25.7"
    assert entry.patient_id == CLAIRE.cx
    assert entry.source_patient_id == CLAIRE.source_cx
    assert entry.creation_time == "20240611073000"
    assert (entry.service_start_time, entry.service_stop_time) == ("20240611071500", None)
    assert entry.type_code == Code("SYNTH", "1.2.250.1.213.1.1.4.12", "Synthèse")
    assert entry.class_code is not None
    assert entry.class_code.code == "11"
    assert entry.format_code is not None
    assert entry.format_code.code == "urn:asip:ci-sis:vsm:2012"
    assert entry.hash == hashlib.sha1(content, usedforsecurity=False).hexdigest()
    assert entry.size == len(content)
    assert entry.source_patient_info == (
        "PID-5|MODELE^CLAIRE^CLAIRE ODETTE^^^^L",
        "PID-5|SPECIMEN^CLAIRE^^^^^D",
        "PID-7|19580714",
        "PID-8|F",
        "PID-11|^^^^^^BDL^^69123",
    )


def test_people_and_structures_are_spelled_as_the_domain_reads_them():
    author = entry_of(vsm()).authors[0]

    assert author.person == "810009999995^ESSAI^Anne^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
    assert Xcn.parse(author.person).id_type == "IDNPS"
    assert author.institutions == ("Cabinet médical des Essais^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^1690000999",)
    assert Xon.parse(author.institutions[0]).identifier == "1690000999"
    assert author.specialties == ("G15_10/SM26^Médecin - Qualifié en Médecine Générale (SM)^1.2.250.1.213.1.1.4.5",)
    assert author.roles == ("Médecin traitant",)


def test_separators_in_a_name_are_escaped():
    content = vsm().replace("Cabinet médical des Essais".encode(), b"Cabinet A&amp;B ^ C")

    assert entry_of(content).authors[0].institutions[0].startswith(r"Cabinet A\T\B \S\ C^")


@pytest.mark.parametrize(
    ("content", "format_code"),
    [
        (laboratory_report(), "urn:ihe:iti:xds-sd:pdf:2008"),
        (discharge_letter(media_type="text/plain"), "urn:ihe:iti:xds-sd:text:2008"),
    ],
)
def test_the_format_of_level_1_follows_the_media_type(content, format_code):
    code = entry_of(content).format_code

    assert code is not None
    assert code.code == format_code


def test_confidentiality_of_the_submission_comes_after_that_of_the_document():
    masked = Code("MASQUE_PS", "1.2.250.1.213.1.1.4.13", "Masqué aux professionnels")

    codes = entry_of(vsm(), confidentiality=[masked]).confidentiality_codes

    assert [code.code for code in codes] == ["N", "MASQUE_PS"]


def test_a_header_without_anything_gives_empty_metadata():
    entry = entry_of(b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>')

    assert (entry.unique_id, entry.patient_id, entry.creation_time) == ("", "", "")
    assert (entry.type_code, entry.class_code, entry.format_code, entry.authors) == (None, None, None, ())


# (example, classCode, formatCode), from the official table of document types
EXAMPLES = (
    ("BIO-CR-BIO_2024.01_TSH_1.xml", "10", "urn:ihe:lab:xd-lab:2008"),
    ("CNAM-HR_2021.01.xml", "60", "urn:asip:ci-sis:hr:2019"),
    ("DLU-EHPAD-DLU_2022.01.xml", "11", "urn:asip:ci-sis:dlu:2015"),
    ("DOC_NON_STRUCTURE_CDA-R2-N1.xml", "10", "urn:ihe:iti:xds-sd:pdf:2008"),
    ("IMG_CR_IMG_2024.01.xml", "31", "urn:ihe:rad:CDA:ImagingReportStructuredHeadings:2013"),
    ("IPS-FR_2024.01.xml", "11", "urn:ihe:pcc:ips:2020"),
    ("LDL-EES_2022.01.xml", "11", "urn:asip:ci-sis:ldl-ees:2017"),
    ("LDL-SES_2022.01.xml", "10", "urn:asip:ci-sis:ldl-ses:2017"),
    ("VAC_2023.01.xml", "52", "urn:asip:ci-sis:vac:2019"),
    ("VSM_1.4_2022.01.xml", "11", "urn:asip:ci-sis:vsm:2012"),
    ("eP-MED-DM_2024.01_PosoNonStruct.xml", "42", "urn:ihe:pharm:pre:2010"),
)


@pytest.mark.parametrize(("name", "class_code", "format_code"), EXAMPLES)
def test_an_official_example_gives_the_codes_of_its_type(official, name, class_code, format_code):
    entry = entry_of(official(name))

    assert entry.class_code is not None
    assert entry.format_code is not None
    assert (entry.class_code.code, entry.format_code.code) == (class_code, format_code)
    assert Cx.parse(entry.patient_id).identifier == "279035121518989"

from __future__ import annotations

import time

import pytest

from conformance.report import Severity
from conformance.validate import (
    HEADER,
    IPS_FR,
    LEVEL_1,
    VSM_1_4,
    VSM_2023,
    UnknownProfile,
    UnreadableDocument,
    validate,
)
from samples.documents.discharge_letter import discharge_letter
from samples.documents.faults import break_rule
from samples.documents.header_faults import HEADER_FAULTS
from samples.documents.laboratory_report import laboratory_report
from samples.documents.patients import PATIENTS
from samples.documents.vsm import vsm
from samples.documents.vsm_faults import VSM_FAULTS

# Valid for the official chain: the whole of these, XSD and Schematron.
VALID = {
    "BIO-CR-BIO_2024.01_TSH_1.xml": HEADER,
    "CNAM-HR_2021.01.xml": HEADER,
    "DLU-EHPAD-DLU_2022.01.xml": HEADER,
    "DOC_NON_STRUCTURE_CDA-R2-N1.xml": LEVEL_1,
    "IMG_CR_IMG_2024.01.xml": HEADER,
    "IMG_CR_IMG_2024.01_CDA-R2-Niveau-1.xml": LEVEL_1,
    "IPS-FR_2024.01.xml": IPS_FR,
    "LDL-EES_2022.01.xml": HEADER,
    "LDL-SES_2022.01.xml": HEADER,
    "VAC_2023.01.xml": HEADER,
    "VSM_1.4_2022.01.xml": VSM_1_4,
    "eP-MED-DM_2024.01_PosoNonStruct.xml": HEADER,
    "own/VSM_2023.01_own.xml": VSM_2023,
    "own/VSM_2023.01_own_minimal.xml": VSM_2023,
    "own/VSM_2023.01_own_negations.xml": VSM_2023,
}

# Prose that these do not follow: the PDF that they carry is no PDF/A.
DUE = {
    "DOC_NON_STRUCTURE_CDA-R2-N1.xml": {"N1-PDFA"},
    "IMG_CR_IMG_2024.01_CDA-R2-Niveau-1.xml": {"N1-PDFA"},
}

SUMMARY = vsm(unique_id="2.25.7")
FAULTS = {**HEADER_FAULTS, **VSM_FAULTS}


@pytest.mark.parametrize(("name", "profile"), VALID.items())
def test_a_document_that_the_official_chain_accepts_is_valid(official, name, profile):
    report = validate(official(name))

    assert report.profile == profile
    assert report.valid
    assert {one.rule for one in report.findings} == DUE.get(name, set())


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient.family)
def test_our_samples_break_no_rule(patient):
    for content in (
        vsm(patient),
        laboratory_report(patient),
        discharge_letter(patient),
        discharge_letter(patient, media_type="text/plain"),
        vsm(patient, replaces="2.25.1", version=2),
    ):
        assert validate(content).findings == ()


def test_a_sample_breaks_the_rule_that_is_asked_for():
    assert vsm(unique_id="2.25.7", breaking="VSM-CODE") == break_rule(SUMMARY, "VSM-CODE", FAULTS)


def test_a_finding_points_to_the_element_at_fault():
    content = vsm(unique_id="2.25.7", breaking="VSM-CODE")

    (finding,) = validate(content).findings

    assert finding.path == "/ClinicalDocument/code"
    line = content.decode().splitlines()[finding.line - 1]
    assert line[finding.column - 1 :].startswith('<code code="34133-9"')
    assert (finding.found, finding.expected) == ("34133-9, 2.16.840.1.113883.6.1", "SYNTH, 1.2.250.1.213.1.1.4.12")


def test_a_broken_key_of_the_ins_is_a_warning_that_never_repeats_the_ins():
    report = validate(vsm(breaking="R-INS-KEY"))

    (finding,) = report.findings
    assert report.valid
    assert finding.severity is Severity.WARNING
    assert "2580769123015" not in str(report.as_data("x"))


def test_the_ips_fr_2022_is_no_medical_summary_although_it_uses_its_template():
    content = (
        vsm()
        .replace(b'code="SYNTH"', b'code="60591-5"')
        .replace(b'codeSystem="1.2.250.1.213.1.1.4.12"', b'codeSystem="2.16.840.1.113883.6.1"')
    )

    assert validate(content.replace(b'extension="2023.01"', b'extension="2022.01"')).profile == HEADER
    # The extension 2023.01 is that of the VSM alone: there the code is wrong.
    assert [one.rule for one in validate(content).errors] == ["VSM-CODE"]


def test_a_document_inside_a_style_sheet_is_judged_with_places_in_the_whole_file():
    inside = vsm(breaking="VSM-CODE").split(b"?>", 1)[1]
    wrapped = b'<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform">\n<xsl:output/>%s</xsl:stylesheet>'

    (finding,) = validate(wrapped % inside).findings

    assert finding.path == "/ClinicalDocument/code"
    assert (wrapped % inside).decode().splitlines()[finding.line - 1][finding.column - 1 :].startswith("<code")


def test_a_profile_that_does_not_exist_is_refused():
    with pytest.raises(UnknownProfile):
        validate(vsm(), "ips")


def test_bytes_that_are_no_document_are_not_judged():
    with pytest.raises(UnreadableDocument):
        validate(b"%PDF-1.4")


def test_twenty_thousand_faults_on_one_line_cost_no_more_than_their_number():
    many = 20_000
    content = SUMMARY.replace(b"<patientRole>", b"<patientRole>" + b'<telecom value="x"/>' * many, 1)
    start = time.process_time()

    report = validate(content)

    assert sum(one.rule == "R-TEL-1" for one in report.findings) == many
    assert time.process_time() - start < 10

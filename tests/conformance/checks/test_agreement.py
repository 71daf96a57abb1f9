from __future__ import annotations

from dataclasses import replace

import pytest

from cda.document import parse_document
from cda.header import read_header
from cda.to_metadata import to_entry
from conformance.checks.agreement import check_agreement, check_replacement
from samples.documents.discharge_letter import discharge_letter
from samples.documents.laboratory_report import laboratory_report
from samples.documents.patients import CLAIRE, PAUL
from samples.documents.vsm import vsm
from xds.errors import Severity, XdsErrorCode
from xds.metadata.author import Author
from xds.metadata.codes import Code

CONTENT = vsm(unique_id="2.25.7")
OTHER = Code("OTHER", "1.2.3")


def entry_of(content: bytes):
    return to_entry(read_header(parse_document(content)), content, entry_uuid="Document01")


@pytest.mark.parametrize("content", [CONTENT, laboratory_report(), discharge_letter()], ids=["vsm", "lab", "letter"])
def test_metadata_made_from_a_document_agree_with_it(content):
    assert check_agreement(entry_of(content), content) == ()


@pytest.mark.parametrize(
    ("rule", "change", "place"),
    [
        ("AGR-UNIQUEID", {"unique_id": "2.25.8"}, "/ClinicalDocument/id"),
        ("AGR-PATIENT", {"patient_id": PAUL.cx}, "/ClinicalDocument/recordTarget/patientRole/id"),
        ("AGR-PATIENT", {"patient_id": ""}, "/ClinicalDocument/recordTarget/patientRole/id"),
        ("AGR-TYPECODE", {"type_code": OTHER}, "/ClinicalDocument/code"),
        ("AGR-TYPECODE", {"type_code": None}, "/ClinicalDocument/code"),
        ("AGR-CREATIONTIME", {"creation_time": "20240611093000"}, "/ClinicalDocument/effectiveTime"),
        ("AGR-FORMATCODE", {"format_code": OTHER}, "/ClinicalDocument/templateId"),
    ],
)
def test_a_disagreement_that_matters_is_an_error(rule, change, place):
    entry = replace(entry_of(CONTENT), **change)

    (error,) = check_agreement(entry, CONTENT)

    assert error.severity is Severity.ERROR
    assert error.context.startswith(f"{entry.unique_id}: {rule} {place}")
    assert error.location == place
    assert CLAIRE.ins not in error.context


def test_the_wrong_patient_has_its_own_code():
    (error,) = check_agreement(replace(entry_of(CONTENT), patient_id=PAUL.cx), CONTENT)

    assert error.code is XdsErrorCode.PATIENT_ID_DOES_NOT_MATCH


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("AGR-TITLE", {"title": "Autre titre"}),
        ("AGR-LANGUAGE", {"language_code": "en-GB"}),
        ("AGR-AUTHOR", {"authors": (Author(person="1^X^^^^^^^&1.2.3&ISO^D^^^IDNPS"),)}),
        ("AGR-SETTING", {"practice_setting_code": OTHER}),
        ("AGR-FACILITY", {"healthcare_facility_type_code": OTHER}),
        ("AGR-SERVICESTART", {"service_start_time": "20200101"}),
        ("AGR-SERVICESTOP", {"service_stop_time": "20200101"}),
    ],
)
def test_a_disagreement_that_matters_less_is_a_warning(rule, change):
    (warning,) = check_agreement(replace(entry_of(CONTENT), **change), CONTENT)

    assert warning.severity is Severity.WARNING
    assert rule in warning.context


def test_every_spelling_of_the_same_instant_agrees():
    assert check_agreement(replace(entry_of(CONTENT), creation_time="202406110730"), CONTENT) == ()


def test_a_format_agrees_whatever_scheme_names_it():
    entry = replace(entry_of(CONTENT), format_code=Code("urn:asip:ci-sis:vsm:2012", "1.3.6.1.4.1.19376.1.2.3"))

    assert check_agreement(entry, CONTENT) == ()


def test_bytes_that_are_no_document_are_one_error_that_names_the_document():
    (error,) = check_agreement(entry_of(CONTENT), b"%PDF-1.4")

    assert error.code is XdsErrorCode.INVALID_DOCUMENT_CONTENT
    assert error.context.startswith("2.25.7: AGR-CDA")
    assert check_replacement(entry_of(CONTENT), b"%PDF-1.4", "2.25.6") == ()


@pytest.mark.parametrize(
    ("named", "replaced", "agrees"),
    [
        ("2.25.6", "2.25.6", True),
        (None, None, True),
        ("2.25.6", "2.25.5", False),
        ("2.25.6", None, False),
        (None, "2.25.6", False),
    ],
)
def test_a_document_names_the_one_that_the_lot_replaces(named, replaced, agrees):
    content = vsm(unique_id="2.25.7", replaces=named)

    errors = check_replacement(entry_of(content), content, replaced)

    assert (errors == ()) is agrees
    assert agrees or errors[0].context.startswith("2.25.7: AGR-RPLC")

"""Messages of HL7 v2 judged: themselves, their documents, and whether they agree."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter

import pytest

from conformance.judging import Judge
from conformance.messages import validate_message
from conformance.report import Severity
from samples.documents.laboratory_report import laboratory_report
from samples.hl7v2.messages import mdm, oru, pam
from samples.hl7v2.twins import TWINS, Twin


@pytest.mark.parametrize(
    ("message", "profile"),
    [(oru(), "hl7v2-oru"), (mdm(), "hl7v2-mdm"), (pam(), "hl7v2-pam")],
    ids=["oru", "mdm", "pam"],
)
def test_a_good_message_is_valid_and_its_type_names_its_profile(message, profile):
    report = Judge()(message.bytes)
    assert (report.profile, report.valid, report.errors) == (profile, True, ())
    assert Judge(profile=profile)(message.bytes).valid


def test_a_message_of_another_profile_than_asked_for_cannot_be_judged():
    for content in (oru().bytes, laboratory_report(), b""):
        report = Judge(profile="hl7v2-mdm")(content)
        assert report.profile is None
        assert report.findings[0].expected == "Documents in HL7 v2: MDM"


@pytest.mark.parametrize("twin", [one for one in TWINS if one.rule != "HL7-HEADER"], ids=attrgetter("rule"))
def test_a_broken_rule_is_found_at_its_line(twin: Twin):
    report = validate_message(twin.content(), twin.terms)
    found = [one for one in report.findings if one.rule == twin.rule]
    assert len(found) == 1
    assert found[0].layer == "message"
    assert found[0].message.startswith("Règle enfreinte : ")
    assert found[0].line > 0 or twin.rule in ("H-33", "H-10-SENDER", "HL7-SEGMENT", "H-39")


def test_a_fault_is_shown_where_its_field_begins():
    message = oru().with_field("PV1^1^2", "P")
    report = validate_message(message.bytes)
    (finding,) = report.errors
    assert (finding.rule, finding.path, finding.line) == ("H-30", "PV1^1^2", 3)
    assert message.lines[2][finding.column - 1 :].startswith("P|")
    lines = validate_message(replace(message, end="\n").bytes)
    assert [(one.line, one.column) for one in lines.errors] == [(3, finding.column)]


def test_what_is_wrong_with_a_document_is_told_with_its_place_in_it():
    report = validate_message(oru(laboratory_report(breaking="HDR-title-MIN")).bytes)
    found = [one for one in report.errors if one.rule == "HDR-title-MIN"]
    assert len(found) == 1
    assert found[0].path.startswith("OBX^1^5/ClinicalDocument")
    assert (found[0].line, found[0].layer) == (0, "header")


def test_a_message_that_speaks_of_another_document_disagrees():
    report = validate_message(mdm().with_field("TXA^1^12", "1.2.3").bytes)
    assert [(one.rule, one.layer, one.path) for one in report.errors] == [("H-61", "agreement", "TXA^1^12")]


def test_what_is_no_document_is_told_and_agreement_is_not_asked():
    report = validate_message(oru().with_field("OBX^1^5", "^TEXT^XML^Base64^aGVsbG8=").bytes)
    assert not report.valid
    assert [one.path for one in report.errors] == ["OBX^1^5 (1:1)"]
    assert [layer.asked for layer in report.layers if layer.name == "agreement"] == [False]


def test_layers_count_what_each_found():
    report = validate_message(oru().with_field("MSH^1^17", "BEL").with_field("PV1^1^2", "P").bytes)
    layers = {layer.name: (layer.errors, layer.warnings) for layer in report.layers}
    assert layers["message"] == (1, 1)
    assert layers["agreement"] == (0, 0)
    assert sum(one.severity is Severity.ERROR for one in report.findings) == 1

"""The rules of the CI-SIS header: each catches its own fault and no other."""

from __future__ import annotations

from importlib.resources import files

import pytest

from cda.document import parse_document
from conformance.catalogue import HEADER, PROFILES
from conformance.report import Finding, Severity
from conformance.schematron.findings import check_schemas
from conformance.schematron.model import Assertion
from conformance.schematron.reading import read_schema
from samples.documents.discharge_letter import discharge_letter
from samples.documents.faults import break_rule
from samples.documents.header_faults import HEADER_FAULTS
from samples.documents.header_full import header_full
from samples.documents.header_twins import HEADER_TWINS
from samples.documents.laboratory_report import laboratory_report
from samples.documents.patients import PATIENTS

SCHEMAS = tuple(one for one in PROFILES[HEADER].schemas if one.layer == "header")


def _rules() -> list[Assertion]:
    texts = [read_schema(files(f"profiles.{one.package}").joinpath(f"{one.name}.sch").read_bytes()) for one in SCHEMAS]
    return [one for text in texts for pattern in text.patterns for rule in pattern.rules for one in rule.assertions]


RULES = {rule.id: rule for rule in _rules()}


def findings(content: bytes) -> tuple[Finding, ...]:
    """What the rules of the header say of a document."""
    return check_schemas(parse_document(content), SCHEMAS)


def test_an_error_never_comes_with_another_error():
    several = {twin.rule: twin.also for twin in HEADER_TWINS if any(RULES[one].role == "error" for one in twin.also)}

    # The generic models compare sex and specialty a second time, with their code system.
    header = {rule: also for rule, also in several.items() if not all(one.startswith("VAL-") for one in also)}
    # A second typeId cannot but repeat the first: both its attributes are fixed.
    assert header == {"HDR-typeId-MAX": {"HDR-II-REPEATED"}}


def test_every_rule_speaks_two_languages_and_says_what_to_do():
    for rule in RULES.values():
        assert rule.role in set(Severity)
        assert rule.message
        assert rule.message_en
        assert rule.message != rule.message_en
        assert rule.hint
        assert rule.hint_en
        assert rule.hint != rule.hint_en
        assert "{" not in f"{rule.message}{rule.message_en}{rule.hint}{rule.hint_en}{rule.expected}"


def test_ids_of_rules_are_plain():
    assert [one for one in RULES if not one.isascii() or " " in one] == []


def test_a_full_header_breaks_no_rule():
    assert findings(header_full()) == ()


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient.family)
def test_usual_headers_break_no_rule(patient):
    assert findings(laboratory_report(patient)) == ()
    assert findings(discharge_letter(patient)) == ()


# The report of a laboratory has no participant and no code of its act.
ELSEWHERE = [rule for rule in HEADER_FAULTS if rule not in {"R-SE-5", "R-PART-1"}]


@pytest.mark.parametrize("rule", ELSEWHERE)
def test_faults_of_the_full_header_are_told_in_other_documents_too(rule):
    assert rule in {one.rule for one in findings(break_rule(laboratory_report(), rule, HEADER_FAULTS))}


def test_each_wrong_telecom_is_told():
    wrong = b'<telecom value="0400000001"/>'
    content = header_full().replace(b"<patientRole>", b"<patientRole>" + wrong * 3, 1)

    assert sum(one.rule == "R-TEL-1" for one in findings(content)) == 3


@pytest.mark.parametrize(
    ("right", "wrong", "rule", "path", "found"),
    [
        (b'<realmCode code="FR"/>', b'<realmCode code="US"/>', "HDR-realmCode-MIN", "realmCode", "US"),
        (b"POCD_HD000040", b"POCD_HD000041", "HDR-typeId-MIN", "typeId", "2.16.840.1.113883.1.3, POCD_HD000041"),
        (b'<signatureCode code="S"/>', b'<signatureCode code="X"/>', "HDR-legalAuthenticator-MIN",
         "legalAuthenticator", "X"),
    ],
)  # fmt: skip
def test_an_element_that_is_there_in_another_form_is_shown_with_what_it_says(right, wrong, rule, path, found):
    (finding,) = (one for one in findings(header_full().replace(right, wrong, 1)) if one.rule == rule)

    assert (finding.path, finding.found) == (f"/ClinicalDocument/{path}", found)
    assert finding.hint_en.endswith("or correct the one that is there.")


def test_a_wrong_type_id_silences_no_other_rule():
    content = break_rule(header_full(), "x", {"x": HEADER_FAULTS["HDR-title-MIN"]}).replace(b"POCD_HD000040", b"POCD")

    assert {one.rule for one in findings(content)} == {"HDR-typeId-MIN", "HDR-UNKNOWN-document", "HDR-title-MIN"}

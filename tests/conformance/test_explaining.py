from __future__ import annotations

import re

import pytest

from conformance.explaining import UnknownRule, rule, rules
from conformance.judging import ASKED
from conformance.report import Severity
from profiles.rule_texts import rule_texts


def test_every_rule_is_explained_in_both_languages():
    for one in rules():
        assert one.text("fr"), one.id
        assert one.text("en"), one.id
        assert one.source, one.id
        assert one.kind == "schematron" or not one.conditions
        assert set(one.profiles) <= set(ASKED)


def test_no_two_rules_have_one_name():
    names = [one.id for one in rules()]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("identifier", "kind", "severity"),
    [
        ("VSM-CODE", "schematron", "error"),
        ("CDA-FIXED", "structure", "error"),
        ("CDA-UNREADABLE", "file", "error"),
        ("ECLUSE-INCIDENT", "file", "error"),
        ("HAS-ONE-PAGE", "advice", "info"),
        ("D-080", "metadata", "error"),
        ("AGR-PATIENT", "agreement", "error"),
        ("AGR-TITLE", "agreement", "warning"),
    ],
)
def test_a_rule_of_any_kind_is_found_by_its_name(identifier, kind, severity):
    found = rule(identifier)

    assert (found.id, found.kind, str(found.severity)) == (identifier, kind, severity)
    assert found == next(one for one in rules() if one.id == identifier)


def test_a_rule_of_a_schema_shows_what_it_looks_at_and_how_to_break_it():
    found = rule("VSM-CODE")

    (condition,) = found.conditions
    assert condition.context == "cda:ClinicalDocument"
    assert "SYNTH" in condition.test
    assert not condition.fails_when
    assert found.twin == "ecluse samples broken DIR --rule VSM-CODE"
    assert found.as_data("en")["conditions"] == [
        {"context": condition.context, "test": condition.test, "fails_when": False}
    ]


def test_rules_of_the_dmp_are_not_asked_of_a_generic_domain():
    assert rule("D-080").profiles == ("xds-metadata-dmp",)
    assert len(rule("M1").profiles) == 2


@pytest.mark.parametrize(
    ("identifier", "severity"),
    [("FHIR-KEEPER", Severity.ERROR), ("V-42", Severity.ERROR), ("SIG-LEVEL", Severity.WARNING)],
)
def test_what_the_doors_alone_ask_is_explained_and_no_profile_asks_it(identifier, severity):
    found = rule(identifier)

    assert (found.profiles, found.severity) == ((), severity)
    assert "door" in found.advice("en")


def test_every_text_of_metadata_and_advice_is_a_rule():
    named = {one.id for one in rules()}

    assert {*rule_texts("xds_metadata"), *rule_texts("medical_summary")} <= named


@pytest.mark.parametrize(
    ("asked", "near"), [("VSM-COD", "VSM-CODE"), ("vsm-code", "VSM-CODE"), ("onepage", "HAS-ONE-PAGE")]
)
def test_a_rule_nobody_knows_brings_near_names(asked, near):
    with pytest.raises(UnknownRule) as caught:
        rule(asked)

    assert near in caught.value.near


@pytest.mark.parametrize("asked", ["", "x" * 20_000, '"', "\x00"])
def test_a_name_that_is_none_brings_nothing(asked):
    with pytest.raises(UnknownRule) as caught:
        rule(asked)

    assert caught.value.near == ()


def test_the_errors_of_the_dmp_and_of_cda_are_errors():
    assert {one.severity for one in rules() if one.kind == "structure"} == {Severity.ERROR}
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", one.id) for one in rules())

"""The rules of a pack are explained by the ids that its findings bear."""

from __future__ import annotations

import pytest

from cda.document import parse_document
from conformance.explaining import UnknownRule
from conformance.packs.explaining import pack_rule, pack_rules
from conformance.packs.pack import Pack

BAD = (
    '<ClinicalDocument xmlns="urn:hl7-org:v3"><templateId root="1.2.250.1.213.1.1.1.99" extension="2025.01"/>'
    '<code code="A00" codeSystem="9.8.7"/><setId root="1"/><section><act moodCode="INT"/></section></ClinicalDocument>'
)


@pytest.fixture
def small(store) -> Pack:
    return Pack.open("small", store)


def test_every_finding_of_a_schema_names_a_rule_that_is_explained(small):
    findings = [one for one in small.validate(parse_document(BAD.encode())).findings if one.layer != "structure"]

    assert {one.layer for one in findings} == {"header", "ihe", "content", "ans", "document"}
    for one in findings:
        explained = pack_rule(small, one.rule)
        assert (one.layer, one.severity) in {(rule.layer, rule.severity) for rule in explained}
        assert one.test in {condition.test for rule in explained for condition in rule.conditions}


def test_a_rule_says_which_pack_and_model_ask_it(small):
    asked_by = {rule.layer: rule.profiles for rule in pack_rules(small)}

    assert asked_by["ihe"] == ("small",)
    assert asked_by["document"] == ("small NOTE 2025.01",)


def test_a_rule_nobody_knows_brings_near_names(small):
    known = pack_rules(small)[0].id

    with pytest.raises(UnknownRule) as raised:
        pack_rule(small, f"{known}x")

    assert known in raised.value.near

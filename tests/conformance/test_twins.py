"""Every rule of every profile has a twin that breaks it, and nothing that it need not break."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import pytest

from conformance.catalogue import PROFILES, SchemaRef
from conformance.repairs import mend
from conformance.report import Finding, Severity
from conformance.schematron.reading import read_schema
from conformance.structure.rules import RULES as STRUCTURE_RULES
from conformance.validate import validate
from samples.documents.corpus import corpus, families
from samples.documents.twins import Twin
from samples.documents.vsm import vsm

CORPUS = dict(corpus())
SCHEMAS = {one for profile in PROFILES.values() for one in profile.schemas}
STRUCTURE = "structure"


@cache
def good(twin_name: str) -> tuple[Finding, ...]:
    """What is said of the good document of a twin."""
    twin = CORPUS[twin_name]
    return _said(twin.document(), twin.profile)


@cache
def _said(content: bytes, profile: str) -> tuple[Finding, ...]:
    return validate(content, profile).findings


def rules_of(ref: SchemaRef) -> set[str]:
    """The ids of the assertions of one schema."""
    text = read_schema(files(f"profiles.{ref.package}").joinpath(f"{ref.name}.sch").read_bytes())
    return {one.id for pattern in text.patterns for rule in pattern.rules for one in rule.assertions}


@pytest.mark.parametrize("name", CORPUS)
def test_each_rule_catches_its_twin_and_nothing_else(name):
    twin: Twin = CORPUS[name]
    before = {one.rule for one in good(name)}

    findings = validate(twin.content(), twin.profile).findings

    told = {one.rule for one in findings if one.layer != STRUCTURE or families()[STRUCTURE].count(twin)}
    assert twin.rule in told
    assert told - before <= {twin.rule} | twin.also
    finding = next(one for one in findings if one.rule == twin.rule)
    assert finding.line > 0
    assert finding.column > 0
    assert finding.message
    assert finding.message_en
    assert finding.hint
    assert finding.hint_en
    if finding.repair:
        mended = {one.rule for one in validate(mend(twin.content(), findings).content, twin.profile).findings}
        assert mended <= before


def test_good_documents_break_no_rule_that_is_an_error():
    for name in CORPUS:
        assert [one for one in good(name) if one.severity is Severity.ERROR] == []


def test_every_rule_has_a_twin_and_every_twin_a_rule():
    rules = {rule for ref in SCHEMAS for rule in rules_of(ref)} | set(STRUCTURE_RULES)

    assert {twin.rule for twin in CORPUS.values()} == rules


def test_what_is_absent_has_no_certain_repair():
    content = vsm().replace(b'<statusCode code="completed"/>', b"", 1)

    findings = validate(content).findings

    assert "ENT-PROBLEM-STATUS" in {one.rule for one in findings}
    assert [one.repair for one in findings] == [()] * len(findings)

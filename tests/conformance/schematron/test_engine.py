from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from conformance.schematron.contexts import read_context
from conformance.schematron.engine import Schema
from conformance.schematron.functions import in_set, ins_key, is_form
from conformance.schematron.index import DocumentIndex
from conformance.schematron.model import SchemaFault
from conformance.schematron.reading import read_schema
from samples.documents.patients import PATIENTS
from security import xml

HEAD = b"""<schema xmlns="http://purl.oclc.org/dsdl/schematron" xmlns:ecluse="urn:ecluse:schematron">
<title>t</title><ns prefix="cda" uri="urn:hl7-org:v3"/>"""
TAIL = b"""<diagnostics><diagnostic id="A.en">a</diagnostic><diagnostic id="A.hint">look</diagnostic>
<diagnostic id="B.en">b</diagnostic></diagnostics></schema>"""
NS = {"cda": "urn:hl7-org:v3"}


def failures(patterns: bytes, document: bytes) -> list[tuple[str, str, str | None]]:
    schema = Schema(read_schema(HEAD + patterns + TAIL))
    root = xml.parse(b'<r xmlns="urn:hl7-org:v3">' + document + b"</r>")
    return [
        (one.assertion.id, etree.QName(one.place).localname, one.found)
        for one in schema.check(DocumentIndex(root, schema.tags))
    ]


def test_the_first_rule_that_matches_silences_those_after_it_in_its_pattern():
    first = b'<rule context="cda:a"><assert id="A" see="s" diagnostics="A.en" test="true()">x</assert></rule>'
    second = b'<rule context="cda:r/cda:a"><assert id="B" see="s" diagnostics="B.en" test="false()">x</assert></rule>'

    assert failures(b"<pattern>" + first + second + b"</pattern>", b"<a/>") == []
    assert failures(b"<pattern>" + first + b"</pattern><pattern>" + second + b"</pattern>", b"<a/>") == [
        ("B", "a", None)
    ]


def test_a_report_speaks_when_its_test_holds_and_an_assert_when_it_does_not():
    pattern = (
        b'<pattern><rule context="cda:a"><report id="A" see="s" diagnostics="A.en" test="@b">x</report>'
        b'<assert id="B" see="s" diagnostics="B.en" test="@b">x</assert></rule></pattern>'
    )

    assert failures(pattern, b'<a b="1"/>') == [("A", "a", None)]
    assert failures(pattern, b"<a/>") == [("B", "a", None)]


def test_variables_of_the_schema_and_of_the_rule_are_seen_by_assertions():
    pattern = (
        b'<let name="all" value="count(//cda:a)"/><pattern><rule context="cda:a"><let name="mine" '
        b'value="$all + 1"/><assert id="A" see="s" diagnostics="A.en" test="$mine = 2" '
        b'ecluse:found="$mine">x</assert></rule></pattern>'
    )

    assert failures(pattern, b"<a/>") == []
    assert failures(pattern, b"<a/><a/>") == [("A", "a", "3"), ("A", "a", "3")]


def test_a_finding_points_where_the_rule_says_and_shows_what_it_met():
    pattern = (
        b'<pattern><rule context="cda:a"><assert id="A" see="s" diagnostics="A.en A.hint" test="cda:b/@c = 1" '
        b'ecluse:where="cda:b" ecluse:found="cda:b/@c" ecluse:expected="1">x</assert></rule></pattern>'
    )

    assert failures(pattern, b'<a><b c="2"/></a>') == [("A", "b", "2")]
    assert failures(pattern, b"<a/>") == [("A", "a", None)]


@pytest.mark.parametrize(
    ("context", "matched"),
    [
        ("cda:a", ["1", "2", "3"]),
        ("cda:b/cda:a", ["2", "3"]),
        ("cda:c//cda:a", ["2", "3"]),
        ("cda:c/cda:b/cda:a", ["2"]),
        ("cda:a[@i='3']", ["3"]),
        ("cda:b[@j]/cda:a", ["3"]),
        ("cda:b/cda:a[1]", ["2", "3"]),
        ("cda:a[cda:templateId/@root='1.2']", ["3"]),
        ("cda:a[cda:templateId/@root='1.2'][@i='1']", []),
        ("//cda:c/cda:b/cda:a", ["2"]),
    ],
)
def test_a_context_matches_as_xslt_patterns_do(context, matched):
    pattern = (
        f'<pattern><rule context="{context}"><report id="A" see="s" diagnostics="A.en" test="true()" '
        'ecluse:found="@i">x</report></rule></pattern>'
    ).encode()
    document = (
        b'<a i="1"/><c><b><a i="2"/></b><d><b j=""><a i="3"><templateId root="1.2"/>'
        b'<templateId root="1.3"/></a></b></d></c>'
    )

    assert [found for _, _, found in failures(pattern, document)] == matched


@pytest.mark.parametrize("context", ["unknown:a", "cda:a[@b", "cda:a |", "cda:a/", "cda:a['x]"])
def test_a_context_that_cannot_be_read_is_refused_not_ignored(context):
    with pytest.raises(SchemaFault):
        read_context(context, NS)


@pytest.mark.parametrize(
    "assertion",
    [
        b'<assert see="s" diagnostics="A.en" test="true()">x</assert>',
        b'<assert id="A" diagnostics="A.en" test="true()">x</assert>',
        b'<assert id="A" see="s" test="true()">x</assert>',
        b'<assert id="A" see="s" diagnostics="A.en">x</assert>',
        b'<assert id="A" see="s" diagnostics="A.en" test="true()">x</assert>' * 2,
        b'<assert id="A" see="s" diagnostics="A.en" test="((">x</assert>',
    ],
)
def test_a_schema_with_a_faulty_assertion_is_refused(assertion):
    with pytest.raises(SchemaFault):
        Schema(read_schema(HEAD + b'<pattern><rule context="cda:a">' + assertion + b"</rule></pattern>" + TAIL))


NAMES = st.sampled_from(["a", "b", "c"])


@st.composite
def trees(draw, depth=4):
    name = draw(NAMES)
    inside = "".join(draw(st.lists(trees(depth=depth - 1), max_size=3))) if depth else ""
    return f"<{name}>{inside}</{name}>"


@settings(max_examples=60, deadline=None)
@given(trees(), st.lists(st.tuples(st.sampled_from(["/", "//"]), NAMES), min_size=1, max_size=3))
def test_a_context_finds_the_nodes_that_xpath_finds(tree, steps):
    context = "".join(f"{axis}cda:{name}" for axis, name in steps).lstrip("/")
    pattern = (
        f'<pattern><rule context="{context}"><report id="A" see="s" diagnostics="A.en" test="true()">x'
        "</report></rule></pattern>"
    ).encode()
    root = xml.parse(f'<r xmlns="urn:hl7-org:v3">{tree}</r>'.encode())
    schema = Schema(read_schema(HEAD + pattern + TAIL))

    index = DocumentIndex(root, schema.tags)
    found = [one.place for one in schema.check(index)]

    assert sorted(found, key=index.order().__getitem__) == root.xpath(f"//{context}", namespaces=NS)


@pytest.mark.parametrize(
    ("form", "value", "holds"),
    [
        ("ts", "2024", True),
        ("ts", "202", False),
        ("ts", "20240611093000+0200", True),
        ("oid", "1.2.250", True),
        ("oid", "1..2", False),
        ("oid", "1.02", False),
        ("oid", "3.1", False),
        ("uid", "6BAB188A-2A52-4E87-97A0-AEE51661167E", True),
        ("uid", "1.2 ", False),
        ("telecom", "tel:01", True),
        ("telecom", "tel:", False),
        ("telecom", "TEL:01", False),
        ("telecom", "01", False),
        ("language", "fr-FR", True),
        ("language", "fr", False),
        ("int", "-1", True),
        ("int", "1.0", False),
    ],
)
def test_forms_of_datatypes(form, value, holds):
    assert is_form(None, form, value) is holds


def test_the_key_of_every_sample_patient_is_right_and_any_other_is_wrong():
    for patient in PATIENTS:
        assert ins_key(None, patient.ins)
        assert not ins_key(None, patient.nir + f"{(int(patient.ins[-2:]) % 97) + 1:02d}")
    assert not ins_key(None, "")
    assert not ins_key(None, "258076912301")


def test_a_code_is_compared_alone_or_with_its_system():
    name = "JDV_J143_AdministrativeGender_CISIS"

    assert in_set(None, name, ["F"])
    assert in_set(None, name, "F M")
    assert not in_set(None, name, [])
    assert in_set(None, name, "F", "2.16.840.1.113883.5.1")
    assert not in_set(None, name, "F", "1.2.3")


def test_a_place_that_a_text_names_is_none():
    found, placed = (read_context(one, NS)[0] for one in ("cda:a/cda:b[.='c[1]']", "cda:a/cda:b[1]"))

    assert [step.tag for step in found.steps] == ["{urn:hl7-org:v3}a", "{urn:hl7-org:v3}b"]
    assert placed.steps == ()

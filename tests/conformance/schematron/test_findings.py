from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from cda.document import parse_document
from conformance.report import Edit, Severity
from conformance.schematron.findings import Checked, check
from conformance.schematron.loading import load
from conformance.schematron.showing import found_text

CODES = b'<codes xmlns="urn:codes"><code value="A"/><code value="B" system="1"/><name>A</name></codes>'


def checked(directory: Path, rules: str, body: str, *, binding: str = "xslt", at_most: int | None = None) -> Checked:
    names = 'xmlns="http://purl.oclc.org/dsdl/schematron" xmlns:ecluse="urn:ecluse:schematron"'
    (directory / "main.sch").write_text(
        f'<schema {names} queryBinding="{binding}"><title>Norm</title>'
        f'<ns prefix="c" uri="urn:hl7-org:v3"/><ns prefix="k" uri="urn:codes"/>{rules}</schema>',
        encoding="utf-8",
    )
    made = load(directory / "main.sch", root=directory, cache=None, tolerant=False)
    assert made.notes == ()
    document = parse_document(
        f'<ClinicalDocument xmlns="urn:hl7-org:v3">\n{body}\n</ClinicalDocument><!--z-->'.encode()
    )
    return check(document, [("body", made.schema)], at_most)


def rule(context: str, test: str = "false()", attributes: str = "", message: str = "m") -> str:
    asserted = f'<assert {attributes} test="{test}">{message}</assert>'
    return f'<pattern id="P"><rule context="{context}">{asserted}</rule></pattern>'


def test_a_finding_has_everything_that_a_reader_needs(tmp_path):
    rules = rule(
        "c:a",
        "c:b/@c = 1",
        'role="warning" see="S" id="A" ecluse:where="c:b" ecluse:found="c:b/@c" ecluse:expected="1"'
        " ecluse:repair=\"@c='1'\"",
        "has <value-of select='c:b/@c'/>",
    )
    body = '<a><b c="2"/></a>'
    (one,) = checked(tmp_path, rules, body).findings

    assert (one.rule, one.severity, one.source, one.layer) == ("A", Severity.WARNING, "S", "body")
    assert (one.path, one.line, one.column) == ("/ClinicalDocument/a/b", 2, 4)
    assert (one.found, one.expected, one.message, one.message_en) == ("2", "1", "has 2", "has 2")
    assert (one.context, one.test) == ("c:a", "c:b/@c = 1")
    start = len(b'<ClinicalDocument xmlns="urn:hl7-org:v3">\n<a><b c="')
    assert one.repair == (Edit(start, start + 1, b"1"),)


@pytest.mark.parametrize(
    ("context", "paths"),
    [
        ("/", ["/ClinicalDocument"]),
        ("/c:ClinicalDocument", ["/ClinicalDocument"]),
        ("/c:a", []),
        ("c:a/@x", ["/ClinicalDocument/a[1]/@x"]),
        ("@*", ["/ClinicalDocument/a[1]/@x", "/ClinicalDocument/a[2]/@y"]),
        ("c:b/text()", ["/ClinicalDocument/a[2]/b/text()", "/ClinicalDocument/a[2]/b/text()"]),
        ("c:a[2] | c:b", ["/ClinicalDocument/a[2]", "/ClinicalDocument/a[2]/b"]),
        ("c:b | c:a/c:b | *[@z]", ["/ClinicalDocument/a[2]/b"]),
        ("*[not(*)]", ["/ClinicalDocument/a[1]", "/ClinicalDocument/a[2]/b"]),
        ("c:a//text()[. = 't'] | c:a/comment()", ["/ClinicalDocument/a[2]", "/ClinicalDocument/a[2]/b/text()"]),
        ("c:a[last()]/c:b", ["/ClinicalDocument/a[2]/b"]),
        ("//c:ClinicalDocument//c:b[../@y]", ["/ClinicalDocument/a[2]/b"]),
        ("c:*", ["/ClinicalDocument", *(f"/ClinicalDocument/{one}" for one in ("a[1]", "a[2]", "a[2]/b"))]),
        ("processing-instruction('p') | /comment()", ["/ClinicalDocument", "/ClinicalDocument/a[2]/b"]),
    ],
)
def test_contexts_of_every_kind_have_a_place(tmp_path, context, paths):
    body = '<a x="1"/><a y="2"><!--c--><b>s<?p?>t</b></a>'

    assert [one.path for one in checked(tmp_path, rule(context), body).findings] == paths


def test_an_attribute_is_taken_by_the_first_rule_that_matches_it_and_asked_where_it_is(tmp_path):
    rules = (
        '<pattern id="P"><rule context="c:a/@x"><let name="me" value="."/><let name="up" value=".."/>'
        "<assert test=\". = 1 and name() = 'x' and count(..) = 1 and $me = 1 and count($up/c:b[. = $me]) = 1\">"
        '<value-of select="."/> of <name path=".."/> <value-of select="$me"/></assert></rule>'
        '<rule context="@*"><assert test="false()">other <name/></assert></rule></pattern>'
    )
    found = checked(tmp_path, rules, '<a x="1" y="2"><b>1</b></a><a x="1"/>').findings

    assert [(one.path, one.message) for one in found] == [
        ("/ClinicalDocument/a[1]/@y", "other y"),
        ("/ClinicalDocument/a[2]/@x", "1 of a 1"),
    ]


def test_texts_are_asked_one_by_one(tmp_path):
    rules = rule("c:b/text()", "following-sibling::text() or . = 'u'", message="<value-of select='.'/>")

    assert [one.message for one in checked(tmp_path, rules, "<b>s<x/>t<y/>u</b><b>v</b>").findings] == ["v"]


def test_variables_of_a_rule_hold_attributes_texts_numbers_and_nothing(tmp_path):
    rules = (
        '<let name="every" value="//c:a/@x"/><pattern id="P"><rule context="c:a"><let name="x" value="@x"/>'
        '<let name="none" value="@none"/><let name="texts" value="c:b/text()"/><let name="two" value="1 + 1"/>'
        '<assert test="count($every) = 3 and count($x) = 1 and not($none) and not(@x = $none)">1</assert>'
        "<assert test=\"c:b[. = $x] and c:b[@i = $two] and count($texts) = 2 and c:b[$texts = 'q']\">2</assert>"
        '<assert test="c:b[count($none) = 0 and current()/@x = $x]">3</assert></rule></pattern>'
    )
    good = '<a x="q"><b i="2">q</b><b>r</b></a>'

    assert checked(tmp_path, rules, good * 3).findings == ()
    assert [one.rule for one in checked(tmp_path, rules, good + good.replace("q<", "p<") + good).findings] == ["P-2"]


def test_many_nodes_asked_at_once_and_a_few_asked_one_by_one_say_the_same(tmp_path):
    others = rule("c:b", "@x &lt; 3 and count(//c:b) &gt; 1").replace("P", "Q")
    rules = rule("c:a[@x]", "@x &lt; 3 or ../c:a[position() = 9]") + others
    body = "".join(f'<a x="{number}"/><b x="{number}"/>' for number in range(1, 9))

    found = checked(tmp_path, rules, body).findings
    assert len(found) == 12
    assert checked(tmp_path, rules, '<a x="1"/><a x="5"/><b x="5"/>').findings != ()
    assert [one.rule for one in checked(tmp_path, rules, '<a x="5"/><b x="1"/>').findings] == ["P-1", "Q-1"]


def test_a_bound_ends_the_search(tmp_path):
    assert len(checked(tmp_path, rule("c:a"), "<a/>" * 50, at_most=7).findings) == 7


def test_findings_stand_in_the_order_of_the_document(tmp_path):
    rules = rule("c:b") + rule("c:a").replace("P", "Q")

    found = checked(tmp_path, rules, "<a><b/></a><b/><a/>").findings
    assert [one.path for one in found] == [f"/ClinicalDocument/{one}" for one in ("a[1]", "a[1]/b", "b", "a[2]")]


def test_value_sets_beside_the_schema_are_asked_and_what_is_missing_is_said_never_passed(tmp_path):
    (tmp_path / "Codes.xml").write_bytes(CODES)
    rules = rule("c:a", "@v = document('codes.xml')//k:code/@value") + rule(
        "c:a", "doc-available('none.xml') or @v = doc('none.xml')//k:code/@value"
    ).replace("P", "Q")
    result = checked(tmp_path, rules, '<a v="A"/><a v="C"/>', binding="xslt2")

    assert [(one.rule, one.path) for one in result.findings] == [("P-1", "/ClinicalDocument/a[2]")]
    assert result.notes == (("body", "Q-1 could not be checked: there is no document none.xml"),)


def test_a_question_that_fails_does_not_silence_the_others(tmp_path):
    rules = (
        '<pattern id="P"><rule context="c:a"><assert test="count(\'x\') = 1">m</assert>'
        '<assert test="@b">m</assert></rule></pattern>'
    )
    result = checked(tmp_path, rules + rule("c:a[count('x')]").replace("P", "Q"), "<a/>")

    assert [one.rule for one in result.findings] == ["P-2"]
    assert [told.split(" could")[0] for _, told in result.notes] == ["rule \"c:a[count('x')]\"", "P-1"]


def test_a_wrapped_document_is_judged_inside_with_places_of_the_whole_file(tmp_path):
    (tmp_path / "main.sch").write_text(
        '<schema xmlns="http://purl.oclc.org/dsdl/schematron"><ns prefix="c" uri="urn:hl7-org:v3"/>'
        + rule("c:a", "count(//c:a) = 2")
        + "</schema>"
    )
    made = load(tmp_path / "main.sch", root=tmp_path, cache=None, tolerant=False)
    content = (
        b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">\n<ClinicalDocument xmlns="urn:hl7-org:v3"><a/>'
        b"</ClinicalDocument></ds:Signature>"
    )
    (one,) = check(parse_document(content), [("body", made.schema)]).findings

    assert (one.path, one.line, one.column) == ("/ClinicalDocument/a", 2, 42)


def test_a_rule_that_does_not_show_what_it_met_says_nothing_of_it(tmp_path):
    silent = rule("c:a", "@b", 'id="A" ecluse:expected="1"')
    shown = rule("c:a", "@b", 'id="B" ecluse:expected="1" ecluse:found="@b"').replace('"P"', '"Q"')

    found = {one.rule: one.found for one in checked(tmp_path, silent + shown, "<a/>").findings}

    assert found == {"A": "", "B": None}


@pytest.mark.parametrize(
    ("written", "shown"),
    [("SYNTH ", '"SYNTH "'), (" SYNTH", '" SYNTH"'), ("SY  NTH", "SY NTH"), (" ", '" "'), ("SYNTH", "SYNTH"), ("", "")],
)
def test_blanks_around_a_value_are_shown(written, shown):
    value = etree.fromstring(f'<code code="{written}"/>').xpath("@code")

    assert found_text(value) == shown
    assert found_text([*value, *value]) == f"{shown}, {shown}"

from __future__ import annotations

import pytest

from conformance.schematron.engine import Schema
from conformance.schematron.index import DocumentIndex
from conformance.schematron.model import SchemaFault
from conformance.schematron.planning import plan
from conformance.schematron.reading import read_parsed, read_schema
from security import xml

OPEN = '<schema xmlns="http://purl.oclc.org/dsdl/schematron" {}><title>Norm</title><ns prefix="n" uri="urn:n"/>'


def schema(inside: str, attributes: str = "", phase: str | None = None, *, strict: bool = False) -> Schema:
    root = xml.parse((OPEN.format(attributes) + inside + "</schema>").encode())
    return Schema(plan(read_parsed(root, strict=strict, phase=phase), strict=strict))


def found(made: Schema, document: str) -> list[tuple[str, str]]:
    root = xml.parse(f'<r xmlns="urn:n">{document}</r>'.encode())
    notes: list[str] = []
    failures = [(one.assertion.id, one.message) for one in made.check(DocumentIndex(root, made.tags), notes)]
    assert notes == []
    return failures


def pattern(identifier: str, context: str, test: str = "false()", message: str = "m") -> str:
    rule = f'<rule context="{context}"><assert test="{test}">{message}</assert></rule>'
    return f'<pattern id="{identifier}">{rule}</pattern>'


PHASES = (
    '<phase id="one"><active pattern="A"/><let name="limit" value="1"/></phase>'
    '<phase id="both"><active pattern="A"/><active pattern="B"/></phase>'
    + pattern("A", "n:a")
    + pattern("B", "n:a")
    + pattern("C", "n:a")
)


@pytest.mark.parametrize(
    ("attributes", "phase", "asked"),
    [
        ("", None, ["A-1", "B-1", "C-1"]),
        ('defaultPhase="one"', None, ["A-1"]),
        ('defaultPhase="one"', "#DEFAULT", ["A-1"]),
        ('defaultPhase="one"', "#ALL", ["A-1", "B-1", "C-1"]),
        ('defaultPhase="one"', "both", ["A-1", "B-1"]),
    ],
)
def test_a_phase_chooses_the_patterns(attributes, phase, asked):
    assert [rule for rule, _ in found(schema(PHASES, attributes, phase), "<a/>")] == asked


def test_variables_of_a_phase_are_seen_in_its_patterns_only_when_it_is_chosen():
    inside = '<phase id="p"><let name="limit" value="2"/><active pattern="A"/></phase>' + pattern(
        "A", "n:a", "count(n:b) = $limit"
    )

    assert found(schema(inside, phase="p"), "<a><b/><b/></a><a/>") == [("A-1", "m")]
    assert "nobody declares $limit" in schema(inside, phase="#ALL").plan.notes[0]


def test_a_phase_that_is_not_there_is_a_fault_and_a_pattern_that_is_not_there_a_note():
    with pytest.raises(SchemaFault, match="there is no phase x; there are: both, one"):
        schema(PHASES, phase="x")
    made = schema('<phase id="p"><active pattern="a"/><active pattern="A"/></phase>' + pattern("A", "n:a"), phase="p")
    assert made.plan.notes == ("phase p: there is no pattern a",)


ABSTRACT = (
    '<pattern abstract="true" id="coded"><rule context="$element"><let name="held" value="$element-note"/>'
    '<assert test="@code = \'$code\' and $codes">$element needs $code, has <value-of select="$shown"/></assert>'
    "</rule></pattern>"
)


def test_an_abstract_pattern_is_filled_with_text_in_queries_and_messages_the_longest_name_first():
    inside = (
        ABSTRACT.replace('<let name="held" value="$element-note"/>', "")
        + '<pattern is-a="coded" id="P"><param name="code" value="1"/><param name="codes" value="n:b"/>'
        + '<param name="element" value="n:a"/><param name="shown" value="@code"/></pattern>'
    )

    assert found(schema(inside), '<a code="1"><b/></a><a code="2"/>') == [("P-1", "n:a needs 1, has 2")]


def test_one_abstract_pattern_serves_many_uses_and_is_asked_itself_never():
    inside = pattern("X", "$e").replace("<pattern", '<pattern abstract="true"') + "".join(
        f'<pattern is-a="X" id="{name}"><param name="e" value="n:{name}"/></pattern>' for name in "ab"
    )

    assert found(schema(inside), "<b/><a/>") == [("a-1", "m"), ("b-1", "m")]


def test_rules_extend_abstract_rules_of_their_pattern_first_then_of_any_and_through_several():
    inside = (
        '<pattern><rule abstract="true" id="far"><assert id="FAR" test="@far">m</assert></rule>'
        '<rule abstract="true" id="near"><assert id="OTHER" test="false()">m</assert></rule></pattern>'
        '<pattern id="P"><rule abstract="true" id="near"><extends rule="far"/><let name="v" value="@v"/>'
        '<assert id="NEAR" test="$v">m</assert></rule>'
        '<rule context="n:a"><extends rule="near"/><assert id="OWN" test="$v = 1">m</assert></rule></pattern>'
    )

    assert [rule for rule, _ in found(schema(inside), "<a/>")] == ["FAR", "NEAR", "OWN"]
    assert found(schema(inside), '<a far="" v="1"/>') == []


def test_a_variable_declared_again_hides_the_first_from_there_on():
    inside = (
        '<pattern id="P"><rule context="n:a"><let name="v" value="1"/><assert test="$v = 1">m</assert>'
        '<let name="v" value="$v + 1"/><assert test="$v = 2">m</assert></rule></pattern>'
    )

    assert found(schema(inside), "<a/>") == []


def test_variables_of_two_patterns_with_one_name_are_two_and_others_are_seen_everywhere():
    inside = (
        '<pattern id="A"><let name="v" value="1"/><let name="only" value="3"/><rule context="n:a[$v = 1]">'
        '<assert test="$v = 1">m</assert></rule></pattern>'
        '<pattern id="B"><let name="v" value="2"/><rule context="n:a[$v = 2]"><assert test="$v = 2 and $only = 3">m'
        '</assert><report test="true()"><value-of select="$v"/></report></rule></pattern>'
    )

    assert found(schema(inside), "<a/>") == [("B-2", "2")]


def test_variables_may_hold_text_and_may_be_declared_in_any_order_but_not_in_a_circle():
    inside = '<let name="b" value="$a + 1"/><let name="a" value="1"/><let name="t">it\'s "so"</let>' + pattern(
        "P", "n:a[$b = 2]", "@x = $t"
    )

    assert found(schema(inside), '<a x="it\'s &quot;so&quot;"/>') == []
    circle = schema('<let name="b" value="$a"/><let name="a" value="$b"/>' + pattern("P", "n:a", "$a"))
    assert len(circle.plan.notes) == 3
    assert found(circle, "<a/>") == []


def test_messages_show_values_names_and_what_is_emphasised_with_white_space_made_single():
    inside = pattern(
        "P",
        "n:a",
        message='The <emph>element</emph> <name/>\n  in <name path=".."/>: <value-of select="@c"/>,'
        ' <value-of select="count(n:b)"/>, <span class="x"><value-of select="n:b = 1"/></span>',
    )
    made = schema(inside)

    assert found(made, '<a c=" x "><b>1</b></a>') == [("P-1", "The element a in r: x , 1, true")]
    assert (
        made.plan.patterns[0].rules[0].assertions[0].message == "The element {.} in {..}: {@c}, {count(n:b)}, {n:b = 1}"
    )


@pytest.mark.parametrize(
    ("role", "severity"),
    [
        ("", "error"),
        ('role="fatal"', "error"),
        ('role="ERROR"', "error"),
        ('role="warn"', "warning"),
        ('role="Warning"', "warning"),
        ('role="info"', "info"),
        ('role="information"', "info"),
        ('role="odd"', "error"),
    ],
)
def test_roles_are_severities(role, severity):
    made = schema(f'<pattern id="P"><rule context="n:a"><assert {role} test="false()">m</assert></rule></pattern>')

    assert made.plan.patterns[0].rules[0].assertions[0].role == severity
    assert bool(made.plan.notes) == ("odd" in role)


def test_a_rule_gives_its_role_and_source_to_assertions_that_have_none():
    made = schema(
        '<pattern><rule context="n:a" role="warning" see="S"><assert test="1">m</assert>'
        '<assert role="error" see="T" test="1">m</assert></rule></pattern>' + pattern("P", "n:a")
    )
    first, second = made.plan.patterns[0].rules[0].assertions

    assert (first.role, first.source, second.role, second.source) == ("warning", "S", "error", "T")
    assert made.plan.patterns[1].rules[0].assertions[0].source == "Norm"


def test_ids_that_are_missing_are_made_of_the_pattern_and_a_number():
    inside = '<pattern><rule context="n:a"><assert test="0">m</assert><assert id="X" test="0">m</assert></rule>'
    inside += '<rule context="n:b"><assert test="0">m</assert></rule></pattern>'

    assert [rule for rule, _ in found(schema(inside), "<a/><b/>")] == ["pattern-1-1", "X", "pattern-1-3"]


def test_foreign_elements_and_attributes_paragraphs_and_titles_change_nothing():
    inside = (
        '<p>About</p><x:key xmlns:x="urn:x" name="k"/><pattern id="P" x:a="1" xmlns:x="urn:x" fpi="f" icon="i"><title>t'
        '</title><p>p</p><rule context="n:a" flag="g" id="i"><x:y/><assert test="@b" x:z="1" flag="f">m</assert></rule>'
        "</pattern>"
    )

    assert found(schema(inside), "<a/>") == [("P-1", "m")]


@pytest.mark.parametrize(
    ("inside", "fault"),
    [
        ('<pattern is-a="x"/>', "no abstract pattern is named x"),
        ('<pattern><rule context="n:a"><extends rule="x"/></rule></pattern>', "no abstract rule is named 'x'"),
        (
            '<pattern><rule abstract="true" id="x"><extends rule="y"/></rule><rule abstract="true" id="y">'
            '<extends rule="x"/></rule><rule context="n:a"><extends rule="x"/></rule></pattern>',
            "abstract rules go round in a circle: x -> y -> x",
        ),
        ('<pattern><rule><assert test="1">m</assert></rule></pattern>', "a rule without a context"),
        ('<pattern><rule context="n:a"><assert>m</assert></rule></pattern>', "an assertion without a test"),
        ('<let value="1"/>', "it needs a name and a value"),
        ('<pattern documents="x"/>', "patterns over other documents"),
        ('<include href="x.sch"/>', "includes nothing"),
    ],
)
def test_what_is_wrong_with_a_schema_is_said(inside, fault):
    with pytest.raises(SchemaFault, match=fault):
        schema(inside)


def test_everything_that_is_wrong_is_said_at_once():
    inside = '<pattern is-a="x"/><pattern><rule><assert>m</assert></rule></pattern>'
    with pytest.raises(SchemaFault) as raised:
        schema(inside)
    assert len(raised.value.faults) == 3

    strict = "".join(f'<assert id="{one}" see="s" diagnostics="{one}.en" test="{one}(">m</assert>' for one in "ab")
    diagnostics = '<diagnostics><diagnostic id="a.en">a</diagnostic><diagnostic id="b.en">b</diagnostic></diagnostics>'
    with pytest.raises(SchemaFault) as raised:
        schema(f'<pattern><rule context="n:a">{strict}</rule></pattern>{diagnostics}', strict=True)
    assert [fault[:16] for fault in raised.value.faults] == ["a is not checked", "b is not checked"]


def test_what_a_published_schema_cannot_be_asked_is_left_out_with_a_note_and_the_rest_is_asked():
    inside = (
        '<let name="gone" value="key(\'k\', 1)"/>'
        '<pattern id="P"><rule context="n:a"><assert test="$gone">m</assert><assert test="((">m</assert>'
        '<assert test="nobody:knows()">m</assert><assert test="@b">m</assert></rule></pattern>'
        '<pattern id="Q"><rule context="n:a[key(\'k\', 1)]"><assert test="0">m</assert></rule>'
        '<rule context="n:a"><assert test="0">m</assert></rule></pattern>'
    )
    made = schema(inside)

    assert found(made, "<a/>") == [("P-4", "m")]
    assert [note.split(":")[0] for note in made.plan.notes] == [
        "the schema",
        "P-1 is not checked",
        "P-2 is not checked",
        "P-3 is not checked",
        'pattern Q, rule "n',
    ]
    assert "nor the 1 rules after it" in made.plan.notes[-1]


def test_a_query_language_that_nobody_knows_is_a_fault_and_xpath_2_is_translated():
    with pytest.raises(SchemaFault, match="prolog"):
        schema(pattern("P", "n:a"), 'queryBinding="prolog"')
    made = schema(
        "<let name=\"codes\" value=\"tokenize('x y', ' ')\"/>"
        + pattern("P", "n:a", "every $one in n:b satisfies $one/@c = $codes", '<value-of select="n:b/@c"/>'),
        'queryBinding="xslt2"',
    )

    assert made.plan.notes == ()
    assert found(made, '<a><b c="x"/><b c="y"/></a><a><b c="x"/><b c="z"/></a>') == [("P-1", "x z")]


def test_a_schema_of_ours_needs_more_than_a_published_one():
    inside = '<pattern><rule context="n:a"><assert id="A" see="s" role="odd" test="1">m</assert></rule></pattern>'
    with pytest.raises(SchemaFault) as raised:
        schema(inside, strict=True)
    assert len(raised.value.faults) == 2

    with pytest.raises(SchemaFault, match="not well-formed"):
        read_schema(b"<schema>")
    with pytest.raises(SchemaFault, match="not a schema of ISO Schematron"):
        read_schema(b"<schema/>")


def test_diagnostics_of_a_published_schema_are_hints():
    made = schema(
        '<pattern><rule context="n:a"><assert diagnostics="d e" test="0">m</assert></rule></pattern>'
        '<diagnostics><diagnostic id="d">one</diagnostic><diagnostic id="e">two</diagnostic></diagnostics>'
    )

    assert made.plan.patterns[0].rules[0].assertions[0].hint == "one two"

"""Random small schemas over random small documents: our engine and the XSLT that lxml carries say the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, isoschematron

from conformance.schematron.engine import Schema
from conformance.schematron.index import DocumentIndex
from conformance.schematron.planning import plan
from conformance.schematron.reading import read_parsed
from security import xml

SVRL = "{http://purl.oclc.org/dsdl/svrl}"
NAMES = st.sampled_from(["a", "b", "c"])
STEPS = st.sampled_from(
    ["a", "b", "c", "*", "a[@x]", "b[@x='1']", "c[b]", "*[@y = 2]", "a[not(b)]", "*[a|b]", "a[c/@x]"]
)
LAST = st.one_of(STEPS, st.sampled_from(["a[1]", "b[last()]", "*[position() = 2]", "@x", "@*", "a/@y", "*[2][@x]"]))
TESTS = st.sampled_from(
    [
        "@x",
        "b",
        "count(*) > 1",
        "@x = '1' or @y = 2",
        "not(.//a)",
        "$all > 3",
        "$mine",
        "$mine = 1",
        "*[@x = $mine]",
        "ancestor::*[@y = current()/@y]",
        "//*[@x = $mine][$all > 2]",
        "$twice = $all",
        "string-length(.) > 2",
        "count($mine) = count(@x)",
        ". = '1'",
        "parent::*",
        "following-sibling::*[1][self::b]",
        "name() = 'a'",
        "$shared",
        "normalize-space($mine) = '1'",
        "local-name($here) = 'b'",
        "count($here/*) = 1",
    ]
)


@st.composite
def contexts(draw):
    def path():
        steps = [*draw(st.lists(STEPS, max_size=2)), draw(LAST)]
        # libxslt loses its way at a second `//` and in `*//*/b`, and takes any element for the root in `/a/*[2]`.
        double = draw(st.sampled_from((-1, 0, len(steps) - 1)))
        placed = any(one in steps[-1] for one in ("[1]", "[2]", "last()", "position()"))
        start = "/" if double != 0 and len(steps) > 1 and not placed and draw(st.booleans()) else ""
        before = ["" if not number else "/" if number != double else "//" for number in range(len(steps))]
        return (start or ("//" if double == 0 else "")) + "".join(map("".join, zip(before, steps, strict=True)))

    return draw(st.one_of(st.just("/"), st.builds(lambda: " | ".join(path() for _ in range(draw(st.integers(1, 2)))))))


@st.composite
def schemas(draw):
    number = 0
    patterns = []
    for _ in range(draw(st.integers(1, 3))):
        rules = []
        for _ in range(draw(st.integers(1, 3))):
            inside = (
                '<let name="mine" value="@x"/><let name="here" value="."/><let name="twice" value="count(.//*) * 2"/>'
            )
            for _ in range(draw(st.integers(1, 3))):
                number += 1
                kind = draw(st.sampled_from(["assert", "report"]))
                test = draw(TESTS).replace("<", "&lt;")
                inside += (
                    f'<{kind} id="A{number}" test="{test}">at <name/>: <value-of select="@i|../@i"/>'
                    f'<emph>,</emph>; <value-of select="$mine"/></{kind}>'
                )
            if draw(st.booleans()):
                inside += '<extends rule="base"/>'
            rules.append(f'<rule context="{draw(contexts())}">{inside}</rule>')
        patterns.append("<pattern>" + "".join(rules) + "</pattern>")
    used = draw(st.sampled_from(["a", "b[@x]", "c/*"]))
    return (
        '<schema xmlns="http://purl.oclc.org/dsdl/schematron"><title>t</title>'
        '<let name="all" value="count(//*)"/><let name="shared" value="//*[@x = 2]"/>'
        '<pattern><rule abstract="true" id="base"><assert id="BASE" test="*">'
        '<value-of select="@i"/></assert></rule></pattern>'
        '<pattern abstract="true" id="named"><rule context="$thing"><report id="NAMED" test="@x">$thing: '
        '<value-of select="@i"/></report></rule></pattern>'
        f'<pattern is-a="named" id="use"><param name="thing" value="{used}"/></pattern>'
        + "".join(patterns)
        + "</schema>"
    )


@st.composite
def trees(draw, depth=3):
    name = draw(NAMES)
    attributes = "".join(f' {one}="{draw(st.sampled_from("12"))}"' for one in "xy" if draw(st.booleans()))
    inside = (
        "".join(draw(st.lists(trees(depth=depth - 1), max_size=3)))
        if depth
        else draw(st.sampled_from(["", "1", "two"]))
    )
    return f"<{name}{attributes}>{inside}</{name}>"


def ours(schema: bytes, document: etree._Element) -> list[tuple[str, str]]:
    made = Schema(plan(read_parsed(xml.parse(schema), strict=False), strict=False))
    assert made.plan.notes == ()
    notes: list[str] = []
    found = [(one.assertion.id, one.message) for one in made.check(DocumentIndex(document, made.tags), notes)]
    assert notes == []
    return sorted(found)


def theirs(schema: bytes, document: etree._Element) -> list[tuple[str, str]]:
    reference = isoschematron.Schematron(xml.parse(schema), store_report=True)
    reference.validate(document)
    report = reference.validation_report
    return sorted(
        (one.get("id"), " ".join("".join(one.itertext()).split()))
        for one in report.iter(f"{SVRL}failed-assert", f"{SVRL}successful-report")
    )


@settings(max_examples=120, deadline=None)
@given(schemas(), st.lists(trees(), min_size=1, max_size=3))
def test_a_random_schema_finds_the_same_faults_with_the_same_words(schema, documents):
    for tree in documents:
        root = xml.parse(f"<r>{tree}</r>".encode())
        for number, element in enumerate(root.iter("*")):
            element.set("i", str(number))
        assert ours(schema.encode(), root) == theirs(schema.encode(), root)

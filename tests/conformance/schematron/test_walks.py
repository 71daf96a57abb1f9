from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from conformance.schematron.engine import Schema
from conformance.schematron.index import DocumentIndex
from conformance.schematron.planning import plan
from conformance.schematron.reading import read_parsed
from security import xml

CONTEXTS = (
    "c",
    "d/c",
    "/r//c[@x]",
    "/r/d//c",
    "d//c",
    "d[@x]//c[@x = '1']",
    "d//*",
    "d//c | c//d[not(@y)]",
    "c/d | d//d",
    "d[lang('fr')]//c",
    "d//c[@x] | d[lang('fr')]//d",
    "d//c[last()]",
    "d//c[@x] | d//c[2]",
    "h:templateId/parent::c",
    "c[h:templateId/@root = '1']//d",
    "d//c[h:templateId[@root = '1' or @root = '2']]",
)


@cache
def planned():
    rules = "".join(
        f'<pattern><rule context="{context}"><assert id="c{number}" test="false()"><name/></assert></rule></pattern>'
        for number, context in enumerate(CONTEXTS)
    )
    namespaces = '<ns prefix="h" uri="urn:hl7-org:v3"/>'
    head = '<schema xmlns="http://purl.oclc.org/dsdl/schematron">'
    return plan(read_parsed(xml.parse(f"{head}{namespaces}{rules}</schema>".encode()), strict=False), strict=False)


@cache
def schema(patience: int) -> Schema:
    return Schema(planned(), patience=patience)


@st.composite
def trees(draw, depth=4):
    name = draw(st.sampled_from(["c", "d"]))
    attributes = "".join(f' {one}="{draw(st.sampled_from("12"))}"' for one in "xy" if draw(st.booleans()))
    templates = "".join(
        f"<h:templateId{root}/>" for root in draw(st.lists(st.sampled_from(["", ' root="1"', ' root="2"']), max_size=2))
    )
    children = draw(st.lists(trees(depth=depth - 1), max_size=3)) if depth else []
    return f"<{name}{attributes}>{templates}{''.join(children)}</{name}>"


def found(schema: Schema, root: etree._Element) -> list[tuple[str, etree._Element]]:
    notes: list[str] = []
    answers = [(one.assertion.id, one.place) for one in schema.check(DocumentIndex(root, schema.tags), notes)]
    assert notes == []
    return answers


@settings(max_examples=150, deadline=None)
@given(trees())
def test_a_written_walk_finds_what_is_found_path_by_path_in_the_same_order(tree):
    root = xml.parse(f'<r xmlns:h="urn:hl7-org:v3">{tree}</r>'.encode())

    assert found(schema(0), root) == found(schema(1_000_000), root)


def test_a_walk_looks_up_itself_unless_something_must_be_asked_of_libxml2():
    walking = schema(0)._walking
    assert walking.walk is not None

    asked = {rule for _, rule in walking.contexts.asked}
    left = {rule for _, rule in walking.left}

    assert {CONTEXTS[rule] for rule in left} == {
        "d[lang('fr')]//c",
        "d//c[@x] | d[lang('fr')]//d",
        "d//c[last()]",
        "d//c[@x] | d//c[2]",
        "h:templateId/parent::c",
    }
    assert asked > left

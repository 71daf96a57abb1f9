"""Expressions worked out without libxml2, against libxml2."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from conformance.schematron.documents import Documents
from conformance.schematron.model import ECLUSE
from conformance.schematron.xpath.core import Beyond
from conformance.schematron.xpath.extensions import extensions, variable
from conformance.schematron.xpath.reckoning import reckoned
from conformance.schematron.xpath.reckonings import Reckonings
from conformance.schematron.xpath.translation import Kind
from security import xml

NAMESPACES = {"c": "urn:c", "x": "urn:x", "ecluse": ECLUSE}
FUNCTIONS = {
    **extensions(Documents(Path(__file__).parent)),
    (ECLUSE, "strings"): lambda _, values: variable(values, Kind.STRINGS),
}
WORKED_OUT = (
    "@a",
    "@x:a",
    "c:low/@value",
    "low",
    "c:low",
    "c:low/c:low/@value",
    "count(c:low) = count(low)",
    "/..",
    "..",
    "parent::c:low",
    "parent::*",
    "parent::c:low/c:low",
    "self::*",
    "self::c:low[@a]/c:low",
    "c:low[@a = 'A' or c:low]/low[not(@b)][@a]/@value",
    "*[@a]",
    "c:*",
    "c:*[@a]/c:low",
    "self::c:*",
    ".",
    "ecluse:join('', .//@a | .//text())",
    "ecluse:join('|', .//@x:a | .//text()) = $text",
    "not((ecluse:strings(ecluse:tokenize(string(@a), ' ')))[not(ecluse:matches(string(.), '^[A1]$'))])",
    "$many[ecluse:matches(string(.), 'A')]",
    "$many[. = 'A']",
    ".//c:low",
    ".//c:low[@a]/@a",
    ".//*[@a and not(@b)]",
    "preceding-sibling::*",
    "preceding-sibling::c:low[@a][@b]",
    "preceding-sibling::*[local-name() = $name] | following-sibling::*[local-name() = $name]",
    "(preceding-sibling::*[local-name() = $name] | following-sibling::*[local-name() = $name])[@a = $one]",
    "not(@b and (preceding-sibling::* | following-sibling::*)[not(@b)])",
    "following-sibling::*[1 = 1]",
    "c:low[$one = @a]",
    "count($nodes[@a = $one])",
    "ecluse:each(.//c:low, 'concat(@a, @b)')",
    "ecluse:join('', c:low)",
    "local-name()",
    "$text",
    "'A'",
    "12",
    "string(@a)",
    "concat('<', @a, $text, c:none/@value, '>')",
    "substring(@a, 3)",
    "substring(@a, 2, 3)",
    "string-length(@a) > 3",
    "string-length($text) >= string-length('abc')",
    "starts-with(@a, '-') or contains($text, @b)",
    "starts-with(@a, '') and contains(@a, '')",
    "substring-before(@a, '-')",
    "substring-after($text, 'b')",
    "normalize-space(@a)",
    "not(@a) and true() or boolean($none) and not(false())",
    "boolean(@a) = boolean(@b)",
    "@a = 'A'",
    "@a = @b",
    "@a = $one",
    "$none = @a",
    "$many = @a",
    "$yes = @a",
    "'' = $text",
    "not((@a)) or (@a) = $text",
    "ecluse:if-any(starts-with(@a, '-'), '-', /..)",
    "ecluse:if-any(not($none), '00', $none)",
    "ecluse:if-any(ecluse:castable(substring(@a, 1, 2), 'integer'), substring(@a, 1, 2), /..)",
    "ecluse:castable(@a, 'dateTime')",
    "ecluse:castable(c:low/@value, 'integer', true())",
    "ecluse:replace(string(@a), '^-?([^+-]+)([+-].*)?', '$1')",
    "ecluse:join('', @a, $none, $one, $many, $text, /..)",
    "ecluse:matches(string(@a), '^[0-9]+$')",
    "ecluse:distinct(ecluse:tokenize(normalize-space(@a), '\\s'))",
    "count(ecluse:tokenize(string(@a), ' ')) = count($many)",
    "ecluse:compare-instants('dateTime', '<=', @a, @b)",
    "ecluse:upper-case(string(@a))",
)
LEFT = (
    "@*",
    "c:low[1]",
    "@a[. = 'A']",
    "//c:low",
    "@c:*",
    ".//@* | .//text()",
    "c:low/@a | .//text()",
    "text()",
    "c:low/text()",
    "c:low[$number]",
    "c:low[count(c:low)]",
    "c:low[last()]",
    "(c:low/c:low)[2]",
    "$one/c:low",
    ".//c:low/c:low",
    "c:low//c:low",
    "preceding::c:low",
    "following-sibling::* | preceding-sibling::*",
    "string()",
    "translate(@a, 'a', 'b')",
    "position()",
    "@a != 'A'",
    "1 + 1",
    "-1",
    "@nobody:a",
    "substring(@a, 0)",
    "substring(@a, string-length(@a))",
    "ecluse:true($many)",
    "c:low | c:high",
)
VALUES = ("", "A", " a  b ", "-12", "20200131", "20200131093000+0200", "2020-01-31T09:30:00Z", "1 2", "é-\U0001f600x")
ATTRIBUTES = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(VALUES) for name in ("a", "b", "{urn:x}a", "value")}
)
LEAVES = st.tuples(st.sampled_from(("{urn:c}low", "low", "{urn:c}high")), ATTRIBUTES, st.just(()))
TREES = st.recursive(LEAVES, lambda below: st.tuples(st.just("{urn:c}low"), ATTRIBUTES, st.lists(below, max_size=3)))


def _made(tree: Any) -> etree._Element:
    tag, attributes, below = tree
    element = etree.Element(tag, attributes)
    element.text = "t"
    element.extend(_made(one) for one in below)
    return element


def _spelled(value: object) -> object:
    """What two answers have in common: elements are themselves, or what they hold when they were made for a string."""
    if not isinstance(value, list):
        return value
    return [
        one.text if isinstance(one, etree._Element) and one.tag.startswith(f"{{{ECLUSE}}}") else one for one in value
    ]


@pytest.mark.parametrize("expression", WORKED_OUT)
@given(
    tree=TREES,
    text=st.sampled_from(VALUES),
    many=st.lists(st.sampled_from(VALUES), min_size=2, max_size=3),
    yes=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_the_answer_is_that_of_libxml2(expression: str, tree: Any, text: str, many: list[str], yes: bool) -> None:
    ask = etree.XPath(expression, namespaces=NAMESPACES, extensions=FUNCTIONS, smart_strings=False)
    work_out = reckoned(expression, NAMESPACES, FUNCTIONS)
    assert work_out is not None
    root = _made(tree)
    given_to_us: Mapping[str, Any] = {
        "text": text,
        "none": [],
        "one": [text],
        "many": many,
        "yes": yes,
        "name": "low",
        "nodes": list(root.iter()),
    }
    given_to_it: Any = {name: variable(value) for name, value in given_to_us.items()}
    for element in root.iter():
        theirs = ask(element, **given_to_it)
        try:
            ours = work_out(element, given_to_us)
        except Beyond:
            continue
        assert _spelled(ours) == _spelled(theirs)
        assert type(ours) is type(theirs)


@pytest.mark.parametrize("expression", LEFT)
def test_what_looks_at_more_is_left_to_libxml2(expression: str) -> None:
    assert reckoned(expression, NAMESPACES, FUNCTIONS) is None


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("string($v)", {"v": 1.5}),
        ("string($v)", {"v": ["a", "b"]}),
        ("$v = 'a'", {"v": 1.0}),
        ("$v > 1", {"v": ["2"]}),
        ("count($v) = 1", {"v": "a"}),
        ("substring-after('abc', $v)", {"v": ""}),
        ("$v[@a]", {"v": ["a"]}),
        ("$v[local-name() = $n]", {"v": ["a"], "n": "a"}),
        ("$v[c:low]", {"v": ["a"]}),
    ],
)
def test_a_value_that_takes_more_than_it_seems_is_left_too(expression: str, values: Mapping[str, Any]) -> None:
    work_out = reckoned(expression, NAMESPACES, FUNCTIONS)
    assert work_out is not None
    with pytest.raises(Beyond):
        work_out(xml.parse(b"<a/>"), values)


def test_an_expression_is_read_when_it_was_asked_often() -> None:
    known = Reckonings({}, lambda: FUNCTIONS, patience=3)
    for _ in range(3):
        known.asked("@a", "@a")
    assert "@a" not in known
    known.asked("@a", "@a")
    assert known["@a"](xml.parse(b"<r a='x'/>"), {}) == ["x"]


def test_an_expression_that_cannot_be_is_not_tried_again() -> None:
    known = Reckonings({}, lambda: FUNCTIONS, patience=3)
    for _ in range(5):
        known.asked("//b", "//b")
    assert not known

from __future__ import annotations

import os
import random
from functools import cache
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from conformance.catalogue import PROFILES
from conformance.schematron.engine import Schema
from conformance.schematron.functions import EXTENSIONS
from conformance.schematron.index import DocumentIndex
from conformance.schematron.loading import schema_of
from conformance.schematron.looks.reading import Look, write
from conformance.schematron.model import ECLUSE
from conformance.schematron.xpath.answers import ANSWERS
from samples.documents.corpus import corpus
from security import xml

NAMESPACES = {"a": "urn:a", "b": "urn:b", "h": "urn:hl7-org:v3", "ecluse": ECLUSE}
FUNCTIONS = {**EXTENSIONS, (ECLUSE, "matches"): ANSWERS["matches"], (ECLUSE, "is-named"): ANSWERS["is-named"]}
SCHEMAS = list({(one.package, one.name): one for profile in PROFILES.values() for one in profile.schemas}.values())
THOROUGH = bool(os.environ.get("ECLUSE_THOROUGH"))
SAMPLED = 24
WRITTEN = [
    "@x",
    "@x = '1'",
    "@x != '1'",
    "'1' = @x",
    "@x = @y",
    "@x != @y",
    "@x = a:c/@x",
    "@x = ''",
    "not(@x) or @x = '1' or @x = '2' or a:c",
    "a:c and (b:c or @y)",
    "a:c",
    "not(b:c)",
    "a:c[2]",
    "a:c[@x][2]",
    "a:c[@x][2][@y]",
    "a:c[1]/@x",
    "a:c/a:c",
    "a:c[a:c/@x = '1']",
    "a:c/@x = '1'",
    "a:c = '1'",
    "a:c != '1'",
    ". = '1'",
    "*",
    "*[not(self::a:c or self::b:c[@x])]",
    "*[self::a:c]/@y",
    "@*[. = '1']",
    "@x[. != '1']",
    "@x[contains(., '1')][string-length(.) > 1]",
    "(a:c | b:c)/@x",
    "a:c/@x | b:c/@x",
    "./a:c",
    ".//a:c[@x]",
    "not(.//b:c/a:c)",
    "/a:r/a:c",
    "/a:c",
    "parent::a:c",
    "parent::*/@x",
    "self::a:c",
    "self::node()[@x]",
    "ancestor::a:c",
    "ancestor::a:c[1]/@x",
    "ancestor::*[@y]",
    "preceding-sibling::*[1]",
    "preceding-sibling::a:c[1]/@x",
    "following-sibling::a:c[@x]",
    "descendant-or-self::*[@x = '2']",
    "name(preceding-sibling::*[1]) = name()",
    "local-name() = 'c'",
    "name(*) = 'b:c'",
    "text()[normalize-space()]",
    "text()[string-length(normalize-space()) > 0]",
    "text()",
    "not(a:c/text())",
    "namespace-uri() = 'urn:a'",
    "*[local-name() = 'd' and namespace-uri() = 'urn:a']",
    "@*[local-name() = 'x']",
    "@*[not(local-name() = 'x' and namespace-uri() = '' or namespace-uri() = 'urn:b')]",
    "ecluse:matches(string(@x), '^[12]$')",
    "ecluse:is-named(., @x, 'urn:a', 'c')",
    "count(a:c) = 1",
    "count(a:c | b:c[@x]) >= 2",
    "count(*) > count(a:c)",
    "count(@*) = 1",
    "count(a:c/b:c)",
    "string-length(@x) > 0",
    "string-length(normalize-space(.)) < 2",
    "number(@x) > 1",
    "@x > 1",
    "a:c/@x >= 2",
    "number(a:c) = 1",
    "boolean(@x) = boolean(@y)",
    "boolean(@x) != boolean(a:c)",
    "true() and not(false())",
    "string(a:c/@x)",
    "string() = concat(@x, '')",
    "normalize-space(@x) = ''",
    "translate(@x, '12', '2') = '2'",
    "substring(@x, 1, 1) = '1'",
    "substring(@x, 2) = ''",
    "substring-before(concat(@x, '1'), '1') = ''",
    "substring-after(@x, '1') = ''",
    "starts-with(@x, '1')",
    "contains(., '1')",
    "ecluse:is('int', @x)",
    "ecluse:is('int', a:c)",
    "a:c[ecluse:in-list('1 2', @x)]",
    "@x[ecluse:is('int', .)]",
    "ecluse:repeated(., 'II')",
    "h:templateId/@root = '1'",
    "h:templateId[@root = '1']",
    "h:templateId[@root = '1' or @root = '2']",
    "a:c[h:templateId[@root = '1' or @root = '12']/@x]",
    "not(a:c/h:templateId[@root = '1' or @root = '2'])",
    "h:templateId[@root = '1' or @x = '2']",
    "@b:x",
    "@b:x = '1' and @x = '1'",
    "a:c[@b:x]/@x",
    "not(@x = @y and @root and @b:x) or a:c[@y = '2']",
    "@x or @y or @root or @p or @q or @s or not(@t)",
    "*[@x][self::a:c or self::b:c]",
    "*[@x and not(self::a:c)]/@y",
    "a:d/*[contains(@x, '1') and self::a:c][not(@y)]",
    "not(a:c/h:templateId/@root = '1')",
    "*[h:templateId[@root = '1']]/@x",
    "h:templateId/@root = '1' or @x = '2' or h:templateId[@root = '2'][@x]",
    "not(h:templateId/@root = '1' or a:c[h:templateId/@root = '2'])",
    ".//h:templateId/@root = '1'",
    "count(a:c[h:templateId/@root = '1']) = 1",
    "not(@x) or a:c/b:c[@y]/@x",
    "not(@x and a:c/a:c[@y] and b:c)",
    "not(a:c[2]) and not(b:c[@x]) and (a:d/a:c[not(@x)]/@y or not(@x))",
]
LEFT = [
    "$x",
    "@x + 1",
    "a:c[last()]",
    "a:c[position() = 2]",
    "a:c[count(*)]",
    "@x = 1 or $y",
    "unknown:c",
    "lang('fr')",
    "id('1')",
    "//a:c",
    "sum(a:c) = 1",
    "ecluse:nobody(@x)",
    "count(ancestor::*/a:c) = 1",
    "(a:c)[1]",
    "@x/..",
    "not(@x, @y)",
    "a:*",
    "namespace-uri(a:c) = ''",
    "@x[local-name() = 'x']",
]


@st.composite
def trees(draw, depth=3):
    name = draw(st.sampled_from(["a:c", "b:c", "a:d", "h:templateId"]))
    attributes = "".join(
        f' {one}="{draw(st.sampled_from(["", "1", "2", "12", "a:c"]))}"'
        for one in ("x", "y", "b:x", "root")
        if draw(st.booleans())
    )
    piece = st.sampled_from(["", "1", " ", "\u00a0", "<!--1-->", "<?p 1?>"])
    children = draw(st.lists(trees(depth=depth - 1), max_size=3)) if depth else []
    return f"<{name}{attributes}>{draw(piece)}{''.join(one + draw(piece) for one in children)}</{name}>"


@cache
def look(test: str) -> Look | None:
    return write((test,), NAMESPACES, FUNCTIONS).look


@cache
def question(test: str) -> etree.XPath:
    return etree.XPath(
        f"boolean({test})", namespaces=NAMESPACES, extensions=FUNCTIONS, regexp=False, smart_strings=False
    )


@settings(max_examples=300 if THOROUGH else 60, deadline=None)
@given(trees())
def test_to_look_is_to_ask(tree):
    root = xml.parse(f'<a:r xmlns:a="urn:a" xmlns:b="urn:b" xmlns:h="urn:hl7-org:v3">{tree}</a:r>'.encode())
    index = DocumentIndex(root, ())
    for test in WRITTEN:
        for element in root.iter("*"):
            assert (look(test)([element], index) == []) is question(test)(element), test


@pytest.mark.parametrize("test", LEFT)
def test_what_asks_more_is_left_to_libxml2(test):
    assert write((test,), NAMESPACES, EXTENSIONS).look is None


def test_tests_written_together_hold_together():
    element = xml.parse(b'<a:c xmlns:a="urn:a" x="1"/>')
    both = write(("@x", "@y", "$z"), NAMESPACES, EXTENSIONS)

    assert both.rest == ("$z",)
    assert both.look([element], DocumentIndex(element, ())) == [element]


def test_above_the_root_nothing_is_seen():
    above, root = look("../a:c"), xml.parse(b'<a:c xmlns:a="urn:a"/>')

    with pytest.raises(LookupError):
        above([root], DocumentIndex(root, ()))


def test_what_is_too_deep_for_python_is_left_to_libxml2():
    deep = "/".join(["a:c[@x or a:d]"] * 30)

    written = write((deep,), NAMESPACES, EXTENSIONS)

    assert (written.look, written.rest) == (None, (deep,))


@pytest.mark.parametrize("ref", SCHEMAS, ids=lambda one: f"{one.package}-{one.name}")
def test_a_schema_that_looks_says_what_one_that_asks_says(ref):
    plan = schema_of(ref.package, ref.name).plan
    asking, looking = Schema(plan, patience=1_000_000), Schema(plan, patience=0)
    for root in documents():
        index = DocumentIndex(root, asking.tags)
        notes: tuple[list[str], list[str]] = ([], [])

        assert said(asking, index, notes[0]) == said(looking, index, notes[1])
        assert notes[0] == notes[1]


def said(schema: Schema, index: DocumentIndex, notes: list[str]) -> set[tuple[str, etree._Element, str | None, str]]:
    return {(one.assertion.id, one.place, one.found, one.suffix) for one in schema.check(index, notes)}


@cache
def documents() -> list[etree._Element]:
    """Twins of every kind, and each of them once more with parts of it lost, doubled or changed."""
    twins = [twin for _, twin in corpus()]
    chosen = twins if THOROUGH else islice(twins, 0, None, max(1, len(twins) // SAMPLED))
    chance = random.Random(1)  # noqa: S311
    found = []
    for twin in chosen:
        try:
            good = xml.parse(twin.content())
        except ValueError:
            continue
        spoiled = xml.parse(twin.content())
        for element in chance.sample(list(spoiled.iter("*")), 25):
            spoil(element, chance)
        found += [good, spoiled]
    return found


def spoil(element: etree._Element, chance: random.Random) -> None:
    parent = element.getparent()
    names = list(element.attrib)
    what = chance.randrange(5)
    if what == 0 and parent is not None:
        parent.remove(element)
    elif what == 1 and parent is not None:
        element.addnext(xml.parse(etree.tostring(element, with_tail=False)))
    elif what == 2:
        element.set("nullFlavor", chance.choice(["NA", "UNK", "?"]))
    elif names:
        element.set(chance.choice(names), chance.choice(["", " ", "x", "2.16.840.1.113883.6.1", "20240230"]))
    element.append(etree.Comment("spoiled"))

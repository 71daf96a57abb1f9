"""What is known of variables: short translations when it is said, the same verdicts when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from conformance.schematron.documents import Documents
from conformance.schematron.model import ECLUSE
from conformance.schematron.xpath.extensions import extensions, variable
from conformance.schematron.xpath.translation import Kind, Translation, Untranslatable, translate_test, translate_value
from security import xml

NAMESPACES = {"c": "urn:c", "xs": "http://www.w3.org/2001/XMLSchema"}
ROOT = xml.parse(
    b'<c:r xmlns:c="urn:c" code="A" n="3" void=""><c:a/><c:a code="B"/><c:b code="A"/></c:r>', xml.DOCUMENT
)
FUNCTIONS = extensions(Documents(Path(__file__).parent))


def _asked(text: str) -> etree.XPath:
    return etree.XPath(text, namespaces={**NAMESPACES, "ecluse": ECLUSE}, extensions=FUNCTIONS, smart_strings=False)


@pytest.mark.parametrize(
    ("lets", "test", "verdict"),
    [
        ({"n": "count(c:a)"}, "$n = 2", True),
        ({"n": "count(c:a)", "m": "count(c:b)"}, "$n > $m and $n + $m >= 3", True),
        ({"code": "@code"}, "$code = 'A' and not(empty($code))", True),
        ({"code": "@nothing"}, "empty($code) or $code = 'A'", True),
        ({"code": "@nothing"}, "exists($code)", False),
        ({"code": "@void"}, "empty($code) or not($code)", False),
        ({"text": "string(@void)"}, "empty($text)", False),
        ({"text": "string(@void)"}, "not($text)", True),
        ({"words": "tokenize('x y x', ' ')"}, "count($words) = 3 and $words = 'y'", True),
        ({"words": "distinct-values(tokenize('x y x', ' '))"}, "count($words[not(. = 'x')]) = 1", True),
        ({"words": "tokenize('', ' ')"}, "empty($words) and not($words)", True),
        ({"word": "if (@code) then '' else ()"}, "exists($word) and not($word)", True),
        ({"word": "if (@nothing) then 'x' else ()"}, "empty($word)", True),
        ({"word": "if (@nothing) then 'x' else ()", "end": "'y'"}, "string-join(($word, $end), '-') = 'y'", True),
        ({"word": "if (@nothing) then 'x' else ()"}, "(if (empty($word)) then '00' else $word) = '00'", True),
        ({"a": "c:a"}, "c:b/$a and count(c:a/$a) = 2", True),
        ({"a": "c:a"}, "c:nothing/$a", False),
        ({"a": "c:a"}, "$a[@code] and not($a[2]/c:b)", True),
        ({"is": "c:a/@code = 'B'"}, "c:b/$is and count(c:a/$is) = 2", True),
        ({"is": "c:a/@code = 'B'"}, "if ($is) then @n = '3' else false()", True),
        ({"a": "'abc'", "b": "'abd'"}, "$a < $b", True),
        ({"a": "@n"}, "$a > 2 and $a < 10", True),
        (
            {"d": "'2020-01-31T00:00:00Z'", "e": "'2020-01-31T00:00:00+01:00'"},
            "xs:dateTime($e) lt xs:dateTime($d)",
            True,
        ),
        ({"p": "'^[AB]$'"}, "every $one in c:a/@code satisfies matches($one, $p)", True),
    ],
)
@pytest.mark.parametrize("said", [True, False], ids=["kinds said", "kinds unsaid"])
def test_a_variable_is_what_it_was_made_of(lets, test, verdict, said):
    kinds: dict[str, Kind] = {}
    values: dict[str, object] = {}
    for name, expression in lets.items():
        read = translate_value(expression, NAMESPACES, kinds if said else {})
        values[name] = variable(_asked(read.text)(ROOT, **values), read.kind)
        kinds[name] = read.kind
    try:
        asked = translate_test(test, NAMESPACES, kinds if said else {})
    except Untranslatable:
        # Behind a step, what a variable holds must be known.
        assert not said
        assert "/$" in test
        return

    assert _asked(asked)(ROOT, **values) is verdict


@pytest.mark.parametrize(
    ("test", "kind", "written"),
    [
        ("$v = 2", Kind.NUMBER, "$v = 2"),
        ("empty($v)", Kind.NODES, "not($v)"),
        ("empty($v)", Kind.STRING, "false()"),
        ("empty($v)", Kind.ANY, "ecluse:empty($v)"),
        ("not($v)", Kind.STRINGS, "not(string($v))"),
        ("not($v)", Kind.NODES, "not($v)"),
        ("count($v) = 1", Kind.BOOLEAN, "1 = 1"),
    ],
)
def test_the_common_cases_need_no_call(test, kind, written):
    assert translate_test(test, NAMESPACES, {"v": kind}) == written


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        ("empty(@a)", "not(@a)"),
        ("@a = ('A', 'B')", "@a = 'A' or @a = 'B'"),
        ("exists(c:a) and not(empty((c:b, c:d)))", "boolean(c:a) and not(not(c:b or c:d))"),
        ("every $p in c:a satisfies $p = 'x'", "not(c:a[not(. = 'x')])"),
        ("some $p in c:a satisfies $p/@b", "boolean(c:a[./@b])"),
        ("if (@a) then true() else @b", "@a or @b"),
        ("if (@a = 'x') then c:b else 1 = 1", "not(@a = 'x') or c:b"),
        ("count(* except (c:a | c:b)) = 0", "count(*[not(self::c:a or self::c:b)]) = 0"),
        ("ends-with(@a, ':TS')", "substring(@a, string-length(@a) - 2) = ':TS'"),
        ("*:a/@*:b", "boolean(*[local-name()='a']/@*[local-name()='b'])"),
        ("string(@a castable as xs:anyURI)", "true()"),
        ("c:a/(c:b | c:d)/@e eq 'f'", "c:a/c:b/@e | c:a/c:d/@e = 'f'"),
    ],
)
def test_common_idioms_stay_pure_xpath_1(expression, written):
    assert translate_test(expression, NAMESPACES) == written


def test_what_depends_on_nothing_is_steady():
    assert translate_value("'x'", NAMESPACES) == Translation("'x'", Kind.STRING, frozenset(), steady=True)
    assert translate_value("doc('voc.xml')//concept/@code", NAMESPACES).steady
    assert not translate_value("@code", NAMESPACES).steady
    assert not translate_value("concat($a, 'x')", NAMESPACES).steady


@pytest.mark.parametrize(
    "expression",
    [
        "1 to 3",
        "@a = (1 to 3)",
        "for $x in c:a return $x/@b",
        "c:a[@b = current()/@b]",
        "some $x in c:a satisfies c:b = $x",
        "every $x in c:a satisfies c:b[. = $x]",
        "@a treat as xs:string",
        "c:a instance of element()",
        "@a is 'x'",
        "c:a << c:b",
        "deep-equal(c:a, c:b)",
        "unknown:a",
        "unknown()",
        "string-length(1)",
        "string-length(@a) = 'x'",
        "@a = true()",
        "@a eq 1",
        "matches(@a, '\\p{L}')",
        "c:a/(if (@b) then c:c else c:d)/c:e",
        "@* except c:a",
        "not(@a",
        "c:a]",
        "'x",
        "(: never ends",
        "c:a/",
        "@",
        "#",
        "(" * 150 + ")" * 150,
        " or ".join(["@a"] * 5000),
    ],
)
def test_what_would_not_mean_the_same_is_refused(expression):
    with pytest.raises(Untranslatable):
        translate_test(expression, NAMESPACES)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("'it''s'", '"it\'s"'),
        ('"a ""b"""', "'a \"b\"'"),
        ("'it''s \"b\"'", "concat('it', \"'\", 's \"b\"')"),
        ("(: a (: comment :) :) 'x'", "'x'"),
        ("1.5e2", "150.000000"),
    ],
)
def test_literals_keep_their_value(text, written):
    assert translate_value(text, NAMESPACES).text == written

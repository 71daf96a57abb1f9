from __future__ import annotations

import pytest

from conformance.schematron.expressions import (
    asked,
    closes_at_end,
    functions,
    is_steady,
    variables,
    with_variables,
    without_current,
)
from conformance.schematron.gathering import gathered
from conformance.schematron.inlining import inlined, is_free

NS = {"c": "urn:c"}


def test_variables_are_found_outside_literals_with_their_depth_in_predicates():
    assert variables("$a + b[$b = '$c' and c[$a]] + \"$d\"") == {"a": 2, "b": 1}
    assert asked("$a + b[$b = '$c' and c[$a]] + $ n:e") == ("a", "b", "n:e")
    assert variables("a[']']/b[$x]") == {"x": 1}


def test_functions_are_found_and_node_tests_and_operators_are_none():
    expression = "count(a) or (b) and not (text()) div(2) + n:f(node()) + 'g()' + a.b-c(1)"

    assert functions(expression) == {"count", "not", "n:f", "a.b-c"}


def test_variables_and_current_are_spelled_otherwise_outside_literals():
    assert with_variables("$a[$b] = '$a'", lambda name: "(1)" if name == "a" else None) == "(1)[$b] = '$a'"
    assert without_current("current()/a = 'current()' + my-current() + current ( )") == (
        "$ecluse-current/a = 'current()' + my-current() + $ecluse-current"
    )


@pytest.mark.parametrize(
    ("expression", "put"),
    [
        ("$x = 1", "(@x) = 1"),
        ("a[$x = 1]", "a[$x = 1]"),
        ("$x = 1 or a[@y = $x]", "$x = 1 or a[@y = $x]"),
        ("$dear = 1", "(count(//a)) = 1"),
        ("$dear = 1 or $dear = 2", "$dear = 1 or $dear = 2"),
        ("$other", "$other"),
    ],
)
def test_variables_are_put_in_their_place_where_the_context_is_the_same(expression, put):
    assert inlined(expression, {"x": "@x", "dear": "count(//a)"}) == put


@pytest.mark.parametrize(
    ("expression", "free"),
    [
        ("count(//c:a) = 1", True),
        ("not(//c:a/c:b[@x = ../@y][2]) and /c:r", True),
        ("count(/c:r/c:a[1]/@x) >= 1 or true()", True),
        ("@x", False),
        ("c:a", False),
        (". = //c:a", False),
        ("//c:a = @x", False),
        ("//c:a = c:b", False),
        ("//c:a = $x", False),
        ("//c:a and string() = 'x'", False),
        ("//c:a[position() = 1] and position() = 1", False),
        ("c:b//c:a", False),
        ("c:b /c:a", False),
        (".//c:a", False),
        ("(c:a)//c:b", False),
        ("* and //c:a", False),
        ("//c:a | c:b", False),
        ("//c:a/following::c:b = 'c:a'", True),
        ("n:f(//c:a)", False),
    ],
)
def test_what_asks_the_document_only_is_known(expression, free):
    assert is_free(expression) is free


@pytest.mark.parametrize(
    ("expression", "steady"),
    [
        ("ecluse:fetched('a', '//b/@c')", True),
        ("ecluse:strings(ecluse:fetched(concat('a', 'b'), 'c'))", True),
        ("ecluse:fetched($a, 'b')", False),
        ("ecluse:fetched(@a, 'b')", False),
        ("ecluse:fetched(a, 'b')", False),
        ("ecluse:fetched(string(), 'b')", False),
        ("'a'", False),
    ],
)
def test_what_is_the_same_for_every_document_is_known(expression, steady):
    assert is_steady(expression) is steady


@pytest.mark.parametrize(
    ("expression", "put", "tags"),
    [
        ("//c:a", "$ecluse-all.c.a", {"ecluse-all.c.a": "{urn:c}a"}),
        ("count(//a[@b]) and //a", "count($ecluse-all..a[@b]) and $ecluse-all..a", {"ecluse-all..a": "a"}),
        ("b[//c:a/c:d = 1]", "b[$ecluse-all.c.a/c:d = 1]", {"ecluse-all.c.a": "{urn:c}a"}),
        ("//*[local-name()='a']/b", "$ecluse-all.any.a/b", {"ecluse-all.any.a": "{*}a"}),
        ("//a[1]", "//a[1]", {}),
        ("//a[b][last()]", "//a[b][last()]", {}),
        ("//a[count(b)]", "//a[count(b)]", {}),
        ("b//a", "b//a", {}),
        (".//a", ".//a", {}),
        ("(b)//a", "(b)//a", {}),
        ("//text()", "//text()", {}),
        ("//self::a", "//self::a", {}),
        ("//x:a", "//x:a", {}),
        ("'//a'", "'//a'", {}),
        ("b/or//a", "b/or//a", {}),
        ("//*", "//*", {}),
    ],
)
def test_elements_looked_for_everywhere_are_gathered_unless_positions_count(expression, put, tags):
    assert gathered(expression, NS) == (put, tags)


def test_a_bracket_that_closes_at_the_end_is_known():
    assert closes_at_end("f(a(')'))", 1)
    assert not closes_at_end("f(a) + (b)", 1)
    assert not closes_at_end("f(a", 1)

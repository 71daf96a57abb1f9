"""What is refused goes to elementpath, when it is there."""

from __future__ import annotations

import sys

import pytest

from conformance.schematron.xpath.fallback import FallbackMissing, compile_fallback
from security import xml

NAMESPACES = {"c": "urn:c"}
ROOT = xml.parse(b'<c:r xmlns:c="urn:c"><c:a n="1"/><c:a n="2">x</c:a></c:r>', xml.DOCUMENT)


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("some $x in c:a satisfies c:a[. = $x]/@n = '2'", True),
        ("for $x in c:a return string($x/@n)", ["1", "2"]),
        ("c:a[@n = $v]", [ROOT[1]]),
        ("count(c:a) * 2", 4.0),
        ("string-join(c:a/@n, '-')", "1-2"),
        ("()", []),
        ("c:a[2]/@n", ["2"]),
    ],
)
def test_results_are_those_that_lxml_would_give(expression, result):
    pytest.importorskip("elementpath", reason="elementpath is not installed")

    assert compile_fallback(expression, NAMESPACES)(ROOT, {"v": "2"}) == result


def test_what_is_no_xpath_is_refused():
    pytest.importorskip("elementpath", reason="elementpath is not installed")

    with pytest.raises(ValueError, match="c:a"):
        compile_fallback("c:a[", NAMESPACES)


def test_without_elementpath_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "elementpath", None)

    with pytest.raises(FallbackMissing, match="xpath2"):
        compile_fallback("1 to 3", NAMESPACES)


def test_too_many_brackets_are_refused_not_fallen_into():
    with pytest.raises(ValueError, match="1"):
        compile_fallback("(" * 5_000 + "1" + ")" * 5_000, {})

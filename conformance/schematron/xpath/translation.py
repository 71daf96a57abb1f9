"""XPath 2.0 to XPath 1.0 and functions of ours: the way in.

`kinds` say what the variables of an expression hold, and make its translation short; a variable without a kind is
looked at each time. The prefix `ecluse` must be bound to our namespace where the result is compiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.schematron.xpath.dependence import needs_context, variables
from conformance.schematron.xpath.kinds import Focus, Kind
from conformance.schematron.xpath.parser import parse
from conformance.schematron.xpath.syntax import Untranslatable
from conformance.schematron.xpath.writer import Writer

__all__ = ["Kind", "Translation", "Untranslatable", "translate", "translate_test", "translate_value"]

_NO_KINDS: Mapping[str, Kind] = {}


@dataclass(frozen=True, slots=True)
class Translation:
    """An expression of XPath 1.0 and what it gives.

    `steady`: it depends on no node and no variable, so that it may be evaluated once for all documents.
    """

    text: str
    kind: Kind
    variables: frozenset[str]
    steady: bool


def translate(expression: str, namespaces: Mapping[str, str], kinds: Mapping[str, Kind] = _NO_KINDS) -> str:
    """The value of an expression, in XPath 1.0. Raises Untranslatable."""
    return translate_value(expression, namespaces, kinds).text


def translate_test(expression: str, namespaces: Mapping[str, str], kinds: Mapping[str, Kind] = _NO_KINDS) -> str:
    """The effective boolean value of an expression, as a boolean of XPath 1.0. Raises Untranslatable."""
    try:
        return Writer(namespaces, kinds).boolean(parse(expression), Focus()).text
    except RecursionError:
        raise Untranslatable("an expression that nests too deep") from None


def translate_value(
    expression: str, namespaces: Mapping[str, str], kinds: Mapping[str, Kind] = _NO_KINDS
) -> Translation:
    """The value of an expression, in XPath 1.0, and what is known of it. Raises Untranslatable."""
    try:
        read = parse(expression)
        written = Writer(namespaces, kinds).value(read, Focus())
        asked = variables(read)
        return Translation(written.text, written.kind, asked, steady=not asked and not needs_context(read))
    except RecursionError:
        raise Untranslatable("an expression that nests too deep") from None

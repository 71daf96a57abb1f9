"""Expressions that look at nothing but attributes and variables, worked out here: libxml2 takes longer to be asked.

What is read is XPath 1.0 with our functions, as plans hold it. Values are those that lxml gives: a string, a number, a
boolean, or a list of strings and elements for a node-set.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from conformance.schematron.model import ECLUSE
from conformance.schematron.xpath import atoms
from conformance.schematron.xpath.answers import ANSWERS, castable
from conformance.schematron.xpath.core import CORE, Beyond, equal, number, text, truth
from conformance.schematron.xpath.parser import parse
from conformance.schematron.xpath.steps import Reckoned, Values, filtered, united, walked
from conformance.schematron.xpath.syntax import (
    Binary,
    Call,
    Comparison,
    Expression,
    FilterStep,
    Here,
    Number,
    Path,
    Text,
    Untranslatable,
    Variable,
)

_Element = etree._Element
Functions = Mapping[tuple[str, str], Callable[..., Any]]
_LONGEST = 4000
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


# Those left out see more in an element than its text.
_CALLED = frozenset((*ANSWERS, "each", "keyed", "listed", "doc-available")) - {
    "true",
    "except",
    "intersect",
    "is-named",
    "resolved",
}


def reckoned(expression: str, namespaces: Mapping[str, str], functions: Functions) -> Reckoned | None:
    """How to work out an expression at an element, its variables given; None: it looks at more than attributes.

    What is returned raises Beyond, and what our functions raise.
    """
    if len(expression) > _LONGEST:
        return None
    try:
        return _Reckoning(namespaces, functions).of(parse(expression))
    except (Untranslatable, Beyond):
        return None


class _Reckoning:
    def __init__(self, namespaces: Mapping[str, str], functions: Functions) -> None:
        self._namespaces = namespaces
        self._functions = functions

    def of(self, one: Expression) -> Reckoned:
        """Raises Beyond: it is none of those that can be worked out."""
        match one:
            case Text(value):
                found = _always(value)
            case Number(spelling):
                found = _always(float(spelling))
            case Variable(name):
                found = _variable(name)
            case Binary("and" | "or", left, right):
                found = _joined(one.operator, self.of(left), self.of(right))
            case Comparison("general", sign, left, right):
                found = self._comparison(sign, self.of(left), self.of(right))
            case Here():
                found = _here
            case Path():
                found = walked(one, self._namespaces, self.of)
            case Binary("|"):
                found = united(one, self._namespaces, self.of)
            case FilterStep(primary, predicates):
                found = filtered(self._nodes(primary), predicates, self.of)
            case Call(name, arguments):
                found = self._call(name, arguments)
            case _:
                raise Beyond
        return found

    def _comparison(self, sign: str, left: Reckoned, right: Reckoned) -> Reckoned:
        if sign == "=":
            return lambda node, values: equal(left(node, values), right(node, values))
        if sign not in _ORDERS:
            raise Beyond
        test = _ORDERS[sign]
        return lambda node, values: test(number(left(node, values)), number(right(node, values)))

    def _nodes(self, primary: Expression) -> Reckoned:
        """Raises Beyond: it may be no node-set."""
        match primary:
            case Variable():
                return _listed(self.of(primary))
            case Call(name, (strings,)) if self._is_ours(name, "strings"):
                return _listed(self.of(strings))
        if isinstance(primary, Path) or (isinstance(primary, Binary) and primary.operator == "|"):
            return self.of(primary)
        raise Beyond

    def _call(self, name: str, arguments: tuple[Expression, ...]) -> Reckoned:
        prefix, _, local = name.rpartition(":")
        if prefix:
            if not self._is_ours(name, local) or local not in _CALLED:
                raise Beyond
            return self._ours(local, arguments)
        if name == "substring":
            return self._substring(arguments)
        if name == "local-name" and not arguments:
            return lambda node, values: str(node.tag).rpartition("}")[2]
        parts = [self.of(one) for one in arguments]
        if name == "concat" and len(parts) > 1:
            return lambda node, values: "".join([text(part(node, values)) for part in parts])
        if (name, len(parts)) not in CORE:
            raise Beyond
        return _called(CORE[name, len(parts)], parts)

    def _is_ours(self, name: str, local: str) -> bool:
        prefix, _, own = name.rpartition(":")
        return own == local and bool(prefix) and self._namespaces.get(prefix) == ECLUSE

    def _ours(self, name: str, arguments: tuple[Expression, ...]) -> Reckoned:
        parts = [self.of(one) for one in arguments]
        match name, arguments:
            case "if-any", (_, _, _):
                return _chosen(*parts)
            case "castable", (_, Text(kind)):
                return _castable(parts[0], kind)
        return _applied(self._functions[ECLUSE, name], parts)

    def _substring(self, arguments: tuple[Expression, ...]) -> Reckoned:
        """Between places that are written as whole numbers, the first at 1."""
        places = [int(one.spelling) for one in arguments[1:] if isinstance(one, Number) and one.spelling.isdecimal()]
        if len(places) != len(arguments) - 1 or not 1 <= len(places) <= 2 or places[0] < 1:
            raise Beyond
        value, start = self.of(arguments[0]), places[0] - 1
        end = start + places[1] if len(places) == 2 else None
        return lambda node, values: text(value(node, values))[start:end]


def _always(value: Any) -> Reckoned:
    return lambda node, values: value


def _variable(name: str) -> Reckoned:
    return lambda node, values: values[name]


def _listed(found: Reckoned) -> Reckoned:
    def nodes(node: _Element, values: Values) -> list[Any]:
        value = found(node, values)
        if not isinstance(value, list):
            raise Beyond
        return value

    return nodes


def _here(node: Any, values: Values) -> list[Any]:
    return [node]


def _joined(word: str, first: Reckoned, second: Reckoned) -> Reckoned:
    if word == "and":
        return lambda node, values: truth(first(node, values)) and truth(second(node, values))
    return lambda node, values: truth(first(node, values)) or truth(second(node, values))


def _called(function: Callable[..., Any], parts: list[Reckoned]) -> Reckoned:
    """A function of XPath 1.0 that takes two values at most."""
    if not parts:
        return lambda node, values: function()
    if len(parts) == 1:
        (only,) = parts
        return lambda node, values: function(only(node, values))
    first, second = parts
    return lambda node, values: function(first(node, values), second(node, values))


def _chosen(condition: Reckoned, then: Reckoned, otherwise: Reckoned) -> Reckoned:
    """`if-any`, without working out what is not chosen."""

    def choose(node: _Element, values: Values) -> list[Any]:
        chosen = then(node, values) if condition(node, values) else otherwise(node, values)
        return chosen if isinstance(chosen, list) else [chosen]

    return choose


def _castable(part: Reckoned, kind: str) -> Reckoned:
    def is_one(node: _Element, values: Values) -> bool:
        value = part(node, values)
        return atoms.is_instance(value, kind) if isinstance(value, str) else castable(None, value, kind)

    return is_one


def _applied(function: Callable[..., Any], parts: list[Reckoned]) -> Reckoned:
    """A function of ours; none of them looks at the context that libxml2 would hand over first."""
    if len(parts) == 2:
        first, second = parts
        return lambda node, values: function(None, first(node, values), second(node, values))
    if len(parts) == 3:
        one, two, three = parts
        return lambda node, values: function(None, one(node, values), two(node, values), three(node, values))
    return lambda node, values: function(None, *[part(node, values) for part in parts])

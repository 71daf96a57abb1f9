"""One question for all assertions of a rule: variables of the rule are put in their place where that is the same.

A document is mostly right: the question is whether everything holds, and only a no is looked into.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from conformance.schematron.expressions import functions, variables, with_variables
from conformance.schematron.model import Assertion

_LONGEST = 6000


def inlined(expression: str, lets: Mapping[str, str], *, dear: bool = False) -> str:
    """The expression with the variables it asks in the context of the whole put in their place.

    A variable inside a predicate stays one: there the context is another node. So does one that is dear to ask twice,
    unless `dear` ones are wanted too.
    """
    asked = variables(expression)
    ready = {
        name: value
        for name, value in ((name, lets[name]) for name, depth in asked.items() if depth == 0 and name in lets)
        if dear or (len(value) < 200 and (not _dear(value) or expression.count(f"${name}") == 1))
    }
    if not ready or (len(expression) > _LONGEST and not dear):
        return expression
    return with_variables(expression, lambda name: f"({ready[name]})" if name in ready else None)


def standing(lets: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """The variables of a rule, those before each put in its place."""
    around: dict[str, str] = {}
    for name, value in lets:
        around[name] = inlined(value, around, dear=True)
    return around


def guard(assertions: Iterable[Assertion], lets: Sequence[tuple[str, str]]) -> str:
    """All assertions as one expression, true when every one holds."""
    around: dict[str, str] = {}
    for name, value in lets:
        around[name] = inlined(value, around)
    tests = [f"not({one.query})" if one.fails_when else f"boolean({one.query})" for one in assertions]
    return inlined(" and ".join(tests) or "true()", around)


def together(expression: str) -> bool:
    """Whether one question can be put to many nodes at once, as a predicate: it must not ask for its position."""
    return not functions(expression) & {"position", "last"}


def _dear(value: str) -> bool:
    return "//" in value or "::" in value or ":" in "".join(functions(value)) or "count" in value

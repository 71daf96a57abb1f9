"""What an expression depends on: variables, the context item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from conformance.schematron.xpath.syntax import (
    AxisStep,
    Binary,
    Call,
    Expression,
    FilterStep,
    For,
    Here,
    If,
    Negative,
    Number,
    Path,
    Quantified,
    Typed,
    Variable,
)

_CONTEXTUAL = frozenset(
    [
        "position",
        "last",
        "string",
        "name",
        "local-name",
        "namespace-uri",
        "number",
        "normalize-space",
        "string-length",
        "lang",
        "root",
        "current",
    ]
)
_NUMERIC = frozenset(
    (
        "count",
        "number",
        "sum",
        "string-length",
        "floor",
        "ceiling",
        "round",
        "abs",
        "min",
        "max",
        "avg",
        "position",
        "last",
    )
)
_OWN_DOCUMENT = frozenset({"doc", "document"})


def variables(expression: object) -> frozenset[str]:
    """The variables that an expression takes from outside."""
    if isinstance(expression, Variable):
        return frozenset({expression.name})
    if isinstance(expression, Quantified | For):
        body = expression.condition if isinstance(expression, Quantified) else expression.body
        return variables(expression.domain) | (variables(body) - {expression.variable})
    return frozenset[str]().union(*(variables(part) for part in parts(expression)))


def needs_context(expression: object) -> bool:
    """Whether the value of an expression changes with the context item, the document of the context included."""
    if isinstance(expression, Here):
        return True
    if isinstance(expression, Call) and not expression.arguments and expression.name in _CONTEXTUAL:
        return True
    if isinstance(expression, Path):
        first = expression.steps[0] if expression.steps else None
        return expression.absolute or not isinstance(first, FilterStep) or needs_context(first.primary)
    if isinstance(expression, FilterStep):
        return needs_context(expression.primary)
    return any(needs_context(part) for part in parts(expression))


def is_condition(predicate: Expression) -> bool:
    """Whether a predicate is plainly no position: it keeps a node whatever its place among its like."""
    if isinstance(predicate, Number | Variable | Negative | If):
        return False
    if isinstance(predicate, Binary) and predicate.operator not in ("or", "and", "|", "except", "intersect"):
        return False
    if isinstance(predicate, Call) and (predicate.name in _NUMERIC or ":" in predicate.name):
        return False
    if isinstance(predicate, Typed) and predicate.verb != "castable":
        return False
    return not _asks_position(predicate)


def _asks_position(expression: object) -> bool:
    if isinstance(expression, Call) and expression.name in ("position", "last"):
        return True
    if isinstance(expression, Path):
        return any(_asks_position(step.primary) for step in expression.steps[:1] if isinstance(step, FilterStep))
    if isinstance(expression, AxisStep):
        return False
    return any(_asks_position(part) for part in parts(expression))


def is_document(expression: Expression) -> bool:
    """Whether the expression is `doc(…)` or `document(…)`."""
    return isinstance(expression, Call) and expression.name in _OWN_DOCUMENT


def parts(value: object) -> Iterator[object]:
    """The expressions inside an expression, one level down."""
    if isinstance(value, tuple):
        yield from value
    elif is_dataclass(value):
        for one in fields(value):
            inner = getattr(value, one.name)
            if isinstance(inner, tuple) or is_dataclass(inner):
                yield inner

"""`except` and `intersect` in XPath 1.0, which has neither: as a predicate where both sides are steps of one axis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from conformance.schematron.xpath.dependence import is_condition
from conformance.schematron.xpath.kinds import Focus, Kind, Level, Written, quoted
from conformance.schematron.xpath.syntax import AxisStep, Binary, Expression, Path, Untranslatable

if TYPE_CHECKING:
    from conformance.schematron.xpath.writer import Writer


def write(writer: Writer, expression: Binary, focus: Focus) -> Written:
    """Write `a except b` or `a intersect b`. Raises Untranslatable: no elements, and not steps of one axis either."""
    left, rights = _only_step(expression.left), [_only_step(one) for one in _united(expression.right)]
    if (
        left is not None
        and not _positional(left)
        and all(one is not None and one.axis == left.axis and not _positional(one) for one in rights)
    ):
        focus.reach("a path")
        inside = focus.inner()
        among = " or ".join(_is(writer, one, inside) for one in rights if one is not None)
        condition = f"not({among})" if expression.operator == "except" else among
        return Written(f"{writer.step(left, focus)}[{condition}]", Kind.NODES)
    ours, theirs = writer.value(expression.left, focus), writer.value(expression.right, focus)
    if {ours.kind, theirs.kind} - {Kind.NODES} or not (_elements(expression.left) and _elements(expression.right)):
        raise Untranslatable(f"{expression.operator} of what may be no elements")
    return Written(f"ecluse:{expression.operator}({ours.text}, {theirs.text})", Kind.NODES)


def _is(writer: Writer, step: AxisStep, focus: Focus) -> str:
    """Whether the context node is one that a step gives."""
    predicates = [writer.truth(one, focus).at(Level.AND) for one in step.predicates]
    if step.axis != "attribute":
        return f"self::{writer.test(step.axis, step.test)}{writer.predicates(step.predicates, focus.inner())}"
    if step.test.kind != "name":
        raise Untranslatable(f"except or intersect of {step.test.kind}()")
    conditions = [] if step.test.name == "*" else [f"local-name()={quoted(step.test.name or '')}"]
    if step.test.prefix != "*":
        conditions.append(f"namespace-uri()={quoted(writer.namespace(step.test.prefix))}")
    return f"({' and '.join([*conditions, *predicates]) or 'true()'})"


def _united(expression: Expression) -> Iterator[Expression]:
    if isinstance(expression, Binary) and expression.operator == "|":
        yield from _united(expression.left)
        yield from _united(expression.right)
    else:
        yield expression


def _only_step(expression: Expression) -> AxisStep | None:
    if isinstance(expression, Path) and not expression.absolute and len(expression.steps) == 1:
        only = expression.steps[0]
        return only if isinstance(only, AxisStep) else None
    return None


def _positional(step: AxisStep) -> bool:
    return not all(is_condition(one) for one in step.predicates)


def _elements(expression: Expression) -> bool:
    """Whether an expression gives elements only, by its last step."""
    if isinstance(expression, Binary) and expression.operator == "|":
        return _elements(expression.left) and _elements(expression.right)
    last = expression.steps[-1] if isinstance(expression, Path) and expression.steps else None
    return isinstance(last, AxisStep) and last.axis != "attribute" and last.test.kind in ("name", "element")


def last_is_element(path: Path) -> bool:
    """Whether the last step of a path that has one gives elements only."""
    return _elements(path)

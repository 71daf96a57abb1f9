"""Steps that are no axis steps (`low/number(@value)`, `a/(b|c)`, `a/$v`) and `for`: something asked of each node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.schematron.xpath.dependence import variables
from conformance.schematron.xpath.exceptions import last_is_element
from conformance.schematron.xpath.kinds import Focus, Kind, Level, Written, quoted
from conformance.schematron.xpath.syntax import (
    AxisStep,
    Binary,
    Call,
    Expression,
    FilterStep,
    For,
    Here,
    Path,
    Sequence,
    Test,
    Untranslatable,
    Variable,
)

if TYPE_CHECKING:
    from conformance.schematron.xpath.writer import Writer

_SELF = AxisStep("self", Test("node"))


def write_last(writer: Writer, path: Path, focus: Focus) -> Written:
    """Write a path whose last step is no axis step."""
    left, last = split(path)
    primary = last.primary
    if _is_steps(primary):
        united = distributed(path, len(path.steps) - 1)
        return writer.value(united, focus)
    if last.predicates:
        raise Untranslatable("a predicate on what a step computes")
    if isinstance(primary, Variable) and primary.name not in focus.bound:
        return _variable(writer, left, primary, focus)
    if isinstance(primary, Call) and is_number_cast(writer, primary) and len(primary.arguments) == 1:
        argument = primary.arguments[0]
        if isinstance(argument, Here):
            return Written(writer.value(left, focus).text, Kind.NUMBERS)
        if isinstance(argument, Path) and not argument.absolute and _axis_only(argument):
            return Written(writer.value(Path(left.absolute, left.steps + argument.steps), focus).text, Kind.NUMBERS)
    return _each(writer, left, primary, focus)


def write_truth(writer: Writer, expression: Path | FilterStep, focus: Focus) -> Written | None:
    """The truth of a path whose last step is a condition: that of the nodes before it. None: it is not such a path.

    Where XPath 2.0 knows no truth (several booleans), this is true when one of them is.
    """
    if not isinstance(expression, Path) or len(expression.steps) < 2:
        return None
    last = expression.steps[-1]
    if not isinstance(last, FilterStep) or last.predicates or _is_steps(last.primary):
        return None
    left = Path(expression.absolute, expression.steps[:-1])
    if isinstance(last.primary, Variable) and last.primary.name not in focus.bound:
        return writer.truth(Binary("and", left, last.primary), focus)
    before = writer.value(left, focus)
    inside = writer.boolean(last.primary, focus.inner())
    return Written(f"boolean({before.at(Level.STEP)}[{inside.text}])", Kind.BOOLEAN)


def write_for(writer: Writer, expression: For, focus: Focus) -> Written:
    """Write `for $v in nodes return f($v)`: f is asked of each node."""
    domain = expression.domain
    left = domain if isinstance(domain, Path) else Path(absolute=False, steps=(FilterStep(domain),))
    before = writer.value(left, focus)
    if before.kind is not Kind.NODES or not last_is_element(left):
        raise Untranslatable("for over what may be no elements")
    if variables(expression.body) - {expression.variable}:
        raise Untranslatable("another variable in the body of for")
    inside = Focus().binding(expression.variable, Kind.NODES)
    return _asked_of_each(writer, before, writer.again().value(expression.body, inside))


def distributed(path: Path, number: int) -> Expression:
    """`a/(b | c)/d` as `a/b/d | a/c/d`; parentheses around one path are opened."""
    step = path.steps[number]
    before, after = path.steps[:number], path.steps[number + 1 :]
    if not isinstance(step, FilterStep):
        raise Untranslatable("a step")
    if isinstance(step.primary, Here):
        return Path(path.absolute, (*before, AxisStep("self", Test("node"), step.predicates), *after))
    if step.predicates or not _is_steps(step.primary):
        raise Untranslatable("a step in the middle of a path that is no axis step")
    alternatives = [Path(path.absolute, (*before, *one.steps, *after)) for one in _alternatives(step.primary)]
    united: Expression = alternatives[0]
    for one in alternatives[1:]:
        united = Binary("|", united, one)
    return united


def split(path: Path) -> tuple[Path, FilterStep]:
    """A path without its last step, and that step, which is no axis step."""
    last = path.steps[-1]
    if not isinstance(last, FilterStep):
        raise Untranslatable("a last step")
    return Path(path.absolute, path.steps[:-1]), last


def is_number_cast(writer: Writer, call: Call) -> bool:
    """Whether a call reads its argument as a number."""
    return call.name == "number" or writer.xml_schema_type(call.name) in ("integer", "decimal", "double", "float")


def each_text(writer: Writer, expression: Expression) -> str | None:
    """An expression that gives one string of each node, as text to be compiled elsewhere; None: it does not."""
    if variables(expression):
        return None
    written = writer.again().value(expression, Focus())
    return written.text if written.kind is Kind.STRING else None


def _each(writer: Writer, left: Path, expression: Expression, focus: Focus) -> Written:
    before = writer.value(left, focus)
    if before.kind is not Kind.NODES or not last_is_element(left):
        raise Untranslatable("a computed step after what may be no elements")
    if variables(expression):
        raise Untranslatable("a variable in a computed step")
    return _asked_of_each(writer, before, writer.again().value(expression, Focus()))


def _asked_of_each(writer: Writer, before: Written, inside: Written) -> Written:
    if inside.kind is not Kind.STRING:
        raise Untranslatable(f"{inside.kind.value} of each node")
    del writer
    return Written(f"ecluse:each({before.text}, {quoted(inside.text)})", Kind.STRINGS)


def _variable(writer: Writer, left: Path, variable: Variable, focus: Focus) -> Written:
    """`nodes/$v`: the variable, when there are nodes."""
    written = writer.value(variable, focus)
    before = writer.boolean(left, focus)
    if written.kind is Kind.NODES:
        return Written(f"ecluse:if({before.text}, {written.text}, /..)", Kind.NODES)
    raise Untranslatable(f"a step that is a variable of {written.kind.value}")


def _is_steps(expression: Expression) -> bool:
    """Whether an expression is relative paths of axis steps, or their union: it can be distributed."""
    if isinstance(expression, Here):
        return True
    if isinstance(expression, Sequence):
        return bool(expression.items) and all(_is_steps(one) for one in expression.items)
    if isinstance(expression, Binary):
        return expression.operator == "|" and _is_steps(expression.left) and _is_steps(expression.right)
    return isinstance(expression, Path) and not expression.absolute and _axis_only(expression)


def _alternatives(expression: Expression) -> list[Path]:
    if isinstance(expression, Sequence):
        return [one for item in expression.items for one in _alternatives(item)]
    if isinstance(expression, Binary):
        return _alternatives(expression.left) + _alternatives(expression.right)
    if isinstance(expression, Path):
        return [expression]
    return [Path(absolute=False, steps=(_SELF,))]


def _axis_only(path: Path) -> bool:
    return all(isinstance(step, AxisStep) for step in path.steps)

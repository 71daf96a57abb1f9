"""What an expression is at a glance (XPath 1.0 §3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from conformance.schematron.xpath import syntax
from conformance.schematron.xpath.syntax import AxisStep, Expression, FilterStep, Test

_NUMBERS = frozenset(("count", "string-length", "number", "sum", "floor", "ceiling", "round", "position", "last"))
_TRUTHS = frozenset(("not", "boolean", "true", "false", "contains", "starts-with", "lang"))

ANY = Test("name", "*", "*")
_ROOT = Test("name", None, "root")
_BARE = syntax.Call("normalize-space", ())
_LONG = syntax.Comparison("general", ">", syntax.Call("string-length", (_BARE,)), syntax.Number("0"))
TEXTS = {
    AxisStep("child", Test("text")): "has_text",
    AxisStep("child", Test("text"), (_BARE,)): "has_words",
    AxisStep("child", Test("text"), (_LONG,)): "has_words",
}
"""Any name; and what tells whether an element has a text, or one that is more than spaces."""


def is_nodes(read: Expression) -> bool:
    """Whether an expression gives nodes."""
    return isinstance(read, syntax.Path | syntax.Here) or (isinstance(read, syntax.Binary) and read.operator == "|")


def is_number(read: Expression) -> bool:
    """Whether an expression may give a number."""
    if isinstance(read, syntax.Binary):
        return read.operator not in ("and", "or", "|")
    return isinstance(read, syntax.Number | syntax.Negative | syntax.Variable) or (
        isinstance(read, syntax.Call) and read.name in _NUMBERS
    )


def is_truth(read: Expression) -> bool:
    """Whether an expression gives true or false: so do the functions of our rules."""
    if isinstance(read, syntax.Call):
        return ":" in read.name or read.name in _TRUTHS
    return isinstance(read, syntax.Comparison) or (isinstance(read, syntax.Binary) and read.operator in ("and", "or"))


def operands(read: Expression, operator: str) -> Iterator[Expression]:
    """The operands of a chain of one operator, in order; the expression itself when it is none."""
    if not isinstance(read, syntax.Binary) or read.operator != operator:
        yield read
        return
    yield from operands(read.left, operator)
    yield from operands(read.right, operator)


def only_step(read: Expression) -> AxisStep | None:
    """The step, when an expression is a single one."""
    match read:
        case syntax.Path(False, (AxisStep() as step,)):
            return step
    return None


def is_walked(read: Expression) -> bool:
    """Whether nodes are found by loops: they are more than the attributes or the children of a name."""
    step = only_step(read)
    return not isinstance(read, syntax.Here) and (step is None or (step.axis == "child" and bool(step.predicates)))


def template_asked(read: Expression) -> tuple[Expression, Test, tuple[str, ...]] | None:
    """Of `…/child/@root = 'root'` and its like: whose children are asked, the name of the child, and the roots."""
    match read:
        case syntax.Comparison(
            "general",
            "=",
            syntax.Path(False, (*before, AxisStep("child", child, ()), AxisStep("attribute", attribute, ()))),
            syntax.Text(value),
        ):
            known = [(attribute, value)]
        case syntax.Path(False, (*before, AxisStep("child", child, (only,)))):
            known = [equals(one) or (ANY, "") for one in operands(only, "or")]
        case _:
            return None
    if any(attribute != _ROOT for attribute, _ in known) or (before and before[-1] == syntax.ANY_DEPTH):
        return None
    holder = syntax.Path(False, tuple(before)) if before else syntax.Here()
    return holder, child, tuple(root for _, root in known)


def named_attribute(read: Expression) -> Test | None:
    """The attribute, when an expression is `@name` and no more."""
    match read:
        case syntax.Path(False, (AxisStep("attribute", Test("name", _, name) as test, ()),)) if name != "*":
            return test
    return None


def named_child(read: Expression) -> Test | None:
    """The child, when an expression is its name and no more."""
    match read:
        case syntax.Path(False, (AxisStep("child", Test("name", _, name) as test, ()),)) if name != "*":
            return test
    return None


def ends_at_attribute(read: Expression) -> bool:
    """Whether an expression may give attributes, which lead nowhere else."""
    match read:
        case syntax.Path(_, (*_, last)):
            return _is_attribute(last)
        case syntax.Binary("|", left, right):
            return ends_at_attribute(left) or ends_at_attribute(right)
    return False


def goes_through_attribute(walked: Sequence[AxisStep | FilterStep]) -> bool:
    """Whether a step that is not the last gives attributes."""
    return any(_is_attribute(one) for one in walked[:-1])


def _is_attribute(step: AxisStep | FilterStep) -> bool:
    return step.axis == "attribute" if isinstance(step, AxisStep) else ends_at_attribute(step.primary)


def child_of(read: Expression) -> Test | None:
    """The child, when an expression is its name and predicates."""
    match read:
        case syntax.Path(False, (AxisStep("child", Test("name", _, name) as test, _),)) if name != "*":
            return test
    return None


def equals(read: Expression) -> tuple[Test, str] | None:
    """The attribute and the value of `@name = 'value'`."""
    match read:
        case syntax.Comparison("general", "=", left, syntax.Text(value)):
            named = named_attribute(left)
            return None if named is None else (named, value)
    return None


def own_name(read: Expression) -> Test | None:
    """The name, when an expression is `self::name` and no more."""
    match read:
        case syntax.Path(False, (AxisStep("self", Test("name", _, name) as test, ()),)) if name != "*":
            return test
    return None


def asks_own_name(read: Expression) -> bool:
    """Whether an expression asks for the name of the node itself, and for nothing else."""
    match read:
        case syntax.Call("not", (argument,)):
            return asks_own_name(argument)
        case syntax.Binary("and" | "or", left, right):
            return asks_own_name(left) and asks_own_name(right)
    return own_name(read) is not None


def names_first(each: Iterable[Expression]) -> list[Expression]:
    """Truths that must all hold: those of the name, which cost nothing, before the others."""
    return sorted(each, key=lambda one: not asks_own_name(one))


def reaches_once(walked: Sequence[AxisStep | FilterStep]) -> bool:
    """Whether steps reach each node once, in document order: sideways and upwards only from a single one."""
    alone = True
    for step in walked:
        if isinstance(step, FilterStep):
            if step != FilterStep(syntax.Here()):
                return False
        elif step.axis == "child":
            alone = False
        elif step.axis not in ("self", "attribute") and not alone:
            return False
    return True


def is_straight(read: Expression) -> bool:
    """Whether an expression steps from child to child, at last maybe to an attribute, and counts no places."""
    if not isinstance(read, syntax.Path) or read.absolute:
        return False
    steps = [one for one in read.steps if isinstance(one, AxisStep) and not any(map(is_number, one.predicates))]
    if len(steps) != len(read.steps) or not steps or steps[0].axis != "child":
        return False
    inner = steps[:-1] if steps[-1].axis == "attribute" and steps[-1].test.name != "*" else steps
    return all(one.axis == "child" and one.test.kind == "name" for one in inner)


def without_depth(walked: Sequence[AxisStep | FilterStep]) -> Sequence[AxisStep | FilterStep]:
    """Steps with `//name` as one: the same where no predicate counts places, and a descendant's must not."""
    found: list[AxisStep | FilterStep] = []
    for one in walked:
        if found and found[-1] == syntax.ANY_DEPTH and isinstance(one, AxisStep) and one.axis == "child":
            found[-1] = AxisStep("descendant", one.test, one.predicates)
        else:
            found.append(one)
    return found

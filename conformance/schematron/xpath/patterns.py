"""XSLT patterns, which are the contexts of Schematron rules (XSLT 2.0 §5.5): by what their nodes are found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conformance.schematron.xpath.dependence import is_condition
from conformance.schematron.xpath.kinds import Focus, Kind
from conformance.schematron.xpath.parser import parse
from conformance.schematron.xpath.syntax import (
    ANY_DEPTH,
    AxisStep,
    Binary,
    Comparison,
    Expression,
    FilterStep,
    Here,
    Path,
    Test,
    Text,
    Untranslatable,
)
from conformance.schematron.xpath.writer import Writer

_CDA = "urn:hl7-org:v3"
_NO_KINDS: Mapping[str, Kind] = {}
_LEAVES = {"text": "text", "comment": "comment", "processing-instruction": "processing-instruction", "node": "node"}


@dataclass(frozen=True, slots=True)
class Alternative:
    """One alternative of a pattern: what a node must have, and two ways to ask.

    `kind` is element, attribute, text, comment, processing-instruction, node or document. `tag` is the name as lxml
    spells it, None for several; `parent_tag` the same of the parent. `template` is the root of a templateId of CDA that
    the node must carry. `exact`: the three say it all.

    `asked` is XPath 1.0 from an element that may be one; of other kinds, from the parent, and it gives the nodes. It is
    empty when a predicate is a position. `whole` is XPath 1.0 that gives all of them, from anywhere in the document.
    """

    kind: str
    tag: str | None
    parent_tag: str | None
    template: str | None
    exact: bool
    asked: str
    whole: str


@dataclass(frozen=True, slots=True)
class _Step:
    """One step and how the step before it is related: `parent`, `ancestor`, or nothing before the first."""

    relation: str
    step: AxisStep


def read_pattern(
    context: str, namespaces: Mapping[str, str], kinds: Mapping[str, Kind] = _NO_KINDS
) -> tuple[Alternative, ...]:
    """Read a pattern, its alternatives in order. Raises Untranslatable: it is no pattern, or a predicate is refused."""
    writer = Writer(namespaces, kinds)
    return tuple(_alternative(writer, one, context) for one in _united(parse(context)))


def _united(expression: Expression) -> Iterator[Expression]:
    if isinstance(expression, Binary) and expression.operator == "|":
        yield from _united(expression.left)
        yield from _united(expression.right)
    else:
        yield expression


def _alternative(writer: Writer, expression: Expression, context: str) -> Alternative:
    if expression == Path(absolute=True, steps=()):
        return Alternative("document", None, None, None, exact=True, asked="", whole="/")
    if not isinstance(expression, Path):
        raise Untranslatable(f"this is no pattern: {context}")
    steps = list(_steps(expression, context))
    last = steps[-1].step
    kind = "attribute" if last.axis == "attribute" else _LEAVES.get(last.test.kind, "element")
    positional = not all(is_condition(one) for step in steps for one in step.step.predicates)
    whole = expression if expression.absolute else Path(absolute=True, steps=(ANY_DEPTH, *expression.steps))
    parent = steps[-2].step if len(steps) > 1 and steps[-1].relation == "parent" else None
    template, whole_template = _template(writer, last)
    plain = not any(step.step.predicates for step in steps)
    return Alternative(
        kind=kind,
        tag=_tag(writer, last.test),
        parent_tag=None if parent is None else _tag(writer, parent.test),
        template=template if kind == "element" and not positional else None,
        exact=kind == "element"
        and steps[0].relation != "root"
        and _says_all(last.test)
        and ((plain and _plain_parent(steps, parent)) or (len(steps) == 1 and whole_template)),
        asked="" if positional else _asked(writer, steps, kind),
        whole=writer.value(whole, Focus()).text,
    )


def _plain_parent(steps: list[_Step], parent: AxisStep | None) -> bool:
    return len(steps) == 1 or (len(steps) == 2 and parent is not None and _says_all(parent.test))


def _steps(path: Path, context: str) -> Iterator[_Step]:
    relation = "root" if path.absolute else "anywhere"
    for number, step in enumerate(path.steps):
        if step == ANY_DEPTH and number < len(path.steps) - 1:
            relation = "ancestor" if number else "anywhere"
            continue
        if isinstance(step, FilterStep) or step.axis not in ("child", "attribute"):
            raise Untranslatable(f"a step that is neither a child nor an attribute: {context}")
        yield _Step(relation, step)
        relation = "parent"


def _asked(writer: Writer, steps: list[_Step], kind: str) -> str:
    """The pattern turned round: from the node, look up."""
    above = ""
    for number, one in enumerate(steps):
        before = f"[{one.relation}::{above}]" if number else ""
        if one.relation == "root":
            before = "[not(parent::*)]"
        test = writer.test(one.step.axis, one.step.test)
        predicates = writer.predicates(one.step.predicates, Focus())
        if number == len(steps) - 1 and kind != "element":
            owner = "" if not number else f"{'self' if one.relation == 'parent' else 'ancestor-or-self'}::{above}"
            given = f"{'@' if kind == 'attribute' else ''}{test}{predicates}"
            if not owner:
                return given if one.relation != "root" else f"self::node()[false()]/{given}"
            return f"{owner}/{given}" if one.relation == "parent" else f"self::node()[{owner}]/{given}"
        above = f"{test}{predicates}{before}"
    return f"self::{above}"


def _tag(writer: Writer, test: Test) -> str | None:
    if test.kind != "name" or "*" in (test.prefix, test.name):
        return None
    namespace = writer.namespace(test.prefix)
    return f"{{{namespace}}}{test.name}" if namespace else test.name


def _says_all(test: Test) -> bool:
    """Whether a tag, None meaning any, says what a test asks."""
    return test.kind == "element" or (test.kind == "name" and (test.name == "*") == (test.prefix == "*"))


def _template(writer: Writer, step: AxisStep) -> tuple[str | None, bool]:
    """The templateId that the predicates of a step make necessary, and whether they ask nothing else."""
    conditions = [part for one in step.predicates for part in _conjuncts(one)]
    for one in conditions:
        found, alone = _template_of(writer, one)
        if found is not None:
            return found, alone and len(conditions) == 1
    return None, False


def _template_of(writer: Writer, condition: Expression) -> tuple[str | None, bool]:
    """`templateId/@root = 'x'` and `templateId[@root = 'x']`, whatever else the brackets ask."""
    if isinstance(condition, Comparison):
        path, value = _with_text(condition)
        steps = _child_steps(path)
        if value is not None and len(steps) == 2 and _is_template_id(writer, steps[0]) and _is_root(steps[1]):
            return value, not steps[0].predicates
        return None, False
    steps = _child_steps(condition)
    if len(steps) != 1 or not _is_template_id(writer, steps[0]):
        return None, False
    inside = [part for one in steps[0].predicates for part in _conjuncts(one)]
    for one in inside:
        path, value = _with_text(one) if isinstance(one, Comparison) else (one, None)
        asked = _child_steps(path)
        if value is not None and len(asked) == 1 and _is_root(asked[0]):
            return value, len(inside) == 1
    return None, False


def _with_text(comparison: Comparison) -> tuple[Expression, str | None]:
    if comparison.operator == "=" and comparison.form != "node":
        for path, text in ((comparison.left, comparison.right), (comparison.right, comparison.left)):
            if isinstance(text, Text):
                return path, text.value
    return comparison.left, None


def _child_steps(expression: Expression) -> tuple[AxisStep, ...]:
    """The axis steps of a relative path, a leading `.` left out; none when it is something else."""
    if not isinstance(expression, Path) or expression.absolute:
        return ()
    steps = expression.steps
    if steps[0] == FilterStep(Here()):
        steps = steps[1:]
    found = tuple(step for step in steps if isinstance(step, AxisStep))
    return found if len(found) == len(steps) else ()


def _is_template_id(writer: Writer, step: AxisStep) -> bool:
    test = step.test
    named = test.kind == "name" and test.name == "templateId" and test.prefix not in (None, "*")
    return step.axis == "child" and named and writer.namespace(test.prefix) == _CDA


def _is_root(step: AxisStep) -> bool:
    return step.axis == "attribute" and step.test == Test("name", None, "root") and not step.predicates


def _conjuncts(expression: Expression) -> Iterator[Expression]:
    if isinstance(expression, Binary) and expression.operator == "and":
        yield from _conjuncts(expression.left)
        yield from _conjuncts(expression.right)
    else:
        yield expression

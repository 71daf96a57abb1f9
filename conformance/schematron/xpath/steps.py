"""Paths that stay near their node, walked here: its attributes, children, siblings, parent, and what is below it.

Nodes come in document order, each once, as those of libxml2: a path whose steps could part from that is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lxml import etree

from conformance.schematron.xpath.core import Beyond, truth
from conformance.schematron.xpath.syntax import (
    ANY_DEPTH,
    AxisStep,
    Binary,
    Call,
    Comparison,
    Expression,
    FilterStep,
    Here,
    Path,
    Test,
    Variable,
)

_Element = etree._Element
Values = Mapping[str, Any]
Reckoned = Callable[[_Element, Values], Any]
Reader = Callable[[Expression], Reckoned]
Filter = Callable[[list[Any], Values], list[Any]]
_TRUTHS = frozenset(("not", "boolean", "true", "false", "starts-with", "contains"))
_OUR_TRUTHS = frozenset(("matches", "castable", "keyed", "listed"))


def walked(path: Path, namespaces: Mapping[str, str], read: Reader) -> Reckoned:
    """How to walk a path; `read` reads its predicates. Raises Beyond: it leads elsewhere."""
    steps = path.steps
    if path.absolute:
        if [step.axis for step in steps if isinstance(step, AxisStep)] != ["parent"]:
            raise Beyond
        return lambda node, values: []  # above the document there is nothing
    *onward, last = _axes(steps)
    if last.axis == "attribute":
        return _attribute(last, _elements(onward, namespaces, read) if onward else None, namespaces)
    return _elements([*onward, last], namespaces, read)


def filtered(found: Reckoned, predicates: Sequence[Expression], read: Reader) -> Reckoned:
    """Those of some elements for which predicates hold. Raises Beyond: one may be a position."""
    for one in predicates:
        found = _kept(found, _filter(one, read))
    return found


def united(one: Binary, namespaces: Mapping[str, str], read: Reader) -> Reckoned:
    """The siblings before an element and those after it; or `.//@a | .//text()`. Raises Beyond: any other union."""
    match one.left, one.right:
        case (
            Path(False, (AxisStep("preceding-sibling") as left,)),
            Path(False, (AxisStep("following-sibling") as right,)),
        ):
            before, after = _elements([left], namespaces, read), _elements([right], namespaces, read)
            return lambda node, values: before(node, values) + after(node, values)
        case (
            Path(False, (FilterStep(Here(), ()), below, AxisStep("attribute", test, ()))),
            Path(False, (FilterStep(Here(), ()), also_below, AxisStep("child", Test("text"), ()))),
        ) if below == also_below == ANY_DEPTH:
            name = _attribute_name(test, namespaces)
            return lambda node, values: _said(node, name)
    raise Beyond


def _said(node: _Element, name: str) -> list[str]:
    """The values of an attribute and the texts of an element and of all below it, as they come."""
    value, text = node.get(name), node.text
    found = [one for one in (value, text or None) if one is not None]
    for child in node:
        if isinstance(child.tag, str):
            found += _said(child, name)
        if child.tail:
            found.append(child.tail)
    return found


def _axes(steps: Sequence[AxisStep | FilterStep]) -> list[AxisStep]:
    """The steps, `.//a` being one."""
    axes: list[AxisStep] = []
    for number, step in enumerate(steps):
        if isinstance(step, FilterStep):
            if number or step != FilterStep(Here()) or steps[1:2] != (ANY_DEPTH,):
                raise Beyond
        elif step == ANY_DEPTH:
            if number != 1 or len(steps) < 3:
                raise Beyond
        elif number > 1 and steps[number - 1] == ANY_DEPTH:
            if step.axis != "child":
                raise Beyond
            axes.append(AxisStep("descendant", step.test, step.predicates))
        else:
            axes.append(step)
    return axes


def _elements(steps: Sequence[AxisStep], namespaces: Mapping[str, str], read: Reader) -> Reckoned:
    first, *others = steps
    if others and (first.axis == "descendant" or any(step.axis != "child" for step in others)):
        raise Beyond
    found = filtered(_first(first, namespaces), first.predicates, read)
    for step in others:
        found = filtered(_below(found, _tag(step.test, namespaces)), step.predicates, read)
    return found


def _first(step: AxisStep, namespaces: Mapping[str, str]) -> Reckoned:
    if step.axis == "parent" and step.test == Test("node"):
        return _parent
    tag = _tag(step.test, namespaces)
    axes: Mapping[str, Reckoned] = {
        "child": lambda node, values: list(node.iterchildren(tag)),
        "descendant": lambda node, values: list(node.iterdescendants(tag)),
        "following-sibling": lambda node, values: list(node.itersiblings(tag)),
        "preceding-sibling": lambda node, values: list(node.itersiblings(tag, preceding=True))[::-1],
        "parent": lambda node, values: [above] if _is(above := node.getparent(), tag) else [],
        "self": lambda node, values: [node] if _is(node, tag) else [],
    }
    if step.axis not in axes:
        raise Beyond
    return axes[step.axis]


def _parent(node: _Element, values: Values) -> list[_Element]:
    """Raises Beyond: it is the document."""
    parent = node.getparent()
    if parent is None:
        raise Beyond
    return [parent]


def _is(element: _Element | None, tag: str) -> bool:
    if element is None:
        return False
    return element.tag == tag or (tag.endswith("*") and element.tag.startswith(tag[:-1]))


def _below(found: Reckoned, tag: str) -> Reckoned:
    return lambda node, values: [child for one in found(node, values) for child in one.iterchildren(tag)]


def _attribute(step: AxisStep, holders: Reckoned | None, namespaces: Mapping[str, str]) -> Reckoned:
    name = _attribute_name(step.test, namespaces)
    if step.predicates:
        raise Beyond
    if holders is None:
        return lambda node, values: [] if (value := node.get(name)) is None else [value]
    return lambda node, values: [value for one in holders(node, values) if (value := one.get(name)) is not None]


def _tag(test: Test, namespaces: Mapping[str, str]) -> str:
    """A name as lxml spells it, `*` being any."""
    if test == Test("name", "*", "*"):
        return "*"
    if (
        test.kind != "name"
        or test.name is None
        or test.prefix == "*"
        or (test.prefix is not None and test.prefix not in namespaces)
    ):
        raise Beyond
    return f"{test.name}" if test.prefix is None else f"{{{namespaces[test.prefix]}}}{test.name}"


def _attribute_name(test: Test, namespaces: Mapping[str, str]) -> str:
    name = _tag(test, namespaces)
    if name.endswith("*"):
        raise Beyond
    return name


def _kept(found: Reckoned, keep: Filter) -> Reckoned:
    return lambda node, values: keep(some, values) if (some := found(node, values)) else some


def _filter(predicate: Expression, read: Reader) -> Filter:
    match predicate:
        case Comparison("general", "=", Call("local-name", ()), Variable(name)):
            return lambda found, values: _of_name(found, values[name])
        case Comparison() | Binary("and" | "or") | Path() | FilterStep():
            pass
        case Call(name) if name in _TRUTHS or (":" in name and name.rpartition(":")[2] in _OUR_TRUTHS):
            pass
        case _:
            raise Beyond
    holds = read(predicate)

    def keep(found: list[Any], values: Values) -> list[Any]:
        try:
            return [one for one in found if truth(holds(one, values))]
        except AttributeError as error:  # it is a text, of which the predicate asks what only elements have
            raise Beyond from error

    return keep


def _of_name(found: list[Any], wanted: Any) -> list[Any]:
    if not isinstance(wanted, str):
        raise Beyond
    if any(isinstance(one, str) for one in found):
        raise Beyond
    return [one for one in found if one.tag.rpartition("}")[2] == wanted]

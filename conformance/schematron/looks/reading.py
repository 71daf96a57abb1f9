"""Tests written as Python, where asking libxml2 would cost more: one function for all that is asked of an element.

Only what is understood wholly is written. Anything else (variables, arithmetic, positions but the simplest, functions
that are not of our rules) stays with libxml2, which gives the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from lxml import etree

from conformance.schematron.looks.answers import KNOWN
from conformance.schematron.looks.code import function
from conformance.schematron.looks.nodes import Spot, Subject
from conformance.schematron.looks.paths import NotSeen
from conformance.schematron.looks.shapes import (
    ANY,
    TEXTS,
    equals,
    is_nodes,
    is_number,
    is_truth,
    named_attribute,
    only_step,
    operands,
    own_name,
)
from conformance.schematron.looks.strings import Strings
from conformance.schematron.model import ECLUSE
from conformance.schematron.xpath import syntax
from conformance.schematron.xpath.parser import parse
from conformance.schematron.xpath.syntax import AxisStep, Expression, Untranslatable

_Element = etree._Element
Children = Mapping[_Element, Mapping[str, list[_Element]]]
Attributes = Mapping[_Element, Mapping[str, str]]
Look = Callable[[Iterable[Any], Children, Attributes], list[Any]]
Functions = Mapping[tuple[str, str], Callable[..., bool]]
_CALLED = "(None, "
_SIGNS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Written(NamedTuple):
    """A look for all tests that could be written (None: for none), and those that could not.

    A look gives the elements for which not all of its tests hold.
    """

    look: Look | None
    rest: tuple[str, ...]


def write(tests: Sequence[str], namespaces: Mapping[str, str], functions: Functions) -> Written:
    """Write tests as one look, which is given elements, and the children by tag and the attributes of every element.

    `functions` are those a test may call, by namespace and name; their first argument is None. A look raises what they
    raise, and LookupError where it would have to leave the tree of elements.
    """
    writer = Writer(namespaces, functions)
    rest = tuple(one for one in tests if not writer.write(one))
    if len(rest) == len(tests):
        return Written(None, rest)
    look = writer.look()
    return Written(look, rest if look is not None else tuple(tests))


class Writer(Strings):
    """Writes truths."""

    def __init__(self, namespaces: Mapping[str, str], functions: Functions) -> None:
        super().__init__(namespaces)
        self._functions = functions
        self._subject = Subject("element")

    def write(self, test: str) -> bool:
        """Write a test, unless something in it cannot be."""
        known = dict(self._subject.known)
        try:
            with self.code.apart() as lines:
                holds = self.truth(parse(test), self._subject)
        except (Untranslatable, NotSeen):
            self._subject.known = known
            return False
        self.code.lines += lines
        with self.code.inside(f"if not {holds}:"):
            self.code.lines += [f"wrong.append({self._subject.name})", "continue"]
        return True

    def look(self) -> Look | None:
        """The function of all that was written. None: Python finds it too deep."""
        each = self.code.lines
        with self.code.apart() as lines:
            self.code.add("wrong = []")
            with self.code.inside(f"for {self._subject.name} in elements:"):
                self.code.lines += [*self._subject.prelude(), *each]
            self.code.add("return wrong")
        look: Look | None = function("look", "elements, children, attributes", lines, self.known())
        return look

    def known(self) -> Mapping[str, object]:
        """What written code calls, by name."""
        return {**KNOWN, **self.constants}

    def truth(self, read: Expression, at: Spot) -> str:
        if isinstance(read, syntax.Binary) and read.operator in ("and", "or"):
            return self._chain(read, at)
        if isinstance(read, syntax.Comparison):
            return self._comparison(read, at)
        if is_nodes(read):
            return self._existence(read, at)
        if isinstance(read, syntax.Call) and is_truth(read):
            return self._called(read, at)
        # A number or a string as a truth (XPath 1.0 §4.3).
        return f"bool({self.number(read, at) if is_number(read) else self.text(read, at)})"

    def _chain(self, read: syntax.Binary, at: Spot) -> str:
        """`and` and `or`: what takes no lines of its own comes first, then what does, and functions of ours last."""
        joint = f" {read.operator} "
        each = operands(read, read.operator)
        short: list[str] = []
        long: list[tuple[list[str], str]] = []
        calls: list[str] = []
        for one in self._together(each, at) if read.operator == "or" else each:
            with self.code.apart() as lines:
                said = one if isinstance(one, str) else self.truth(one, at)
            if lines:
                long.append((lines, said))
            else:
                (calls if _CALLED in said else short).append(said)
        if not long:
            return f"({joint.join((*short, *calls))})"
        if calls:
            long.append(([], f"({joint.join(calls)})"))
        lines, said = ([], f"({joint.join(short)})") if short else long.pop(0)
        self.code.lines += lines
        answer = self.code.kept(said)
        for lines, said in long:
            with self.code.inside(f"if {answer}:" if read.operator == "and" else f"if not {answer}:"):
                self.code.lines += lines
                self.code.add(f"{answer} = {said}")
        return answer

    def _together(self, each: Iterable[Expression], at: Spot) -> list[Expression | str]:
        """Alternatives: values of one attribute are looked up together, and so are names of the node itself."""
        values: dict[str, list[str]] = {}
        others: list[Expression | str] = []
        for one in each:
            known, own = equals(one), own_name(one)
            if known is not None and not at.leaf:
                values.setdefault(at.attribute(self.name(known[0])), []).append(known[1])
            elif own is not None and not at.leaf:
                values.setdefault(at.tag, []).append(self.name(own))
            else:
                others.append(one)
        return [*(f"{what} in {self.constant(frozenset(some))}" for what, some in values.items()), *others]

    def _existence(self, read: Expression, at: Spot) -> str:
        """Whether there is a node: without a loop where none is due."""
        step = only_step(read)
        if step is None or at.leaf:
            return self.has(read, at)
        if step.axis == "attribute" and step.test.name != "*":
            return self._attribute_there(read, step, at)
        if step.axis == "child" and step.test == ANY and not step.predicates:
            return f"bool({at.children()})"
        if step.axis == "child" and step.test.kind == "name" and not step.predicates:
            return f"bool({at.children_of(self.name(step.test))})"
        if step in TEXTS:
            return f"{TEXTS[step]}({at.name})"
        return self.has(read, at)

    def _attribute_there(self, read: Expression, step: AxisStep, at: Spot) -> str:
        value = at.attribute(self.name(step.test))
        if not step.predicates:
            return f"({value} is not None)"
        spot = Spot(self.code.name(), leaf=True)
        with self.code.apart() as lines:
            asked = [self.truth(one, spot) for one in step.predicates]
        if lines or any(is_number(one) for one in step.predicates):
            return self.has(read, at)
        return f"(({spot.name} := {value}) is not None and {' and '.join(asked)})"

    def _called(self, read: syntax.Call, at: Spot) -> str:
        match read:
            case syntax.Call("not", (argument,)):
                return f"(not {self.truth(argument, at)})"
            case syntax.Call("boolean", (argument,)):
                return self.truth(argument, at)
            case syntax.Call("true" | "false", ()):
                return read.name.capitalize()
            case syntax.Call("contains" | "starts-with", (whole, part)) if not is_number(whole) and not is_number(part):
                there, sought = self.text(whole, at), self.text(part, at)
                return f"({sought} in {there})" if read.name == "contains" else f"{there}.startswith({sought})"
        return self._ours(read, at)

    def _comparison(self, read: syntax.Comparison, at: Spot) -> str:
        left, right = read.left, read.right
        if read.form != "general":
            raise NotSeen
        if is_number(left) and is_number(right):
            return f"({self.number(left, at)} {_SIGNS[read.operator]} {self.number(right, at)})"
        if is_number(right) and is_nodes(left) and not is_nodes(right):
            compared = f"{_SIGNS[read.operator]} {self.number(right, at)}"
            return self.has(left, at, lambda spot: f"(number({self.text(syntax.Here(), spot)}) {compared})")
        if read.operator not in ("=", "!=") or is_number(left) or is_number(right):
            raise NotSeen
        if is_truth(left) or is_truth(right):
            return f"({self.truth(left, at)} {_SIGNS[read.operator]} {self.truth(right, at)})"
        known = equals(read)
        if known is not None and not at.leaf:
            return f"({at.attribute(self.name(known[0]))} == {known[1]!r})"
        return self._agreement(left, right, at, equal=read.operator == "=")

    def _agreement(self, left: Expression, right: Expression, at: Spot, *, equal: bool) -> str:
        """Whether strings are equal, or different; of nodes, one on either side (XPath 1.0 §3.4)."""
        if not is_nodes(left):
            left, right = right, left
        if not is_nodes(left):
            return f"({self.text(left, at)} {'==' if equal else '!='} {self.text(right, at)})"
        if isinstance(right, syntax.Text):
            sign, text = "==" if equal else "!=", repr(right.value)
            return self.has(left, at, lambda spot: f"({self.text(syntax.Here(), spot)} {sign} {text})")
        other = self.found(right, at) if is_nodes(right) else self.text(right, at)
        return f"agree({self.found(left, at)}, {other}, {equal})"

    def _ours(self, read: syntax.Call, at: Spot) -> str:
        """A function of our rules: it is given what lxml would give it. Raises NotSeen: it is another."""
        prefix, _, local = read.name.partition(":")
        called = self._functions.get((self.namespaces.get(prefix, ""), local))
        if self.namespaces.get(prefix) != ECLUSE or called is None:
            raise NotSeen
        given: list[str] = []
        for one in read.arguments:
            if is_truth(one) or is_number(one):
                raise NotSeen
            given.append(self._nodes(one, at) if is_nodes(one) else self.text(one, at))
        return f"({self.constant(called)}{_CALLED}{', '.join(given)}) is True)"

    def _nodes(self, read: Expression, at: Spot) -> str:
        """The list of nodes that a function is given: an attribute costs no loop."""
        named = named_attribute(read)
        if named is None or at.leaf:
            return self.found(read, at)
        value = self.code.name()
        return f"([{value}] if ({value} := {at.attribute(self.name(named))}) is not None else [])"

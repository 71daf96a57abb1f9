"""Truths written as Python: `and`, `or`, comparisons, and the functions of our rules (XPath 1.0 §3.3, §3.4, §4.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from conformance.schematron.index import TEMPLATE_ID
from conformance.schematron.looks.nodes import Spot
from conformance.schematron.looks.paths import Condition
from conformance.schematron.looks.shapes import (
    ANY,
    TEXTS,
    equals,
    is_nodes,
    is_number,
    is_truth,
    named_attribute,
    names_first,
    only_step,
    operands,
    own_name,
    template_asked,
)
from conformance.schematron.looks.steps import NotSeen
from conformance.schematron.looks.strings import Strings
from conformance.schematron.model import ECLUSE
from conformance.schematron.xpath import syntax
from conformance.schematron.xpath.syntax import AxisStep, Expression

Functions = Mapping[tuple[str, str], Callable[..., bool]]
_CALLED = "(None, "
EMPTY = {"and": "True", "or": "False"}
_OPPOSITE = {"True": "False", "False": "True"}
_SECOND = (syntax.Number("2"),)
Link = tuple[list[str], str, Expression | None]
SIGNS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Truths(Strings):
    """Writes truths."""

    def __init__(self, namespaces: Mapping[str, str], functions: Functions) -> None:
        super().__init__(namespaces)
        self._functions = functions

    def truth(self, read: Expression, at: Spot) -> str:
        asked = self.template(read, at)
        if asked is not None:
            return self.has(asked[0], at, asked[1])
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
        links = self.links(read, at)
        if not links:
            return EMPTY[read.operator]
        (lines, answer, _), *others = links
        self.code.lines += lines
        if not others:
            return answer
        answer = self.code.kept(answer)
        for lines, said, _ in others:
            with self.code.inside(f"if {answer}:" if read.operator == "and" else f"if not {answer}:"):
                self.code.lines += lines
                self.code.add(f"{answer} = {said}")
        return answer

    def links(self, read: syntax.Binary, at: Spot) -> list[Link]:
        """What a chain asks, cheapest first; a single answer where the chain has it from the start."""
        joint, decided = f" {read.operator} ", _OPPOSITE[EMPTY[read.operator]]
        each = operands(read, read.operator)
        short: list[str] = []
        long: list[Link] = []
        calls: list[str] = []
        for one in self.together(each, at) if read.operator == "or" else names_first(each):
            with self.code.apart() as lines:
                said = one if isinstance(one, str) else self.truth(one, at)
            if said == decided:
                return [([], decided, None)]
            if lines:
                long.append((lines, said, None if isinstance(one, str) else one))
            elif said != EMPTY[read.operator]:
                (calls if _CALLED in said else short).append(said)
        before: list[Link] = [([], f"({joint.join(short)})", None)] if short else []
        after: list[Link] = [([], f"({joint.join(calls)})", None)] if calls else []
        return [*before, *long, *after]

    def together(self, each: Iterable[Expression], at: Spot) -> list[Expression | str]:
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

    def template(self, read: Expression, at: Spot) -> tuple[Expression, Condition] | None:
        """Whose templateIds are asked and how, where an expression asks for one: they are known by their roots."""
        asked = None if at.leaf else template_asked(read)
        if asked is None or asked[1].name == "*" or self.name(asked[1]) != TEMPLATE_ID:
            return None
        holder, _, roots = asked
        if len(roots) == 1:
            return holder, lambda spot: f"({roots[0]!r} in templates[{spot.name}])"
        several = self.constant(frozenset(roots))
        return holder, lambda spot: f"(not {several}.isdisjoint(templates[{spot.name}]))"

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
        if step.axis == "child" and step.test.kind == "name" and step.predicates == _SECOND and step.test != ANY:
            return f"(len({at.children_of(self.name(step.test))}) > 1)"
        return f"{TEXTS[step]}({at.name})" if step in TEXTS else self.has(read, at)

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
                held = self.truth(argument, at)
                return _OPPOSITE.get(held) or f"(not {held})"
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
            return f"({self.number(left, at)} {SIGNS[read.operator]} {self.number(right, at)})"
        if is_number(right) and is_nodes(left) and not is_nodes(right):
            compared = f"{SIGNS[read.operator]} {self.number(right, at)}"
            return self.has(left, at, lambda spot: f"(number({self.text(syntax.Here(), spot)}) {compared})")
        if read.operator not in ("=", "!=") or is_number(left) or is_number(right):
            raise NotSeen
        if is_truth(left) or is_truth(right):
            return f"({self.truth(left, at)} {SIGNS[read.operator]} {self.truth(right, at)})"
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

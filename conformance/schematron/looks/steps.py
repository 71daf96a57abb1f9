"""Steps of paths written as loops (XPath 1.0 §2.1): what is walked on the way to what a path leads to."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from conformance.schematron.looks.code import Code
from conformance.schematron.looks.goals import Goal
from conformance.schematron.looks.nodes import Spot
from conformance.schematron.looks.shapes import (
    ANY,
    TEXTS,
    goes_through_attribute,
    is_number,
    names_first,
    only_step,
    without_depth,
)
from conformance.schematron.xpath import syntax
from conformance.schematron.xpath.syntax import AxisStep, Expression, FilterStep, Test

_Walked = Sequence[AxisStep | FilterStep]
Reached = Callable[[Spot], None]
_FIRST = (syntax.Number("1"),)
_NODE = Test("node")
_PLACE = re.compile("[1-9][0-9]{0,5}")
_FAR = {
    "preceding-sibling": "{node}.itersiblings({tag}, preceding=True)",
    "following-sibling": "{node}.itersiblings({tag})",
    "ancestor": "{node}.iterancestors({tag})",
    "descendant": "{node}.iterdescendants({tag})",
    "descendant-or-self": "within({node}, {tag})",
}
_NEAREST = {
    "preceding-sibling": "element_before({node}, {tag})",
    "following-sibling": "element_after({node}, {tag})",
    "ancestor": "next({node}.iterancestors({tag}), None)",
}
"""How nodes far away are walked, and how the nearest of them is found."""


class NotSeen(Exception):
    """An expression that no look can stand for."""


class Steps(ABC):
    """Writes the steps of paths; who writes truths writes their predicates."""

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        self.namespaces = namespaces
        self.code = Code()
        self.constants: dict[str, object] = {}

    @abstractmethod
    def truth(self, read: Expression, at: Spot) -> str:
        """Whether an expression is true at a node, in Python. Raises NotSeen."""

    def constant(self, value: object) -> str:
        """The name by which written code finds a value."""
        name = f"constant{len(self.constants)}"
        self.constants[name] = value
        return name

    def name(self, test: Test) -> str:
        """The name of a name test, as lxml spells it. Raises NotSeen: any name, or a prefix nobody declares."""
        if test.kind != "name" or test.name is None or "*" in (test.name, test.prefix):
            raise NotSeen
        if test.prefix is None:
            return test.name
        if test.prefix not in self.namespaces:
            raise NotSeen
        return f"{{{self.namespaces[test.prefix]}}}{test.name}"

    def nearest(self, read: Expression, at: Spot) -> str:
        """The name of the nearest sibling or ancestor, or None, where that is what an expression asks; else empty."""
        step = only_step(read)
        return "" if step is None or at.leaf else self._nearest(step, at)

    def _nearest(self, step: AxisStep, at: Spot) -> str:
        if step.predicates != _FIRST or step.axis not in _NEAREST:
            return ""
        return self.code.kept(_spelled(_NEAREST[step.axis], at, self._wanted(step)))

    def _wanted(self, step: AxisStep) -> str:
        """The tag of a step as lxml takes it."""
        return "*" if step.test == ANY else self.name(step.test)

    def _from(self, read: Expression, at: Spot, reached: Reached, goal: Goal) -> None:
        """Write what is done at each node that is reached."""
        if isinstance(read, syntax.Here):
            reached(at)
            return
        if isinstance(read, syntax.Binary) and read.operator == "|" and goal.enough:
            self._from(read.left, at, reached, goal)
            with goal.otherwise():
                self._from(read.right, at, reached, goal)
            return
        if not isinstance(read, syntax.Path) or at.leaf or not read.steps or goes_through_attribute(read.steps):
            raise NotSeen
        if read.absolute:
            self._top(read.steps, at, reached, goal)
        else:
            self._walk(without_depth(read.steps), at, reached, goal)

    def _top(self, steps: _Walked, at: Spot, reached: Reached, goal: Goal) -> None:
        first = steps[0]
        if not isinstance(first, AxisStep) or first.axis != "child":
            raise NotSeen
        top = self.code.kept(f"{at.name}.getroottree().getroot()")
        self._walk(
            (AxisStep("self", first.test, first.predicates), *without_depth(steps[1:])), Spot(top), reached, goal
        )

    def _walk(self, steps: _Walked, at: Spot, reached: Reached, goal: Goal) -> None:
        if not steps:
            reached(at)
            return
        step, rest = steps[0], steps[1:]

        def onward(spot: Spot) -> None:
            self._walk(rest, spot, reached, goal)

        if isinstance(step, FilterStep):
            if step.predicates:
                raise NotSeen
            self._from(step.primary, at, onward, goal)
        elif step.axis == "child":
            self._children(step, at, onward, goal)
        elif step.axis == "attribute":
            self._attribute(step, at, onward, goal)
        elif step.axis in ("self", "parent"):
            self._one(step, at, onward)
        else:
            self._far(step, at, onward, goal)

    def _children(self, step: AxisStep, at: Spot, onward: Reached, goal: Goal) -> None:
        if step.test.kind == "text":
            if step not in TEXTS or not goal.enough:
                raise NotSeen
            with self.code.inside(f"if {TEXTS[step]}({at.name}):"):
                goal.write()
            return
        if step.test.name == "*":
            if step.test.prefix != "*":
                raise NotSeen
            self._any_child(step, at, onward, goal)
            return
        family = at.children_of(self.name(step.test))
        before, place, after = self._parted(step.predicates)
        spot = Spot(self.code.name())
        if place and not before:
            family, place = f"{family}[{place - 1}:{place}]", 0
        counted = self.code.kept("0") if place else ""
        with goal.loop(f"for {spot.name} in {family}:"), self._where(before, spot):
            if place:
                self.code.add(f"{counted} += 1")
                with self.code.inside(f"if {counted} == {place}:"):
                    with self._where(after, spot):
                        onward(spot)
                    self.code.add("break")
            else:
                with self._where(after, spot):
                    onward(spot)

    def _any_child(self, step: AxisStep, at: Spot, onward: Reached, goal: Goal) -> None:
        """Children of any name: one after another where all are wanted, name by name where one is enough."""
        if not goal.enough:
            spot = Spot(self.code.name())
            header = f"for {spot.name} in {at.name}.iterchildren('*'):"
            with goal.loop(header), self._where(step.predicates, spot):
                onward(spot)
            return
        tag, family = self.code.name(), self.code.name()
        spot = Spot(self.code.name(), tag=tag)
        with ExitStack() as inner:
            inner.enter_context(goal.loop(f"for {tag}, {family} in {at.children()}.items():"))
            inner.enter_context(goal.loop(f"for {spot.name} in {family}:"))
            inner.enter_context(self._where(step.predicates, spot))
            onward(spot)

    def _attribute(self, step: AxisStep, at: Spot, onward: Reached, goal: Goal) -> None:
        if step.test.name == "*" == step.test.prefix:
            spot = Spot(self.code.name(), leaf=True, tag=self.code.name())
            header = f"for {spot.tag}, {spot.name} in {at.attributes()}.items():"
            with goal.loop(header), self._where(step.predicates, spot):
                onward(spot)
            return
        spot = Spot(self.code.kept(at.attribute(self.name(step.test))), leaf=True)
        with self.code.inside(f"if {spot.name} is not None:"), self._where(step.predicates, spot):
            onward(spot)

    def _one(self, step: AxisStep, at: Spot, onward: Reached) -> None:
        """The node itself, or its parent."""
        if step.axis == "self":
            asked = "True" if step.test in (ANY, _NODE) else f"{at.tag} == {self.name(step.test)!r}"
            spot = at
        elif step.test == _NODE:
            spot, asked = Spot(self.code.kept(f"parent({at.name})")), "True"
        else:
            spot = Spot(self.code.kept(f"{at.name}.getparent()"))
            asked = f"{spot.name} is not None"
            asked += "" if step.test == ANY else f" and {spot.tag} == {self.name(step.test)!r}"
        with ExitStack() as inner:
            if asked != "True":
                inner.enter_context(self.code.inside(f"if {asked}:"))
            inner.enter_context(self._where(step.predicates, spot))
            onward(spot)

    def _far(self, step: AxisStep, at: Spot, onward: Reached, goal: Goal) -> None:
        """Siblings, ancestors and descendants, by lxml's own walks."""
        nearest = self._nearest(step, at)
        if nearest:
            spot = Spot(nearest)
            with self.code.inside(f"if {spot.name} is not None:"):
                onward(spot)
            return
        if step.axis not in _FAR or not goal.enough:
            raise NotSeen
        wanted = self._wanted(step)
        spot = Spot(self.code.name())
        header = f"for {spot.name} in {_spelled(_FAR[step.axis], at, wanted)}:"
        with goal.loop(header), self._where(step.predicates, spot):
            onward(spot)

    def _where(self, predicates: Sequence[Expression], spot: Spot) -> ExitStack:
        """The block for a node of which predicates hold. Raises NotSeen: one counts places."""
        with ExitStack() as inner:
            for one in names_first(predicates):
                if is_number(one):
                    raise NotSeen
                held = self.truth(one, spot)
                if held != "True":
                    inner.enter_context(self.code.inside(f"if {held}:"))
            return inner.pop_all()

    def _parted(self, predicates: Sequence[Expression]) -> tuple[Sequence[Expression], int, Sequence[Expression]]:
        """Predicates before and after the one that is a place among what those before it leave; 0: none is."""
        place = next((place for place, one in enumerate(predicates) if is_number(one)), None)
        if place is None:
            return predicates, 0, ()
        number = predicates[place]
        if not isinstance(number, syntax.Number) or not _PLACE.fullmatch(number.spelling):
            raise NotSeen
        return predicates[:place], int(number.spelling), predicates[place + 1 :]


def _spelled(walk: str, at: Spot, tag: str) -> str:
    return walk.format(node=at.name, tag=repr(tag))

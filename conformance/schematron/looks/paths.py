"""Paths written as loops (XPath 1.0 §2): whether they lead anywhere, how often, and where."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from conformance.schematron.looks.goals import Demanded, Each, Goal, Noted, Refused
from conformance.schematron.looks.nodes import Spot
from conformance.schematron.looks.shapes import is_straight, reaches_once
from conformance.schematron.looks.steps import NotSeen, Reached, Steps
from conformance.schematron.xpath import syntax
from conformance.schematron.xpath.syntax import Expression

Condition = Callable[[Spot], str]


class Paths(Steps):
    """Writes what is asked of where paths lead."""

    def has(self, read: Expression, at: Spot, condition: Condition | None = None) -> str:
        """Whether an expression leads to a node, of which the condition holds."""
        if isinstance(read, syntax.Here):
            return condition(at) if condition else "True"
        found = self.code.name()
        goal = Noted(self.code, found)
        with self.code.apart() as lines:
            self._from(read, at, self._met(condition, goal), goal)
        if not goal.reached:
            return "False"
        self.code.lines += [f"{found} = False", *lines]
        return found

    def refuse(self, read: Expression, at: Spot, condition: Condition | None = None) -> None:
        """Write that an expression must not lead to a node, of which the condition holds."""
        goal = Refused(self.code)
        with self.code.apart() as lines:
            self._from(read, at, self._met(condition, goal), goal)
        if goal.reached:
            self.code.lines += lines

    def demand(self, read: Expression, at: Spot, condition: Condition | None = None) -> None:
        """Write that an expression must lead to a node, of which the condition holds."""
        if not is_straight(read):
            with self.code.inside(f"if not {self.has(read, at, condition)}:"):
                self.code.add("return True")
            return
        goal = Demanded(self.code)
        with self.code.apart() as lines:
            self._from(read, at, self._met(condition, goal), goal)
        self.code.lines += lines if goal.reached else ["return True"]

    def _met(self, condition: Condition | None, goal: Goal) -> Reached:
        def reached(spot: Spot) -> None:
            held = condition(spot) if condition else "True"
            if held == "False":
                return
            with ExitStack() as inner:
                if held != "True":
                    inner.enter_context(self.code.inside(f"if {held}:"))
                goal.write()

        return reached

    def count(self, read: Expression, at: Spot) -> str:
        """How many nodes an expression leads to; those of a union of children of different names add up."""
        number = self.code.name()
        return self._each_once(read, at, f"{number} = 0", number, lambda _: f"{number} += 1") or "0"

    def found(self, read: Expression, at: Spot) -> str:
        """The list of the nodes an expression leads to, in document order."""
        if isinstance(read, syntax.Here):
            return f"[{at.name}]"
        nodes = self.code.name()
        return self._each_once(read, at, f"{nodes} = []", nodes, lambda spot: f"{nodes}.append({spot.name})") or "[]"

    def _each_once(self, read: Expression, at: Spot, start: str, kept: str, line: Callable[[Spot], str]) -> str:
        """Write a line for each node; gives the name of what is kept, empty when no node can be reached."""
        if not isinstance(read, syntax.Path) or read.absolute or not reaches_once(read.steps):
            raise NotSeen
        goal = Each(self.code)

        def reached(spot: Spot) -> None:
            goal.reached = True
            self.code.add(line(spot))

        with self.code.apart() as lines:
            self._from(read, at, reached, goal)
        if not goal.reached:
            return ""
        self.code.lines += [start, *lines]
        return kept

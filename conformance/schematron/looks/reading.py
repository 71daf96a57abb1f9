"""Tests written as Python, where asking libxml2 would cost more: one function for all that is asked of an element.

Only what is understood wholly is written. Anything else (variables, arithmetic, positions but the simplest, functions
that are not of our rules) stays with libxml2, which gives the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

from conformance.schematron.index import DocumentIndex
from conformance.schematron.looks.answers import KNOWN
from conformance.schematron.looks.code import function
from conformance.schematron.looks.nodes import Spot, Subject
from conformance.schematron.looks.paths import Condition
from conformance.schematron.looks.shapes import equals, is_nodes, is_walked, operands
from conformance.schematron.looks.steps import NotSeen
from conformance.schematron.looks.truths import EMPTY, SIGNS, Functions, Truths
from conformance.schematron.xpath import syntax
from conformance.schematron.xpath.parser import parse
from conformance.schematron.xpath.syntax import Expression, Untranslatable

Look = Callable[[Sequence[Any], DocumentIndex], list[Any]]


class Written(NamedTuple):
    """A look for all tests that could be written (None: for none), and those that could not.

    A look gives the elements for which not all of its tests hold.
    """

    look: Look | None
    rest: tuple[str, ...]


def write(tests: Sequence[str], namespaces: Mapping[str, str], functions: Functions) -> Written:
    """Write tests as one look, which is given elements, and the index of their document.

    `functions` are those a test may call, by namespace and name; their first argument is None. A look raises what they
    raise, and LookupError where it would have to leave the tree of elements.
    """
    writer = Writer(namespaces, functions)
    rest = tuple(one for one in tests if not writer.write(one))
    if len(rest) == len(tests):
        return Written(None, rest)
    look = writer.look()
    return Written(look, rest if look is not None else tuple(tests))


def _look(wrong: Callable[..., bool]) -> Look:
    def look(elements: Sequence[Any], index: DocumentIndex) -> list[Any]:
        children, attributes, templates = index.children, index.attributes, index.templates
        for one in elements:
            if wrong(one, children, attributes, templates):
                break
        else:
            return []
        return [one for one in elements if wrong(one, children, attributes, templates)]

    return look


class Writer(Truths):
    """Writes tests: the lines that return from a function where one does not hold."""

    def __init__(self, namespaces: Mapping[str, str], functions: Functions) -> None:
        super().__init__(namespaces, functions)
        self._subject = Subject("element")

    def write(self, test: str) -> bool:
        """Write a test, unless something in it cannot be."""
        try:
            with self.code.apart() as lines:
                self._settle(parse(test), self._subject, wanted=True)
        except (Untranslatable, NotSeen):
            return False
        self.code.lines += lines
        return True

    def look(self) -> Look | None:
        """The function of all that was written. None: Python finds it too deep."""
        lines = [*self._subject.prelude(self.code.lines), *self.code.lines, "return False"]
        wrong = function("wrong", f"{self._subject.name}, children, attributes, templates", lines, self.known())
        return None if wrong is None else _look(wrong)

    def known(self) -> Mapping[str, object]:
        """What written code calls, by name."""
        return {**KNOWN, **self.constants}

    def _settle(self, read: Expression, at: Spot, *, wanted: bool) -> None:
        """Write the return from the function where an expression is not as wanted."""
        asked = self.template(read, at)
        if asked is not None and not isinstance(asked[0], syntax.Here):
            self._lead(asked[0], at, wanted, asked[1])
            return
        match read:
            case syntax.Call("not", (argument,)):
                self._settle(argument, at, wanted=not wanted)
            case syntax.Call("boolean", (argument,)):
                self._settle(argument, at, wanted=wanted)
            case syntax.Binary("and" | "or"):
                self._settle_chain(read, at, wanted=wanted)
            case _ if asked is not None:
                self._unless(self.truth(read, at), wanted)
            case syntax.Comparison("general", "=" | "!=" as sign, syntax.Path() as left, syntax.Text(value)) if (
                equals(read) is None
            ):
                compared = f"{SIGNS[sign]} {value!r}"
                self._lead(left, at, wanted, lambda spot: f"({self.text(syntax.Here(), spot)} {compared})")
            case _ if is_nodes(read) and is_walked(read):
                self._lead(read, at, wanted, None)
            case _:
                self._unless(self.truth(read, at), wanted)

    def _unless(self, held: str, wanted: bool) -> None:
        """Write the return where what is held is not as wanted."""
        if held != str(wanted):
            with self.code.inside(f"if {'not ' if wanted else ''}{held}:"):
                self.code.add("return True")

    def _lead(self, read: Expression, at: Spot, wanted: bool, condition: Condition | None) -> None:
        (self.demand if wanted else self.refuse)(read, at, condition)

    def _settle_chain(self, read: syntax.Binary, at: Spot, *, wanted: bool) -> None:
        if (read.operator == "and") is wanted:
            each: Iterable[Expression | str] = operands(read, read.operator)
            for one in each if wanted else self.together(operands(read, read.operator), at):
                if isinstance(one, str):
                    self._unless(one, wanted)
                else:
                    self._settle(one, at, wanted=wanted)
            return
        *before, (lines, said, last) = self.links(read, at) or [([], EMPTY[read.operator], None)]
        opens = "if not {}:" if wanted else "if {}:"
        with ExitStack() as inner:
            for some, answer, _ in before:
                self.code.lines += some
                inner.enter_context(self.code.inside(opens.format(answer)))
            if last is not None:
                self._settle(last, at, wanted=wanted)
                return
            self.code.lines += lines
            self._unless(said, wanted)

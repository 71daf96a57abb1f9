"""The tree of paths of a schema written as one function: loops in loops, down to where a document has nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from lxml import etree

from conformance.schematron.contexts import Context
from conformance.schematron.index import ANY, DocumentIndex
from conformance.schematron.looks.code import function
from conformance.schematron.looks.nodes import Spot
from conformance.schematron.looks.reading import Writer
from conformance.schematron.looks.shapes import is_number
from conformance.schematron.looks.steps import NotSeen
from conformance.schematron.looks.truths import Functions
from conformance.schematron.tree import Contexts, Path
from conformance.schematron.xpath import syntax
from conformance.schematron.xpath.parser import parse
from conformance.schematron.xpath.syntax import Untranslatable

_Element = etree._Element
Found = Mapping[int, list[Any]]
Asked = Callable[[list[_Element], str], list[_Element]]
Walk = Callable[[DocumentIndex, Found, Asked], None]
Left = Sequence[tuple[Context, int]]


def written(contexts: Contexts, namespaces: Mapping[str, str], functions: Functions) -> tuple[Walk | None, Left]:
    """The walk of all paths, which adds the elements of each rule to what was found. None: it is too deep for Python.

    Predicates that cannot be written are asked, of a list of one element. A walk raises what a question does. Of the
    contexts that are no paths of children it walks those of the rules that have no others; the others are left.
    """
    writer = _WalkWriter(namespaces, functions)
    return writer.walk(contexts), tuple(one for one in contexts.asked if one[1] not in writer.walked)


class _WalkWriter(Writer):
    def __init__(self, namespaces: Mapping[str, str], functions: Functions) -> None:
        super().__init__(namespaces, functions)
        self.walked: set[int] = set()

    def walk(self, contexts: Contexts) -> Walk | None:
        for held, by in (("by_template", contexts.by_template), ("by_tag", contexts.by_tag)):
            for key, paths in by.items():
                family = "index.elements" if key == ANY and held == "by_tag" else f"index.{held}.get({key!r}, ())"
                self._each(family, paths, named=held == "by_tag" and key != ANY)
        if contexts.absolute:
            top = self.code.kept("index.document.parent")
            self._each(f"({top},)", contexts.absolute, named=False)
        self._upwards(contexts.asked)
        kept = "children, attributes, templates = index.children, index.attributes, index.templates"
        lines = [kept, *self.code.lines]
        walk: Walk | None = function("walk", "index, found, asked", lines, self.known())
        return walk

    def _upwards(self, asked: Sequence[tuple[Context, int]]) -> None:
        """Contexts that look up from a node, of rules all of whose contexts do and can be written."""
        for rule in dict.fromkeys(number for _, number in asked):
            with self.code.apart() as lines:
                if all(self._candidates(context, rule) for context, number in asked if number == rule):
                    self.walked.add(rule)
            if rule in self.walked:
                self.code.lines += lines

    def _candidates(self, context: Context, rule: int) -> bool:
        """Write a context that looks up, unless it cannot be."""
        spot = Spot(self.code.name())
        lines = self._written(f"[{context.asked}]", spot) if context.asked else None
        if lines is None:
            return False
        with self.code.inside(f"for {spot.name} in index.candidates({context.tag!r}, {context.template!r}):"):
            self.code.lines += lines[:-1]
            with self.code.inside(lines[-1]):
                self.code.add(f"found[{rule}].append({spot.name})")
        return True

    def _each(self, family: str, paths: Iterable[Path], *, named: bool) -> None:
        """Elements, each held against paths that begin with it; `named`: all have the tag of those paths."""
        spot = Spot(self.code.name())
        with self.code.inside(f"for {spot.name} in {family}:"):
            for path in paths:
                tag = None if named else path.step.tag
                with ExitStack() as inner:
                    if tag is not None:
                        inner.enter_context(self.code.inside(f"if {spot.tag} == {tag!r}:"))
                    inner.enter_context(self._holding(path.predicates, spot))
                    self._at(path, spot)

    def _at(self, path: Path, spot: Spot) -> None:
        """What an element that ends a path is: one of some rules, and where other paths go on."""
        for rule in path.rules:
            self.code.add(f"found[{rule}].append({spot.name})")
        if not path.onward:
            return
        children = self.code.kept(spot.children())
        for tag, paths in path.onward.items():
            if tag != ANY:
                self._each(f"{children}.get({tag!r}, ())", paths, named=True)
                continue
            family = self.code.name()
            with self.code.inside(f"for {family} in {children}.values():"):
                self._each(family, paths, named=True)

    def _holding(self, predicates: str, spot: Spot) -> ExitStack:
        with ExitStack() as inner:
            lines = self._written(predicates, spot)
            if lines is None:
                inner.enter_context(self.code.inside(f"if asked([{spot.name}], {predicates!r}):"))
            else:
                self.code.lines += lines[:-1]
                inner.enter_context(self.code.inside(lines[-1]))
            return inner.pop_all()

    def _written(self, predicates: str, spot: Spot) -> list[str] | None:
        """The lines that decide whether predicates hold, the last of which opens a block. None: they must be asked."""
        read = _predicates(predicates)
        if read is None or any(is_number(one) for one in read):
            return None
        try:
            with self.code.apart() as lines:
                asked = [self.truth(one, spot) for one in read]
        except NotSeen:
            return None
        return [*lines, f"if {' and '.join(asked) or 'True'}:"]


def _predicates(predicates: str) -> Sequence[syntax.Expression] | None:
    """The predicates behind a step. None: they are no XPath that we read."""
    try:
        read = parse(f"self::node(){predicates}")
    except Untranslatable:
        return None
    match read:
        case syntax.Path(False, (syntax.AxisStep(_, _, read_predicates),)):
            return read_predicates
    return None

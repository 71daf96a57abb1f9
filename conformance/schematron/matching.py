"""Which nodes of a document the contexts of a schema match: every path is walked once, from the top, while it lives.

Contexts that are paths of children are put together in a tree: where a document has nothing at a beginning, nothing
that begins so is looked at. Other contexts are asked of the elements of their tag, or once of the document.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from conformance.schematron.contexts import Context
from conformance.schematron.expressions import variables
from conformance.schematron.index import ANY, DocumentIndex
from conformance.schematron.nodes import Node, located
from conformance.schematron.predicates import Look, plain
from conformance.schematron.queries import QUESTION_FAILED, Queries
from conformance.schematron.tree import Contexts, Path
from conformance.schematron.walking import Walking

_Element = etree._Element
NODES = "ecluse-nodes"
MANY = 4
Values = Callable[[tuple[str, ...]], Mapping[str, Any]]


class Matcher:
    """Finds the nodes of one document for one schema. `values` gives those of variables."""

    def __init__(self, index: DocumentIndex, queries: Queries, values: Values) -> None:
        self._index = index
        self._queries = queries
        self._values = values
        self._found: defaultdict[int, list[Node]] = defaultdict(list)
        self._whole: dict[str, list[Node]] = {}
        self.failed: dict[int, Exception] = {}

    def walk(self, walking: Walking) -> Mapping[int, list[Node]]:
        """The nodes of every rule that has any, each node once.

        `failed` says afterwards which contexts could not be asked, and why.
        """
        walk = walking.walk
        try:
            if walk is not None:
                walk(self._index, self._found, self._filtered)
        except QUESTION_FAILED:
            self._found.clear()
            walk = None
        if walk is None:
            self._walk(walking.contexts)
        for context, rule in walking.contexts.asked if walk is None else walking.left:
            self._ask(context, rule)
        for rule in walking.contexts.several & self._found.keys():
            if len(self._found[rule]) > 1:
                self._found[rule] = list(dict.fromkeys(self._found[rule]))
        return self._found

    def _walk(self, contexts: Contexts) -> None:
        """Path by path: what cannot be asked is told of those that need it."""
        index = self._index
        for template in index.by_template.keys() & contexts.by_template.keys():
            for path in contexts.by_template[template]:
                self._start(path, index.candidates(path.step.tag, template))
        for tag in index.by_tag.keys() & contexts.by_tag.keys():
            for path in contexts.by_tag[tag]:
                self._start(path, index.by_tag[tag])
        for path in contexts.by_tag.get(ANY, ()):
            self._start(path, index.elements)
        top = index.document.parent
        for path in contexts.absolute:
            if path.step.tag in (None, top.tag):
                self._start(path, [top])

    def _start(self, path: Path, elements: list[_Element]) -> None:
        try:
            found = self._filtered(elements, path.predicates)
        except QUESTION_FAILED as error:
            self.failed.update(dict.fromkeys(path.below(), error))
            return
        if not found:
            return
        for rule in path.rules:
            self._found[rule] += found
        if not path.onward:
            return
        children = [self._index.children[element] for element in found]
        for tag, paths in path.onward.items():
            if tag == ANY:
                there = [one for each in children for some in each.values() for one in some]
            else:
                there = [one for each in children for one in each.get(tag, ())]
            if there:
                for onward in paths:
                    self._start(onward, there)

    def _ask(self, context: Context, rule: int) -> None:
        """The nodes of a context that is no path of children."""
        try:
            nodes = self._asked(context)
            if nodes:
                self._found[rule] += nodes
        except QUESTION_FAILED as error:
            self.failed[rule] = error

    def _asked(self, context: Context) -> list[Any]:
        if context.kind == "document":
            return [self._index.document]
        if context.asked:
            candidates = self._index.candidates(context.tag, context.template)
            return self._filtered(candidates, f"[{context.asked}]")
        if context.tag is not None and context.tag not in self._index.by_tag:
            return []
        nodes = self._whole.get(context.whole)
        if nodes is None:
            values = self._values(tuple(variables(context.whole)))
            found = self._queries.compile(context.whole, smart=True)(self._index.root, **values)
            nodes = self._whole[context.whole] = list(located(found)) if isinstance(found, list) else []
        return nodes

    def _filtered(self, elements: list[_Element], predicates: str) -> list[_Element]:
        """Those elements for which predicates hold.

        A few are asked one by one, many at once: the cost of a question is mostly that of asking.
        """
        if not predicates or not elements:
            return elements
        looks = self._looks(predicates)
        if looks is not None:
            for look in looks:
                elements = [one for one in elements if look(one)]
            return elements
        if len(elements) > MANY:
            together = self._queries.question(f"${NODES}{predicates}")
            values: dict[str, Any] = {NODES: elements, **self._values(together.names)}
            return _list(together.ask(elements[0], **values))
        each = self._queries.question(f"self::node(){predicates}")
        others = self._values(each.names) if each.names else {}
        return [one for one in elements if each.ask(one, **others)]

    def _looks(self, predicates: str) -> tuple[Look, ...] | None:
        known = self._queries.looks
        if predicates not in known:
            known[predicates] = plain(predicates, self._queries.namespaces)
        return known[predicates]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

"""Which nodes of a document the contexts of a schema match: every path is walked once, from the top, while it lives.

Contexts that are paths of children are put together in a tree: where a document has nothing at a beginning, nothing
that begins so is looked at. Other contexts are asked of the elements of their tag, or once of the document.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lxml import etree

from conformance.schematron.contexts import Context, Step
from conformance.schematron.expressions import variables
from conformance.schematron.index import ANY, DocumentIndex
from conformance.schematron.nodes import Located, Node, located
from conformance.schematron.predicates import Look, plain
from conformance.schematron.queries import QUESTION_FAILED, Queries

_Element = etree._Element
NODES = "ecluse-nodes"
MANY = 4
Values = Callable[[tuple[str, ...]], Mapping[str, Any]]


class Path:
    """A step from where another path ends, the rules whose context ends here, and the paths that go on."""

    __slots__ = ("onward", "predicates", "rules", "step")

    def __init__(self, step: Step, predicates: str) -> None:
        self.step = step
        self.predicates = predicates
        self.rules: list[int] = []
        self.onward: dict[str, list[Path]] = {}

    def below(self) -> Iterator[int]:
        """The rules that depend on this path."""
        yield from self.rules
        for paths in self.onward.values():
            for path in paths:
                yield from path.below()


class Contexts:
    """The contexts of one schema, by what a document must have for them to match: rules are known by their number."""

    def __init__(self) -> None:
        self.by_template: defaultdict[str, list[Path]] = defaultdict(list)
        self.by_tag: defaultdict[str, list[Path]] = defaultdict(list)
        self.absolute: list[Path] = []
        self.asked: list[tuple[Context, int]] = []
        self._paths: dict[tuple[int, str], Path] = {}
        self._tags: set[str] = set()

    def add(self, context: Context, rule: int) -> None:
        """Add an alternative of the context of a rule."""
        if not context.steps:
            self.asked.append((context, rule))
            if context.tag is not None or context.asked:
                self._tags.add(context.tag or ANY)
            return
        path = self._root(context)
        for step in context.steps[1:]:
            path = self._next(path, step)
        path.rules.append(rule)

    @property
    def tags(self) -> frozenset[str]:
        """The tags that an index of a document must hold."""
        return frozenset(self._tags)

    def _root(self, context: Context) -> Path:
        step = context.steps[0]
        key = (1 if context.absolute else 0, step.text)
        if key not in self._paths:
            if context.absolute:
                path = Path(step, step.predicates)
                self.absolute.append(path)
            elif step.template is not None:
                path = Path(step, step.rest)
                self.by_template[step.template].append(path)
            else:
                path = Path(step, step.rest)
                self.by_tag[step.tag or ANY].append(path)
                self._tags.add(step.tag or ANY)
            self._paths[key] = path
        return self._paths[key]

    def _next(self, path: Path, step: Step) -> Path:
        key = (id(path), step.text)
        if key not in self._paths:
            self._paths[key] = Path(step, step.predicates)
            path.onward.setdefault(step.tag or ANY, []).append(self._paths[key])
        return self._paths[key]


class Matcher:
    """Finds the nodes of one document for one schema. `values` gives those of variables."""

    def __init__(self, index: DocumentIndex, queries: Queries, values: Values) -> None:
        self._index = index
        self._queries = queries
        self._values = values
        self._found: dict[int, dict[Node, None]] = {}
        self._whole: dict[str, list[Node]] = {}
        self.failed: dict[int, Exception] = {}

    def walk(self, contexts: Contexts) -> Mapping[int, list[Node]]:
        """The nodes of every rule that has any, each node once.

        `failed` says afterwards which contexts could not be asked, and why.
        """
        index = self._index
        for template in index.by_template.keys() & contexts.by_template.keys():
            for path in contexts.by_template[template]:
                self._start(path, index.candidates(path.step.tag, template))
        for tag in index.by_tag.keys() & contexts.by_tag.keys():
            for path in contexts.by_tag[tag]:
                self._start(path, index.by_tag[tag])
        for path in contexts.by_tag.get(ANY, ()):
            self._start(path, index.elements)
        top = index.root.getroottree().getroot()
        for path in contexts.absolute:
            if path.step.tag in (None, top.tag):
                self._start(path, [top])
        for context, rule in contexts.asked:
            self._ask(context, rule)
        return {rule: list(nodes) for rule, nodes in self._found.items()}

    def _start(self, path: Path, elements: list[_Element]) -> None:
        try:
            found = self._filtered(elements, path.predicates)
        except QUESTION_FAILED as error:
            self.failed.update(dict.fromkeys(path.below(), error))
            return
        if not found:
            return
        for rule in path.rules:
            self._add(rule, found)
        if not path.onward:
            return
        children = [self._index.children(element) for element in found]
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
            self._add(rule, self._asked(context))
        except QUESTION_FAILED as error:
            self.failed[rule] = error

    def _asked(self, context: Context) -> list[Any]:
        if context.kind == "document":
            return [Located("document", self._index.root.getroottree().getroot())]
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

    def _add(self, rule: int, nodes: list[Any]) -> None:
        before = self._found.get(rule)
        if before is not None:
            before.update(dict.fromkeys(nodes))
        elif nodes:
            self._found[rule] = dict.fromkeys(nodes)

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

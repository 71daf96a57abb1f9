"""Which nodes of a document a context matches: paths share their beginnings, whole questions are asked once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lxml import etree

from conformance.schematron.contexts import Context, Step
from conformance.schematron.index import ANY, DocumentIndex
from conformance.schematron.nodes import Located, Node, located
from conformance.schematron.queries import Queries

_Element = etree._Element
NODES = "ecluse-nodes"
_MANY = 4
Variables = Callable[[str], Mapping[str, Any]]


class Path:
    """A path that leads to elements by children, from where another ends; paths of one schema share beginnings."""

    __slots__ = ("absolute", "before", "step")

    def __init__(self, before: Path | None, step: Step, absolute: bool) -> None:
        self.before = before
        self.step = step
        self.absolute = absolute


class Paths:
    """The paths of one schema, each once."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path | None, str, bool], Path] = {}

    def of(self, context: Context) -> Path | None:
        """The path of a context; None: it is found otherwise."""
        path: Path | None = None
        for step in context.steps:
            key = (path, step.text, context.absolute)
            if key not in self._known:
                self._known[key] = Path(path, step, context.absolute)
            path = self._known[key]
        return path


class Matcher:
    """Finds nodes of one document for one schema. `variables` gives the values that an expression asks for."""

    def __init__(self, index: DocumentIndex, queries: Queries, variables: Variables) -> None:
        self._index = index
        self._queries = queries
        self._variables = variables
        self._paths: dict[Path, list[_Element]] = {}
        self._whole: dict[str, list[Node]] = {}

    def nodes(self, ways: Sequence[tuple[Context, Path | None]]) -> list[Node]:
        """The nodes of all alternatives of a context, each once. Raises what the expressions raise."""
        if len(ways) == 1:
            context, path = ways[0]
            return list[Node](self._along(path)) if path is not None else self._of(context)
        found = (self._of(context) if path is None else self._along(path) for context, path in ways)
        return list(dict.fromkeys(node for nodes in found for node in nodes))

    def _of(self, context: Context) -> list[Node]:
        if context.kind == "document":
            return [Located("document", self._index.root.getroottree().getroot())]
        if context.asked:
            found = self._index.candidates(context.tag, context.template)
            return list[Node](self._filtered(found, f"[{context.asked}]"))
        return self._asked_once(context.whole)

    def _asked_once(self, whole: str) -> list[Node]:
        nodes = self._whole.get(whole)
        if nodes is None:
            found = self._queries.compile(whole, smart=True)(self._index.root, **self._variables(whole))
            nodes = self._whole[whole] = list(located(found)) if isinstance(found, list) else []
        return nodes

    def _along(self, path: Path) -> list[_Element]:
        """The elements at the end of a path; a beginning shared with other paths is walked once."""
        found = self._paths.get(path)
        if found is None:
            before = path.before
            found = self._paths[path] = (
                self._started(path.absolute, path.step)
                if before is None
                else self._children(self._along(before), path.step)
            )
        return found

    def _started(self, absolute: bool, step: Step) -> list[_Element]:
        if absolute:
            top = self._index.root.getroottree().getroot()
            found = [top] if step.tag in (None, top.tag) else []
            return self._filtered(found, step.predicates)
        return self._filtered(self._index.candidates(step.tag, step.template), step.rest)

    def _children(self, parents: list[_Element], step: Step) -> list[_Element]:
        if not parents:
            return []
        if step.template is None and not step.rest:
            return [child for parent in parents for child in parent.iterchildren(step.tag or ANY)]
        return self._many(parents, step.text, f"${NODES}/{step.text}")

    def _filtered(self, elements: list[_Element], predicates: str) -> list[_Element]:
        if not predicates or not elements:
            return elements
        return self._many(elements, f"self::node(){predicates}", f"${NODES}{predicates}")

    def _many(self, elements: list[_Element], each: str, together: str) -> list[_Element]:
        """Ask a few elements one by one, many at once: the cost of a question is mostly that of asking."""
        if len(elements) > _MANY:
            values: dict[str, Any] = {NODES: elements, **self._variables(together)}
            return _list(self._queries.compile(together)(self._index.root, **values))
        ask = self._queries.compile(each)
        others = self._variables(each) if "$" in each else {}
        return [node for one in elements for node in _list(ask(one, **others))]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

"""Other documents asked through indexes: each question is walked through its document once, then answered by a hash."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from itertools import product
from typing import Any, Protocol

from lxml import etree

from conformance.schematron.bounded import Bounded
from conformance.schematron.model import ECLUSE
from conformance.schematron.xpath import atoms

_Element = etree._Element
_Functions = dict[tuple[str, str], Callable[..., Any]]


class Documents(Protocol):
    """Where a schema finds other documents."""

    def available(self, reference: str) -> bool:
        """Whether the document is there and can be read."""

    def root(self, reference: str) -> _Element:
        """Its root element. Raises LookupError: it is not there; the question stays without an answer."""

    def rows_known(self, reference: str, path: str, columns: tuple[str, ...]) -> Container[tuple[str, ...]] | None:
        """The values of `columns` from the nodes of a path, when something else than a tree knows them."""


class Lookups:
    """What one compiled schema asks of other documents. `functions` are those that kept expressions may call."""

    def __init__(self, documents: Documents, functions: _Functions) -> None:
        self._documents = documents
        self._functions = functions
        self._compiled: dict[str, etree.XPath] = {}
        self._fetched: Bounded[tuple[str, str], list[Any]] = Bounded()
        self._listed: Bounded[tuple[str, str, str], frozenset[str]] = Bounded()
        self._keyed: Bounded[tuple[str, ...], Container[tuple[str, ...]]] = Bounded()

    def doc_available(self, _context: object, reference: str) -> bool:
        """fn:doc-available."""
        return self._documents.available(reference)

    def fetched(self, _context: object, reference: str, path: str) -> list[Any]:
        """The nodes of a path in another document."""
        key = (reference, path)
        nodes = self._fetched.get(key)
        if nodes is None:
            nodes = self._fetched[key] = _list(self._expression(path)(self._documents.root(reference)))
        return nodes

    def each(self, _context: object, nodes: Any, expression: str) -> list[str]:
        """What an expression that gives a string gives of each element."""
        ask = self._expression(expression)
        return [atoms.text(ask(one)) for one in nodes]

    def listed(self, context: object, reference: str, path: str, value: Any, each: str = "") -> bool:
        """Whether a value is that of a node of a path in another document, or what `each` gives of one."""
        key = (reference, path, each)
        values = self._listed.get(key)
        if values is None:
            nodes = self.fetched(context, reference, path)
            values = frozenset(self.each(context, nodes, each) if each else atoms.texts(nodes))
            self._listed[key] = values
        if isinstance(value, str):
            return value in values
        return not values.isdisjoint(atoms.texts(value))

    def keyed(self, context: object, reference: str, path: str, *keys: Any) -> bool:
        """Whether a path in another document has a node with given values: `keys` are a path and a value, in turn."""
        key = (reference, path, *keys[::2])
        rows = self._keyed.get(key)
        if rows is None:
            rows = self._documents.rows_known(reference, path, keys[::2])
            if rows is not None:
                self._keyed[key] = rows
        if rows is None:
            columns = [self._column(one) for one in keys[::2]]
            nodes = self.fetched(context, reference, path)
            rows = self._keyed[key] = frozenset(
                row for node in nodes for row in product(*(column(node) for column in columns))
            )
        if all(isinstance(one, str) for one in keys[1::2]):
            return keys[1::2] in rows
        return any(row in rows for row in product(*(atoms.texts(one) for one in keys[1::2])))

    def _column(self, path: str) -> Callable[[_Element], Iterable[str]]:
        """The values of a path from an element; an attribute without prefix needs no XPath."""
        name = path.removeprefix("@")
        if path.startswith("@") and name.isidentifier():
            return lambda element: [str(element.attrib[name])] if name in element.attrib else []
        ask = self._expression(path)
        return lambda element: atoms.texts(ask(element))

    def _expression(self, text: str) -> etree.XPath:
        compiled = self._compiled.get(text)
        if compiled is None:
            compiled = self._compiled[text] = etree.XPath(
                text, namespaces={"ecluse": ECLUSE}, extensions=self._functions, smart_strings=False
            )
        return compiled


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]

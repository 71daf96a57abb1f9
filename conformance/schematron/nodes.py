"""Nodes that are no elements, and how a question is put to them: lxml asks elements only (XPath 1.0 §5)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree

from conformance.schematron.model import ECLUSE

_Element = etree._Element
_ATTRIBUTE = "@*[local-name() = $ecluse-name and namespace-uri() = $ecluse-uri]"
_kept = threading.local()


@dataclass(frozen=True, slots=True)
class Located:
    """A node by its parent (the root, for the document itself): `kind` is `document`, `attribute` or `text`.

    `name` is an attribute's, as lxml spells it; `number` that of a text among its parent's, from 1.
    """

    kind: str
    parent: _Element
    name: str = ""
    number: int = 0

    def suffix(self) -> str:
        """What follows the path of the parent."""
        if self.kind == "attribute":
            return f"/@{etree.QName(self.name).localname}"
        return "/text()" if self.kind == "text" else ""

    def variables(self) -> Mapping[str, Any]:
        """What its path, put around a question, asks for."""
        if self.kind == "attribute":
            name = etree.QName(self.name)
            return {"ecluse-name": name.localname, "ecluse-uri": name.namespace or ""}
        return {"ecluse-number": float(self.number)} if self.kind == "text" else {}

    def path(self) -> str:
        """From the parent to the node."""
        return {"document": "/self::node()", "attribute": _ATTRIBUTE, "text": "text()[$ecluse-number]"}[self.kind]


Node = _Element | Located


def element_of(node: Node) -> _Element:
    """The element that a node is, or stands in."""
    if isinstance(node, Located):
        return node.parent
    if isinstance(node.tag, str):
        return node
    parent = node.getparent()
    return node.getroottree().getroot() if parent is None else parent


def boolean(node: Node, test: str) -> str:
    """A test to put to the element of a node, so that it is answered for the node."""
    return f"boolean({node.path()}[boolean({test})])" if isinstance(node, Located) else f"boolean({test})"


def keeping(node: Located, expression: str) -> str:
    """An expression whose value for the node can be taken from `kept` after it was asked."""
    return f"boolean({node.path()}[ecluse:keep({expression})])"


def keep(_context: object, value: Any) -> bool:
    """The extension function behind `keeping`."""
    _kept.value = value
    return True


def kept() -> Any:
    """The value that was kept last by this thread."""
    value = getattr(_kept, "value", [])
    _kept.value = []
    return value


KEEP: Mapping[tuple[str, str], Callable[..., Any]] = {(ECLUSE, "keep"): keep}


def located(found: Iterable[Any]) -> Iterator[Node]:
    """The nodes of an XPath answer that was asked with smart strings."""
    numbers: dict[_Element, dict[tuple[_Element, str], int]] = {}
    for one in found:
        if isinstance(one, etree._Element):
            yield one
            continue
        parent = one.getparent()
        if parent is None:
            continue
        if one.is_attribute:
            yield Located("attribute", parent, name=str(one.attrname))
            continue
        holder = parent.getparent() if one.is_tail else parent
        if holder is not None:
            if holder not in numbers:
                numbers[holder] = _texts(holder)
            yield Located("text", holder, number=numbers[holder][parent, "tail" if one.is_tail else "text"])


def _texts(holder: _Element) -> dict[tuple[_Element, str], int]:
    """The number of each text inside an element."""
    places = [(holder, "text")] if holder.text else []
    places += [(child, "tail") for child in holder if child.tail]
    return {place: number for number, place in enumerate(places, 1)}


def passed(value: Any) -> Any:
    """A value that lxml can take as a variable: what is no element in a node-set becomes one with its text."""
    if not isinstance(value, list):
        return value
    if all(isinstance(one, etree._Element) for one in value):
        return value
    if len(value) == 1:
        return [_held(str(value[0]))]
    return [one if isinstance(one, etree._Element) else _held.__wrapped__(_text(one)) for one in value]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=4096)
def _held(text: str) -> _Element:
    element = etree.Element("value")
    element.text = text
    return element

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
    """A node by its parent: `kind` is `document`, `attribute`, `text`, `comment` or `processing-instruction`.

    The document, and what stands beside the root, have the root for a parent; the latter are `beside` it. `name` is an
    attribute's, as lxml spells it; `number` that of another node among those of its kind, from 1.
    """

    kind: str
    parent: _Element
    name: str = ""
    number: int = 0
    beside: bool = False

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
        return {"ecluse-number": float(self.number)} if self.number else {}

    def path(self) -> str:
        """From the parent to the node."""
        if self.kind in ("document", "attribute"):
            return "/self::node()" if self.kind == "document" else _ATTRIBUTE
        return f"{'/' if self.beside else ''}{self.kind}()[$ecluse-number]"


Node = _Element | Located


def element_of(node: Node) -> _Element:
    """The element that a node is, or stands in."""
    return node.parent if isinstance(node, Located) else node


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
            yield one if isinstance(one.tag, str) else _aside(one)
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


def _aside(one: _Element) -> Located:
    """A comment or a processing instruction."""
    kind = "comment" if isinstance(one, etree._Comment) else "processing-instruction"
    number = 1 + sum(1 for _ in one.itersiblings(etree.Comment if kind == "comment" else etree.PI, preceding=True))
    parent = one.getparent()
    if parent is None:
        return Located(kind, one.getroottree().getroot(), number=number, beside=True)
    return Located(kind, parent, number=number)


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

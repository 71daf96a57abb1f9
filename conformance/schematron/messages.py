"""Messages of assertions: text, and what the document itself says in them (ISO/IEC 19757-3 §5.4.14)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from conformance.schematron.model import SCH, Part

_Element = etree._Element


def text_of(element: _Element | None) -> str:
    """The text of an element, its white space made single; `value-of` and `name` are left out."""
    return "" if element is None else " ".join("".join(str(part) for part in element.itertext()).split())


def parts_of(element: _Element) -> tuple[Part, ...]:
    """The pieces of a message that has `value-of` or `name` in it; nothing when it is only text."""
    pieces = tuple(_pieces(element))
    return pieces if any(one.kind != "text" for one in pieces) else ()


def told(message: str, parts: tuple[Part, ...]) -> str:
    """The message as a list of rules shows it: where the document has its word, the question stands in braces."""
    if not parts:
        return message
    return " ".join("".join(one.text if one.kind == "text" else f"{{{one.text}}}" for one in parts).split())


def _pieces(element: _Element) -> Iterator[Part]:
    if element.text:
        yield Part("text", element.text)
    for child in element:
        if child.tag == f"{SCH}value-of":
            yield Part("value", child.get("select", "."))
        elif child.tag == f"{SCH}name":
            yield Part("name", child.get("path", "."))
        elif isinstance(child.tag, str):
            yield from _pieces(child)
        if child.tail:
            yield Part("text", child.tail)

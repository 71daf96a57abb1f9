"""What written looks call: strings of nodes, as XPath gives them (XPath 1.0 §4.2, §5)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree

_Element = etree._Element
Node = Any  # an element, or the value of an attribute
_SPACES = " \t\r\n"
_MANY_SPACES = re.compile(f"[{_SPACES}]+")
_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_string = etree.XPath("string()", smart_strings=False)


def said(node: Node) -> str:
    """The string-value of a node."""
    if isinstance(node, str):
        return node
    return str(_string(node)) if len(node) else node.text or ""


def spaced(text: str) -> str:
    """`normalize-space`: the spaces of XML, no others."""
    return _MANY_SPACES.sub(" ", text).strip(_SPACES)


def before(text: str, mark: str) -> str:
    """`substring-before`: empty when the mark is not there."""
    return text[: max(text.find(mark), 0)]


def after(text: str, mark: str) -> str:
    """`substring-after`: empty when the mark is not there."""
    place = text.find(mark)
    return text[place + len(mark) :] if place >= 0 else ""


def table(old: str, new: str) -> Mapping[int, int | None]:
    """What `translate` does: the first mention of a character counts; those without a counterpart go."""
    changes: dict[int, int | None] = {}
    for number, character in enumerate(old):
        changes.setdefault(ord(character), ord(new[number]) if number < len(new) else None)
    return changes


def local_name(element: _Element) -> str:
    """`local-name`."""
    return str(element.tag).rpartition("}")[2]


def full_name(element: _Element) -> str:
    """`name`: with the prefix of the source."""
    prefix = element.prefix
    return local_name(element) if prefix is None else f"{prefix}:{local_name(element)}"


def has_words(element: _Element) -> bool:
    """Whether an element holds, directly, a text that is more than spaces."""
    text = element.text
    if text is not None and text.strip(_SPACES):
        return True
    return bool(len(element)) and any((one.tail or "").strip(_SPACES) for one in element)


def has_text(element: _Element) -> bool:
    """Whether an element holds a text directly."""
    return bool(element.text) or (bool(len(element)) and any(one.tail for one in element))


def space_of(tag: str) -> str:
    """The namespace of a tag."""
    return tag[1:].partition("}")[0] if tag[0] == "{" else ""


def local_of(tag: str) -> str:
    """The local name of a tag."""
    return tag.rpartition("}")[2]


def parent(element: _Element) -> _Element:
    """The parent. Raises LookupError: it is the document, of which lxml tells nothing."""
    above = element.getparent()
    if above is None:
        raise LookupError("the parent is the document")
    return above


def element_before(element: _Element, tag: str) -> _Element | None:
    """The nearest element of a tag (`*`: any) before an element."""
    one = element.getprevious()
    while one is not None and one.tag != tag and not (tag == "*" and isinstance(one.tag, str)):
        one = one.getprevious()
    return one


def element_after(element: _Element, tag: str) -> _Element | None:
    """The nearest element of a tag (`*`: any) after an element."""
    one = element.getnext()
    while one is not None and one.tag != tag and not (tag == "*" and isinstance(one.tag, str)):
        one = one.getnext()
    return one


def within(element: _Element, tag: str) -> Iterable[_Element]:
    """An element and all below it, those of a tag (`*`: any)."""
    if len(element) or tag not in ("*", element.tag):
        return element.iter(tag)
    return (element,)


def number(text: str) -> float:
    """`number`: not a number (XPath 1.0 §4.4) where it is not written as one."""
    bare = text.strip(_SPACES)
    return float(bare) if _NUMBER.fullmatch(bare) else math.nan


def agree(ours: list[Node] | str, theirs: list[Node] | str, equal: bool) -> bool:
    """Whether a string of one side is (or is not) equal to one of the other's (XPath 1.0 §3.4)."""
    one, other = _strings(ours), _strings(theirs)
    if equal:
        return not one.isdisjoint(other)
    return bool(one and other) and (len(one) > 1 or one != other)


def _strings(value: list[Node] | str) -> set[str]:
    return {value} if isinstance(value, str) else {said(one) for one in value}


KNOWN = {
    one.__name__: one
    for one in (
        said,
        spaced,
        before,
        after,
        local_name,
        full_name,
        has_text,
        has_words,
        space_of,
        local_of,
        parent,
        element_before,
        element_after,
        within,
        number,
        agree,
    )
}
"""By the names that written looks call them."""

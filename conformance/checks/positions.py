"""Where an element stands: its path in the tree, its line and column in the source (XML 1.0 §2.1, XPath 1.0 §2)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import etree

# '<' opens nothing else than these in well-formed XML: attribute values and texts escape it.
_MARKUP = re.compile(rb"<(?:!--.*?-->|!\[CDATA\[.*?\]\]>|\?.*?\?>|/|(?=[^!?/]))", re.DOTALL)


def path_of(element: etree._Element) -> str:
    """Spell the path of an element by local names, with a position where siblings share the name.

    The path starts at `ClinicalDocument`, whatever wraps it.
    """
    steps: list[str] = []
    current: etree._Element | None = element
    while current is not None:
        name = etree.QName(current).localname
        position = 1 + sum(1 for _ in current.itersiblings(current.tag, preceding=True))
        alone = position == 1 and next(current.itersiblings(current.tag), None) is None
        steps.append(name if alone else f"{name}[{position}]")
        current = None if name == "ClinicalDocument" else current.getparent()
    return "/" + "/".join(reversed(steps))


def positions(content: bytes, root: etree._Element) -> Mapping[etree._Element, tuple[int, int]]:
    """Find line and column, from 1 and in characters, of every element of the document that `root` belongs to.

    `content` must be the bytes that were parsed: the n-th start tag is the n-th element.
    """
    top = root.getroottree().getroot()
    starts = (found.start() for found in _MARKUP.finditer(content) if found.group() == b"<")
    places: dict[etree._Element, tuple[int, int]] = {}
    line, line_start, seen = 1, 0, 0
    for element, start in zip(top.iter("*"), starts, strict=True):
        breaks = content.count(b"\n", seen, start)
        if breaks:
            line += breaks
            line_start = content.rfind(b"\n", seen, start) + 1
        seen = start
        places[element] = (line, len(content[line_start:start].decode("utf-8", "replace")) + 1)
    return places

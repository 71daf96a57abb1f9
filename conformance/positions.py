"""Where an element stands: its path in the tree, its line, column and byte in the source (XML 1.0 §2.1)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from lxml import etree

# '<' opens nothing else than these in well-formed XML: attribute values and texts escape it.
_MARKUP = re.compile(rb"<(?:!--.*?-->|!\[CDATA\[.*?\]\]>|\?.*?\?>|/|(?=[^!?/]))", re.DOTALL)
_MARK = b"\xef\xbb\xbf"


class Place(NamedTuple):
    """Where the `<` of an element is: line and column count from 1, in characters; `start` from 0, in bytes."""

    line: int
    column: int
    start: int


class Paths:
    """Spells the paths of the elements of one document; a family of siblings is counted once."""

    def __init__(self) -> None:
        self._steps: dict[etree._Element, str] = {}

    def of(self, element: etree._Element) -> str:
        """The path of an element by local names, with a position where siblings share the name.

        It starts at `ClinicalDocument`, whatever wraps it.
        """
        steps: list[str] = []
        current: etree._Element | None = element
        while current is not None:
            if etree.QName(current).localname == "ClinicalDocument":
                steps.append("ClinicalDocument")
                break
            parent = current.getparent()
            if parent is None:
                steps.append(etree.QName(current).localname)
            else:
                if current not in self._steps:
                    self._count(parent)
                steps.append(self._steps[current])
            current = parent
        return "/" + "/".join(reversed(steps))

    def _count(self, parent: etree._Element) -> None:
        children = list(parent.iterchildren("*"))
        total = Counter(child.tag for child in children)
        seen: Counter[str] = Counter()
        for child in children:
            seen[child.tag] += 1
            name = etree.QName(child).localname
            self._steps[child] = name if total[child.tag] == 1 else f"{name}[{seen[child.tag]}]"


def positions(content: bytes, root: etree._Element) -> Mapping[etree._Element, Place]:
    """Find where every element of the document that `root` belongs to starts; a byte order mark is no column.

    `content` must be the bytes that were parsed: the n-th start tag is the n-th element.
    """
    top = root.getroottree().getroot()
    starts = (found.start() for found in _MARKUP.finditer(content) if found.group() == b"<")
    places: dict[etree._Element, Place] = {}
    line, column = 1, 1
    seen = len(_MARK) if content.startswith(_MARK) else 0
    for element, start in zip(top.iter("*"), starts, strict=True):
        between = content[seen:start]
        breaks = between.count(b"\n")
        if breaks:
            line += breaks
            column = 1
            between = between[between.rfind(b"\n") + 1 :]
        column += len(between.decode("utf-8", "replace"))
        seen = start
        places[element] = Place(line, column, start)
    return places

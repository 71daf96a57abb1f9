"""The narrative of a section, as words: rows of its tables, items of its lists, its paragraphs (HL7 CDA R2 §4.3.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

_LINES = ("item", "paragraph")
_HEADS = ("thead", "caption")
_CELLS = ("td", "th")


def words_of(element: etree._Element) -> str:
    """All text of an element on one line."""
    return " ".join("".join(str(part) for part in element.itertext()).split())


def rows_of(text: etree._Element) -> tuple[str, ...]:
    """What a reader counts as lines: a row of a table, an item, a paragraph; heads of tables and captions left out.

    A narrative without any of these is one line. Cells are parted by a middle dot.
    """
    found = [line for line in _rows(text) if line]
    whole = words_of(text)
    return tuple(found) if found else (whole,) if whole else ()


def anchors_of(root: etree._Element) -> Mapping[str, etree._Element]:
    """The elements of all narratives by their ID, the first of each."""
    found: dict[str, etree._Element] = {}
    for element in root.iter("*"):
        name = element.get("ID")
        if name:
            found.setdefault(name, element)
    return found


def _rows(element: etree._Element) -> Iterator[str]:
    for child in element.iterchildren("*"):
        name = etree.QName(child).localname
        if name in _HEADS:
            continue
        if name == "tr":
            cells = [words_of(cell) for cell in child.iterchildren("*") if etree.QName(cell).localname in _CELLS]
            yield " · ".join(cell for cell in cells if cell)
        elif name in _LINES:
            yield words_of(child)
        else:
            yield from _rows(child)

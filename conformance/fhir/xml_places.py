"""Where in a text of XML the element is that a FHIRPath names: line and column, from 1, in characters."""

from __future__ import annotations

from functools import cached_property

from lxml import etree

from conformance.fhir.json_places import STEP
from conformance.positions import Place, positions


class XmlPlaces:
    """The places of one resource; its text is scanned only when one is told.

    `content` is XML that was parsed as `root`. What is not there is told at the nearest element that holds it; an
    attribute at its element, a resource inside another at its own element.
    """

    def __init__(self, content: bytes, root: etree._Element) -> None:
        self._content = content
        self._root = root

    def of(self, path: str) -> tuple[int, int]:
        """Line and column of the start tag of an element."""
        place = self._positions[self._element(path)]
        return place.line, place.column

    def _element(self, path: str) -> etree._Element:
        current = self._root
        for name, rank, url in STEP.findall(path.partition(".")[2]):
            children = self._named.get(current, {}).get(name.removeprefix("_"), [])
            if url:
                children = [one for one in children if _last(one.get("url", "")) == _last(url)]
            if not children:
                break
            number = int(rank) if rank else 0
            if number >= len(children):
                return children[0]
            current = _inner(children[number])
        return current

    @cached_property
    def _named(self) -> dict[etree._Element, dict[str, list[etree._Element]]]:
        """The children of each element that has some, by name, in their order."""
        found: dict[etree._Element, dict[str, list[etree._Element]]] = {}
        for element in self._root.iterdescendants("*"):
            parent = element.getparent()
            if parent is not None:
                found.setdefault(parent, {}).setdefault(etree.QName(element).localname, []).append(element)
        return found

    @cached_property
    def _positions(self) -> dict[etree._Element, Place]:
        return dict(positions(self._content, self._root))


def _inner(element: etree._Element) -> etree._Element:
    """The resource that an element holds, which FHIRPath does not name; the element itself where it holds none."""
    first = next(element.iterchildren("*"), None)
    return first if first is not None and etree.QName(first).localname[:1].isupper() else element


def _last(url: str) -> str:
    """The last segment of an address: several guides write the same one."""
    return url.rpartition("/")[2]

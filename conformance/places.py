"""Where in a message or a document a fault is: from the names that rules give to places, to path, line and column."""

from __future__ import annotations

import re
from functools import cached_property

from lxml import etree

from conformance.positions import Paths, positions
from xds.ebrim import constants as c

_OBJECT = re.compile(r"(?P<tag>\w+)\[(?P<id>.*?)\](?:/(?P<rest>.*))?", re.DOTALL)
_NAMED = re.compile(r"(?P<tag>\w+)\[(?P<name>.*)\]", re.DOTALL)
_PREDICATE = re.compile(r"(?P<name>\w+)(?:\[(?P<number>\d+)\])?(?:\[@(?P<attribute>\w+)='(?P<value>[^']*)'\])?")
_SCHEMES = {
    name: frozenset(scheme for scheme, other in c.ATTRIBUTE_NAMES.items() if other == name)
    for name in c.ATTRIBUTE_NAMES.values()
}
_TITLES = {"title": "Name", "comments": "Description"}


class Places:
    """The places of one source; it is scanned only when one is told."""

    def __init__(self, content: bytes, root: etree._Element) -> None:
        self._content = content
        self._root = root
        self._paths = Paths()

    @cached_property
    def _positions(self) -> dict[etree._Element, tuple[int, int]]:
        return {element: (place[0], place[1]) for element, place in positions(self._content, self._root).items()}

    def tell(self, element: etree._Element | None) -> tuple[str, int, int]:
        """Path, line and column of an element; an empty path and noughts for nothing."""
        if element is None or element not in self._positions:
            return "", 0, 0
        return (self._paths.of(element), *self._positions[element])

    def of_object(self, location: str, message: etree._Element) -> etree._Element:
        """The element that a location of the metadata rules names: `ExtrinsicObject[Document01]/Slot[creationTime]`.

        As near as can be: what is absent is told at the object that lacks it, an object without id at the message.
        """
        named = _OBJECT.fullmatch(location)
        if named is None:
            return next(message.iter(f"{{*}}{location.rpartition('/')[2].partition('[')[0] or 'x'}"), message)
        owner = next((one for one in message.iter(f"{{*}}{named['tag']}") if one.get("id", "") == named["id"]), message)
        part = _part(owner, (named["rest"] or "").partition("/")[0])
        return owner if part is None else part

    def at_path(self, path: str, root: etree._Element) -> etree._Element:
        """The element at a path of a document, or its nearest ancestor that exists."""
        current = root
        for step in path.strip("/").split("/")[1:]:
            found = _PREDICATE.fullmatch(step)
            children = [] if found is None else list(current.iterchildren(f"{{*}}{found['name']}"))
            if found is not None and found["attribute"]:
                children = [one for one in children if one.get(found["attribute"]) == found["value"]]
            number = int(found["number"] or 1) if found is not None else 1
            if len(children) < number:
                return current
            current = children[number - 1]
        return current


def _part(owner: etree._Element, name: str) -> etree._Element | None:
    """The part of an object that an attribute is written in (ITI TF-3 §4.2.5)."""
    bracketed = _NAMED.fullmatch(name)
    own = bracketed["name"] if bracketed else name
    schemes = _SCHEMES.get(own, frozenset())
    for one in owner.iterchildren("*"):
        if one.get("name") == own or one.get("id") == own:
            return one
        if own in (one.get("classificationScheme"), one.get("identificationScheme"), one.get("classificationNode")):
            return one
        if {one.get("classificationScheme"), one.get("identificationScheme")} & schemes:
            return one
        if etree.QName(one).localname == _TITLES.get(own, own):
            return one
    return None

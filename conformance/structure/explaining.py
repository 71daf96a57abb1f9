"""A whole document against the tables: every fault of structure, each explained (HL7 CDA R2; XML Schema 1.0 part 1).

What is inside an element that nobody knows, or whose data type nobody can tell, is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from conformance.structure.attributes import attribute_faults, lax_faults, text_faults
from conformance.structure.children import Children
from conformance.structure.faults import Fault, name_of, same, short, written_on
from conformance.structure.model import ANYTHING, Child, Type, top_attributes, tops
from conformance.structure.types import is_nil, type_at
from profiles.cda_structure.tables import ANY_TYPE

_SUGGESTIONS = 40  # likeness is costly: no more unknown names of one document are given a proposal


def explain(root: etree._Element) -> Iterator[Fault]:
    """Every fault below the root, that of a parent before those of its children; IDs that point nowhere come last."""
    yield from _Walk().faults(root)


class _Walk:
    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._references: list[tuple[etree._Element, str, str]] = []
        self._unknown = 0

    def faults(self, root: etree._Element) -> Iterator[Fault]:
        waiting = [(root, tops()[root.tag])]
        while waiting:
            element, place = waiting.pop()
            below: list[tuple[etree._Element, Child]] = []
            for fault in self._element(element, place, below):
                self._unknown += fault.rule in ("CDA-ELEMENT-UNKNOWN", "CDA-ATTRIBUTE-UNKNOWN")
                yield fault
            waiting.extend(reversed(below))
        yield from self._nowhere()

    def _element(
        self, element: etree._Element, place: Child, below: list[tuple[etree._Element, Child]]
    ) -> Iterator[Fault]:
        nil, wrong = is_nil(element, place)
        if wrong is not None:
            yield wrong
        prefix, form = place.holds
        if not prefix and form != ANY_TYPE:
            yield from text_faults(element, form)
            yield from (_text(element) for _ in element.iterchildren("*"))
            return
        kind, wrong = type_at(element, place)
        if wrong is not None:
            yield wrong
        if kind is None:
            if wrong is None:
                yield from lax_faults(element, top_attributes())
                below.extend(
                    (child, tops().get(child.tag, Child(ANYTHING, True))) for child in element.iterchildren("*")
                )
            return
        yield from attribute_faults(element, kind.attributes, kind.required, self._suggests)
        yield from self._identifiers(element, kind)
        if nil:
            return
        if not kind.mixed and _has_text(element, kind):
            yield _text(element)
        children = list(element.iterchildren("*"))
        if children or not kind.content.start.ends:
            yield from Children(element, kind, children, self._suggests).faults()
            below.extend((child, kind.children[child.tag]) for child in children if child.tag in kind.children)

    @property
    def _suggests(self) -> bool:
        return self._unknown < _SUGGESTIONS

    def _identifiers(self, element: etree._Element, kind: Type) -> Iterator[Fault]:
        for name, value in written_on(element):
            form = kind.attributes[name].form if name in kind.attributes else ""
            if form == "ID":
                identifier = value.strip()
                if identifier in self._ids:
                    words = {"name": same(name_of(element.tag))}
                    yield Fault(
                        rule="CDA-ID-DUPLICATE", element=element, found=short(identifier), expected=None, words=words
                    )
                self._ids.add(identifier)
            elif form in ("IDREF", "IDREFS"):
                self._references.extend((element, name, one) for one in value.split())

    def _nowhere(self) -> Iterator[Fault]:
        for element, name, identifier in self._references:
            if identifier not in self._ids:
                words = {"name": same(name_of(element.tag)), "attribute": same(name)}
                yield Fault(
                    rule="CDA-ID-REFERENCE", element=element, found=short(identifier), expected=None, words=words
                )


def _has_text(element: etree._Element, kind: Type) -> bool:
    """Whether there is text where none may be; blanks count where nothing at all may stand."""
    pieces = (element.text, *(child.tail for child in element))
    return any(piece and (kind.empty or piece.strip(" \t\r\n")) for piece in pieces)


def _text(element: etree._Element) -> Fault:
    words = {"name": same(name_of(element.tag))}
    return Fault(rule="CDA-TEXT-MISPLACED", element=element, found=None, expected=None, words=words)

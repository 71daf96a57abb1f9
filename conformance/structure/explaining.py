"""A whole document against the tables: every fault of structure, each explained (HL7 CDA R2; XML Schema 1.0 part 1).

What is inside an element that nobody knows, or whose data type nobody can tell, is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from conformance.structure.attributes import attribute_faults, lax_faults, text_faults
from conformance.structure.children import Children
from conformance.structure.faults import Fault, Proposals, name_of, same, short, written_on
from conformance.structure.misnamed import Misnamed, names_data_type, needs_data_type
from conformance.structure.model import ANYTHING, Child, Type, is_known, top_attributes, tops, type_of
from conformance.structure.types import is_nil, type_at
from conformance.structure.values import BLANKS
from profiles.cda_structure.tables import ANY_TYPE, NAMESPACES


def explain(root: etree._Element) -> Iterator[Fault]:
    """Every fault below the root, that of a parent before those of its children; IDs that point nowhere come last."""
    yield from _Walk().faults(root)


class _Walk:
    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._references: list[tuple[etree._Element, str, str]] = []
        self._proposals = Proposals()
        self._misnamed = Misnamed(_fits)

    def faults(self, root: etree._Element) -> Iterator[Fault]:
        yield from self._whole(root, tops()[root.tag])
        yield from self._nowhere()

    def _whole(self, top: etree._Element, at: Child, *, as_named: bool = False) -> Iterator[Fault]:
        """An element and all that it holds; `as_named`: what it says of its own type is not doubted."""
        waiting = [(top, at)]
        while waiting:
            element, place = waiting.pop()
            if not (as_named and element is top) and (
                names_data_type(element, place) or needs_data_type(element, place)
            ):
                yield from self._misnamed.told(element, place, self._whole(element, place, as_named=True))
                continue
            below: list[tuple[etree._Element, Child]] = []
            yield from self._element(element, place, below)
            waiting.extend(reversed(below))

    def _element(
        self, element: etree._Element, place: Child, below: list[tuple[etree._Element, Child]]
    ) -> Iterator[Fault]:
        nil, wrong = is_nil(element, place)
        if wrong is not None:
            yield wrong
        prefix, form = place.holds
        if not prefix and form != ANY_TYPE:
            yield from text_faults(element, form, self._proposals)
            yield from (_stranger(child, element) for child in element.iterchildren("*"))
            return
        kind, wrong = type_at(element, place)
        if wrong is not None:
            yield wrong
        if kind is None:
            if wrong is None:
                yield from lax_faults(element, top_attributes(), self._proposals)
                below.extend(
                    (child, tops().get(child.tag, Child(ANYTHING, True))) for child in element.iterchildren("*")
                )
            return
        yield from self._typed(element, kind, nil, below)

    def _typed(
        self, element: etree._Element, kind: Type, nil: bool, below: list[tuple[etree._Element, Child]]
    ) -> Iterator[Fault]:
        yield from attribute_faults(element, kind.attributes, kind.required, self._proposals)
        yield from self._identifiers(element, kind)
        if nil:
            return
        if not kind.mixed:
            yield from _text(element, kind)
        children = list(element.iterchildren("*"))
        if children or not kind.content.start.ends:
            yield from Children(element, kind, children, self._proposals).faults()
            below.extend((child, kind.children[child.tag]) for child in children if child.tag in kind.children)

    def _identifiers(self, element: etree._Element, kind: Type) -> Iterator[Fault]:
        for name, value in written_on(element):
            form = kind.attributes[name].form if name in kind.attributes else ""
            if form == "ID":
                identifier = value.strip(BLANKS)
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


def may_be(element: etree._Element, name: str) -> bool:
    """Whether an element of CDA can name that data type: its prefixes know it, and it admits all that stands there."""
    prefix, _, local = name.rpartition(":")
    hl7 = element.nsmap.get(prefix or None) == NAMESPACES["hl7"]
    return hl7 and is_known(("hl7", local)) and _fits(element, type_of(("hl7", local)))


def _fits(element: etree._Element, kind: Type) -> bool:
    """Whether a type admits an element with all that it holds."""
    walk = _Walk()
    below: list[tuple[etree._Element, Child]] = []
    return not any(True for _ in walk._typed(element, kind, False, below)) and not any(
        True for one, place in below for _ in walk._whole(one, place)
    )


def _text(element: etree._Element, kind: Type) -> Iterator[Fault]:
    """Text where none may be; blanks count where nothing at all may stand."""
    pieces = [piece for piece in (element.text, *(child.tail for child in element)) if piece]
    told = [piece for piece in pieces if piece.strip(BLANKS)]
    # Blanks around children that may not be there either say nothing more: the children are told.
    wrong = told or (pieces if kind.empty and next(element.iterchildren("*"), None) is None else [])
    if wrong:
        words = {"name": same(name_of(element.tag))}
        found = f"… ({sum(len(piece.strip(BLANKS) if told else piece) for piece in wrong)})"
        yield Fault(rule="CDA-TEXT-MISPLACED", element=element, found=found, expected=None, words=words)


def _stranger(child: etree._Element, parent: etree._Element) -> Fault:
    """An element where only a value may be."""
    words = {"name": same(name_of(child.tag)), "parent": same(name_of(parent.tag))}
    return Fault(rule="CDA-ELEMENT-UNKNOWN", element=child, found=name_of(child.tag), expected=None, words=words)

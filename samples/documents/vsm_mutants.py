"""Medical summaries spoiled at random, always the same for the same seed: what two judges are compared on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random

from lxml import etree

from samples.documents.elements import CDA, XSI
from security import xml

_Element = etree._Element
_Spoil = Callable[[_Element, "_Stock", Random], bool]

_TYPE = f"{{{XSI}}}type"
_TYPES = ("CD", "CE", "cda:CD", "cda:CE", "PQ", "ST", "IVL_TS", "TS", "CV")
_FLAVORS = ("UNK", "NA", "NAV", "NI", "ASKU", "DER")
_PARTS = ("entry", "entryRelationship", "participant", "component")
_HOLDERS = ("section", "observation", "act", "substanceAdministration", "organizer", "procedure")
_NAMES = ("observation", "act", "procedure", "supply", "section", "text", "value", "code", "low", "high", "width")


class _Stock:
    """What documents are made of: the values of each attribute, the templates. It makes likely faults likely."""

    def __init__(self, documents: list[_Element]) -> None:
        self.values: dict[tuple[str, str], list[str]] = {}
        self.templates: list[str] = []
        for root in documents:
            for one in root.iter("{*}*"):
                for name, value in sorted(one.attrib.items()):
                    known = self.values.setdefault((str(one.tag), str(name)), ["x", ""])
                    if value not in known:
                        known.append(str(value))
                if one.tag == f"{{{CDA}}}templateId" and (root_id := one.get("root")) not in self.templates:
                    self.templates.append(root_id or "")


def mutants(documents: list[bytes], seed: int) -> Iterator[tuple[int, bytes]]:
    """Spoiled documents without end: the number of the document each comes from, and its bytes.

    One document in four is spoiled twice. The header and the narrative are left alone.
    """
    chance = Random(seed)  # noqa: S311
    stock = _Stock([xml.parse(one, xml.DOCUMENT) for one in documents])
    while True:
        number = chance.randrange(len(documents))
        root = xml.parse(documents[number], xml.DOCUMENT)
        done = [_spoil(root, stock, chance) for _ in range(1 if chance.random() < 0.75 else 2)]
        if any(done):
            yield number, etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _spoil(root: _Element, stock: _Stock, chance: Random) -> bool:
    tag, spoil = chance.choice(_WAYS)
    candidates = [one for one in _entries(root) if tag is None or one.tag == f"{{{CDA}}}{tag}"]
    return bool(candidates) and spoil(chance.choice(candidates), stock, chance)


def _entries(root: _Element) -> list[_Element]:
    """The elements of the body, but for what is inside narrative texts."""
    body = root.find(f".//{{{CDA}}}structuredBody")
    if body is None:
        return []
    told = {
        inside for text in body.iterfind(f".//{{{CDA}}}section/{{{CDA}}}text") for inside in text.iterdescendants("*")
    }
    return [one for one in body.iterdescendants("{*}*") if one not in told]


def _parent(one: _Element) -> _Element:
    parent = one.getparent()
    if parent is None:
        raise ValueError("an element of a body has a parent")
    return parent


def _top(one: _Element) -> _Element:
    return one.getroottree().getroot()


def _drop(one: _Element, _stock: _Stock, _chance: Random) -> bool:
    _parent(one).remove(one)
    return True


def _double(one: _Element, _stock: _Stock, _chance: Random) -> bool:
    one.addnext(deepcopy(one))
    return True


def _strip(one: _Element, _stock: _Stock, chance: Random) -> bool:
    if not one.attrib:
        return False
    del one.attrib[chance.choice(sorted(one.attrib))]
    return True


def _alter(one: _Element, stock: _Stock, chance: Random) -> bool:
    if not one.attrib:
        return False
    name = chance.choice(sorted(one.attrib))
    value = chance.choice(stock.values.get((str(one.tag), str(name)), ["x"]))
    changed = one.get(name) != value
    one.set(name, value)
    return changed


def _flavor(one: _Element, _stock: _Stock, chance: Random) -> bool:
    if chance.random() < 0.5:
        one.attrib.clear()
    one.set("nullFlavor", chance.choice(_FLAVORS))
    return True


def _move(one: _Element, _stock: _Stock, chance: Random) -> bool:
    target = chance.choice(_entries(_top(one)))
    if one is target or one in target.iterancestors():
        return False
    target.append(one)
    return True


def _declare(one: _Element, stock: _Stock, chance: Random) -> bool:
    made = etree.Element(f"{{{CDA}}}templateId", root=chance.choice(stock.templates))
    if chance.random() < 0.3:
        chance.choice(_entries(_top(one))).insert(0, made)
    else:
        one.addnext(made)
    return True


def _retype(one: _Element, _stock: _Stock, chance: Random) -> bool:
    if chance.random() < 0.2:
        typed = one.get(_TYPE) is not None
        one.attrib.pop(_TYPE, "")
        return typed
    one.set(_TYPE, chance.choice(_TYPES))
    return True


def _graft(one: _Element, _stock: _Stock, chance: Random) -> bool:
    everywhere = _entries(_top(one))
    parts = [part for part in everywhere if etree.QName(part).localname in _PARTS]
    holders = [holder for holder in everywhere if etree.QName(holder).localname in _HOLDERS]
    if not parts or not holders:
        return False
    chance.choice(holders).append(deepcopy(chance.choice(parts)))
    return True


def _rename(one: _Element, _stock: _Stock, chance: Random) -> bool:
    old, one.tag = one.tag, f"{{{CDA}}}{chance.choice(_NAMES)}"
    return old != one.tag


_WAYS: tuple[tuple[str | None, _Spoil], ...] = (
    (None, _drop),
    ("templateId", _drop),
    (None, _double),
    (None, _strip),
    (None, _alter),
    (None, _alter),
    ("code", _alter),
    (None, _flavor),
    (None, _move),
    ("templateId", _declare),
    ("value", _retype),
    (None, _graft),
    (None, _rename),
)

"""Faults of an element that names its own data type, or should: what follows from its xsi:type is told once.

`<value xsi:type="ST" code="…" codeSystem="…">` has as many faults as attributes, and one mistake; so has
`<effectiveTime><low value="…"/><high value="…"/></effectiveTime>` where a TS is expected: xsi:type="IVL_TS" is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from lxml import etree

from conformance.structure.faults import NAMED, Fault, name_of, same
from conformance.structure.model import ANYTHING, Child, Type, type_of
from conformance.structure.types import COMMON, TYPE, allowed_types, type_at

_ELEMENTS = 64  # larger ones are told fault by fault
_FAULTS = 200  # so are those with more faults
_TRIALS = 20  # elements of a document for which a better type is sought

_STRANGE = {"CDA-ATTRIBUTE-UNKNOWN": "attribute", "CDA-ELEMENT-UNKNOWN": "name"}
Key = tuple[str, etree._Element]


def names_data_type(element: etree._Element, place: Child) -> bool:
    """Whether an element says itself, rightly or not, which data type it has; a large one is left alone."""
    if TYPE not in element.attrib or (place.holds[0] == "" and place.holds != ANYTHING):
        return False
    kind, _ = type_at(element, place)
    return kind is not None and kind.is_data_type and _is_small(element)


def needs_data_type(element: etree._Element, place: Child) -> bool:
    """Whether an element that names no type holds what the data type expected there does not know."""
    if TYPE in element.attrib or place.holds[0] == "" or len(allowed_types(place.holds)) < 2:
        return False
    kind = type_of(place.holds)
    strange = any(child.tag not in kind.children for child in element.iterchildren("*"))
    return strange and kind.is_data_type and not kind.abstract and _is_small(element)


def _is_small(element: etree._Element) -> bool:
    return sum(1 for _ in islice(element.iter(), _ELEMENTS + 1)) <= _ELEMENTS


class Misnamed:
    """Tells the faults of such elements. `fits` says whether a type admits all that an element holds."""

    def __init__(self, fits: Callable[[etree._Element, Type], bool]) -> None:
        self._fits = fits
        self._left = _TRIALS

    def told(self, element: etree._Element, place: Child, faults: Iterator[Fault]) -> Iterator[Fault]:
        """The faults of an element and of what it holds, those that follow from its type as one."""
        several = list(islice(faults, _FAULTS))
        if not several or len(several) == _FAULTS:
            yield from several
            yield from faults
            return
        better = self._better(element, place)
        groups: dict[Key, list[Fault]] = {}
        for fault in several:
            groups.setdefault(_key(fault), []).append(fault)
        strange = next((group for (rule, _), group in groups.items() if rule in _STRANGE), None)
        if better is not None and strange is not None:
            yield _with_better(_as_one(strange, element), element, better)
            return
        if TYPE not in element.attrib:
            yield from several
            return
        for group in groups.values():
            yield _as_one(group, element) if group[0].rule in _STRANGE else _or_type(group[0], element, better)

    def _better(self, element: etree._Element, place: Child) -> str | None:
        """Another type, a common one, as the element could write it."""
        if self._left == 0:
            return None
        self._left -= 1
        written, _ = type_at(element, place)
        if written is None:
            return None
        prefix = element.get(TYPE, "").strip().rpartition(":")[0]
        for name in (one for one in allowed_types(place.holds) if one in COMMON):
            kind = type_of((written.name[0], name))
            if kind is not written and self._fits(element, kind):
                return f"{prefix}:{name}" if prefix else name
        return None


def _key(fault: Fault) -> Key:
    """Strange attributes go together by element, strange elements by parent; each other fault by itself."""
    if fault.rule == "CDA-ELEMENT-UNKNOWN":
        parent = fault.element.getparent()
        return fault.rule, fault.element if parent is None else parent
    if fault.rule in _STRANGE:
        return fault.rule, fault.element
    return f"{fault.rule} {id(fault)}", fault.element


def _as_one(group: list[Fault], element: etree._Element) -> Fault:
    first = group[0]
    place = _STRANGE[first.rule]
    names = [fault.words[place][0] for fault in group]
    if len(names) == 1:
        return first if any(first.words.get("near", ())) else _or_type(first, element, None)
    said = ", ".join([*names[:NAMED], *(["…"] if len(names) > NAMED else [])])
    owner = name_of(element.tag)
    hint = (f"Retirez {said}, ou corrigez xsi:type de {owner}.", f"Remove {said}, or correct xsi:type of {owner}.")
    return replace(first, found=said, words={**first.words, place: same(said)}, hint=hint)


def _with_better(fault: Fault, element: etree._Element, better: str) -> Fault:
    said, owner = fault.words[_STRANGE[fault.rule]][0], name_of(element.tag)
    return replace(
        fault,
        also=("", ""),
        hint=(
            f'Écrivez xsi:type="{better}" sur {owner}, qui admet tout ce contenu, ou retirez {said}.',
            f'Write xsi:type="{better}" on {owner}, which admits all it holds, or remove {said}.',
        ),
    )


def _or_type(fault: Fault, element: etree._Element, better: str | None) -> Fault:
    owner = name_of(element.tag)
    admits = (f" : {better} admet ce contenu", f": {better} admits what it holds") if better else ("", "")
    also = (f"Ou corrigez xsi:type de {owner}{admits[0]}.", f"Or correct xsi:type of {owner}{admits[1]}.")
    return replace(fault, also=also)

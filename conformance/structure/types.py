"""The type of an element: the one its parent gives it, or the one it names by xsi:type (XML Schema 1.0 part 1 §2.6)."""

from __future__ import annotations

from functools import cache

from lxml import etree

from conformance.structure.faults import Fault, listed, name_of, same, short
from conformance.structure.model import ANYTHING, Child, Type, TypeName, is_known, prefix_of, type_of
from conformance.structure.values import BLANKS, is_written
from profiles.cda_structure.tables import EVERYWHERE, load_tables

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
TYPE = f"{XSI}type"
NIL = f"{XSI}nil"

# Those that profiles use most come first where a document is told which types there are.
COMMON = (
    "CD",
    "CE",
    "PQ",
    "ST",
    "INT",
    "BL",
    "TS",
    "IVL_TS",
    "IVL_PQ",
    "II",
    "ED",
    "REAL",
    "RTO",
    "PIVL_TS",
    "EIVL_TS",
)


def type_at(element: etree._Element, place: Child) -> tuple[Type | None, Fault | None]:
    """The type to judge an element by, None when nobody can tell, and what is wrong with the way it is named.

    Must not be asked for an element that holds a plain value.
    """
    declared = place.holds
    written = element.get(TYPE)
    if written is None:
        return _as_declared(element, declared)
    named = _named(element, written)
    if named is None or not is_known(named):
        return _fallback(declared), _fault("CDA-TYPE-UNKNOWN", element, short(written), declared)
    kind = type_of(named)
    if kind.abstract or not (declared in (ANYTHING, named) or declared in kind.ancestors):
        return _fallback(declared), _fault("CDA-TYPE-MISPLACED", element, short(written), declared)
    return kind, None


def is_nil(element: etree._Element, place: Child) -> tuple[bool, Fault | None]:
    """Whether an element is declared to be nil, and whether it may."""
    written = element.get(NIL)
    if written is None:
        return False, None
    nil = written.strip(BLANKS) in ("true", "1")
    has_content = len(element) > 0 or bool(element.text)
    if place.nillable and is_written("boolean", written) and not (nil and has_content):
        return nil, None
    words = {"name": same(name_of(element.tag))}
    return False, Fault(rule="CDA-NIL", element=element, found=short(written), expected=None, words=words)


def _as_declared(element: etree._Element, declared: TypeName) -> tuple[Type | None, Fault | None]:
    if declared == ANYTHING:
        return None, None
    kind = type_of(declared)
    if kind.abstract:
        return None, _fault("CDA-TYPE-MISSING", element, None, declared)
    return kind, None


def _fallback(declared: TypeName) -> Type | None:
    """A class stays what it is whatever it says; a data type that is misnamed could be any."""
    if declared == ANYTHING:
        return None
    kind = type_of(declared)
    return None if kind.is_data_type else kind


def _named(element: etree._Element, written: str) -> TypeName | None:
    prefix, _, local = written.strip(BLANKS).rpartition(":")
    namespace = element.nsmap.get(prefix or None)
    known = prefix_of(namespace)
    return (known, local) if known is not None else None


def _fault(rule: str, element: etree._Element, found: str | None, declared: TypeName) -> Fault:
    allowed = allowed_types(declared)
    expected = listed(allowed) or None
    words = {
        "name": same(name_of(element.tag)),
        "found": same(found or ""),
        "expected": same(expected or ""),
        "example": same(allowed[0] if allowed else ""),
    }
    return Fault(rule=rule, element=element, found=found, expected=expected, words=words)


@cache
def allowed_types(declared: TypeName) -> tuple[str, ...]:
    """The types that an element so declared may name, common ones first, parts of names and addresses left out."""
    prefix = declared[0] or "hl7"
    names = [
        name
        for namespace, name in load_tables().types
        if namespace in (prefix, EVERYWHERE) and "." not in name and _fits(type_of((prefix, name)), declared)
    ]
    return tuple(sorted(names, key=lambda name: (COMMON.index(name) if name in COMMON else len(COMMON), name)))


def _fits(kind: Type, declared: TypeName) -> bool:
    if kind.abstract:
        return False
    return kind.is_data_type if declared == ANYTHING else declared == kind.name or declared in kind.ancestors

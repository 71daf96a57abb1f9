"""The twins of the header: one fault for each rule, made from what the rule asks where the rule is generated."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy

from lxml import etree

from profiles.ci_sis_header.assertions import WHAT, name_of, rule_of
from profiles.ci_sis_header.grammar import Child, Shape, contexts, read_shapes
from samples.documents.discharge_letter import discharge_letter
from samples.documents.elements import element
from samples.documents.faults import Fault
from samples.documents.header_datatype_faults import DATATYPE_FAULTS
from samples.documents.header_faults import FULL_HEADER_FAULTS, HEADER_FAULTS, LEVEL_1_FAULTS
from samples.documents.header_full import header_full
from samples.documents.header_parts import DICOM, LAB, SDTC
from samples.documents.twins import Twin

_Element = etree._Element
_NS = {
    "cda": "urn:hl7-org:v3",
    "sdtc": SDTC,
    "lab": LAB,
    "ps3-20": DICOM,
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "ecluse": "urn:ecluse:schematron",
}
_HEADER = "ci_sis_header"
# A wrong value that each form of an attribute refuses, and that nothing else refuses beside it.
_WRONG_FORM = {"st": "", "oid": "1..2", "cs": "fr-FR x", "ts": "19", "int": "x"}


def _twins() -> Iterator[Twin]:
    also = dict(_consequences())
    for rule, fault in {**dict(_generated()), **HEADER_FAULTS, **FULL_HEADER_FAULTS}.items():
        yield Twin(rule=rule, profile=_HEADER, document=header_full, fault=fault, also=also.get(rule, frozenset()))
    for rule, fault in LEVEL_1_FAULTS.items():
        yield Twin(rule=rule, profile="level1", document=discharge_letter, fault=fault)


def _consequences() -> Iterator[tuple[str, frozenset[str]]]:
    """What some faults break besides: an element that does not count is also one that the CI-SIS does not know."""
    shapes = read_shapes()
    for name, places in contexts(shapes).items():
        for child in shapes[name].children:
            if child.least and _is_asked_for(places, child):
                yield rule_of(name, name_of(child), "MIN"), frozenset({f"HDR-UNKNOWN-{name}"})
    yield "HDR-typeId-MAX", frozenset({"HDR-II-REPEATED"})
    for rule in ("code-REQUIRED", "code-SET"):
        yield f"HDR-administrativeGenderCode.{rule}", frozenset({"VAL-GENDER-JDV"})
    for rule in ("code-REQUIRED", "code-SET", "codeSystem-FORM"):
        yield f"HDR-assignedAuthor.code.{rule}", frozenset({"VAL-SPECIALTY-JDV"})
    yield "HDR-AD-PERIOD", frozenset({"HDR-UNKNOWN-addr"})
    yield "HDR-healthCareFacility.code.code-REQUIRED", frozenset({"HDR-UNKNOWN-healthCareFacility.code"})


def _generated() -> Iterator[tuple[str, Fault]]:
    shapes = read_shapes()
    for name, places in contexts(shapes).items():
        yield from _of_shape(shapes[name], places)
    yield from DATATYPE_FAULTS.items()


def _of_shape(shape: Shape, places: tuple[str, ...]) -> Iterator[tuple[str, Fault]]:
    for child in shape.children:
        if child.least:
            yield rule_of(shape.name, name_of(child), "MIN"), _missing(places, child)
        if child.most is not None:
            yield rule_of(shape.name, name_of(child), "MAX"), _too_many(places, child)
    if shape.childless:
        yield f"HDR-{shape.name}-CHILDLESS", _at(places, _grow("low"))
    for name, rule, value in shape.attributes:
        yield rule_of(shape.name, name, WHAT[rule]), _at(places[::-1], _wrong_attribute(name, rule, value))
    if shape.children and shape.name != "component":
        yield f"HDR-UNKNOWN-{shape.name}", _at(places, _stranger(shape))


def _missing(places: tuple[str, ...], child: Child) -> Fault:
    def fault(root: _Element) -> None:
        place = _place_with(root, places, child.step)
        for found in _found(place, child.step):
            if _is_asked_for(places, child):
                _spoil(found, child.conditions)
            else:
                place.remove(found)

    return fault


def _is_asked_for(places: tuple[str, ...], child: Child) -> bool:
    """Whether a place is what it is because it has the child, under whatever conditions."""
    return f"[{child.element}]" in places[0].rpartition("/")[2]


def _spoil(found: _Element, conditions: str) -> None:
    """Leave an element where it is, but without what makes it count."""
    if "[not(@nullFlavor)]" in conditions:
        for child in list(found):
            found.remove(child)
        found.set("nullFlavor", "UNK")
    elif "cda:statusCode" in conditions:
        found.find("cda:statusCode", _NS).set("code", "active")  # type: ignore[union-attr]
    elif "cda:id[" in conditions:
        found.find("cda:id", _NS).set("root", "1.2.250.1.213.99.9.9")  # type: ignore[union-attr]
    else:
        for inner in _found(found, conditions.strip("[]")):
            found.remove(inner)


def _too_many(places: tuple[str, ...], child: Child) -> Fault:
    def fault(root: _Element) -> None:
        place = _place_with(root, places, child.step)
        found = _found(place, child.step)
        for number in range((child.most or 0) + 1 - len(found)):
            copy = deepcopy(found[-1])
            _tell_apart(found[-1], copy, number, fixed="@root=" in child.conditions or "Custodian" in places[0])
            found[-1].addnext(copy)

    return fault


def _tell_apart(original: _Element, copy: _Element, number: int, *, fixed: bool) -> None:
    """Make a copy that is no repetition: only its number is wrong. `fixed`: its root must stay."""
    local = etree.QName(copy).localname
    if local in ("id", "setId", "accessionNumber"):
        if fixed:
            copy.set("extension", f"AUTRE-{number}")
        else:
            copy.set("root", f"{copy.get('root')}.{number}")
    elif local == "templateId":
        original.set("extension", "1")
        copy.set("extension", "2")
    elif local == "telecom":
        copy.set("value", "tel:0400000099")
    elif local == "addr":
        copy.set("use", "TMP")
    elif local == "name" and not copy.get("code"):
        if len(copy):
            copy.set("use", "L")
        else:
            copy.text = f"{copy.text} bis"


def _wrong_attribute(name: str, rule: str, value: str) -> Fault:
    def fault(place: _Element) -> None:
        if rule == "form":
            wrong = _WRONG_FORM[value]
            place.set(name, "99" if value == "ts" and place.tag.endswith("high") else wrong)
        elif rule == "required":
            _withhold(place, name)
        else:
            place.set(name, "INCONNU")

    return fault


def _withhold(place: _Element, name: str) -> None:
    """Take a required attribute away so that only this rule minds."""
    if name in ("root", "value"):
        place.attrib.clear()
        place.set("nullFlavor", "UNK")
    elif name == "code":
        place.attrib.clear()
        if place.find("cda:originalText", _NS) is None:
            place.insert(0, element("originalText", "Autre"))
    else:
        del place.attrib[name]


def _stranger(shape: Shape) -> Fault:
    """Put an element that CDA knows and the CI-SIS does not, where CDA wants it."""
    known = {child.name for child in shape.children}
    if shape.name.startswith(("addr", "dataEnterer.addr")) or "family" in known:
        return _grow("delimiter", "-", last=True)
    if "low" in known:
        return _width
    if shape.name == "document":
        return _grow("realmCode", code="DE")
    if "translation" in known or "originalText" in known or shape.name == "serviceEvent.code.translation":
        return _foreign_child
    if shape.name == "qualifier":
        return _grow("value", last=True, code="X", codeSystem="1.2.250.1.213.99.9.2")
    return _grow("realmCode", code="FR")


def _grow(tag: str, text: str | None = None, *, last: bool = False, **attributes: str) -> Fault:
    def fault(place: _Element) -> None:
        place.insert(len(place) if last else 0, element(tag, text, **attributes))

    return fault


def _width(place: _Element) -> None:
    for high in place.findall("cda:high", _NS):
        place.remove(high)
    place.append(element("width", value="1", unit="d"))


def _foreign_child(place: _Element) -> None:
    place.append(etree.Element(f"{{{SDTC}}}desc"))


def _at(places: tuple[str, ...], change: Callable[[_Element], None]) -> Fault:
    def fault(root: _Element) -> None:
        change(_place_with(root, places, "self::*"))

    return fault


def _place_with(root: _Element, places: tuple[str, ...], step: str) -> _Element:
    """The first place of a shape that holds what `step` finds. Raises LookupError: the document has none."""
    for place in places:
        for found in _found(root, place.replace("cda:ClinicalDocument", ".", 1)):
            if _found(found, step):
                return found
    raise LookupError(f"the document has no {step} at {places[0]}")


def _found(place: _Element, path: str) -> list[_Element]:
    # The samples' practice settings are all in the value set: any code stands for one.
    asked = re.sub(r"ecluse:in-set\([^)]*\)", "@code", path)
    found = place.xpath(asked, namespaces=_NS)
    return [one for one in found if isinstance(one, etree._Element)] if isinstance(found, list) else []


HEADER_TWINS: tuple[Twin, ...] = tuple(_twins())

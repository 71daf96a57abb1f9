"""A medical summary with every optional entry, and one that says what does not exist (CI-SIS VSM 2023.01)."""

from __future__ import annotations

from functools import cache

from lxml import etree

from samples.documents import medication_entries as medication
from samples.documents import qualifier_entries as qualifier
from samples.documents.blocks import ABSENT, IHE
from samples.documents.elements import CDA, XSI, Identifiers, element
from samples.documents.vsm import vsm
from samples.documents.vsm_paths import PCC, find
from security import xml

UNIQUE_ID = "2.25.71"

_Element = etree._Element


@cache
def vsm_full() -> bytes:
    """Certainty, criticality, comments, references, authors, and all that a treatment may hold."""
    root = xml.parse(vsm(unique_id=UNIQUE_ID), xml.DOCUMENT)
    ids = Identifiers(f"{UNIQUE_ID}.1")
    problem, allergy = _first(root, "observation", IHE + "5"), _first(root, "observation", IHE + "6")
    problem.extend((qualifier.certainty(ids, "pb1"), qualifier.comment(ids, "pb1")))
    allergy.extend((qualifier.certainty(ids, "al1"), qualifier.criticality(ids, "al1")))
    concern = _first(root, "act", IHE + "5.1")
    concern.insert(len(concern) - 1, qualifier.author(ids))
    _first(root, "procedure", IHE + "19").append(qualifier.internal_reference(ids, "false"))
    _relative_in_person(_first(root, "organizer", IHE + "15"))
    first, second = _all(root, "substanceAdministration", IHE + "7")
    _child(first, "routeCode").addnext(
        element("approachSiteCode", code="16217701000119102", codeSystem="2.16.840.1.113883.6.96")
    )
    _child(first, "doseQuantity").addnext(
        element("rateQuantity", [element(bound, value="2", unit="mL/h") for bound in ("low", "high")])
    )
    first.extend(
        (
            qualifier.internal_reference(ids, "false"),
            medication.prescription(ids, "tr1"),
            medication.patient_instructions(ids, "tr1"),
            medication.observed(ids, "tr1"),
            medication.quantity(),
            medication.renewal(),
            medication.substitution(),
        )
    )
    find(second, f"cda:templateId[@root='{IHE}7.1']")[0].set("root", IHE + "10")
    second.append(medication.plan_reference(ids, "tr2", ("60000001", "METFORMINE 500 mg, comprimé pelliculé")))
    return _bytes(root)


@cache
def vsm_nothing() -> bytes:
    """No known problem, no information on the past, no known act, allergy or treatment."""
    root = xml.parse(vsm(unique_id=UNIQUE_ID), xml.DOCUMENT)
    _no_condition(root, "3.6", "no-known-problems", "NA")
    _no_condition(root, "3.8", "no-problem-info", "UNK")
    _no_condition(root, "3.13", "no-known-allergies", "NA")
    act = _first(root, "procedure", IHE + "19")
    act.set("negationInd", "true")
    _absent(_child(act, "id"), nullFlavor="NA")
    _absent(_child(act, "code"), code="no-known-procedures", codeSystem=ABSENT)
    _absent(_child(act, "effectiveTime"), nullFlavor="NA")
    treatment, other = _all(root, "substanceAdministration", IHE + "7")
    _drop_entry(other)
    _absent(_child(treatment, "code"), code="no-known-medications", codeSystem=ABSENT)
    for one in find(treatment, "cda:effectiveTime[2] | cda:routeCode | cda:doseQuantity"):
        treatment.remove(one)
    for bound in _child(treatment, "effectiveTime"):
        _absent(bound, nullFlavor="NA")
    material = next(treatment.iter(f"{{{CDA}}}manufacturedMaterial"))
    for one in list(material):
        _absent(one, nullFlavor="NA")
        one.text = None
        for part in list(one):
            one.remove(part)
    return _bytes(root)


def _no_condition(root: _Element, section: str, code: str, flavor: str) -> None:
    """One concern that says that there is nothing, or that nothing is known, instead of those of a section."""
    concern, *others = find(root, f"//cda:section[cda:templateId/@root='{PCC}{section}']/cda:entry/cda:act")
    for other in others:
        _drop_entry(other)
    _child(concern, "statusCode").set("code", "completed")
    _period(_child(concern, "effectiveTime"), flavor, flavor)
    observation = next(concern.iter(f"{{{CDA}}}observation"))
    for tag in ("participant", "entryRelationship"):
        for one in observation.findall(f"{{{CDA}}}{tag}"):
            observation.remove(one)
    if section != "3.13":
        _child(observation, "code").set("code", "55607006")
        _child(observation, "code").set("displayName", "problème")
    _period(_child(observation, "effectiveTime"), "UNK")
    value = _child(observation, "value")
    _absent(value, code=code, codeSystem=ABSENT)
    value.set(f"{{{XSI}}}type", "CD")


def _period(time: _Element, *flavors: str) -> None:
    for bound in list(time):
        time.remove(bound)
    time.extend(element(name, nullFlavor=flavor) for name, flavor in zip(("low", "high"), flavors, strict=False))


def _relative_in_person(organizer: _Element) -> None:
    """The relative once more, as a participant."""
    role = element(
        "participantRole",
        element("code", code="FTH", codeSystem="2.16.840.1.113883.5.111"),
        element("playingEntity", classCode="PSN"),
        classCode="PRS",
    )
    _child(organizer, "subject").addnext(element("participant", role, typeCode="IND"))


def _absent(one: _Element, **attributes: str) -> None:
    """Replace the attributes of an element."""
    one.attrib.clear()
    for name, value in attributes.items():
        one.set(name, value)


def _drop_entry(one: _Element) -> None:
    entry = next(one.iterancestors(f"{{{CDA}}}entry"))
    parent = entry.getparent()
    if parent is not None:
        parent.remove(entry)


def _all(root: _Element, tag: str, template: str) -> list[_Element]:
    return find(root, f"//cda:{tag}[cda:templateId/@root='{template}']")


def _first(root: _Element, tag: str, template: str) -> _Element:
    return _all(root, tag, template)[0]


def _child(parent: _Element, tag: str) -> _Element:
    return next(parent.iterchildren(f"{{{CDA}}}{tag}"))


def _bytes(root: _Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")

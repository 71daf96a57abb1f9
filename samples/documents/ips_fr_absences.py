"""What is known to be absent, coded: five sections of a patient summary are mandatory (CI-SIS IPS-FR 2024.01)."""

from __future__ import annotations

from lxml import etree

from samples.documents.elements import SNOMED_CT, Identifiers, coded, element, original, reference, templates
from samples.documents.entries import CCD, FR, IHE

ABSENT = "2.16.840.1.113883.5.1150.1"

_Element = etree._Element


def _concern(ids: Identifiers, own: tuple[str, str], observation: _Element) -> _Element:
    act = element(
        "act",
        templates(CCD + "27", IHE + "5.1", *own),
        ids.next(),
        element("code", nullFlavor="NA"),
        element("statusCode", code="completed"),
        element("effectiveTime", element("low", nullFlavor="NA"), element("high", nullFlavor="NA")),
        element("entryRelationship", observation, typeCode="SUBJ", inversionInd="false"),
        classCode="ACT",
        moodCode="EVN",
    )
    return element("entry", act)


def _observation(ids: Identifiers, anchor: str, own: tuple[str, ...], code: _Element, value: _Element) -> _Element:
    return element(
        "observation",
        templates(*own),
        ids.next(),
        code,
        element("text", reference(anchor)),
        element("statusCode", code="completed"),
        element("effectiveTime", element("low", nullFlavor="UNK")),
        value,
        classCode="OBS",
        moodCode="EVN",
        negationInd="false",
    )


def no_problem(ids: Identifiers, anchor: str) -> _Element:
    """No problem is known."""
    observation = _observation(
        ids,
        anchor,
        (CCD + "28", IHE + "5", FR + "37"),
        coded("code", "55607006", "problème", SNOMED_CT),
        coded("value", "no-known-problems", "Pas de problème connu", ABSENT, original(anchor), xsi_type="CD"),
    )
    return _concern(ids, (IHE + "5.2", FR + "39"), observation)


def no_allergy(ids: Identifiers, anchor: str) -> _Element:
    """No allergy is known."""
    observation = _observation(
        ids,
        anchor,
        (CCD + "18", CCD + "28", IHE + "5", IHE + "6", FR + "41"),
        coded("code", "420134006", "propension à une réaction indésirable", SNOMED_CT),
        coded("value", "no-known-allergies", "Pas d'allergie connue", ABSENT, original(anchor), xsi_type="CD"),
    )
    return _concern(ids, (IHE + "5.3", FR + "40"), observation)


def no_procedure(anchor: str) -> _Element:
    """No act is known."""
    made = element(
        "procedure",
        templates(IHE + "19", CCD + "29", FR + "62"),
        element("id", nullFlavor="NA"),
        coded("code", "no-known-procedures", "Pas d'acte connu", ABSENT),
        element("text", reference(anchor)),
        element("statusCode", code="completed"),
        element("effectiveTime", nullFlavor="NA"),
        classCode="PROC",
        moodCode="EVN",
        negationInd="true",
    )
    return element("entry", made)


def no_treatment(ids: Identifiers, anchor: str) -> _Element:
    """No treatment is known."""
    product = element(
        "manufacturedProduct",
        templates(CCD + "53", IHE + "7.2", FR + "43"),
        element("manufacturedMaterial", element("code", nullFlavor="NA"), element("name", nullFlavor="NA")),
    )
    made = element(
        "substanceAdministration",
        templates(CCD + "24", IHE + "7", FR + "42", IHE + "7.1"),
        ids.next(),
        coded("code", "no-known-medications", "Pas de traitement connu", ABSENT),
        element("text", reference(anchor)),
        element("statusCode", code="completed"),
        element("effectiveTime", element("low", nullFlavor="NA"), element("high", nullFlavor="NA"), xsi_type="IVL_TS"),
        element("consumable", product),
        classCode="SBADM",
        moodCode="EVN",
    )
    return element("entry", made, typeCode="DRIV")

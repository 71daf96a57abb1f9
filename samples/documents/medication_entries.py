"""What a treatment may hold: prescription, instructions, quantity, renewal, substitution (IHE PHARM PRE; CI-SIS)."""

from __future__ import annotations

from lxml import etree

from samples.documents.blocks import CCD, FR, IHE, completed, drug, observation, related, told
from samples.documents.elements import ACT_CODE, SNOMED_CT, Identifiers, coded, element, templates
from samples.documents.qualifier_entries import author

PHARM = "1.3.6.1.4.1.19376.1.9.1.3."
_PATTERNS = "1.3.6.1.4.1.19376.1.5.3.2"

_Element = etree._Element


def _instructions(roots: tuple[str, ...], code: str, name: str, anchor: str, *more: _Element) -> _Element:
    return related(
        "SUBJ",
        element(
            "act",
            templates(*roots),
            coded("code", code, name, _PATTERNS),
            told(anchor),
            completed(),
            *more,
            classCode="ACT",
            moodCode="INT",
        ),
        "true",
    )


def patient_instructions(ids: Identifiers, anchor: str) -> _Element:
    """Instructions to the patient, one of them in detail."""
    detail = observation(
        templates(IHE + "13", FR + "48", FR + "48.35"),
        ids.next(),
        coded("code", "PINSTRUCT", "Instructions au patient", _PATTERNS),
        told(anchor),
        completed(),
        element("effectiveTime", nullFlavor="UNK"),
    )
    roots = (CCD + "49", IHE + "3", FR + "33")
    return _instructions(roots, "PINSTRUCT", "Instructions au patient", anchor, related("COMP", detail))


def dispenser_instructions(anchor: str) -> _Element:
    """Instructions to the dispenser."""
    return _instructions((CCD + "43", IHE + "3.1", FR + "34"), "FINSTRUCT", "Instructions au dispensateur", anchor)


def prescription(ids: Identifiers, anchor: str) -> _Element:
    """The prescription of a treatment: quantity, prescriber, dispenser."""
    performer = element(
        "performer",
        element("time", value="20240612"),
        element(
            "assignedEntity", ids.next(), element("representedOrganization", element("name", "Pharmacie d'exemple"))
        ),
        typeCode="PRF",
    )
    return related(
        "REFR",
        element(
            "supply",
            templates(CCD + "34", IHE + "7.3", FR + "44"),
            ids.next(),
            element("effectiveTime", value="20240611"),
            element("quantity", value="30", unit="{tablet}"),
            performer,
            author(ids),
            dispenser_instructions(anchor),
            classCode="SPLY",
            moodCode="INT",
        ),
    )


def quantity() -> _Element:
    """How much of the drug."""
    return related(
        "COMP",
        element(
            "supply",
            templates(PHARM + "8", FR + "86"),
            element("independentInd", value="false"),
            element("quantity", value="3"),
            classCode="SPLY",
            moodCode="RQO",
        ),
    )


def renewal() -> _Element:
    """For how long the prescription can be renewed."""
    return related(
        "COMP",
        element(
            "supply",
            templates(PHARM + "15", FR + "88"),
            element("effectiveTime", element("high", value="20250611"), xsi_type="IVL_TS"),
            classCode="SPLY",
            moodCode="RQO",
        ),
    )


def substitution() -> _Element:
    """A generic may be given instead."""
    return related(
        "COMP",
        element(
            "act",
            templates(PHARM + "9.1", FR + "87"),
            coded("code", "G", "substitution par un générique", "2.16.840.1.113883.5.1070"),
            completed(),
            classCode="ACT",
            moodCode="DEF",
        ),
    )


def observed(ids: Identifiers, anchor: str) -> _Element:
    """A simple observation beside a treatment."""
    return related(
        "COMP",
        observation(
            templates(IHE + "13", FR + "48"),
            ids.next(),
            coded("code", "248536006", "constatation fonctionnelle", SNOMED_CT),
            told(anchor),
            completed(),
            element("effectiveTime", value="20240611"),
            element("value", [element(bound, value="500", unit="mL") for bound in ("low", "high")], xsi_type="IVL_PQ"),
        ),
    )


def plan_reference(ids: Identifiers, anchor: str, cis: tuple[str, str]) -> _Element:
    """The item of a treatment plan that a treatment comes from; `cis` is the (CIS code, name) of the drug."""
    item = element(
        "substanceAdministration",
        templates(CCD + "24", IHE + "7", PHARM + "7", FR + "96", IHE + "7.1"),
        ids.next(),
        coded("code", "DRUG", "Médicament", ACT_CODE),
        told(anchor),
        completed(),
        element("consumable", drug(anchor, cis, "MANU")),
        classCode="SBADM",
        moodCode="INT",
    )
    item[6].set("codeSystemName", "HL7:ActCode")
    nothing = element("manufacturedProduct", element("manufacturedMaterial", nullFlavor="NA"))
    nothing[0].append(element("name", nullFlavor="NA"))
    return related(
        "REFR",
        element(
            "substanceAdministration",
            templates(PHARM + "10", FR + "85"),
            ids.next(),
            coded("code", "MTPItem", "Ligne de plan de traitement", "1.3.6.1.4.1.19376.1.9.2.2"),
            element("consumable", nothing),
            related("REFR", item),
            classCode="SBADM",
            moodCode="INT",
        ),
        "false",
    )

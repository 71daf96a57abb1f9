"""Entries that say more of another: certainty, criticality, comment, reference, author (CI-SIS, content models)."""

from __future__ import annotations

from lxml import etree

from samples.documents.blocks import CCD, FR, IHE, completed, observation, related, told
from samples.documents.elements import LOINC, SNOMED_CT, Identifiers, coded, element, templates

_Element = etree._Element


def certainty(ids: Identifiers, anchor: str) -> _Element:
    """Certainty *confirmed* of a problem or an allergy."""
    return related(
        "SUBJ",
        observation(
            templates(FR + "171"),
            ids.next(),
            coded("code", "66455-7", "Certitude", LOINC),
            told(anchor),
            completed(),
            coded("value", "410605003", "confirmé", SNOMED_CT, xsi_type="CD"),
        ),
        "true",
    )


def criticality(ids: Identifiers, anchor: str) -> _Element:
    """Criticality *high* of an allergy."""
    return related(
        "SUBJ",
        observation(
            templates(FR + "172"),
            ids.next(),
            coded("code", "82606-5", "Criticité", LOINC),
            told(anchor),
            completed(),
            element("effectiveTime", nullFlavor="UNK"),
            coded("value", "CRITH", "criticité élevée", "2.16.840.1.113883.5.1063", xsi_type="CD"),
        ),
        "true",
    )


def comment(ids: Identifiers, anchor: str) -> _Element:
    """A comment with its author."""
    return related(
        "SUBJ",
        element(
            "act",
            templates(CCD + "40", IHE + "2", FR + "32"),
            coded("code", "48767-8", "Commentaire", LOINC),
            told(anchor),
            completed(),
            author(ids),
            classCode="ACT",
            moodCode="EVN",
        ),
        "true",
    )


def author(ids: Identifiers) -> _Element:
    """The complete author of one entry, with nothing that a reader could take for a real person."""
    return element(
        "author",
        element("time", value="20240611"),
        element(
            "assignedAuthor",
            ids.next(),
            element("addr", nullFlavor="NAV"),
            element("telecom", nullFlavor="NAV"),
            element("assignedPerson", element("name", element("family", "EXEMPLE"))),
            element("representedOrganization", element("name", "Cabinet d'exemple")),
        ),
    )


def internal_reference(ids: Identifiers, kind: str) -> _Element:
    """The reason of an act or of a treatment, by reference to a problem; `kind` is the inversionInd."""
    return related(
        "RSON",
        element(
            "act",
            templates(IHE + "4.1", FR + "36"),
            ids.next(),
            coded("code", "64572001", "maladie", SNOMED_CT),
            classCode="ACT",
            moodCode="EVN",
        ),
        kind,
    )

"""Vaccinations: done, known to be none, recommended (CI-SIS IPS-FR 2024.01)."""

from __future__ import annotations

from lxml import etree

from samples.documents.blocks import ABSENT, CCD, FR, IHE, completed, drug, no_drug, observation, told
from samples.documents.elements import ACT_CODE, LOINC, SNOMED_CT, Identifiers, coded, element, templates
from samples.documents.ips_fr_entries import comment

EDQM = "0.4.0.127.0.16.1.1.2.1"

_Element = etree._Element


def done(ids: Identifiers, anchor: str, when: str, cis: tuple[str, str], *, rank: int) -> _Element:
    """A vaccination that was done, by injection in the left arm; `cis` is the (CIS code, name) of the vaccine."""
    dose = observation(
        templates(CCD + "46", FR + "82"),
        coded("code", "30973-2", "Rang de la vaccination", LOINC),
        completed(),
        element("value", xsi_type="INT", value=str(rank)),
    )
    made = element(
        "substanceAdministration",
        templates(CCD + "24", IHE + "12", FR + "45"),
        ids.next(),
        coded("code", "INITIMMUNIZ", "1ère série vaccinante", ACT_CODE),
        told(anchor),
        completed(),
        element("effectiveTime", value=when),
        coded("routeCode", "20035000", "Voie intramusculaire", EDQM),
        coded("approachSiteCode", "16217701000119102", "Deltoïde gauche", SNOMED_CT),
        element("consumable", drug(anchor, cis), typeCode="CSM"),
        element("entryRelationship", dose, typeCode="SUBJ"),
        comment(anchor),
        classCode="SBADM",
        moodCode="EVN",
        negationInd="false",
    )
    return element("entry", made)


def none(ids: Identifiers, anchor: str) -> _Element:
    """No vaccination is known."""
    made = element(
        "substanceAdministration",
        templates(CCD + "24", IHE + "12", FR + "45"),
        ids.next(),
        coded("code", "no-known-immunizations", "Pas de vaccin connu", ABSENT),
        told(anchor),
        completed(),
        element("effectiveTime", nullFlavor="NA"),
        element("consumable", no_drug(), typeCode="CSM"),
        classCode="SBADM",
        moodCode="EVN",
        negationInd="false",
    )
    return element("entry", made)


def recommended(ids: Identifiers, anchor: str, months: tuple[str, str], cis: tuple[str, str]) -> _Element:
    """A vaccination that is planned between two dates."""
    low, high = months
    made = element(
        "substanceAdministration",
        templates(CCD + "25", IHE + "12.2", FR + "47"),
        ids.next(),
        coded("code", "BOOSTER", "Rappel de vaccin", ACT_CODE),
        told(anchor),
        element("statusCode", code="active"),
        element("effectiveTime", element("low", value=low), element("high", value=high), xsi_type="IVL_TS"),
        coded("routeCode", "20035000", "Voie intramusculaire", EDQM),
        coded("approachSiteCode", "16217701000119102", "Deltoïde gauche", SNOMED_CT),
        element("consumable", drug(anchor, cis), typeCode="CSM"),
        comment(anchor),
        classCode="SBADM",
        moodCode="INT",
        negationInd="false",
    )
    return element("entry", made)

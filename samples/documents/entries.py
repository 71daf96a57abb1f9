"""Entries of a medical summary: problems, allergies, acts, habits, family history, treatments (CI-SIS VSM 2023.01)."""

from __future__ import annotations

from lxml import etree

from samples.documents.blocks import CCD, FR, IHE, completed, concern, drug, observation, related, told
from samples.documents.elements import (
    ACT_CODE,
    ICD_10,
    LOINC,
    SNOMED_CT,
    Identifiers,
    coded,
    element,
    original,
    templates,
)

_Element = etree._Element


def _times(low: str, high: str | None) -> _Element:
    return element("effectiveTime", element("low", value=low), element("high", value=high) if high else None)


def problem(
    ids: Identifiers,
    anchor: str,
    low: str,
    *,
    icd10: tuple[str, str] | None,
    high: str | None = None,
    sub_entries: tuple[_Element, ...] = (),
) -> _Element:
    """One problem in its concern: active without `high`, over with it; uncoded when `icd10` is None."""
    value = (
        coded("value", *icd10, ICD_10, original(anchor), xsi_type="CD")
        if icd10
        else element("value", original(anchor), xsi_type="CD")
    )
    made = observation(
        templates(CCD + "28", IHE + "5", FR + "37"),
        ids.next(),
        coded("code", "64572001", "maladie", SNOMED_CT),
        told(anchor),
        completed(),
        _times(low, high),
        value,
        sub_entries,
        negationInd="false",
    )
    return concern(ids, (IHE + "5.2", FR + "39"), "completed" if high else "active", _times(low, high), made)


def allergy(
    ids: Identifiers,
    anchor: str,
    agent_anchor: str,
    low: str,
    *,
    kind: tuple[str, str],
    icd10: tuple[str, str],
    agent: tuple[str, str],
    sub_entries: tuple[_Element, ...] = (),
) -> _Element:
    """One active allergy in its concern; `agent` is (ATC code, name)."""
    participant = element(
        "participant",
        element(
            "participantRole",
            element(
                "playingEntity",
                coded("code", *agent, "2.16.840.1.113883.6.73", original(agent_anchor)),
                element("name", agent[1]),
                classCode="MMAT",
            ),
            classCode="MANU",
        ),
        typeCode="CSM",
    )
    made = observation(
        templates(CCD + "18", CCD + "28", IHE + "5", IHE + "6", FR + "41"),
        ids.next(),
        coded("code", *kind, SNOMED_CT),
        told(anchor),
        completed(),
        _times(low, None),
        coded("value", *icd10, ICD_10, original(anchor), xsi_type="CD"),
        participant,
        sub_entries,
        negationInd="false",
    )
    return concern(ids, (IHE + "5.3", FR + "40"), "active", _times(low, None), made)


def severity(anchor: str) -> _Element:
    """Severity *moderate*."""
    return related(
        "SUBJ",
        observation(
            templates(CCD + "55", IHE + "1", FR + "29"),
            coded("code", "SEV", "Sévérité", ACT_CODE),
            told(anchor),
            completed(),
            coded("value", "M", "Modéré", "2.16.840.1.113883.5.1063", xsi_type="CD"),
        ),
        "true",
    )


def status(anchor: str, system: str) -> _Element:
    """Status *active*, in the code system of conditions or in that of allergies."""
    return related(
        "REFR",
        observation(
            templates(CCD + "50", CCD + "57", IHE + "1.1", FR + "30"),
            coded("code", "33999-4", "Status", LOINC),
            told(anchor),
            completed(),
            coded("value", "active", "Actif", system, xsi_type="CE"),
            negationInd="false",
        ),
        "false",
    )


def health_status(anchor: str) -> _Element:
    """Health status *chronic disease*."""
    return related(
        "REFR",
        observation(
            templates(CCD + "51", IHE + "1.2", FR + "31"),
            coded("code", "11323-3", "Statut clinique du patient", LOINC),
            told(anchor),
            completed(),
            coded("value", "27624003", "maladie chronique", SNOMED_CT, xsi_type="CE"),
        ),
        "false",
    )


def procedure(ids: Identifiers, anchor: str, when: str, ccam: tuple[str, str]) -> _Element:
    """One act that was done, coded in CCAM."""
    return element(
        "entry",
        element(
            "procedure",
            templates(IHE + "19", CCD + "29", FR + "62"),
            ids.next(),
            coded("code", *ccam, "1.2.250.1.215.300.1"),
            told(anchor),
            completed(),
            element("effectiveTime", value=when),
            classCode="PROC",
            moodCode="EVN",
        ),
    )


def habit(ids: Identifiers, anchor: str, loinc: tuple[str, str], value: _Element) -> _Element:
    """One habit of life."""
    return element(
        "entry",
        observation(
            templates(CCD + "33", IHE + "13", IHE + "13.4", FR + "52"),
            ids.next(),
            coded("code", *loinc, LOINC),
            told(anchor),
            completed(),
            element("effectiveTime", nullFlavor="NA"),
            value,
        ),
    )


def family_history(ids: Identifiers, anchor: str, relative_anchor: str, icd10: tuple[str, str]) -> _Element:
    """One disease of the father."""
    relative = element(
        "subject",
        templates(IHE + "15.2", FR + "60"),
        element(
            "relatedSubject",
            coded("code", "FTH", "Père", "2.16.840.1.113883.5.111", original(relative_anchor)),
            classCode="PRS",
        ),
        typeCode="SBJ",
    )
    made = observation(
        templates(CCD + "22", IHE + "13", IHE + "13.3", FR + "51"),
        ids.next(),
        coded("code", "64572001", "maladie", SNOMED_CT),
        told(anchor),
        completed(),
        element("effectiveTime", nullFlavor="UNK"),
        coded("value", *icd10, ICD_10, original(anchor), xsi_type="CD"),
    )
    return element(
        "entry",
        element(
            "organizer",
            templates(CCD + "23", IHE + "15", FR + "59"),
            completed(),
            relative,
            element("component", made, typeCode="COMP"),
            classCode="CLUSTER",
            moodCode="EVN",
        ),
    )


def treatment(ids: Identifiers, anchor: str, low: str, cis: tuple[str, str]) -> _Element:
    """One tablet a day by mouth, since `low`, with no known end; `cis` is the (CIS code, name) of the drug."""
    return element(
        "entry",
        element(
            "substanceAdministration",
            templates(CCD + "24", IHE + "7", FR + "42", IHE + "7.1"),
            ids.next(),
            coded("code", "DRUG", "Médicament", ACT_CODE),
            told(anchor),
            completed(),
            element("effectiveTime", element("low", value=low), element("high", nullFlavor="UNK"), xsi_type="IVL_TS"),
            element("effectiveTime", element("period", value="1", unit="d"), xsi_type="PIVL_TS", operator="A"),
            coded("routeCode", "20053000", "Voie orale", "0.4.0.127.0.16.1.1.2.1"),
            element("doseQuantity", [element(bound, value="1", unit="{tablet}") for bound in ("low", "high")]),
            element("consumable", drug(anchor, cis)),
            classCode="SBADM",
            moodCode="EVN",
        ),
        typeCode="DRIV",
    )

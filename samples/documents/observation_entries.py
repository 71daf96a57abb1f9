"""Observations of a patient summary: measures, evaluations, wishes, adverse effects (CI-SIS IPS-FR 2024.01)."""

from __future__ import annotations

from lxml import etree

from samples.documents.blocks import CCD, FR, IHE, completed, observation, told
from samples.documents.elements import LOINC, SNOMED_CT, Identifiers, coded, element, original, templates
from samples.documents.entries import treatment
from samples.documents.sections import PCC

TA_ASIP = "1.2.250.1.213.1.1.4.322"

_Element = etree._Element


def vital_signs(
    ids: Identifiers, when: str, measures: tuple[tuple[str, tuple[str, str], tuple[str, str]], ...]
) -> _Element:
    """Measures taken together; each is (anchor, LOINC code and name, value and unit)."""
    taken = [
        element(
            "component",
            observation(
                templates(CCD + "31", IHE + "13", IHE + "13.2", FR + "50"),
                ids.next(),
                coded("code", *loinc, LOINC),
                told(anchor),
                completed(),
                element("effectiveTime", value=when),
                element("value", xsi_type="PQ", value=value, unit=unit),
            ),
            typeCode="COMP",
        )
        for anchor, loinc, (value, unit) in measures
    ]
    organizer = element(
        "organizer",
        templates(CCD + "32", CCD + "35", IHE + "13.1", FR + "49"),
        ids.next(),
        coded("code", "85353-1", "Signes vitaux", LOINC),
        completed(),
        element("effectiveTime", value=when),
        taken,
        classCode="CLUSTER",
        moodCode="EVN",
    )
    return element("entry", organizer)


def survey(
    ids: Identifiers, panel: tuple[str, str, str], anchor: str, when: str, finding: tuple[str, str], value: _Element
) -> _Element:
    """An evaluation of one group, with one finding of SNOMED CT and its value."""
    found = observation(
        templates(CCD + "31", PCC + "1.12.3.6", IHE + "13", FR + "25"),
        ids.next(),
        coded("code", *finding, SNOMED_CT),
        told(anchor),
        completed(),
        element("effectiveTime", element("low", value=when)),
        value,
        negationInd="false",
    )
    organizer = element(
        "organizer",
        templates(CCD + "32", PCC + "1.12.3.7", FR + "95"),
        ids.next(),
        coded("code", *panel),
        completed(),
        element("effectiveTime", element("low", value=when)),
        element("component", found, typeCode="COMP"),
        classCode="CLUSTER",
        moodCode="EVN",
    )
    return element("entry", organizer, typeCode="COMP")


def pregnancy(ids: Identifiers, anchor: str, loinc: tuple[str, str], value: _Element) -> _Element:
    """One thing known of the pregnancies."""
    made = observation(
        templates(IHE + "13", IHE + "13.5", FR + "53"),
        ids.next(),
        coded("code", *loinc, LOINC),
        told(anchor),
        completed(),
        element("effectiveTime", nullFlavor="NA"),
        value,
    )
    return element("entry", made)


def directive(ids: Identifiers, anchor: str, since: str, loinc: tuple[str, str], *, wished: bool) -> _Element:
    """An advance directive: whether the patient wishes it."""
    made = observation(
        templates(CCD + "17", IHE + "13", IHE + "13.7", FR + "54"),
        ids.next(),
        coded("code", *loinc, LOINC),
        told(anchor),
        completed(),
        element("effectiveTime", element("low", value=since), element("high", nullFlavor="NA")),
        element("value", xsi_type="BL", value=str(wished).lower()),
    )
    return element("entry", made)


def requested_observation(ids: Identifiers, anchor: str, when: str, loinc: tuple[str, str]) -> _Element:
    """An examination that is planned."""
    made = observation(
        templates(CCD + "25", PCC + "1.20.3.1", FR + "27"),
        ids.next(),
        coded("code", *loinc, LOINC),
        told(anchor),
        element("statusCode", code="active"),
        element("effectiveTime", value=when),
        mood="INT",
    )
    return element("entry", made)


def adverse_effect(ids: Identifiers, anchor: str, when: str, cis: tuple[str, str]) -> _Element:
    """Nausea after a drug: where it comes from, the drug, the reaction, how sure, how grave, how it went."""
    reaction = observation(
        templates(CCD + "28", IHE + "5", CCD + "54", FR + "37"),
        ids.next(),
        coded("code", "418799008", "symptôme rapporté", SNOMED_CT),
        told(f"{anchor}r"),
        completed(),
        element("effectiveTime", element("low", value=when)),
        coded(
            "value", "R11", "Nausées et vomissements", "2.16.840.1.113883.6.3", original(f"{anchor}r"), xsi_type="CD"
        ),
        negationInd="false",
    )
    judged = (
        ("211", ("GEN-318", "Imputabilité", TA_ASIP), ("371930009", "possible")),
        ("212", ("94030-4", "Gravité", LOINC), ("255604002", "gravité légère")),
        ("213", ("GEN-319", "Évolution", TA_ASIP), ("1352007006", "guérison sans séquelle")),
    )
    made = observation(
        templates(CCD + "18", CCD + "28", IHE + "5", FR + "210"),
        ids.next(),
        coded("code", "79899007", "interaction médicamenteuse", SNOMED_CT),
        told(anchor),
        completed(),
        element("effectiveTime", element("low", value=when)),
        element("value", original(anchor), xsi_type="CD"),
        element("entryRelationship", treatment(ids, anchor, when, cis)[0], typeCode="COMP"),
        element("entryRelationship", reaction, typeCode="MFST"),
        [
            element(
                "entryRelationship",
                observation(
                    templates(FR + number),
                    coded("code", *code),
                    told(anchor),
                    completed(),
                    coded("value", *value, SNOMED_CT, original(anchor), xsi_type="CD"),
                ),
                typeCode="SUBJ",
                inversionInd="true",
            )
            for number, code, value in judged
        ],
        negationInd="false",
    )
    return element("entry", made)

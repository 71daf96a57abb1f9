"""Entries that only a patient summary holds: devices, vaccines, measures, plans, results (CI-SIS IPS-FR 2024.01)."""

from __future__ import annotations

import base64

from lxml import etree

from samples.documents.elements import (
    ACT_CODE,
    LOINC,
    SNOMED_CT,
    Identifiers,
    coded,
    element,
    original,
    reference,
    templates,
)
from samples.documents.entries import CCD, FR, IHE, treatment
from samples.documents.pdf import one_page
from samples.documents.professionals import PERSON_ROOT, STRUCTURE_ROOT, SampleAuthor

PCC = "1.3.6.1.4.1.19376.1.5.3.1."
TA_ASIP = "1.2.250.1.213.1.1.4.322"
EDQM = "0.4.0.127.0.16.1.1.2.1"

_Element = etree._Element


def _completed() -> _Element:
    return element("statusCode", code="completed")


def _text(anchor: str) -> _Element:
    return element("text", reference(anchor))


def _observation(*content: _Element | list[_Element] | None, mood: str = "EVN", **attributes: str) -> _Element:
    return element("observation", *content, classCode="OBS", moodCode=mood, **attributes)


def comment(anchor: str) -> _Element:
    """A comment on the entry that it stands in."""
    act = element(
        "act",
        templates(CCD + "40", IHE + "2", FR + "32"),
        coded("code", "48767-8", "Commentaire", LOINC),
        _text(anchor),
        _completed(),
        classCode="ACT",
        moodCode="EVN",
    )
    return element("entryRelationship", act, typeCode="SUBJ", inversionInd="true")


def device(anchor: str, since: str, emdn: tuple[str, str]) -> _Element:
    """A device that the patient wears, with a comment; `emdn` is its (code, name)."""
    code = coded("code", *emdn, "1.2.250.1.213.2.68", original(anchor))
    return _supply(anchor, element("effectiveTime", element("low", value=since), xsi_type="IVL_TS"), code)


def no_device(anchor: str) -> _Element:
    """No device is known."""
    code = coded("code", "no-known-devices", "Pas de dispositif médical connu", "2.16.840.1.113883.5.1150.1")
    return _supply(anchor, element("effectiveTime", nullFlavor="NA"), code)


def _supply(anchor: str, when: _Element, code: _Element) -> _Element:
    role = element(
        "participantRole",
        element("id", nullFlavor="UNK"),
        element("playingDevice", code, classCode="DEV", determinerCode="INSTANCE"),
        classCode="MANU",
    )
    supply = element(
        "supply",
        templates(CCD + "34", FR + "20"),
        element("id", nullFlavor="UNK"),
        _text(anchor),
        when,
        element("participant", role, typeCode="DEV"),
        comment(anchor),
        classCode="SPLY",
        moodCode="EVN",
    )
    return element("entry", supply)


def _vaccine(anchor: str, cis: tuple[str, str]) -> _Element:
    product = element(
        "manufacturedProduct",
        templates(CCD + "53", IHE + "7.2", FR + "43"),
        element(
            "manufacturedMaterial",
            coded("code", *cis, "1.2.250.1.213.2.3.1", original(anchor)),
            element("name", cis[1]),
        ),
    )
    return element("consumable", product, typeCode="CSM")


def immunization(ids: Identifiers, anchor: str, when: str, cis: tuple[str, str], *, rank: int) -> _Element:
    """A vaccination that was done, by injection in the left arm; `cis` is the (CIS code, name) of the vaccine."""
    dose = _observation(
        templates(CCD + "46", FR + "82"),
        coded("code", "30973-2", "Rang de la vaccination", LOINC),
        _completed(),
        element("value", xsi_type="INT", value=str(rank)),
    )
    made = element(
        "substanceAdministration",
        templates(CCD + "24", IHE + "12", FR + "45"),
        ids.next(),
        coded("code", "INITIMMUNIZ", "1ère série vaccinante", ACT_CODE),
        _text(anchor),
        _completed(),
        element("effectiveTime", value=when),
        coded("routeCode", "20035000", "Voie intramusculaire", EDQM),
        coded("approachSiteCode", "16217701000119102", "Deltoïde gauche", SNOMED_CT),
        _vaccine(anchor, cis),
        element("entryRelationship", dose, typeCode="SUBJ"),
        comment(anchor),
        classCode="SBADM",
        moodCode="EVN",
        negationInd="false",
    )
    return element("entry", made)


def no_immunization(ids: Identifiers, anchor: str) -> _Element:
    """No vaccination is known."""
    product = element(
        "manufacturedProduct",
        templates(CCD + "53", IHE + "7.2", FR + "43"),
        element("manufacturedMaterial", element("code", nullFlavor="NA"), element("name", nullFlavor="NA")),
    )
    made = element(
        "substanceAdministration",
        templates(CCD + "24", IHE + "12", FR + "45"),
        ids.next(),
        coded("code", "no-known-immunizations", "Pas de vaccin connu", "2.16.840.1.113883.5.1150.1"),
        _text(anchor),
        _completed(),
        element("effectiveTime", nullFlavor="NA"),
        element("consumable", product, typeCode="CSM"),
        classCode="SBADM",
        moodCode="EVN",
        negationInd="false",
    )
    return element("entry", made)


def recommended_immunization(ids: Identifiers, anchor: str, months: tuple[str, str], cis: tuple[str, str]) -> _Element:
    """A vaccination that is planned between two dates."""
    low, high = months
    made = element(
        "substanceAdministration",
        templates(CCD + "25", IHE + "12.2", FR + "47"),
        ids.next(),
        coded("code", "BOOSTER", "Rappel de vaccin", ACT_CODE),
        _text(anchor),
        element("statusCode", code="active"),
        element("effectiveTime", element("low", value=low), element("high", value=high), xsi_type="IVL_TS"),
        coded("routeCode", "20035000", "Voie intramusculaire", EDQM),
        coded("approachSiteCode", "16217701000119102", "Deltoïde gauche", SNOMED_CT),
        _vaccine(anchor, cis),
        comment(anchor),
        classCode="SBADM",
        moodCode="INT",
        negationInd="false",
    )
    return element("entry", made)


def vital_signs(
    ids: Identifiers, when: str, measures: tuple[tuple[str, tuple[str, str], tuple[str, str]], ...]
) -> _Element:
    """Measures taken together; each is (anchor, LOINC code and name, value and unit)."""
    taken = [
        element(
            "component",
            _observation(
                templates(CCD + "31", IHE + "13", IHE + "13.2", FR + "50"),
                ids.next(),
                coded("code", *loinc, LOINC),
                _text(anchor),
                _completed(),
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
        _completed(),
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
    observation = _observation(
        templates(CCD + "31", PCC + "1.12.3.6", IHE + "13", FR + "25"),
        ids.next(),
        coded("code", *finding, SNOMED_CT),
        _text(anchor),
        _completed(),
        element("effectiveTime", element("low", value=when)),
        value,
        negationInd="false",
    )
    organizer = element(
        "organizer",
        templates(CCD + "32", PCC + "1.12.3.7", FR + "95"),
        ids.next(),
        coded("code", *panel),
        _completed(),
        element("effectiveTime", element("low", value=when)),
        element("component", observation, typeCode="COMP"),
        classCode="CLUSTER",
        moodCode="EVN",
    )
    return element("entry", organizer, typeCode="COMP")


def pregnancy(ids: Identifiers, anchor: str, loinc: tuple[str, str], value: _Element) -> _Element:
    """One thing known of the pregnancies."""
    made = _observation(
        templates(IHE + "13", IHE + "13.5", FR + "53"),
        ids.next(),
        coded("code", *loinc, LOINC),
        _text(anchor),
        _completed(),
        element("effectiveTime", nullFlavor="NA"),
        value,
    )
    return element("entry", made)


def directive(ids: Identifiers, anchor: str, since: str, loinc: tuple[str, str], *, wished: bool) -> _Element:
    """An advance directive: whether the patient wishes it."""
    made = _observation(
        templates(CCD + "17", IHE + "13", IHE + "13.7", FR + "54"),
        ids.next(),
        coded("code", *loinc, LOINC),
        _text(anchor),
        _completed(),
        element("effectiveTime", element("low", value=since), element("high", nullFlavor="NA")),
        element("value", xsi_type="BL", value=str(wished).lower()),
    )
    return element("entry", made)


def requested_observation(ids: Identifiers, anchor: str, when: str, loinc: tuple[str, str]) -> _Element:
    """An examination that is planned."""
    made = _observation(
        templates(CCD + "25", PCC + "1.20.3.1", FR + "27"),
        ids.next(),
        coded("code", *loinc, LOINC),
        _text(anchor),
        element("statusCode", code="active"),
        element("effectiveTime", value=when),
        mood="INT",
    )
    return element("entry", made)


def planned_encounter(ids: Identifiers, anchor: str, when: str, author: SampleAuthor) -> _Element:
    """A consultation that is asked for, with whom and where."""
    place = element(
        "participantRole",
        element("id", nullFlavor="UNK"),
        element("code", nullFlavor="NAV"),
        element("addr", nullFlavor="NAV"),
        element("telecom", value="tel:0400000001", use="WP"),
        element("playingEntity", element("name", author.structure_name), classCode="PLC", determinerCode="INSTANCE"),
        classCode="SDLOC",
    )
    made = element(
        "encounter",
        templates(CCD + "25", IHE + "14", FR + "58"),
        ids.next(),
        coded("code", "AMB", "Ambulatoire", ACT_CODE),
        _text(anchor),
        element("effectiveTime", value=when),
        element("performer", _entity("assignedEntity", author), typeCode="PRF"),
        element("participant", place, typeCode="LOC"),
        classCode="ENC",
        moodCode="ARQ",
    )
    return element("entry", made)


def _entity(tag: str, author: SampleAuthor) -> _Element:
    return element(
        tag,
        element("id", root=PERSON_ROOT, extension=author.national_id),
        coded("code", *author.specialty, "1.2.250.1.213.1.1.4.5"),
        element("addr", nullFlavor="NAV"),
        element("telecom", value="tel:0400000001", use="WP"),
        element("assignedPerson", element("name", element("family", author.family), element("given", author.given))),
        element(
            "representedOrganization",
            element("id", root=STRUCTURE_ROOT, extension=author.structure_id),
            element("name", author.structure_name),
            element("telecom", value="tel:0400000001", use="WP"),
            element("addr", nullFlavor="NAV"),
            coded("standardIndustryClassCode", *author.practice_setting, "1.2.250.1.213.1.1.4.9"),
        ),
    )


def adverse_effect(ids: Identifiers, anchor: str, when: str, cis: tuple[str, str]) -> _Element:
    """Nausea after a drug: where it comes from, the drug, the reaction, how sure, how grave, how it went."""
    reaction = _observation(
        templates(CCD + "28", IHE + "5", CCD + "54", FR + "37"),
        ids.next(),
        coded("code", "418799008", "symptôme rapporté", SNOMED_CT),
        _text(f"{anchor}r"),
        _completed(),
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
    made = _observation(
        templates(CCD + "18", CCD + "28", IHE + "5", FR + "210"),
        ids.next(),
        coded("code", "79899007", "interaction médicamenteuse", SNOMED_CT),
        _text(anchor),
        _completed(),
        element("effectiveTime", element("low", value=when)),
        element("value", original(anchor), xsi_type="CD"),
        element("entryRelationship", treatment(ids, anchor, when, cis)[0], typeCode="COMP"),
        element("entryRelationship", reaction, typeCode="MFST"),
        [
            element(
                "entryRelationship",
                _observation(
                    templates(FR + number),
                    coded("code", *code),
                    _text(anchor),
                    _completed(),
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


def results(
    ids: Identifiers,
    anchor: str,
    when: str,
    loinc: tuple[str, str],
    measure: tuple[str, str],
    author: SampleAuthor,
) -> _Element:
    """One result of a laboratory and who found it; `measure` is (value, unit)."""
    laboratory = element(
        "performer",
        templates("1.3.6.1.4.1.19376.1.3.3.1.7"),
        element("time", element("high", value=when)),
        _entity("assignedEntity", author),
        typeCode="PRF",
    )
    result = _observation(
        templates(IHE + "13", FR + "48", FR + "209"),
        ids.next(),
        coded("code", *loinc, LOINC),
        _text(anchor),
        _completed(),
        element("effectiveTime", value=when),
        element("value", xsi_type="PQ", value=measure[0], unit=measure[1]),
    )
    organizer = element(
        "organizer",
        templates(FR + "208"),
        ids.next(),
        coded("code", "26436-6", "Biologie polyvalente", LOINC),
        _completed(),
        element("effectiveTime", value=when),
        laboratory,
        element("component", result),
        classCode="CLUSTER",
        moodCode="EVN",
    )
    return element("entry", organizer)


def attached_document(ids: Identifiers, anchor: str, kind: tuple[str, str], lines: tuple[str, ...]) -> _Element:
    """A PDF carried by the document; `kind` is its (TA_ASIP code, name)."""
    content = base64.b64encode(one_page(kind[1], lines)).decode()
    what = _observation(
        templates(IHE + "13", FR + "48", FR + "48.18"),
        ids.next(),
        coded("code", "69764-9", "Type de document", LOINC),
        _text(anchor),
        _completed(),
        element("effectiveTime", nullFlavor="NA"),
        coded("value", *kind, TA_ASIP, xsi_type="CD"),
    )
    media = element(
        "observationMedia",
        element("value", content, mediaType="application/pdf", representation="B64"),
        classCode="OBS",
        moodCode="EVN",
        ID=f"{anchor}m",
    )
    organizer = element(
        "organizer",
        templates(FR + "18"),
        ids.next(),
        coded("code", "55107-7", "Document attaché", LOINC),
        _completed(),
        element("component", what),
        element("component", media),
        classCode="CLUSTER",
        moodCode="EVN",
    )
    return element("entry", organizer)

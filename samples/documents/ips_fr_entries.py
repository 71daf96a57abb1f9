"""Entries that only a patient summary holds: devices, consultations, results, documents (CI-SIS IPS-FR 2024.01)."""

from __future__ import annotations

import base64

from lxml import etree

from samples.documents.blocks import ABSENT, CCD, FR, IHE, completed, observation, told
from samples.documents.elements import (
    ACT_CODE,
    LOINC,
    Identifiers,
    coded,
    element,
    original,
    templates,
)
from samples.documents.observation_entries import TA_ASIP
from samples.documents.pdf import one_page
from samples.documents.professionals import PERSON_ROOT, STRUCTURE_ROOT, SampleAuthor

_Element = etree._Element


def comment(anchor: str) -> _Element:
    """A comment on the entry that it stands in."""
    act = element(
        "act",
        templates(CCD + "40", IHE + "2", FR + "32"),
        coded("code", "48767-8", "Commentaire", LOINC),
        told(anchor),
        completed(),
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
    code = coded("code", "no-known-devices", "Pas de dispositif médical connu", ABSENT)
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
        told(anchor),
        when,
        element("participant", role, typeCode="DEV"),
        comment(anchor),
        classCode="SPLY",
        moodCode="EVN",
    )
    return element("entry", supply)


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
        told(anchor),
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
    result = observation(
        templates(IHE + "13", FR + "48", FR + "209"),
        ids.next(),
        coded("code", *loinc, LOINC),
        told(anchor),
        completed(),
        element("effectiveTime", value=when),
        element("value", xsi_type="PQ", value=measure[0], unit=measure[1]),
    )
    organizer = element(
        "organizer",
        templates(FR + "208"),
        ids.next(),
        coded("code", "26436-6", "Biologie polyvalente", LOINC),
        completed(),
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
    what = observation(
        templates(IHE + "13", FR + "48", FR + "48.18"),
        ids.next(),
        coded("code", "69764-9", "Type de document", LOINC),
        told(anchor),
        completed(),
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
        completed(),
        element("component", what),
        element("component", media),
        classCode="CLUSTER",
        moodCode="EVN",
    )
    return element("entry", organizer)

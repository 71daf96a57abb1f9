"""One fault for each rule on the observations of a patient summary (CI-SIS IPS-FR 2024.01)."""

from __future__ import annotations

from functools import partial

from lxml import etree

from samples.documents.elements import element, templates
from samples.documents.faults import Fault, both, double, drop, put
from samples.documents.ips_fr_paths import (
    CAUSE,
    COURSE,
    DIRECTIVE,
    EFFECT,
    GRAVITY,
    KIND,
    PANEL,
    PREGNANCY,
    SIMPLE,
    SURVEY,
    VITAL,
    VITAL_GROUP,
    another_template,
    author,
    found_in,
    insert,
    missing,
    twice,
)


def _media() -> etree._Element:
    value = element("value", "RG9jdW1lbnQ=", mediaType="text/plain", representation="B64")
    media = element("observationMedia", value, classCode="OBS", moodCode="EVN")
    return element("entryRelationship", media, typeCode="COMP")


def _refer(root: etree._Element) -> None:
    """Refer to the document that holds the directive."""
    document = element("externalDocument", element("id", root="2.25.42"), classCode="DOC", moodCode="EVN")
    made = element("reference", templates("2.16.840.1.113883.10.20.1.36"), document, typeCode="REFR")
    found_in(root, DIRECTIVE).append(made)


def _write_in(root: etree._Element) -> None:
    """The document referred to has a text that is no reference."""
    document = f"{DIRECTIVE}/cda:reference/cda:externalDocument"
    insert(document, "id", partial(element, "text", "Texte."))(root)


def _unit(code: str) -> Fault:
    """A measure in a unit that nobody uses for it."""
    return both(put(f"{VITAL}/cda:code", code=code), put(f"{VITAL}/cda:value", unit="[foz_us]"))


OBSERVATION_FAULTS: dict[str, Fault] = {
    "ENT-SIMPLE-KIND": put(KIND, moodCode="INT"),
    "ENT-SIMPLE-ID": drop(f"{SIMPLE}/cda:id"),
    "ENT-SIMPLE-TEXT": drop(f"{SIMPLE}/cda:text"),
    "ENT-SIMPLE-STATUS": put(f"{SIMPLE}/cda:statusCode", code="active"),
    "ENT-SIMPLE-TIME": drop(f"{SIMPLE}/cda:effectiveTime"),
    "ENT-SIMPLE-INTERPRETATION": twice(SIMPLE, "value interpretationCode", "interpretationCode"),
    "ENT-SIMPLE-METHOD": twice(SIMPLE, "value methodCode", "methodCode"),
    "ENT-SIMPLE-SITE": twice(SIMPLE, "value targetSiteCode", "targetSiteCode"),
    "ENT-SIMPLE-AUTHOR": both(*(insert(SIMPLE, "value author", author),) * 2),
    "ENT-VITALS-KIND": put(VITAL_GROUP, moodCode="INT"),
    "ENT-VITALS-CCD32": missing(VITAL_GROUP, "2.16.840.1.113883.10.20.1.32"),
    "ENT-VITALS-CCD35": missing(VITAL_GROUP, "2.16.840.1.113883.10.20.1.35"),
    "ENT-VITALS-ID": drop(f"{VITAL_GROUP}/cda:id"),
    "ENT-VITALS-CODE": put(f"{VITAL_GROUP}/cda:code", code="00000-0"),
    "ENT-VITALS-TIME": drop(f"{VITAL_GROUP}/cda:effectiveTime"),
    "ENT-VITALS-COMPONENT": drop(f"{VITAL_GROUP}/cda:component"),
    "ENT-VITAL-CCD31": missing(VITAL, "2.16.840.1.113883.10.20.1.31"),
    "ENT-VITAL-PARENT": missing(VITAL, "1.3.6.1.4.1.19376.1.5.3.1.4.13"),
    "ENT-VITAL-ID": double(f"{VITAL}/cda:id"),
    "ENT-VITAL-UNIT-RESPIRATION": _unit("9279-1"),
    "ENT-VITAL-UNIT-HEART": _unit("8867-4"),
    "ENT-VITAL-UNIT-OXYGEN": _unit("2708-6"),
    "ENT-VITAL-UNIT-SYSTOLIC": _unit("8480-6"),
    "ENT-VITAL-UNIT-DIASTOLIC": _unit("8462-4"),
    "ENT-VITAL-UNIT-TEMPERATURE": _unit("8310-5"),
    "ENT-VITAL-UNIT-HEIGHT": _unit("8302-2"),
    "ENT-VITAL-UNIT-HEAD": _unit("8287-5"),
    "ENT-VITAL-UNIT-WEIGHT": _unit("29463-7"),
    "ENT-VITAL-UNIT-BMI": _unit("39156-5"),
    "ENT-VITAL-CODE-NULL": put(f"{VITAL}/cda:code", nullFlavor="UNK"),
    "ENT-VITAL-CODE-CODED": put(f"{VITAL}/cda:code", codeSystem=None),
    "ENT-VITAL-CODE-JDV": put(f"{VITAL}/cda:code", code="00000-0"),
    "ENT-PANEL-KIND": put(PANEL, moodCode="INT"),
    "ENT-PANEL-CCD": both(missing(PANEL, "2.16.840.1.113883.10.20.1.32"), another_template(PANEL, "1.2.3")),
    "ENT-PANEL-TPL-COUNT": drop(f"({PANEL})[1]/cda:templateId[@root='1.2.250.1.213.1.1.3.95']"),
    "ENT-PANEL-ID": drop(f"{PANEL}/cda:id"),
    "ENT-PANEL-STATUS": put(f"{PANEL}/cda:statusCode", code="active"),
    "ENT-PANEL-CODE": drop(f"{PANEL}/cda:code"),
    "ENT-PANEL-TIME": drop(f"{PANEL}/cda:effectiveTime"),
    "ENT-PANEL-COMPONENT": drop(f"({PANEL})[1]/cda:component"),
    "ENT-SURVEY-PARENT": missing(SURVEY, "1.3.6.1.4.1.19376.1.5.3.1.4.13"),
    "ENT-SURVEY-CCD": missing(SURVEY, "2.16.840.1.113883.10.20.1.31"),
    "ENT-SURVEY-ID": double(f"{SURVEY}/cda:id"),
    "ENT-SURVEY-VALUE": drop(f"{SURVEY}/cda:value"),
    "ENT-SURVEY-FORBIDDEN": insert(SURVEY, "value", partial(element, "methodCode", nullFlavor="NA")),
    "ENT-PREGNANCY-PARENT": missing(PREGNANCY, "1.3.6.1.4.1.19376.1.5.3.1.4.13"),
    "ENT-PREGNANCY-ID": double(f"{PREGNANCY}/cda:id"),
    "ENT-PREGNANCY-VALUE": drop(f"{PREGNANCY}/cda:value"),
    "ENT-PREGNANCY-FORBIDDEN": insert(PREGNANCY, "value", partial(element, "methodCode", nullFlavor="NA")),
    "ENT-DIRECTIVE-CCD": missing(DIRECTIVE, "2.16.840.1.113883.10.20.1.17"),
    "ENT-DIRECTIVE-PARENT": missing(DIRECTIVE, "1.3.6.1.4.1.19376.1.5.3.1.4.13"),
    "ENT-DIRECTIVE-ID": double(f"{DIRECTIVE}/cda:id"),
    "ENT-DIRECTIVE-VALUES": double(f"{DIRECTIVE}/cda:value"),
    "ENT-DIRECTIVE-REFERENCES": both(_refer, _refer),
    "ENT-DIRECTIVE-REFERENCE": both(_refer, drop(f"{DIRECTIVE}/cda:reference/cda:templateId")),
    "ENT-DIRECTIVE-DOCUMENT": both(_refer, drop(f"{DIRECTIVE}/cda:reference/cda:externalDocument/cda:id")),
    "ENT-DIRECTIVE-DOCUMENT-TEXT": both(_refer, _write_in),
    "ENT-DIRECTIVE-CODE-NULL": put(f"{DIRECTIVE}/cda:code", nullFlavor="UNK"),
    "ENT-DIRECTIVE-CODE-CODED": put(f"{DIRECTIVE}/cda:code", codeSystem=None),
    "ENT-DIRECTIVE-CODE-JDV": put(f"{DIRECTIVE}/cda:code", code="00000-0"),
    "ENT-DIRECTIVE-FR-VALUE": drop(f"{DIRECTIVE}/cda:value"),
    "ENT-DIRECTIVE-FR-MEDIA": both(*(insert(DIRECTIVE, "value entryRelationship", _media),) * 2),
    "ENT-EFFECT-CCD": missing(EFFECT, "2.16.840.1.113883.10.20.1.18"),
    "ENT-EFFECT-PROBLEM": missing(EFFECT, "1.3.6.1.4.1.19376.1.5.3.1.4.5"),
    "ENT-EFFECT-TREATMENT": drop(f"{EFFECT}//cda:routeCode"),
    "ENT-EFFECT-REACTION": drop(f"{EFFECT}//cda:templateId[@root='2.16.840.1.113883.10.20.1.54']"),
    "ENT-EFFECT-GRAVITY": put(f"{GRAVITY}/..", inversionInd="false"),
    "ENT-EFFECT-CODE-NULL": put(f"{EFFECT}/cda:code", nullFlavor="UNK"),
    "ENT-EFFECT-CODE-JDV": put(f"{EFFECT}/cda:code", code="00000-0"),
    "ENT-CAUSE-KIND": put(CAUSE, classCode="SPCOBS"),
    "ENT-CAUSE-CODE": put(f"{CAUSE}/cda:code", code="00000-0"),
    "ENT-CAUSE-SYSTEM": put(f"{CAUSE}/cda:code", codeSystem="1.2.3"),
    "ENT-CAUSE-TEXT": drop(f"{CAUSE}/cda:text"),
    "ENT-CAUSE-STATUS": put(f"{CAUSE}/cda:statusCode", code="active"),
    "ENT-CAUSE-VALUE": drop(f"{CAUSE}/cda:value"),
    "ENT-CAUSE-VALUE-NULL": put(f"{CAUSE}/cda:value", nullFlavor="UNK"),
    "ENT-CAUSE-VALUE-CODED": put(f"{CAUSE}/cda:value", codeSystem=None),
    "ENT-CAUSE-VALUE-JDV": put(f"{CAUSE}/cda:value", code="00000-0"),
    "ENT-GRAVITY-KIND": put(GRAVITY, classCode="SPCOBS"),
    "ENT-GRAVITY-CODE": put(f"{GRAVITY}/cda:code", code="00000-0"),
    "ENT-GRAVITY-SYSTEM": put(f"{GRAVITY}/cda:code", codeSystem="1.2.3"),
    "ENT-GRAVITY-TEXT": drop(f"{GRAVITY}/cda:text"),
    "ENT-GRAVITY-STATUS": put(f"{GRAVITY}/cda:statusCode", code="active"),
    "ENT-GRAVITY-VALUE": drop(f"{GRAVITY}/cda:value"),
    "ENT-GRAVITY-VALUE-NULL": put(f"{GRAVITY}/cda:value", nullFlavor="UNK"),
    "ENT-GRAVITY-VALUE-CODED": put(f"{GRAVITY}/cda:value", codeSystem=None),
    "ENT-GRAVITY-VALUE-JDV": put(f"{GRAVITY}/cda:value", code="00000-0"),
    "ENT-COURSE-KIND": put(COURSE, classCode="SPCOBS"),
    "ENT-COURSE-CODE": put(f"{COURSE}/cda:code", code="00000-0"),
    "ENT-COURSE-SYSTEM": put(f"{COURSE}/cda:code", codeSystem="1.2.3"),
    "ENT-COURSE-TEXT": drop(f"{COURSE}/cda:text"),
    "ENT-COURSE-STATUS": put(f"{COURSE}/cda:statusCode", code="active"),
    "ENT-COURSE-VALUE": drop(f"{COURSE}/cda:value"),
    "ENT-COURSE-VALUE-NULL": put(f"{COURSE}/cda:value", nullFlavor="UNK"),
    "ENT-COURSE-VALUE-CODED": put(f"{COURSE}/cda:value", codeSystem=None),
    "ENT-COURSE-VALUE-JDV": put(f"{COURSE}/cda:value", code="00000-0"),
}

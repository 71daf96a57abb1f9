"""The entries of a report: a battery as an act, its specimens, results and comments (IHE PaLM; CI-SIS CR-BIO)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lxml import etree

from cda.elements import LOINC, element, original, reference, templates
from cda.laboratory.elements import coded, identified
from cda.laboratory.report import Battery, Interval, Moment, Quantity, Result, Specimen, Value, Words
from xds.metadata.codes import Code

_DATA = ("1.3.6.1.4.1.19376.1.3.1", "1.2.250.1.213.1.1.3.21")
_RESULT = ("1.3.6.1.4.1.19376.1.3.1.6", "1.2.250.1.213.1.1.3.80")
_SPECIMEN = "1.3.6.1.4.1.19376.1.3.1.2"
_COMMENT = ("2.16.840.1.113883.10.20.1.40", "1.3.6.1.4.1.19376.1.5.3.1.4.2", "1.2.250.1.213.1.1.3.32")
_COLLECTION = Code("33882-2", LOINC, "Date de prélèvement de l'échantillon")
_ANNOTATION = Code("48767-8", LOINC, "Commentaire")
_NORMAL = Code("N", "2.16.840.1.113883.5.83", "Normal")


def entry_of(battery: Battery, anchor: str) -> etree._Element:
    """The entry of a battery; `anchor` begins the ID of everything that its narrative shows."""
    act = element(
        "act",
        coded("code", battery.code or battery.chapter),
        element("statusCode", code=battery.status),
        *(_component(_specimen(one)) for one in battery.specimens),
        *(_component(_observation(one, f"{anchor}-r{rank}")) for rank, one in enumerate(battery.results, 1)),
        *_comments(battery.comments, anchor),
        classCode="ACT",
        moodCode="EVN",
    )
    return element("entry", templates(*_DATA), act, typeCode="DRIV")


def _component(one: etree._Element) -> etree._Element:
    return element("entryRelationship", one, typeCode="COMP")


def _specimen(one: Specimen) -> etree._Element:
    playing = element("playingEntity", coded("code", one.type)) if one.type is not None else None
    if playing is None and one.label:
        playing = element("playingEntity", element("name", one.label))
    role = element("participantRole", identified(one.id) if one.id else None, playing, classCode="SPEC")
    when = (
        element("effectiveTime", value=one.collected) if one.collected else element("effectiveTime", nullFlavor="UNK")
    )
    return element(
        "procedure",
        templates(_SPECIMEN),
        coded("code", _COLLECTION),
        when,
        element("participant", role, typeCode="PRD"),
        classCode="PROC",
        moodCode="EVN",
    )


def _observation(one: Result, anchor: str) -> etree._Element:
    shown = original(anchor)
    return element(
        "observation",
        templates(*_RESULT),
        coded("code", one.code, shown) if one.code is not None else element("code", shown, nullFlavor="UNK"),
        element("statusCode", code=one.status),
        element("effectiveTime", value=one.time) if one.time else element("effectiveTime", nullFlavor="UNK"),
        _value(one.value) if one.value is not None else None,
        *(coded("interpretationCode", flag) for flag in one.flags),
        element("methodCode", original(f"{anchor}-m")) if one.method else None,
        *_comments(one.comments, anchor),
        _range(one, anchor),
        classCode="OBS",
        moodCode="EVN",
    )


def _value(value: Value) -> etree._Element:
    match value:
        case Quantity():
            return element("value", xsi_type="PQ", value=value.value, unit=value.unit or None)
        case Interval():
            return _interval(value)
        case Code():
            return coded("value", value, xsi_type="CD")
        case Moment():
            return element("value", xsi_type="TS", value=value.time)
        case Words():
            return element("value", value.text, xsi_type="ST")


def _interval(one: Interval) -> etree._Element:
    closed = None if one.closed else "false"
    bounds = (
        element(tag, value=bound, unit=one.unit or None, inclusive=closed)
        for tag, bound in (("low", one.low), ("high", one.high))
        if bound
    )
    return element("value", *bounds, xsi_type="IVL_PQ")


def _range(one: Result, anchor: str) -> etree._Element | None:
    """What is usual: as numbers where they are, else as the narrative says it."""
    if not one.reference_shown:
        return None
    content: Iterable[etree._Element] = (element("text", reference(f"{anchor}-n")),)
    if one.reference is not None:
        content = (_interval(one.reference), coded("interpretationCode", _NORMAL))
    observed = element("observationRange", *content, classCode="OBS", moodCode="EVN.CRT")
    return element("referenceRange", observed, typeCode="REFV")


def _comments(comments: Sequence[str], anchor: str) -> Iterable[etree._Element]:
    for rank in range(1, len(comments) + 1):
        act = element(
            "act",
            templates(*_COMMENT),
            coded("code", _ANNOTATION),
            element("text", reference(f"{anchor}-c{rank}")),
            element("statusCode", code="completed"),
            classCode="ACT",
            moodCode="EVN",
        )
        yield element("entryRelationship", act, typeCode="SUBJ", inversionInd="true")

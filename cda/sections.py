"""The body of a CDA document as values: sections, and what their entries say (HL7 CDA R2 §4.3).

Reading never fails: what is missing is None or empty. It does not judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from cda.document import CDA_NAMESPACE, CdaDocument
from cda.narrative import anchors_of, words_of

_CDA = f"{{{CDA_NAMESPACE}}}"
_STATEMENTS = frozenset(
    f"{_CDA}{name}"
    for name in ("act", "observation", "procedure", "substanceAdministration", "supply", "encounter", "organizer")
)
_PRODUCT = f"{_CDA}consumable/{_CDA}manufacturedProduct/{_CDA}manufacturedMaterial"
_AGENT = f"{_CDA}participant/{_CDA}participantRole/{_CDA}playingEntity/{_CDA}code"
_INNER = (f"{_CDA}entryRelationship[@typeCode='SUBJ']", f"{_CDA}component")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one entry says: its `label` as a person would read it, `code` and `system` that say it, when from and to.

    `details` complete it: the agent of an allergy, the value of a habit, a dosage, a relative. `start` and `end` are TS
    as written. `anchors` are the narrative IDs that the entry points to, `templates` those of the
    statement that carries the meaning. `element` is that statement.
    """

    label: str | None
    details: tuple[str, ...]
    code: str | None
    system: str | None
    start: str | None
    end: str | None
    negated: bool
    anchors: tuple[str, ...]
    templates: frozenset[str]
    element: etree._Element


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section with its entries and its sub-sections; `text` is None when there is no narrative."""

    code: str | None
    title: str | None
    templates: frozenset[str]
    text: etree._Element | None
    entries: tuple[Entry, ...]
    sections: tuple[Section, ...]
    element: etree._Element

    def all(self) -> Iterator[Section]:
        """This section and all below it, in the order of the document."""
        yield self
        for one in self.sections:
            yield from one.all()


def read_sections(document: CdaDocument) -> tuple[Section, ...]:
    """The sections of the structured body, outermost first; none in a document of level 1."""
    anchors = anchors_of(document.root)
    found = document.root.iterfind(f"{_CDA}component/{_CDA}structuredBody/{_CDA}component/{_CDA}section")
    return tuple(_section(one, anchors) for one in found)


def _section(element: etree._Element, anchors: Mapping[str, etree._Element]) -> Section:
    code = element.find(f"{_CDA}code")
    title = element.find(f"{_CDA}title")
    return Section(
        code=None if code is None else code.get("code"),
        title=None if title is None else words_of(title) or None,
        templates=_templates(element),
        text=element.find(f"{_CDA}text"),
        entries=tuple(
            _entry(statement, anchors)
            for entry in element.iterchildren(f"{_CDA}entry")
            for statement in entry.iterchildren(*_STATEMENTS)
        ),
        sections=tuple(
            _section(one, anchors)
            for component in element.iterchildren(f"{_CDA}component")
            for one in component.iterchildren(f"{_CDA}section")
        ),
        element=element,
    )


def _entry(statement: etree._Element, anchors: Mapping[str, etree._Element]) -> Entry:
    said = _meaning(statement)
    coded = _coded(said)
    time = said.find(f"{_CDA}effectiveTime")
    start, end = (None, None) if time is None else _interval(time)
    label = _label(said, coded, anchors)
    return Entry(
        label=label,
        details=tuple(one for one in _details(statement, said, anchors) if one and one != label),
        code=None if coded is None else coded.get("code"),
        system=None if coded is None else coded.get("codeSystem"),
        start=start,
        end=end,
        negated=said.get("negationInd") == "true",
        anchors=tuple(
            value.removeprefix("#")
            for reference in statement.iter(f"{_CDA}reference")
            if (value := reference.get("value", "")).startswith("#")
        ),
        templates=_templates(said),
        element=said,
    )


def _meaning(statement: etree._Element) -> etree._Element:
    """A concern and an organizer carry no meaning of their own: that of the first observation in them."""
    if statement.tag not in (f"{_CDA}act", f"{_CDA}organizer"):
        return statement
    for path in _INNER:
        for holder in statement.iterfind(path):
            inner = next(holder.iterchildren(*_STATEMENTS), None)
            if inner is not None:
                return inner
    return statement


def _coded(said: etree._Element) -> etree._Element | None:
    """The element whose code says what the statement is about."""
    if said.tag == f"{_CDA}substanceAdministration":
        own = said.find(f"{_CDA}code")
        product = said.find(f"{_PRODUCT}/{_CDA}code")
        return own if (own is not None and own.get("code")) or product is None else product
    value = said.find(f"{_CDA}value")
    typed = None if value is None else value.get("{http://www.w3.org/2001/XMLSchema-instance}type")
    return value if typed in ("CD", "CE") else said.find(f"{_CDA}code")


def _label(said: etree._Element, coded: etree._Element | None, anchors: Mapping[str, etree._Element]) -> str | None:
    """The words of a person come first: the name of a product, the original text, the narrative; then the code's."""
    name = said.find(f"{_PRODUCT}/{_CDA}name")
    named = words_of(name) if name is not None else ""
    if coded is not None and not named:
        named = _referred(coded.find(f"{_CDA}originalText"), anchors) or coded.get("displayName", "")
    if not named:
        named = _referred(said.find(f"{_CDA}text"), anchors)
    return named or (coded.get("code") if coded is not None else None)


def _details(statement: etree._Element, said: etree._Element, anchors: Mapping[str, etree._Element]) -> Iterator[str]:
    relative = statement.find(f"{_CDA}subject/{_CDA}relatedSubject/{_CDA}code")
    if relative is not None:
        yield relative.get("displayName", "")
    for agent in said.iterfind(_AGENT):
        yield _referred(agent.find(f"{_CDA}originalText"), anchors) or agent.get("displayName", "")
    value = said.find(f"{_CDA}value")
    if value is not None and not value.get("code"):
        yield " ".join(filter(None, (value.get("value"), value.get("unit")))) or words_of(value)
    if said.tag == f"{_CDA}substanceAdministration":
        yield _referred(said.find(f"{_CDA}text"), anchors)


def _referred(text: etree._Element | None, anchors: Mapping[str, etree._Element]) -> str:
    """The words of an element, or of the narrative that it refers to."""
    if text is None:
        return ""
    reference = text.find(f"{_CDA}reference")
    if reference is None:
        return words_of(text)
    place = anchors.get(reference.get("value", "").removeprefix("#"))
    return words_of(place) if place is not None else words_of(text)


def _interval(time: etree._Element) -> tuple[str | None, str | None]:
    low, high = time.find(f"{_CDA}low"), time.find(f"{_CDA}high")
    start = time.get("value") if low is None else low.get("value")
    return start, None if high is None else high.get("value")


def _templates(element: etree._Element) -> frozenset[str]:
    return frozenset(one.get("root", "") for one in element.iterchildren(f"{_CDA}templateId"))

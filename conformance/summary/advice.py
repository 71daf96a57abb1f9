"""What makes a medical summary better, and never invalid: findings of severity `info` (HAS synthèse médicale)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from lxml import etree

from cda.document import CdaDocument
from cda.narrative import anchors_of
from cda.sections import Section
from conformance.places import Places
from conformance.report import Finding, Severity
from conformance.summary.reading import Said
from profiles.rule_texts import text_of

TEXTS = "medical_summary"
_CDA = "{urn:hl7-org:v3}"
_REASON = f"{_CDA}entryRelationship[@typeCode='RSON']"
_TREATMENT = "1.3.6.1.4.1.19376.1.5.3.1.4.7"
_EXPECTED = frozenset({"problems", "history", "procedures", "allergies", "treatments"})
_OF = {"problems": "conditions-text", "history": "conditions-text", "procedures": "conditions-text",
       "allergies": "conditions-text", "treatments": "plan-text"}  # fmt: skip

Advice = tuple[str, etree._Element, str | None, str | None]
"""A rule, the element that it is about, what was found and what was expected."""


def advise(document: CdaDocument, summary: Sequence[Said], today: date) -> tuple[Finding, ...]:
    """Everything that could be better, in the order of the rules."""
    places = Places(document.content, document.root)
    return tuple(finding(one, places) for check in _CHECKS for one in check(document, summary, today))


def finding(advice: Advice, places: Places) -> Finding:
    """One piece of advice as a finding of the layer `summary`."""
    rule, element, found, expected = advice
    path, line, column = places.tell(element)
    text = text_of(TEXTS, rule)
    return Finding(
        rule=rule,
        severity=Severity.INFO,
        source=text.source,
        path=path,
        line=line,
        column=column,
        found=found,
        expected=expected,
        message=text.message,
        message_en=text.message_en,
        hint=text.hint,
        hint_en=text.hint_en,
        layer="summary",
    )


def _twice(document: CdaDocument, summary: Sequence[Said], today: date) -> Iterator[Advice]:
    by_heading = {one.heading.heading: one for one in summary}
    current = {(one.code, one.system) for one in by_heading["problems"].entries if one.code}
    for entry in by_heading["history"].entries:
        if (entry.code, entry.system) in current:
            yield "HAS-TWICE", entry.element, entry.code, None


def _anchors(document: CdaDocument, summary: Sequence[Said], today: date) -> Iterator[Advice]:
    known = anchors_of(document.root).keys()
    for said in summary:
        for entry in (*said.entries, *said.denials):
            if not any(one in known for one in entry.anchors):
                yield "HAS-ANCHOR", entry.element, None, "text/reference"


def _nowhere(document: CdaDocument, summary: Sequence[Said], today: date) -> Iterator[Advice]:
    """References of an entry that lead to no ID, where others of it do: an entry without any is told by HAS-ANCHOR."""
    known = anchors_of(document.root).keys()
    for said in summary:
        for entry in (one for section in said.sections for one in section.element.iterchildren(f"{_CDA}entry")):
            references = [one for one in entry.iter(f"{_CDA}reference") if one.get("value", "").startswith("#")]
            astray = [one for one in references if one.get("value", "")[1:] not in known]
            if len(astray) < len(references):
                for one in astray:
                    yield "HAS-NOWHERE", one, one.get("value"), "the ID of an element of the narrative"


def _rows(document: CdaDocument, summary: Sequence[Said], today: date) -> Iterator[Advice]:
    for said in summary:
        for section in said.sections:
            if section.entries and section.text is not None:
                yield from _silent_rows(section, section.text)


def _silent_rows(section: Section, text: etree._Element) -> Iterator[Advice]:
    told = {anchor for entry in section.entries for anchor in entry.anchors}
    for row in text.iter(f"{_CDA}tr", f"{_CDA}item"):
        if next(row.iterancestors(f"{_CDA}thead"), None) is not None:
            continue
        names = {name for one in (row, *row.iterdescendants("*")) if (name := one.get("ID"))}
        if not names & told:
            yield "HAS-ROW", row, None, "an entry that refers to it"


def _reasons(document: CdaDocument, summary: Sequence[Said], today: date) -> Iterator[Advice]:
    for said in summary:
        if said.heading.heading != "treatments":
            continue
        for entry in said.entries:
            if _TREATMENT in entry.templates and entry.element.find(_REASON) is None:
                yield "HAS-REASON", entry.element, None, "entryRelationship[@typeCode='RSON']"


def _old(document: CdaDocument, summary: Sequence[Said], today: date) -> Iterator[Advice]:
    time = document.root.find(f"{_CDA}effectiveTime")
    value = "" if time is None else time.get("value", "")[:8]
    if time is None or not (len(value) == 8 and value.isdigit()):
        return
    limit = f"{today.year - 1:04}{today.month:02}{today.day:02}"
    if value < limit:
        yield "HAS-OLD", time, value, f"{limit} or later"


def _silent(document: CdaDocument, summary: Sequence[Said], today: date) -> Iterator[Advice]:
    texts = {one.heading.heading for one in summary}
    for said in summary:
        name = said.heading.heading
        if name in _EXPECTED and said.state == "absent" and _OF[name] not in texts:
            place = said.sections[0].element if said.sections else document.root
            yield "HAS-SILENT", place, None, said.heading.title


_CHECKS: Iterable[Callable[[CdaDocument, Sequence[Said], date], Iterator[Advice]]] = (
    _twice,
    _anchors,
    _nowhere,
    _rows,
    _reasons,
    _old,
    _silent,
)

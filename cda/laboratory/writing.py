"""A laboratory report as a CDA of level 3: chapters, their batteries as tables, and the same as entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lxml import etree

from cda.elements import CDA, build, element, templates
from cda.laboratory.elements import LAB_PREFIXES, coded, lines
from cda.laboratory.entries import entry_of
from cda.laboratory.header import header_of
from cda.laboratory.report import Battery, LaboratoryReport, Moment, Result, Specimen
from xds.metadata.codes import Code

_CHAPTER = ("1.3.6.1.4.1.19376.1.3.3.2.1", "1.2.250.1.213.1.1.2.70")
_BATTERY = ("1.3.6.1.4.1.19376.1.3.3.2.2", "1.2.250.1.213.1.1.2.71")
_HEADINGS = ("Examen", "Résultat", "Valeurs de référence", "Remarques")


def write_report(report: LaboratoryReport) -> bytes:
    """The document, in UTF-8: the same bytes for the same report."""
    chapters: dict[Code, list[Battery]] = {}
    for battery in report.batteries:
        chapters.setdefault(battery.chapter, []).append(battery)
    sections = [_chapter(chapter, batteries, rank) for rank, (chapter, batteries) in enumerate(chapters.items(), 1)]
    body = element("structuredBody", *(element("component", one) for one in sections))
    content = (*header_of(report), element("component", body))
    document = build(f"{{{CDA}}}ClinicalDocument", content, prefixes=LAB_PREFIXES)
    etree.cleanup_namespaces(document, keep_ns_prefixes=["xsi", "lab"])
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8")


def _chapter(chapter: Code, batteries: Sequence[Battery], rank: int) -> etree._Element:
    return element(
        "section",
        templates(*_CHAPTER),
        coded("code", chapter),
        element("title", chapter.display),
        *(element("component", _battery(one, f"b{rank}-{at}")) for at, one in enumerate(batteries, 1)),
    )


def _battery(battery: Battery, anchor: str) -> etree._Element:
    return element(
        "section",
        templates(*_BATTERY),
        coded("code", battery.code or battery.chapter),
        element("title", battery.label),
        element("text", *_narrative(battery, anchor)),
        entry_of(battery, anchor),
    )


def _narrative(battery: Battery, anchor: str) -> Iterable[etree._Element]:
    for specimen in battery.specimens:
        yield element("paragraph", _said_of(specimen))
    head = element("thead", element("tr", *(element("th", word) for word in _HEADINGS)))
    rows = (_row(one, f"{anchor}-r{rank}") for rank, one in enumerate(battery.results, 1))
    yield element("table", head, element("tbody", *rows), border="0")
    for rank, comment in enumerate(battery.comments, 1):
        yield element("paragraph", lines("content", comment, f"{anchor}-c{rank}"))


def _said_of(specimen: Specimen) -> str:
    words = [f"Prélèvement : {specimen.label}" if specimen.label else "Prélèvement"]
    if specimen.id is not None and specimen.id.extension:
        words.append(f"n° {specimen.id.extension}")
    if specimen.collected:
        words.append(_said(specimen.collected))
    return ", ".join(words)


def _row(one: Result, anchor: str) -> etree._Element:
    exam = element("td", lines("content", one.label, anchor))
    if one.method:
        exam.append(element("br"))
        exam.append(lines("content", f"({one.method})", f"{anchor}-m"))
    usual = element("td", lines("content", one.reference_shown, f"{anchor}-n") if one.reference_shown else None)
    remarks = element("td")
    said = [*(flag.display for flag in one.flags if flag.code != "N"), one.note, _said(one.time) if one.time else ""]
    remarks.append(lines("content", "\n".join(filter(None, said))))
    for rank, comment in enumerate(one.comments, 1):
        remarks.append(element("br"))
        remarks.append(lines("content", comment, f"{anchor}-c{rank}"))
    shown = _said(one.value.time) if isinstance(one.value, Moment) else one.shown
    return element("tr", exam, element("td", lines("content", shown)), usual, remarks)


def _said(time: str) -> str:
    """A TS as a reader takes it, in its own offset: `04/01/2021 07:35`."""
    digits = time.partition("+")[0].partition("-")[0]
    day = "/".join(filter(None, (digits[6:8], digits[4:6], digits[:4])))
    return f"{day} {digits[8:10]}:{digits[10:12]}" if len(digits) >= 12 else day

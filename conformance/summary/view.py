"""The clinical view of a medical summary: its headings, what could be better, whether it fits on one page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Literal, cast

from cda.document import CdaDocument
from cda.rendering.pages import Pages, lay_out
from conformance.places import Places
from conformance.report import Finding, Heading, Report, Summary
from conformance.summary.advice import advise, finding
from conformance.summary.reading import Said, read_summary

State = Literal["present", "absent", "empty", "unknown"]


def with_summary(report: Report, document: CdaDocument, *, today: date, pages: bool = False) -> Report:
    """The report with the clinical view and its advice; with `pages` the document is laid out on A4 as well.

    Raises RenderingMissing: `pages`, and the optional library that lays out is not installed.
    """
    said = read_summary(document)
    places = Places(document.content, document.root)
    advice = advise(document, said, today)
    laid_out = lay_out(document) if pages else None
    if laid_out is not None and laid_out.count > 1:
        advice = (*advice, _overflow(document, laid_out, places))
    summary = Summary(
        headings=tuple(_heading(one, places) for one in said),
        pages=None if laid_out is None else laid_out.count,
        overflow=None if laid_out is None else laid_out.overflow,
    )
    return replace(report, findings=(*report.findings, *advice), summary=summary)


def _heading(said: Said, places: Places) -> Heading:
    path, line, _ = places.tell(said.sections[0].element if said.sections else None)
    return Heading(
        title=said.heading.title,
        title_en=said.heading.title_en,
        loinc=said.heading.loinc,
        state=cast("State", said.state),
        items=tuple(said.items()),
        path=path,
        line=line,
    )


def _overflow(document: CdaDocument, pages: Pages, places: Places) -> Finding:
    found = f"{pages.count} pages; {pages.overflow}" if pages.overflow else f"{pages.count} pages"
    return finding(("HAS-ONE-PAGE", document.root, found, "1 page"), places)

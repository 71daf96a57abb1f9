"""Documents that something else carries: judged, compared with their metadata, told at the place that they lie in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from cda.document import CdaDocument, UnreadableDocument, parse_document
from conformance.checks.agreement import Disagreement, disagreements
from conformance.diagnosis import diagnose
from conformance.report import Finding, Report, Severity
from conformance.validate import validate_document
from profiles.rule_texts import text_of
from xds.errors import Severity as ErrorSeverity
from xds.metadata.document_entry import DocumentEntry

AGREEMENT: Final = "agreement"
_MOST: Final = 1000
"""How many findings are looked for in one document."""
_SEVERITIES = {ErrorSeverity.ERROR: Severity.ERROR, ErrorSeverity.WARNING: Severity.WARNING}


def judge_carried(content: bytes, entry: DocumentEntry, asked: dict[str, bool]) -> Iterator[Finding]:
    """Everything about a CDA document and its entry, at places of the document; layers are added to `asked`."""
    try:
        document = parse_document(content)
    except UnreadableDocument as error:
        asked.setdefault(AGREEMENT, False)
        yield from diagnose(content, error).findings
        return
    asked[AGREEMENT] = True
    report = _validated(document)
    asked |= {layer.name: layer.asked for layer in report.layers}
    yield from map(_of_disagreement, disagreements(entry, document))
    yield from report.findings


def placed(one: Finding, carrier: str, line: int = 0, column: int = 0) -> Finding:
    """A finding on a document at the place of its bytes: its path says where in the document it is."""
    place = f" ({one.line}:{one.column})" if one.line else ""
    return replace(one, path=f"{carrier}{one.path}{place}", line=line, column=column, repair=())


def _validated(document: CdaDocument) -> Report:
    """The verdict: an error is found behind any number of warnings."""
    report = validate_document(document, at_most=_MOST)
    if len(report.findings) >= _MOST and report.valid:
        report = validate_document(document, at_most=_MOST, errors_only=True)
    return report


def _of_disagreement(one: Disagreement) -> Finding:
    text = text_of("xds_metadata", one.rule)
    return Finding(
        rule=one.rule,
        severity=_SEVERITIES[one.severity],
        source=text.source,
        path=one.place,
        line=0,
        column=0,
        found=one.found,
        expected=one.expected,
        message=text.message,
        message_en=text.message_en,
        hint=text.hint,
        hint_en=text.hint_en,
        layer=AGREEMENT,
    )

"""The documents that a resource carries: do they agree with their metadata, does each follow its own profile?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from cda.document import CdaDocument, UnreadableDocument, parse_document
from conformance.checks.agreement import Disagreement, disagreements
from conformance.diagnosis import diagnose
from conformance.fhir.findings import AGREEMENT, Places, as_finding
from conformance.fhir.judged import Carried
from conformance.fhir.leniency import EMPTY, is_empty
from conformance.report import Finding, Report, Severity
from conformance.validate import validate_document
from profiles.rule_texts import text_of
from xds.errors import RegistryError, XdsErrorCode
from xds.errors import Severity as ErrorSeverity
from xds.mhd.composition import MIME_TYPE as FHIR_MIME_TYPE

_MOST: Final = 1000
"""How many findings are looked for in one document."""
_SEVERITIES = {ErrorSeverity.ERROR: Severity.ERROR, ErrorSeverity.WARNING: Severity.WARNING}


def check_documents(
    documents: Iterable[Carried], places: Places, asked: dict[str, bool], *, lenient: bool
) -> list[Finding]:
    """Everything about the documents; layers that were asked are added to `asked`. One in FHIR is judged elsewhere."""
    findings: list[Finding] = []
    for one in documents:
        if one.entry.mime_type == FHIR_MIME_TYPE:
            continue
        if is_empty(one.content):
            asked.setdefault(AGREEMENT, False)
            findings.append(as_finding(_empty(one, lenient=lenient), {}, places))
        else:
            findings += _of_document(one, places, asked)
    return findings


def _of_document(carried: Carried, places: Places, asked: dict[str, bool]) -> Iterator[Finding]:
    line, column = places.of(carried.path)
    try:
        document = parse_document(carried.content)
    except UnreadableDocument as error:
        asked.setdefault(AGREEMENT, False)
        told: Iterable[Finding] = diagnose(carried.content, error).findings
    else:
        asked[AGREEMENT] = True
        report = _validated(document)
        asked |= {layer.name: layer.asked for layer in report.layers}
        told = (*map(_of_disagreement, disagreements(carried.entry, document)), *report.findings)
    for one in told:
        place = f" ({one.line}:{one.column})" if one.line else ""
        yield replace(one, path=f"{carried.path}{one.path}{place}", line=line, column=column, repair=())


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


def _empty(carried: Carried, *, lenient: bool) -> RegistryError:
    """One finding: everything else that such a document lacks goes without saying."""
    severity = ErrorSeverity.WARNING if lenient else ErrorSeverity.ERROR
    text = "the document has no header"
    return RegistryError(XdsErrorCode.INVALID_DOCUMENT_CONTENT, text, carried.path, severity, EMPTY, text, "a header")

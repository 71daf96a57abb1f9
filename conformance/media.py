"""validate_medium(medium) -> Report: is a medium right, does it agree with its documents, are they valid?

The rules of media (IHE XDM) are those of `xds.xdm`; documents are judged by their own profiles (ITI TF-2 §3.32).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from cda.document import CdaDocument, UnreadableDocument, parse_document
from cda.to_metadata import CDA_MIME_TYPE
from conformance.catalogue import LAYERS, XDM
from conformance.checks.agreement import disagreements
from conformance.diagnosis import diagnose
from conformance.report import Finding, LayerResult, Report, Severity
from conformance.validate import validate_document
from profiles.rule_texts import text_of
from xds.errors import Severity as ErrorSeverity
from xds.metadata.association import AssociationType
from xds.metadata.document_entry import DocumentEntry
from xds.xdm import media as xdm
from xds.xdm.reader import read_medium
from xds.xdm.rules import Rule, rule_of
from xds.xdm.tree import DEFAULT, Limits, UnusableMedium
from xds.xdm.verify import verify

MEDIUM, AGREEMENT = "medium", "agreement"
UNPACKED: Final = Limits(archive=64 * 1024 * 1024, file=64 * 1024 * 1024, total=128 * 1024 * 1024)
"""What is unpacked to judge an archive with its documents."""
_TITLES = {
    MEDIUM: ("Support XDM", "XDM medium"),
    AGREEMENT: ("Accord avec les documents", "Agreement with the documents"),
    **LAYERS,
}
_SEVERITIES = {ErrorSeverity.ERROR: Severity.ERROR, ErrorSeverity.WARNING: Severity.WARNING}
_UNUSABLE = Rule("ITI TF-2 §3.32", "Le support ne peut pas être lu sans risque.", "The medium cannot be read safely.")
_MOST: Final = 1000
"""How many findings are looked for in one document."""


def verify_medium(source: Path | bytes, limits: Limits = DEFAULT) -> Report:
    """Judge a medium, not its documents. One that cannot be read safely has a report without profile."""
    try:
        findings = list(map(_of_medium, verify(read_medium(source, limits))))
    except UnusableMedium as error:
        return _unusable(str(error))
    return Report(XDM, tuple(findings), layers=tuple(_layers(findings, {MEDIUM: True})))


def validate_medium(content: bytes) -> Report:
    """Judge an archive, each CDA document on it, and whether each agrees with its metadata.

    Findings on a document have its name on the medium before their path, and no line: their path says where. What
    signs a set is no document that a profile judges.
    """
    try:
        medium = read_medium(content, UNPACKED)
        findings = [_of_medium(one) for one in verify(medium)]
    except UnusableMedium as error:
        return _unusable(str(error))
    asked = {MEDIUM: True}
    for submission in medium.submissions:
        signing = {
            one.source for one in submission.request.associations if one.association_type is AssociationType.SIGNS
        }
        for one in submission.documents:
            is_cda = one.entry.mime_type == CDA_MIME_TYPE and one.entry.entry_uuid not in signing
            if one.content is not None and one.path is not None and is_cda:
                findings += _of_document(one.path, one.entry, one.content, asked)
    return Report(XDM, tuple(findings), layers=tuple(_layers(findings, asked)))


def _of_document(name: str, entry: DocumentEntry, content: bytes, asked: dict[str, bool]) -> Iterator[Finding]:
    try:
        document = parse_document(content)
    except UnreadableDocument as error:
        asked.setdefault(AGREEMENT, False)
        told = diagnose(content, error).findings
    else:
        asked[AGREEMENT] = True
        report = _validated(document)
        asked |= {layer.name: layer.asked for layer in report.layers}
        told = (*_disagreements(entry, document), *report.findings)
    for one in told:
        place = f" ({one.line}:{one.column})" if one.line else ""
        yield replace(one, path=f"{name}{one.path}{place}", line=0, column=0, repair=())


def _validated(document: CdaDocument) -> Report:
    """The verdict: an error is found behind any number of warnings."""
    report = validate_document(document, at_most=_MOST)
    if len(report.findings) >= _MOST and report.valid:
        report = validate_document(document, at_most=_MOST, errors_only=True)
    return report


def _disagreements(entry: DocumentEntry, document: CdaDocument) -> Iterator[Finding]:
    for one in disagreements(entry, document):
        text = text_of("xds_metadata", one.rule)
        yield Finding(
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


def _of_medium(one: xdm.Finding) -> Finding:
    told = _finding(one.rule, rule_of(one.rule), Severity(one.severity), one.where, one.found, one.expected)
    text = text_of("xds_metadata", one.rule)
    return told if not text.message else replace(
        told, source=text.source, message=text.message, message_en=text.message_en, hint=text.hint,
        hint_en=text.hint_en,
    )  # fmt: skip


def _unusable(reason: str) -> Report:
    return Report(None, (_finding("XDM-UNUSABLE", _UNUSABLE, Severity.ERROR, "", reason, None),))


def _finding(
    identifier: str, rule: Rule, severity: Severity, path: str, found: str | None, expected: str | None
) -> Finding:
    return Finding(
        rule=identifier,
        severity=severity,
        source=rule.source,
        path=path,
        line=0,
        column=0,
        found=found,
        expected=expected,
        message=rule.fr,
        message_en=rule.en,
        layer=MEDIUM,
    )


def _layers(findings: list[Finding], asked: dict[str, bool]) -> Iterator[LayerResult]:
    counted = Counter((one.layer, one.severity) for one in findings)
    for name, was_asked in asked.items():
        title, title_en = _TITLES[name]
        yield LayerResult(
            name=name,
            title=title,
            title_en=title_en,
            asked=was_asked,
            errors=counted[name, Severity.ERROR],
            warnings=counted[name, Severity.WARNING],
        )

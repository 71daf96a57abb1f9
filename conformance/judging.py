"""Bytes judged: a document, metadata, a message of HL7 v2, a resource of FHIR, a medium, or nothing of these.

Every face asks here: the command line, the page of the sandbox, its HTTP interface. A judge travels between processes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Protocol

from cda.document import CdaDocument, UnreadableDocument, parse_document
from conformance import notes
from conformance.catalogue import (
    FHIR_PROFILES,
    HEADER,
    HL7V2_PROFILES,
    IPS_FR,
    MEDIA_PROFILES,
    METADATA_DMP,
    METADATA_PROFILES,
    PROFILES,
    VSM_1_4,
    VSM_2023,
)
from conformance.incidents import incident
from conformance.kinds import Kind, is_message, kind_of
from conformance.report import Finding, Report, Severity, unreadable
from conformance.validate import profile_of, validate_document
from security import xml
from security.errors import MalformedMessage

VSM = "vsm"
SUMMARIES = frozenset((VSM_1_4, VSM_2023, IPS_FR))
FINDINGS_AT_MOST = 10_000
"""How many findings are looked for in one document: nobody mends more at a time, and each costs time and memory."""
FINDINGS_SOUGHT = 30_000
"""How many are looked for in a document that has no error yet."""
OF_CDA = (*PROFILES, VSM)
ASKED = (*OF_CDA, *METADATA_PROFILES, *HL7V2_PROFILES, *FHIR_PROFILES, *MEDIA_PROFILES)
"""What a profile may be asked for by: a name of the catalogue, or `vsm`, whichever version the document names."""
_KINDS = (
    dict.fromkeys(HL7V2_PROFILES, Kind.MESSAGE)
    | dict.fromkeys(FHIR_PROFILES, Kind.RESOURCE)
    | dict.fromkeys(MEDIA_PROFILES, Kind.MEDIUM)
)


class Chain(Protocol):
    """Another chain of validation than ours: an imported pack."""

    def validate(self, document: CdaDocument, *, at_most: int | None = None) -> Report:
        """Its verdict on a document; the search ends after `at_most` findings, if given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """How bytes are judged.

    `profile` is one of ASKED, None to go by what the bytes say they are. With a `pack` our own rules are asked only
    when `ours`. `view` adds the clinical view of a medical summary as of that day, `pages` lays it out as well.
    `documents` are those that metadata are compared with, by name: what is judged must then be a message. What a
    lenient interface in FHIR admits is a warning when `lenient`.
    """

    profile: str | None = None
    pack: Chain | None = None
    ours: bool = False
    language: str = "fr"
    view: date | None = None
    pages: bool = False
    documents: Mapping[str, bytes] = field(default_factory=dict)
    lenient: bool = False

    def __call__(self, content: bytes | Path) -> Report:
        """The verdict on bytes, or on a medium by its directory.

        What cannot be judged has a report that says why, be it a fault of ours (`incident`).

        Raises RenderingMissing: `pages`, and the optional library that lays out is not installed.
        """
        try:
            return self._verdict(content) if isinstance(content, bytes) else _medium(content)
        except Exception as error:
            from cda.rendering.pages import RenderingMissing

            if isinstance(error, RenderingMissing):
                raise
            return incident(error)

    def _verdict(self, content: bytes) -> Report:
        kind = kind_of(content) if self.profile is None else _KINDS.get(self.profile)
        if kind is Kind.MESSAGE:
            return self._hl7v2(content)
        if kind is Kind.RESOURCE:
            from conformance.fhir.validation import validate_resource

            return validate_resource(content, self.profile, lenient=self.lenient, language=self.language)
        if kind is Kind.MEDIUM:
            return _medium(content)
        if self._is_of_metadata(content):
            return self._metadata(content)
        try:
            document = parse_document(content)
        except UnreadableDocument as error:
            from conformance.diagnosis import diagnose

            return diagnose(content, error)
        report = self._report(document)
        said = [notes.foreign(document, self.language)]
        if report.profile in SUMMARIES:
            said.append(notes.several_models(document, report.profile, self.language))
        if self.profile in PROFILES and self.profile not in (HEADER, named := profile_of(document)):
            said.append(notes.another_profile(named, self.profile, self.language))
        return replace(report, notes=(*report.notes, *(one for one in said if one)))

    def _is_of_metadata(self, content: bytes) -> bool:
        if self.profile is not None:
            return self.profile in METADATA_PROFILES
        return bool(self.documents) or _is_submission(content)

    def _metadata(self, content: bytes) -> Report:
        from conformance.submissions import validate_submission

        try:
            report = validate_submission(content, self.profile or METADATA_DMP, self.documents)
        except UnreadableDocument as error:
            if isinstance(error.__cause__, MalformedMessage):
                from conformance.diagnosis import diagnose

                return diagnose(content, error)
            return unreadable(
                str(error),
                expected="a request of ITI-41, ITI-42 or ITI-61",
                message="Le fichier n'est pas un message de métadonnées XDS.",
                message_en="The file is not a message of XDS metadata.",
                hint="Donnez la requête ITI-41, ITI-42 ou ITI-61, nue ou dans son enveloppe SOAP ; "
                "un document CDA se juge sans --profile ni --with.",
                hint_en="Name the request of ITI-41, ITI-42 or ITI-61, bare or in its SOAP envelope; "
                "a CDA document is judged without --profile and --with.",
            )

        return replace(report, findings=tuple(map(_apart, report.findings)))

    def _hl7v2(self, content: bytes) -> Report:
        from conformance.carried import AGREEMENT
        from conformance.messages import RESULTS, validate_message

        report = validate_message(content) if is_message(content) else None
        if report is not None and self.profile in (None, report.profile):
            made = {RESULTS, AGREEMENT} <= {layer.name for layer in report.layers}
            return replace(report, notes=(*report.notes, notes.made(self.language))) if made else report
        wanted = HL7V2_PROFILES[self.profile].title_en if self.profile else "a message of HL7 v2"
        return unreadable(
            "not such a message of HL7 v2",
            expected=wanted,
            message="Le fichier n'est pas un message HL7 v2 de ce profil.",
            message_en="The file is not a message of HL7 v2 of that profile.",
            hint="Un message commence par MSH ; sans --profile, il est jugé d'après son type.",
            hint_en="A message begins with MSH; without --profile it is judged by its type.",
        )

    def _report(self, document: CdaDocument) -> Report:
        if self.pack is not None and not self.ours:
            report = _bounded(self.pack.validate, document, self.language)
        else:
            report = _bounded(partial(validate_document, profile=self._profile(document)), document, self.language)
            if self.pack is not None:
                report = _both(report, _bounded(self.pack.validate, document, self.language))
        if self.view is None or profile_of(document) not in SUMMARIES:
            return report
        from conformance.summary.view import with_summary

        return with_summary(report, document, today=self.view, pages=self.pages)

    def _profile(self, document: CdaDocument) -> str | None:
        if self.profile != VSM:
            return self.profile
        named = profile_of(document)
        return named if named in (VSM_1_4, VSM_2023) else VSM_2023


def _medium(source: bytes | Path) -> Report:
    from conformance.media import validate_medium

    return validate_medium(source)


def _is_submission(content: bytes) -> bool:
    """Whether these bytes are a message of ITI-41, ITI-42 or ITI-61. Most are not, and are not parsed for it."""
    if b"SubmitObjectsRequest" not in content:
        return False
    from conformance.submissions import submission_of

    try:
        return submission_of(xml.parse(content, xml.DOCUMENT)) is not None
    except MalformedMessage:
        return False


def _apart(finding: Finding) -> Finding:
    """A finding on a document that came with the message has no line there: its path tells where it is."""
    if finding.path.startswith("/") or not finding.line:
        return finding
    return replace(finding, path=f"{finding.path} ({finding.line}:{finding.column})", line=0, column=0)


def _bounded(chain: Callable[..., Report], document: CdaDocument, language: str) -> Report:
    """The verdict of a chain, with no more findings than anybody reads.

    A document with so many warnings and no error yet is searched further: the verdict must be right, or be none.
    """
    report = chain(document, at_most=FINDINGS_AT_MOST)
    if len(report.findings) >= FINDINGS_AT_MOST and report.valid:
        report = chain(document, at_most=FINDINGS_SOUGHT)
        if len(report.findings) >= FINDINGS_SOUGHT and report.valid:
            return unreadable(
                f"more than {FINDINGS_SOUGHT} warnings",
                expected="fewer warnings",
                message="Le document a trop d'avertissements pour être jugé jusqu'au bout.",
                message_en="The document has too many warnings to be judged to its end.",
                hint="Corrigez ce qui se répète, ou coupez-le en plusieurs documents.",
                hint_en="Mend what repeats itself, or cut it into several documents.",
            )
    if len(report.findings) < FINDINGS_AT_MOST:
        return report
    first = sorted(report.findings, key=lambda one: one.severity is not Severity.ERROR)[:FINDINGS_AT_MOST]
    kept = tuple(sorted(first, key=lambda one: (one.line, one.column)))
    return replace(report, findings=kept, notes=(notes.cut(FINDINGS_AT_MOST, language), *report.notes))


def _both(ours: Report, theirs: Report) -> Report:
    """Two verdicts as one: valid when both are. The layers of the pack bear its name before their own."""
    pack = theirs.profile
    renamed = [replace(one, layer=f"{pack}/{one.layer}") for one in theirs.findings]
    layers = [
        replace(one, name=f"{pack}/{one.name}", title=f"{pack} · {one.title}", title_en=f"{pack} · {one.title_en}")
        for one in theirs.layers
    ]
    findings = sorted((*ours.findings, *renamed), key=lambda one: (one.line, one.column))
    return Report(
        f"{ours.profile} + {pack}",
        tuple(findings),
        ours.document_type or theirs.document_type,
        (*ours.layers, *layers),
        (*ours.notes, *theirs.notes),
        ours.summary or theirs.summary,
    )

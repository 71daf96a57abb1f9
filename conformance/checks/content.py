"""Does a deposited document conform to its profile, and does the door refuse it for that? (CI-SIS; DMP TD2.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cda.document import CdaDocument
from conformance.checks.self_presented import MIME_TYPE, check_self_presented, is_self_presented
from conformance.report import Finding
from conformance.validate import IPS_FR, VSM_1_4, VSM_2023, profile_of, validate_document
from xds.errors import RegistryError, Severity, XdsErrorCode
from xds.metadata.document_entry import DocumentEntry

FINDINGS_AT_MOST = 50
FINDINGS_SOUGHT = 1000
VSM_FORMAT = "urn:asip:ci-sis:vsm:2012"
SUMMARIES = frozenset((VSM_1_4, VSM_2023, IPS_FR))


@dataclass(frozen=True, slots=True)
class ContentPolicy:
    """What a door does with what validation finds: *valid* is not *accepted*.

    Errors refuse a document of a profile in `refused`, and are told as warnings for a profile in `reported`; documents
    of any other profile are not judged. Rules in `only_reported` never refuse; an id that ends with `*` stands for all
    that start like it.
    """

    refused: frozenset[str] = SUMMARIES
    reported: frozenset[str] = frozenset()
    only_reported: frozenset[str] = field(default_factory=frozenset)

    def refuses(self, finding: Finding, profile: str) -> bool:
        """Whether this finding alone keeps the document out."""
        return profile in self.refused and not self._is_only_reported(finding.rule)

    def _is_only_reported(self, rule: str) -> bool:
        return any(
            rule.startswith(one.removesuffix("*")) if one.endswith("*") else rule == one for one in self.only_reported
        )


def check_content(entry: DocumentEntry, document: CdaDocument, policy: ContentPolicy) -> tuple[RegistryError, ...]:
    """Validate a document: an error for each finding that refuses it, a warning for each that is only reported.

    The profile is that of its templateIds; a document whose formatCode says medical summary is judged as one, whatever
    it says itself. At most FINDINGS_AT_MOST are told, those that refuse first; prose-only findings are not.
    """
    profile = profile_of(document)
    declared = entry.format_code is not None and entry.format_code.code == VSM_FORMAT
    if declared and profile not in SUMMARIES:
        profile = VSM_2023
    if profile not in policy.refused | policy.reported:
        return ()
    findings = validate_document(document, profile, at_most=FINDINGS_SOUGHT, errors_only=True).errors
    refusing = [one for one in findings if policy.refuses(one, profile)]
    others = [one for one in findings if not policy.refuses(one, profile)]
    return (
        *_spelled(entry.unique_id, refusing, Severity.ERROR),
        *_spelled(entry.unique_id, others, Severity.WARNING),
    )


def check_presentation(entry: DocumentEntry, document: CdaDocument) -> tuple[RegistryError, ...]:
    """Errors of a document that presents itself, by its mimeType or by what is in it: scripts and external links.

    No policy of the door lets them in (DMP EX_2.1-1115).
    """
    if entry.mime_type != MIME_TYPE and not is_self_presented(document):
        return ()
    return tuple(_spelled(entry.unique_id, list(check_self_presented(document)), Severity.ERROR))


def _spelled(unique_id: str, findings: list[Finding], severity: Severity) -> Iterator[RegistryError]:
    for finding in findings[:FINDINGS_AT_MOST]:
        yield _error(unique_id, finding, severity)
    if len(findings) > FINDINGS_AT_MOST:
        more = f"{unique_id}: {len(findings) - FINDINGS_AT_MOST} more findings are not listed"
        yield RegistryError(XdsErrorCode.INVALID_DOCUMENT_CONTENT, more, "/ClinicalDocument", severity)


def _error(unique_id: str, finding: Finding, severity: Severity) -> RegistryError:
    where = f"{finding.path} (line {finding.line}, column {finding.column})"
    met = [] if finding.found == "" else [f"found {finding.found or 'none'}"]
    met += [] if finding.expected is None else [f"expected {finding.expected}"]
    told = ", ".join(met)
    text = f"{unique_id}: {finding.rule} {where}: {finding.message_en} {told[:1].upper()}{told[1:]}".rstrip()
    return RegistryError(XdsErrorCode.INVALID_DOCUMENT_CONTENT, text, finding.path, severity)

"""The documents that a resource carries: do they agree with their metadata, does each follow its own profile?"""

from __future__ import annotations

from collections.abc import Iterable

from conformance.carried import judge_carried, placed
from conformance.fhir.findings import AGREEMENT, Places, as_finding
from conformance.fhir.judged import Carried
from conformance.fhir.leniency import EMPTY, is_empty
from conformance.report import Finding
from xds.errors import RegistryError, XdsErrorCode
from xds.errors import Severity as ErrorSeverity
from xds.mhd.composition import MIME_TYPE as FHIR_MIME_TYPE


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
            line, column = places.of(one.path)
            told = judge_carried(one.content, one.entry, asked)
            findings += (placed(finding, one.path, line, column) for finding in told)
    return findings


def _empty(carried: Carried, *, lenient: bool) -> RegistryError:
    """One finding: everything else that such a document lacks goes without saying."""
    severity = ErrorSeverity.WARNING if lenient else ErrorSeverity.ERROR
    text = "the document has no header"
    return RegistryError(XdsErrorCode.INVALID_DOCUMENT_CONTENT, text, carried.path, severity, EMPTY, text, "a header")

"""What a door refuses by itself, spelled as an OperationOutcome (FHIR R4 §2.31; IHE MHD 4.2.4 §2:3.65.4.1.3).

What a use case refuses is spelled by `xds.mhd.outcome`, in the words that SOAP has for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from gateway.wire.faults import FRENCH, NotAvailable
from security.errors import ErrorKind, MalformedMessage, SecurityError
from xds.errors import XdsErrorCode
from xds.mhd.outcome import ERROR_SYSTEM

_UNAUTHENTICATED = ("SIG_", "ASSERTION_")
_NOT_ADMITTED = ("CERT_", "CHANNEL_", "REVOCATION_", "TLS_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One issue. `code` is one of http://hl7.org/fhir/issue-type, `reason` our word for it, which software reads.

    `text` is for people; `diagnostics` says what was found and expected, never patient data; `expression` is FHIRPath.
    """

    code: str
    diagnostics: str
    reason: str = ""
    text: str = ""
    severity: Literal["fatal", "error", "warning", "information"] = "error"
    expression: str = ""

    def as_fhir(self) -> dict[str, Any]:
        """The element."""
        issue: dict[str, Any] = {"severity": self.severity, "code": self.code}
        details: dict[str, Any] = {}
        if self.reason:
            details["coding"] = [{"system": ERROR_SYSTEM, "code": self.reason}]
        if self.text:
            details["text"] = self.text
        if details:
            issue["details"] = details
        issue["diagnostics"] = self.diagnostics
        return {**issue, "expression": [self.expression]} if self.expression else issue


class FhirRefused(MalformedMessage):
    """What the wire refuses by itself: an address, a method, a media type, a resource, a condition.

    `status` is that of HTTP, `issues` are all that was found, never empty; `allow` lists the methods of a 405:
    it may be empty, which says that there is none (RFC 9110 §10.2.1).
    """

    def __init__(
        self,
        status: int,
        issues: Iterable[Issue],
        *,
        kind: ErrorKind = ErrorKind.FHIR_STRUCTURE,
        allow: str | None = None,
    ) -> None:
        self.status, self.issues, self.allow = status, tuple(issues), allow
        first = self.issues[0]
        super().__init__(kind, first.diagnostics, code=first.reason or str(kind))


def write_outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """The resource, its issues in order."""
    return {"resourceType": "OperationOutcome", "issue": [issue.as_fhir() for issue in issues]}


def refusal_of(
    error: SecurityError | NotAvailable | None, request_id: str, *, known: bool
) -> tuple[int, tuple[Issue, ...]]:
    """Status and issues of what a door refuses; None: an incident of ours, of which nothing but its number is told.

    `known`: the caller was believed, so that a signature or a certificate at fault is in what he sent, not his own.
    """
    if error is None:
        text = f"Erreur interne, incident {request_id}."
        said = Issue(
            severity="fatal", code="exception", text=text, diagnostics=f"Internal error, incident {request_id}."
        )
        return 500, (said,)
    if isinstance(error, NotAvailable):
        return 503, (Issue(code="transient", reason=error.code, text=error.french, diagnostics=error.english),)
    if isinstance(error, FhirRefused):
        return error.status, error.issues
    status, code = _form_of(error, known=known)
    return status, (Issue(code=code, reason=error.code, text=FRENCH[error.kind], diagnostics=error.text),)


def _form_of(error: SecurityError, *, known: bool) -> tuple[int, str]:
    kind = str(error.kind)
    if error.code == XdsErrorCode.DMP_ACCESS_DENIED:
        return 403, "forbidden"
    if kind.startswith((*_UNAUTHENTICATED, *_NOT_ADMITTED)) and known:
        return 422, "business-rule"
    if kind.startswith(_UNAUTHENTICATED) or error.code.startswith(("SBX_VIHF_", "DMPInvalidCertificate")):
        return 401, "login"
    if kind.startswith(_NOT_ADMITTED):
        return 403, "forbidden"
    return (413, "too-long") if kind.endswith("_LIMIT") else (400, "structure")

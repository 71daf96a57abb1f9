"""May this assertion be used here, now, on this connection? Pure rules over a read assertion (SAML core §2.4, §2.5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from security.errors import ErrorKind
from security.pki.certificate import HolderCertificate
from security.pki.names import parse_name
from security.xua.model import Coded, Xua
from security.xua.policy import XuaCode, XuaPolicy, refuse
from security.xua.reader import BEARER, HOLDER_OF_KEY, Bounds, Confirmation

_SUBJECT_NAME_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"


def check_issuer(xua: Xua, bounds: Bounds) -> None:
    """An issuer that calls itself by a distinguished name is the subject of its seal.

    Raises NotAuthenticated: FailedCheck.
    """
    if bounds.issuer_format != _SUBJECT_NAME_FORMAT:
        return
    try:
        issuer = parse_name(xua.issuer)
    except ValueError:
        refuse(XuaCode.FAILED_CHECK, "Issuer is not an RFC 2253 name", ErrorKind.ASSERTION_IDENTITY)
    if issuer.rdns != xua.signer.subject:
        refuse(
            XuaCode.FAILED_CHECK,
            "Issuer is not the subject of the signing certificate",
            ErrorKind.ASSERTION_IDENTITY,
        )


def check_times(xua: Xua, bounds: Bounds, policy: XuaPolicy, skew: timedelta, now: datetime) -> None:
    """Raises NotAuthenticated: MessageExpired (it has stopped), FailedAuthentication (it has not begun, or lasts)."""
    if xua.issue_instant > now + skew:
        _refuse_time("IssueInstant is in the future")
    start = bounds.not_before or xua.issue_instant
    if bounds.not_on_or_after is not None and not start < bounds.not_on_or_after <= start + policy.max_session:
        _refuse_time("Conditions do not last between nothing and the longest session")
    if bounds.not_before is not None and now < bounds.not_before - skew:
        _refuse_time("NotBefore is in the future")
    if now >= xua.expires + skew:
        refuse(XuaCode.EXPIRED, "the assertion or its session has expired", ErrorKind.ASSERTION_TIME)


def check_audience(bounds: Bounds, audience: str) -> None:
    """Every restriction names us (SAML core §2.5.1.4). A door that has no name does not ask.

    Raises NotAuthenticated: FailedAuthentication.
    """
    if audience and any(audience not in alternatives for alternatives in bounds.audiences):
        refuse(
            XuaCode.FAILED_AUTHENTICATION,
            "the assertion is addressed to another service",
            ErrorKind.ASSERTION_AUDIENCE,
        )


def check_subject(bounds: Bounds, tls: HolderCertificate, policy: XuaPolicy, skew: timedelta, now: datetime) -> None:
    """One SubjectConfirmation at least holds: bearer, or holder of the key of the connection (SAML core §2.4.1).

    Raises NotAuthenticated: FailedAuthentication, with the reason of the last one.
    """
    reasons = [_reason(one, tls, policy, skew, now) for one in bounds.confirmations]
    if not reasons:
        refuse(XuaCode.FAILED_AUTHENTICATION, "Subject has no SubjectConfirmation", ErrorKind.ASSERTION_IDENTITY)
    if all(reasons):
        refuse(XuaCode.FAILED_AUTHENTICATION, reasons[-1] or "", ErrorKind.ASSERTION_IDENTITY)


def check_authentication(xua: Xua, policy: XuaPolicy, skew: timedelta, now: datetime) -> None:
    """The subject was authenticated before now, in a way that the door accepts.

    Raises NotAuthenticated: FailedAuthentication.
    """
    if xua.authn_instant > now + skew:
        _refuse_time("AuthnInstant is in the future")
    if policy.authn_contexts and xua.authn_context not in policy.authn_contexts:
        refuse(XuaCode.FAILED_AUTHENTICATION, "AuthnContextClassRef is not one that this service accepts")


def check_claims(xua: Xua, policy: XuaPolicy) -> None:
    """Role and purpose of use are among those that the door accepts. Raises NotAuthenticated: FailedAuthentication."""
    _check_codes("role", xua.roles, policy.roles)
    _check_codes("purpose of use", () if xua.purpose is None else (xua.purpose,), policy.purposes)


def _check_codes(what: str, found: Iterable[Coded], accepted: frozenset[tuple[str, str]]) -> None:
    if accepted and not any((one.code, one.system) in accepted for one in found):
        refuse(XuaCode.FAILED_AUTHENTICATION, f"the assertion has no {what} that this service accepts")


def _reason(one: Confirmation, tls: HolderCertificate, policy: XuaPolicy, skew: timedelta, now: datetime) -> str | None:
    """Why a confirmation does not hold; None when it does."""
    if one.method not in (BEARER, HOLDER_OF_KEY):
        return "SubjectConfirmation is neither bearer nor holder-of-key"
    if one.method == HOLDER_OF_KEY and tls.der not in one.certificates:
        return "the key of SubjectConfirmation is not that of the connection"
    if one.not_on_or_after is not None and now >= one.not_on_or_after + skew:
        return "SubjectConfirmation has expired"
    if one.not_before is not None and now < one.not_before - skew:
        return "SubjectConfirmation has not begun"
    if policy.recipients and one.recipient is not None and one.recipient not in policy.recipients:
        return "SubjectConfirmation names another Recipient"
    return None


def _refuse_time(text: str) -> None:
    refuse(XuaCode.FAILED_AUTHENTICATION, text, ErrorKind.ASSERTION_TIME)

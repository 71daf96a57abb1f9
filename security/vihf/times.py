"""When an assertion may be used, and by whom it may be received (SAML core §2.5.1)."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

from security.errors import ErrorKind
from security.vihf.content import Bounds
from security.vihf.model import Vihf
from security.vihf.policy import VihfCode, VihfPolicy, refuse


def check_times(vihf: Vihf, bounds: Bounds, policy: VihfPolicy, now: datetime) -> None:
    """Check every time of the assertion. Raises NotAuthenticated: SBX_VIHF_TIME."""
    skew = policy.clock_skew
    if vihf.issue_instant > now + skew:
        _refuse("IssueInstant is in the future")
    if bounds.not_on_or_after is not None:
        start = bounds.not_before or vihf.issue_instant
        if not start < bounds.not_on_or_after <= start + policy.max_session:
            _refuse("Conditions do not last between nothing and the longest session")
    if bounds.not_before is not None and now < bounds.not_before - skew:
        _refuse("NotBefore is in the future")
    _check_not_expired(vihf, bounds, policy, now)
    if vihf.authn_instant > vihf.issue_instant:
        _refuse("AuthnInstant is after IssueInstant")
    if vihf.issue_instant - vihf.authn_instant > policy.max_session:
        _refuse("the session began too long before IssueInstant")


def _check_not_expired(vihf: Vihf, bounds: Bounds, policy: VihfPolicy, now: datetime) -> None:
    """Refuse an assertion that has stopped. An end that the sender wrote is read with the clock skew."""
    if bounds.not_on_or_after is None and now > vihf.issue_instant + policy.max_age:
        _refuse(f"IssueInstant is more than {int(policy.max_age.total_seconds())} s ago")
    for end in (bounds.not_on_or_after, bounds.session_end):
        if end is not None and now >= end + policy.clock_skew:
            _refuse("the assertion or its session has expired")


def check_audience(bounds: Bounds, policy: VihfPolicy) -> tuple[str, ...]:
    """Refuse an assertion meant for another service; return a warning when a SAML one names ours.

    A VIHF in SAML names no audience, a token always does; several restrictions must all hold (SAML core §2.5.1.4).
    Raises NotAuthenticated: SBX_VIHF_AUDIENCE.
    """
    if any(policy.audience not in alternatives for alternatives in bounds.audiences):
        refuse(VihfCode.AUDIENCE, "the assertion is addressed to another service", ErrorKind.ASSERTION_AUDIENCE)
    if bounds.is_addressed:
        return ()
    return ("AudienceRestriction is not expected in a VIHF",) if bounds.audiences else ()


def _refuse(text: str) -> NoReturn:
    refuse(VihfCode.TIME, text, ErrorKind.ASSERTION_TIME)

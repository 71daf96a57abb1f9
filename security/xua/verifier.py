"""Belief in an XUA assertion: from the security header of a message to a Xua, or to a refusal (ITI TF-2 §3.40)."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from lxml import etree

from security import saml
from security.errors import ErrorKind
from security.pki.certificate import HolderCertificate
from security.pki.trust import TrustStore, Usage
from security.saml import ReplayStore, refusing_as
from security.xua.model import Xua
from security.xua.policy import XuaCode, XuaPolicy, refuse
from security.xua.reader import read_xua
from security.xua.rules import (
    check_audience,
    check_authentication,
    check_claims,
    check_issuer,
    check_subject,
    check_times,
)

CLOCK_SKEW = timedelta(seconds=60)


class XuaVerifier:
    """Verifies the assertions that reach one door: (1) place (2) signature (3) content (4) rules (5) single use.

    `usage` is what the signing certificate must be trusted for. `audience` is the name of this service; without one,
    AudienceRestriction is not asked. Without `replay`, an assertion for one use is refused: nobody would remember it.
    """

    def __init__(
        self,
        trust: TrustStore,
        usage: Usage,
        *,
        audience: str = "",
        clock_skew: timedelta = CLOCK_SKEW,
        replay: ReplayStore | None = None,
        policy: XuaPolicy | None = None,
    ) -> None:
        self._trust = trust
        self._usage = usage
        self._audience = audience
        self._skew = clock_skew
        self._replay = replay
        self._policy = policy or XuaPolicy()
        self._rules = saml.signature_rules()

    def verify(self, security: etree._Element | None, tls: HolderCertificate, now: datetime) -> Xua:
        """Return what the assertion of `security` says, once everything about it is believed.

        `security` is the `wsse:Security` element, still in its message; None is refused: whether a message may come
        without one is for the caller. `tls` is the certificate of the connection, already accepted. `now` is UTC.
        Raises NotAuthenticated, its code one of XuaCode.
        """
        with refusing_as(XuaCode.INVALID_SECURITY):
            assertion = saml.find_assertion(security)  # (1)
        believed, signer = self._verify_signature(assertion, now)  # (2)
        xua, bounds = read_xua(believed, signer, self._policy.max_age)  # (3)
        check_issuer(xua, bounds)  # (4)
        check_times(xua, bounds, self._policy, self._skew, now)
        check_audience(bounds, self._audience)
        check_subject(bounds, tls, self._policy, self._skew, now)
        check_authentication(xua, self._policy, self._skew, now)
        check_claims(xua, self._policy)
        if bounds.one_time_use:
            self._use_up(xua)  # (5)
        return xua

    def _verify_signature(self, assertion: etree._Element, now: datetime) -> tuple[etree._Element, HolderCertificate]:
        with refusing_as(XuaCode.FAILED_CHECK):
            if not assertion.get("ID"):
                refuse(XuaCode.INVALID_TOKEN, "the assertion has no ID")
            signature = saml.find_signature(assertion)
            if signature is None:
                refuse(XuaCode.FAILED_CHECK, "the assertion is not signed", ErrorKind.SIG_MISSING)
            octets = etree.tostring(assertion, with_tail=False)
            return saml.verify_assertion(
                assertion,
                signature,
                octets,
                self._rules,
                lambda der, chain: self._trust.accept(der, self._usage, now, chain),
            )

    def _use_up(self, xua: Xua) -> None:
        """A binding that nobody else has: the second use never has the binding of the first (SAML core §2.5.1.5)."""
        if self._replay is None:
            refuse(
                XuaCode.FAILED_AUTHENTICATION,
                "this service cannot honour OneTimeUse: it remembers no assertion",
                ErrorKind.ASSERTION_REPLAY,
            )
        expires = xua.expires + self._skew
        if not self._replay.remember(xua.signer.fingerprint, xua.assertion_id, secrets.token_hex(16), expires):
            refuse(
                XuaCode.FAILED_AUTHENTICATION,
                "the assertion was for one use and has been used",
                ErrorKind.ASSERTION_REPLAY,
            )

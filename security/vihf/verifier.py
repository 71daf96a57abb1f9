"""Belief in a VIHF of SOAP: from the security header of a message to a Vihf, or to a refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from lxml import etree

from security.errors import ErrorKind
from security.pki.certificate import HolderCertificate
from security.pki.trust import TrustStore
from security.saml import SAML, ReplayStore, refusing_as, signature_rules, verify_assertion
from security.vihf.attributes import Attributes
from security.vihf.belief import Belief, Read
from security.vihf.content import read_mode
from security.vihf.header import find_assertion, find_signature
from security.vihf.model import AuthenticationMode, Vihf
from security.vihf.policy import VihfCode, VihfPolicy, refuse
from security.vihf.reader import read_vihf
from security.vihf.rules import Directory, check_door
from security.xml import parse

__all__ = ["ReplayStore", "VihfVerifier"]


class VihfVerifier:
    """Verifies the assertions that reach one door: (1) place (2) signature (3) content (4) rules (5) replay."""

    def __init__(
        self, trust: TrustStore, policy: VihfPolicy, replay: ReplayStore, directory: Directory | None = None
    ) -> None:
        self._policy = policy
        self._belief = Belief(trust, policy, replay, directory)
        self._rules = signature_rules(allow_sha1=policy.allow_sha1)

    def verify(self, security: etree._Element | None, tls: HolderCertificate, now: datetime) -> Vihf:
        """Return what the assertion of `security` says, once everything about it is believed.

        `security` is the `wsse:Security` element, still in its message, or None; `tls` the certificate of the
        connection, already accepted. `now` is UTC.
        Raises NotAuthenticated, its code one of VihfCode.
        Source: CI-SIS Transport synchrone, VIHF; SAML core §2, §5; rules V-10 to V-48
        """
        assertion = find_assertion(security)
        octets = etree.tostring(assertion, with_tail=False)
        return self._belief.of(octets, tls, now, lambda: self._read(assertion, octets, tls, now))

    def _read(self, assertion: etree._Element, octets: bytes, tls: HolderCertificate, now: datetime) -> Read:
        signature = find_signature(assertion)
        mode = self._claimed_mode(assertion)
        if signature is not None:
            believed, signer = self._verify_signature(assertion, signature, octets, now)
            return read_vihf(believed, signer, self._policy)
        if self._policy.direct_signature != "optional" or mode is not AuthenticationMode.DIRECTE:
            refuse(VihfCode.SIGNATURE, "the assertion is not signed", ErrorKind.SIG_MISSING)
        vihf, bounds = read_vihf(parse(octets), tls, self._policy)
        unsigned = "the assertion is not signed: the connection vouches for it"
        return replace(vihf, warnings=(unsigned, *vihf.warnings)), bounds

    def _claimed_mode(self, assertion: etree._Element) -> AuthenticationMode:
        """Read the mode before it is believed, to refuse a mistaken door in its own words. It grants nothing."""
        statement = assertion.find(f"{{{SAML}}}AttributeStatement")
        if statement is None:
            refuse(VihfCode.MALFORMED, "the assertion has no AttributeStatement")
        mode = read_mode(Attributes(statement))
        check_door(mode, self._policy)
        return mode

    def _verify_signature(
        self, assertion: etree._Element, signature: etree._Element, octets: bytes, now: datetime
    ) -> tuple[etree._Element, HolderCertificate]:
        """Return the verified assertion, parsed from the octets that were signed, and the holder of the seal."""
        with refusing_as(VihfCode.SIGNATURE):
            return verify_assertion(
                assertion, signature, octets, self._rules, lambda der, chain: self._belief.accept(der, chain, now)
            )

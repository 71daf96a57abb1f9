"""Belief in a VIHF: from the security header of a message to a Vihf, or to a refusal."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime

from lxml import etree

from security.errors import ErrorKind
from security.pki.certificate import HolderCertificate
from security.pki.trust import TrustStore, Usage
from security.saml import SAML, ReplayStore, refusing_as, signature_rules, verify_assertion
from security.vihf.attributes import Attributes
from security.vihf.cache import Verified, VerifiedCache
from security.vihf.header import find_assertion, find_signature
from security.vihf.model import AuthenticationMode, Vihf
from security.vihf.policy import VihfCode, VihfPolicy, refuse
from security.vihf.reader import read_mode, read_vihf
from security.vihf.roles import check_roles
from security.vihf.rules import (
    Directory,
    check_context,
    check_credentials,
    check_directory,
    check_door,
    check_holders,
    check_purpose,
)
from security.vihf.times import check_audience, check_times
from security.xml import parse

__all__ = ["ReplayStore", "VihfVerifier"]


class VihfVerifier:
    """Verifies the assertions that reach one door: (1) place (2) signature (3) content (4) rules (5) replay."""

    def __init__(
        self, trust: TrustStore, policy: VihfPolicy, replay: ReplayStore, directory: Directory | None = None
    ) -> None:
        self._trust = trust
        self._policy = policy
        self._replay = replay
        self._directory = directory
        self._cache = VerifiedCache()
        self._usage = Usage.INGEST_SEAL if policy.door == "ingest" else Usage.CONSULTATION_SEAL
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
        key = hashlib.sha256(f"{tls.fingerprint}|{self._trust.revision}|".encode() + octets).digest()
        known = self._cache.find(key, now)
        if known is not None:
            return self._again(known, tls, now)
        vihf = self._believe(assertion, octets, tls, now)
        until = min(now + self._policy.cache_time, vihf.expires)
        self._remember(vihf, tls)
        if until > now:
            self._cache.keep(key, Verified(vihf=vihf, until=until))
        return vihf

    def _again(self, known: Verified, tls: HolderCertificate, now: datetime) -> Vihf:
        """Ask again what may have changed since the same octets came from the same connection: the certificate.

        The verdict is forgotten before the assertion expires.
        """
        if known.vihf.signer.fingerprint != tls.fingerprint:
            self._accept(known.vihf.signer.der, (), now)
        if self._policy.replay == "strict":
            self._remember(known.vihf, tls)
        return known.vihf

    def _believe(self, assertion: etree._Element, octets: bytes, tls: HolderCertificate, now: datetime) -> Vihf:
        signature = find_signature(assertion)
        mode = self._claimed_mode(assertion)
        if signature is not None:
            believed, signer = self._verify_signature(assertion, signature, octets, now)
            unsigned: tuple[str, ...] = ()
        elif self._policy.direct_signature == "optional" and mode is AuthenticationMode.DIRECTE:
            believed, signer = parse(octets), tls
            unsigned = ("the assertion is not signed: the connection vouches for it",)
        else:
            refuse(VihfCode.SIGNATURE, "the assertion is not signed", ErrorKind.SIG_MISSING)
        vihf, bounds = read_vihf(believed, signer, self._policy)
        check_credentials(vihf.mode, signer, tls, self._policy)
        check_times(vihf, bounds, self._policy, now)
        warnings = (
            *check_audience(bounds, self._policy),
            *check_holders(vihf, tls, self._policy),
            *check_context(vihf),
            *check_roles(vihf),
            *check_purpose(vihf, self._policy),
        )
        if self._directory is not None:
            check_directory(vihf, self._directory)
        return replace(vihf, warnings=(*unsigned, *vihf.warnings, *warnings))

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
                assertion, signature, octets, self._rules, lambda der, chain: self._accept(der, chain, now)
            )

    def _accept(self, der: bytes, chain: tuple[bytes, ...], now: datetime) -> HolderCertificate:
        with refusing_as(VihfCode.CERTIFICATE):
            return self._trust.accept(der, self._usage, now, chain)

    def _remember(self, vihf: Vihf, tls: HolderCertificate) -> None:
        """Let the identifier serve once, or for one record, mode and connection, as the policy says."""
        bound = f"{vihf.patient or ''}|{vihf.mode}|{tls.fingerprint}"
        if self._policy.replay == "strict":
            bound = secrets.token_hex(16)
        binding = hashlib.sha256(bound.encode()).hexdigest()
        expires = vihf.expires + self._policy.clock_skew
        if not self._replay.remember(vihf.signer.fingerprint, vihf.assertion_id, binding, expires):
            refuse(VihfCode.REPLAY, "the identifier of the assertion was already used", ErrorKind.ASSERTION_REPLAY)

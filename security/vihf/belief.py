"""What makes a door believe a VIHF, whatever spells it: its signer, the rules, replay, verdicts of a moment ago."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from security.errors import ErrorKind
from security.pki.certificate import HolderCertificate
from security.pki.trust import TrustStore, Usage
from security.saml import ReplayStore, refusing_as
from security.vihf.cache import Verified, VerifiedCache
from security.vihf.content import Bounds
from security.vihf.model import Vihf
from security.vihf.policy import VihfCode, VihfPolicy, refuse
from security.vihf.roles import check_roles
from security.vihf.rules import (
    Directory,
    check_context,
    check_credentials,
    check_directory,
    check_holders,
    check_purpose,
)
from security.vihf.times import check_audience, check_times

Read = tuple[Vihf, Bounds]
"""What was read of a signature that is true: its content, and the times it sets on itself."""


class Belief:
    """The beliefs of one door. `policy` is what it demands; a spelling reads, this judges."""

    def __init__(
        self, trust: TrustStore, policy: VihfPolicy, replay: ReplayStore, directory: Directory | None = None
    ) -> None:
        self.policy = policy
        self._trust = trust
        self._replay = replay
        self._directory = directory
        self._cache = VerifiedCache()
        self._usage = Usage.INGEST_SEAL if policy.door == "ingest" else Usage.CONSULTATION_SEAL

    def of(self, octets: bytes, tls: HolderCertificate, now: datetime, read: Callable[[], Read]) -> Vihf:
        """What `octets` say, once everything about it is believed: (1) signature, read (2) rules (3) replay.

        `octets` are all of what was sent to be believed, signature included; `read` verifies and reads them, unless
        that was done a moment ago for the same connection. Raises NotAuthenticated, its code one of VihfCode.
        """
        key = hashlib.sha256(f"{tls.fingerprint}|{self._trust.revision}|".encode() + octets).digest()
        known = self._cache.find(key, now)
        if known is not None:
            return self._again(known, tls, now)
        vihf = self._judge(*read(), tls, now)
        until = min(now + self.policy.cache_time, vihf.expires)
        self._remember(vihf, tls)
        if until > now:
            self._cache.keep(key, Verified(vihf=vihf, until=until))
        return vihf

    def accept(self, der: bytes, chain: tuple[bytes, ...], now: datetime) -> HolderCertificate:
        """Accept the certificate of a seal. Raises NotAuthenticated: DMPInvalidCertificate."""
        with refusing_as(VihfCode.CERTIFICATE):
            return self._trust.accept(der, self._usage, now, chain)

    def _judge(self, vihf: Vihf, bounds: Bounds, tls: HolderCertificate, now: datetime) -> Vihf:
        check_credentials(vihf.mode, vihf.signer, tls, self.policy)
        check_times(vihf, bounds, self.policy, now)
        warnings = (
            *check_audience(bounds, self.policy),
            *check_holders(vihf, tls, self.policy),
            *check_context(vihf),
            *check_roles(vihf),
            *check_purpose(vihf, self.policy),
        )
        if self._directory is not None:
            check_directory(vihf, self._directory)
        return replace(vihf, warnings=(*vihf.warnings, *warnings))

    def _again(self, known: Verified, tls: HolderCertificate, now: datetime) -> Vihf:
        """Ask again what may have changed since the same octets came from the same connection: the certificate.

        The verdict is forgotten before the assertion expires.
        """
        if known.vihf.signer.fingerprint != tls.fingerprint:
            self.accept(known.vihf.signer.der, (), now)
        if self.policy.replay == "strict":
            self._remember(known.vihf, tls)
        return known.vihf

    def _remember(self, vihf: Vihf, tls: HolderCertificate) -> None:
        """Let the identifier serve once, or for one record, mode and connection, as the policy says."""
        bound = f"{vihf.patient or ''}|{vihf.mode}|{tls.fingerprint}"
        if self.policy.replay == "strict":
            bound = secrets.token_hex(16)
        binding = hashlib.sha256(bound.encode()).hexdigest()
        expires = vihf.expires + self.policy.clock_skew
        if not self._replay.remember(vihf.signer.fingerprint, vihf.assertion_id, binding, expires):
            refuse(VihfCode.REPLAY, "the identifier of the assertion was already used", ErrorKind.ASSERTION_REPLAY)

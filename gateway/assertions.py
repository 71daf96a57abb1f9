"""What a door believes of the assertion in a message: a VIHF in the DMP, an XUA assertion or none elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lxml import etree

from gateway.gate import Assertion, AssertionVerifier, BearerVerifier
from gateway.settings import Settings
from security.directory import Directory
from security.pki.certificate import HolderCertificate
from security.pki.trust import TrustStore, Usage
from security.token.verifier import TokenVerifier
from security.vihf.policy import VihfPolicy
from security.vihf.verifier import ReplayStore, VihfVerifier
from security.xua.policy import XuaPolicy
from security.xua.verifier import XuaVerifier

MakeVerifier = Callable[[TrustStore, Directory], AssertionVerifier]
MakeBearer = Callable[[TrustStore, Directory], BearerVerifier]

_SEALS = {"ingest": Usage.INGEST_SEAL, "consultation": Usage.CONSULTATION_SEAL}


def vihf(settings: Settings, door: str, replay: ReplayStore) -> MakeVerifier:
    """The VIHF of the DMP, demanded of every message; what the directory of the door says counts where there is one."""
    policy = _vihf_policy(settings, door)

    def make(trust: TrustStore, directory: Directory) -> AssertionVerifier:
        return VihfVerifier(trust, *_as_known(settings, policy, replay, directory))

    return make


def token(settings: Settings, door: str, replay: ReplayStore) -> MakeBearer:
    """The VIHF as a bearer token, demanded of every request in FHIR: the same demands."""
    policy = _vihf_policy(settings, door)

    def make(trust: TrustStore, directory: Directory) -> BearerVerifier:
        return TokenVerifier(trust, *_as_known(settings, policy, replay, directory))

    return make


def _vihf_policy(settings: Settings, door: str) -> VihfPolicy:
    section = settings.vihf
    return VihfPolicy(
        door="consultation" if door == "consultation" else "ingest",
        clock_skew=timedelta(seconds=section.clock_skew),
        max_age=timedelta(seconds=section.max_age),
        replay=section.replay,
        direct_signature=section.direct_signature,
        professional_feeding=door == "ingest" and settings.ingest.professional_feeding,
        allow_sha1=section.allow_sha1,
    )


def _as_known(
    settings: Settings, policy: VihfPolicy, replay: ReplayStore, directory: Directory
) -> tuple[VihfPolicy, ReplayStore, Directory | None]:
    known = directory if settings.vihf.attachment == "required" and directory.is_kept else None
    return replace(policy, ej_eg=directory.sites), replay, known


def xua(settings: Settings, door: str, replay: ReplayStore) -> MakeVerifier:
    """The assertion of a generic domain, which may be left out unless a setting demands it (ITI TF-2 §3.40)."""
    skew = timedelta(seconds=settings.vihf.clock_skew)
    policy = XuaPolicy(
        authn_contexts=frozenset(settings.ihe.authn_contexts.split()),
        roles=_codes(settings.ihe.roles),
        purposes=_codes(settings.ihe.purposes),
    )

    def make(trust: TrustStore, directory: Directory) -> AssertionVerifier:
        verifier = XuaVerifier(
            trust, _SEALS[door], audience=settings.ihe.audience, clock_skew=skew, replay=replay, policy=policy
        )
        return verifier if settings.ihe.assertion == "required" else _Optional(verifier)

    return make


def _codes(text: str) -> frozenset[tuple[str, str]]:
    return frozenset((code, system) for code, _, system in (item.partition("^^") for item in text.split()))


@dataclass(frozen=True, slots=True)
class _Optional:
    """An assertion that may be left out: with a wsse:Security header there is one, to be believed or refused."""

    verifier: XuaVerifier

    def verify(self, security: etree._Element | None, tls: HolderCertificate, now: datetime) -> Assertion | None:
        return None if security is None else self.verifier.verify(security, tls, now)

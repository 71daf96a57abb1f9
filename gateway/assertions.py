"""What a door believes of the assertion in a message: a VIHF in the DMP, an XUA assertion or none elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from gateway.gate import AssertionVerifier
from gateway.settings import Settings
from security.pki.trust import TrustStore
from security.vihf.policy import VihfPolicy
from security.vihf.verifier import ReplayStore, VihfVerifier


def vihf(settings: Settings, door: str, replay: ReplayStore) -> Callable[[TrustStore], AssertionVerifier]:
    """The VIHF of the DMP, demanded of every message."""
    section = settings.vihf
    policy = VihfPolicy(
        door="ingest" if door == "ingest" else "consultation",
        clock_skew=timedelta(seconds=section.clock_skew),
        max_age=timedelta(seconds=section.max_age),
        replay=section.replay,
        direct_signature=section.direct_signature,
        professional_feeding=door == "ingest" and settings.ingest.professional_feeding,
        allow_sha1=section.allow_sha1,
    )
    return lambda trust: VihfVerifier(trust, policy, replay)

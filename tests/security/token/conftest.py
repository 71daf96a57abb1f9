"""Doors that receive tokens, and what they answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from samples.pki.factory import TestPki
from samples.token import build_claims, build_token, sign_token
from security.errors import NotAuthenticated
from security.pki.certificate import read_certificate
from security.pki.trust import TrustStore
from security.token.verifier import TokenVerifier
from security.vihf.model import Vihf
from security.vihf.policy import VihfPolicy


@dataclass
class Door:
    """One door: its verifier, who signs and who connects by default."""

    pki: TestPki
    verifier: TokenVerifier
    signer: str
    tls: str
    now: datetime

    def claims(self, **choices: Any) -> dict[str, Any]:
        """Claims that are right, but for what is chosen."""
        signer, tls = choices.pop("signer", self.signer), choices.pop("tls", self.tls)
        credentials = {"signer": self.pki.certificate(signer), "connection": self.pki.certificate(tls)}
        return build_claims(**{**credentials, "now": self.now, **choices})

    def build(self, **choices: Any) -> str:
        """A token that is right, but for what is chosen."""
        signer, tls = choices.pop("signer", self.signer), choices.pop("tls", self.tls)
        credentials = {"signer": self.pki.certificate(signer), "connection": self.pki.certificate(tls)}
        return build_token(**{**credentials, "now": self.now, **choices})

    def sign(self, claims: Any, signer: str | None = None, **how: Any) -> str:
        """Any claims, signed."""
        return sign_token(claims, self.pki.certificate(signer or self.signer), **how)

    def verify(self, token: str | None, tls: str | None = None, now: datetime | None = None) -> Vihf:
        holder = read_certificate(self.pki.certificate(tls or self.tls).certificate_der())
        return self.verifier.verify_token(token, holder, now or self.now)

    def refusal(self, token: str | None, tls: str | None = None, now: datetime | None = None) -> tuple[str, str]:
        with pytest.raises(NotAuthenticated) as refused:
            self.verify(token, tls, now)
        text = refused.value.text
        assert "258076912301541" not in text
        assert "ESSAI" not in text.upper().replace("D'ESSAI", "")
        return refused.value.code, str(refused.value.kind)


OpenDoor = Callable[..., Door]


@pytest.fixture
def open_ingest(
    pki: TestPki, ingest_trust: TrustStore, feeding_trust: TrustStore, replay: Any, now: datetime
) -> OpenDoor:
    def door(**settings: Any) -> Door:
        policy = replace(VihfPolicy(door="ingest"), **settings)
        trust = feeding_trust if policy.professional_feeding else ingest_trust
        return Door(pki, TokenVerifier(trust, policy, replay), "chu-seine.sign", "chu-seine.auth", now)

    return door


@pytest.fixture
def ingest(open_ingest: OpenDoor) -> Door:
    return open_ingest()


@pytest.fixture
def open_consultation(pki: TestPki, consultation_trust: TrustStore, replay: Any, now: datetime) -> OpenDoor:
    def door(**settings: Any) -> Door:
        policy = replace(VihfPolicy(door="consultation"), **settings)
        return Door(pki, TokenVerifier(consultation_trust, policy, replay), "dr-essai.sign", "dr-essai.auth", now)

    return door


@pytest.fixture
def consultation(open_consultation: OpenDoor) -> Door:
    return open_consultation()

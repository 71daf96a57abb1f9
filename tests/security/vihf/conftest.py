"""Doors that receive assertions, and what they answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from lxml import etree

from samples.pki.factory import TestPki
from samples.vihf import build_vihf, wrap_in_security
from security.errors import NotAuthenticated
from security.pki.certificate import read_certificate
from security.pki.trust import TrustStore
from security.vihf.model import Vihf
from security.vihf.policy import VihfPolicy
from security.vihf.verifier import VihfVerifier
from security.xml import parse

SOAP = "http://www.w3.org/2003/05/soap-envelope"


def envelope(security: etree._Element | None, body: bytes = b"<m:query xmlns:m='urn:m' id='q1'/>") -> etree._Element:
    """A message as a door parses it; its security header comes from the wire, not from memory."""
    header = b"" if security is None else etree.tostring(security)
    return parse(
        b"<env:Envelope xmlns:env='%s' xmlns='urn:default' xmlns:saml='urn:other'><env:Header>%s</env:Header>"
        b"<env:Body>%s</env:Body></env:Envelope>" % (SOAP.encode(), header, body)
    )


def security_of(message: etree._Element) -> etree._Element | None:
    return message.find(f"{{{SOAP}}}Header/{{*}}Security")


@dataclass
class Door:
    """One door: its verifier, who signs and who connects by default."""

    pki: TestPki
    verifier: VihfVerifier
    signer: str
    tls: str
    now: datetime

    message = staticmethod(envelope)

    def build(self, **choices: object) -> etree._Element:
        signer = str(choices.pop("signer", self.signer))
        return build_vihf(signer=self.pki.certificate(signer), **{"now": self.now, **choices})  # type: ignore[arg-type]

    def verify(self, assertion: etree._Element, tls: str | None = None, now: datetime | None = None) -> Vihf:
        return self.verify_message(envelope(wrap_in_security(assertion)), tls, now)

    def verify_message(self, message: etree._Element, tls: str | None = None, now: datetime | None = None) -> Vihf:
        holder = read_certificate(self.pki.certificate(tls or self.tls).certificate_der())
        return self.verifier.verify(security_of(message), holder, now or self.now)

    def refusal(
        self, assertion: etree._Element, tls: str | None = None, now: datetime | None = None
    ) -> tuple[str, str]:
        return self.refusal_of_message(envelope(wrap_in_security(assertion)), tls, now)

    def refusal_of_message(
        self, message: etree._Element, tls: str | None = None, now: datetime | None = None
    ) -> tuple[str, str]:
        with pytest.raises(NotAuthenticated) as refused:
            self.verify_message(message, tls, now)
        text = refused.value.text
        assert "2580769123015" not in text
        assert "ESSAI" not in text.upper().replace("D'ESSAI", "")
        return refused.value.code, str(refused.value.kind)


OpenDoor = Callable[..., Door]


@pytest.fixture
def open_ingest(pki: TestPki, ingest_trust: TrustStore, feeding_trust: TrustStore, replay, now: datetime) -> OpenDoor:
    def door(**settings: object) -> Door:
        policy = replace(VihfPolicy(door="ingest"), **settings)  # type: ignore[arg-type]
        trust = feeding_trust if policy.professional_feeding else ingest_trust
        return Door(pki, VihfVerifier(trust, policy, replay), "chu-seine.sign", "chu-seine.auth", now)

    return door


@pytest.fixture
def open_consultation(pki: TestPki, consultation_trust: TrustStore, replay, now: datetime) -> OpenDoor:
    def door(directory=None, **settings: object) -> Door:
        policy = replace(VihfPolicy(door="consultation"), **settings)  # type: ignore[arg-type]
        verifier = VihfVerifier(consultation_trust, policy, replay, directory)
        return Door(pki, verifier, "dr-essai.sign", "dr-essai.auth", now)

    return door


@pytest.fixture
def ingest(open_ingest: OpenDoor) -> Door:
    return open_ingest()


@pytest.fixture
def consultation(open_consultation: OpenDoor) -> Door:
    return open_consultation()

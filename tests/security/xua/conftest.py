"""A door that receives XUA assertions, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from lxml import etree

from samples.pki.factory import TestPki
from samples.xua import build_xua, wrap_in_security
from security.errors import NotAuthenticated
from security.pki.certificate import read_certificate
from security.pki.trust import TrustStore, Usage
from security.xml import parse
from security.xua.model import Xua
from security.xua.verifier import XuaVerifier

SOAP = "http://www.w3.org/2003/05/soap-envelope"
PERSONAL = ("anne.essai", "Anne Essai", "279035121518989")


@dataclass
class Door:
    """One door: its verifier, who signs and who connects by default."""

    pki: TestPki
    verifier: XuaVerifier
    signer: str
    tls: str
    now: datetime

    def certificate(self, name: str | None = None):
        return self.pki.certificate(name or self.tls).certificate_der()

    def build(self, **choices: object) -> etree._Element:
        signer = str(choices.pop("signer", self.signer))
        return build_xua(signer=self.pki.certificate(signer), **{"now": self.now, **choices})  # type: ignore[arg-type]

    def verify(self, *securities: etree._Element | None, body: bytes = b"<m:q xmlns:m='urn:m'/>") -> Xua:
        """Verify what the wire would bring: the message serialised, then parsed."""
        return self.verify_message(self.message(*securities, body=body))

    @staticmethod
    def message(*securities: etree._Element | None, body: bytes = b"<m:q xmlns:m='urn:m'/>") -> etree._Element:
        header = b"".join(etree.tostring(one) for one in securities if one is not None)
        return parse(
            b"<env:Envelope xmlns:env='%s' xmlns='urn:default'><env:Header>%s</env:Header><env:Body>%s</env:Body>"
            b"</env:Envelope>" % (SOAP.encode(), header, body)
        )

    def verify_message(self, message: etree._Element) -> Xua:
        holder = read_certificate(self.certificate())
        return self.verifier.verify(message.find(f"{{{SOAP}}}Header/{{*}}Security"), holder, self.now)

    def believed(self, **choices: object) -> Xua:
        return self.verify(wrap_in_security(self.build(**choices)))

    def refusal_of(self, *securities: etree._Element | None, body: bytes = b"<q/>") -> tuple[str, str]:
        """Code and kind of the refusal, which never names a person."""
        with pytest.raises(NotAuthenticated) as refused:
            self.verify(*securities, body=body)
        assert not any(text in str(refused.value) for text in PERSONAL)
        return refused.value.code, str(refused.value.kind)

    def refusal(self, **choices: object) -> tuple[str, str]:
        return self.refusal_of(wrap_in_security(self.build(**choices)))


@pytest.fixture
def open_door(pki: TestPki, ingest_trust: TrustStore, replay, now: datetime) -> Callable[..., Door]:
    """Ingest, with any settings of the verifier."""

    def door(**settings: object) -> Door:
        verifier = XuaVerifier(ingest_trust, Usage.INGEST_SEAL, **{"replay": replay, **settings})  # type: ignore[arg-type]
        return Door(pki, verifier, "chu-seine.sign", "chu-seine.auth", now)

    return door


@pytest.fixture
def door(open_door: Callable[..., Door]) -> Door:
    return open_door()


@pytest.fixture
def consultation(pki: TestPki, consultation_trust: TrustStore, now: datetime) -> Door:
    return Door(pki, XuaVerifier(consultation_trust, Usage.CONSULTATION_SEAL), "dr-essai.sign", "dr-essai.auth", now)

"""What tests of signatures and assertions share: a clock that stands still, a replay store, a second opinion."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import xmlsec
from lxml import etree

from samples.pki.factory import TestPki
from security.pki.certificate import HolderCertificate, read_certificate
from security.pki.trust import TrustStore

NOW = datetime.now(UTC).replace(microsecond=0)


class MemoryReplayStore:
    """The promise of a replay store, in memory: the one of the doors lives in their database."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str], str] = {}

    def remember(self, issuer: str, assertion_id: str, binding: str, expires: datetime) -> bool:
        assert expires.tzinfo is not None
        return self.seen.setdefault((issuer, assertion_id), binding) == binding


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def replay() -> MemoryReplayStore:
    return MemoryReplayStore()


@pytest.fixture(scope="session")
def ingest_trust(pki: TestPki) -> TrustStore:
    return TrustStore.load(pki.trust("ingest"))


@pytest.fixture(scope="session")
def feeding_trust(pki: TestPki) -> TrustStore:
    return TrustStore.load(pki.trust("ingest-with-professionals"), professional_feeding=True)


@pytest.fixture(scope="session")
def consultation_trust(pki: TestPki) -> TrustStore:
    return TrustStore.load(pki.trust("consultation"))


class Holders:
    """Certificates of the test PKI, as a door sees them."""

    def __init__(self, pki: TestPki) -> None:
        self.pki = pki

    def __getitem__(self, name: str) -> HolderCertificate:
        return read_certificate(self.pki.certificate(name).certificate_der())


@pytest.fixture(scope="session")
def holders(pki: TestPki) -> Holders:
    return Holders(pki)


def xmlsec_accepts(document: bytes, certificate: Path, *identifiers: str) -> bool:
    """Whether xmlsec verifies the one signature of `document` with the key of `certificate` (PEM)."""
    root = etree.fromstring(document)
    for element in root.iter():
        for name in identifiers:
            if name in element.attrib:
                xmlsec.tree.add_ids(element, [name])
    signature = xmlsec.tree.find_node(root, xmlsec.constants.NodeSignature)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(str(certificate), xmlsec.constants.KeyDataFormatCertPem)
    try:
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


@pytest.fixture(scope="session")
def second_opinion():
    return xmlsec_accepts

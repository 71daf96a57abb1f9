"""What tests of signatures and assertions share: a clock that stands still, a replay store, a second opinion."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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


class _Octets:
    def __init__(self, octets: bytes) -> None:
        self.rest = octets


@contextmanager
def _resolving(documents: Mapping[str, bytes]) -> Iterator[None]:
    """Let xmlsec follow `urn:oid:` into `documents`: it opens what a manifest names, and fails when it cannot."""

    def read(opened: _Octets, room: memoryview) -> int:
        length = min(len(room), len(opened.rest))
        room[:length] = opened.rest[:length]
        opened.rest = opened.rest[length:]
        return length

    xmlsec.cleanup_callbacks()
    xmlsec.register_callbacks(
        lambda name: name.startswith(b"urn:oid:"),
        lambda name: _Octets(documents.get(name.decode().removeprefix("urn:oid:"), b"")),
        lambda opened, room: read(opened, memoryview(room)),
        lambda opened: None,
    )
    try:
        yield
    finally:
        xmlsec.cleanup_callbacks()
        xmlsec.register_default_callbacks()


def xmlsec_accepts(
    document: bytes, certificate: Path, identifier: str, documents: Mapping[str, bytes] | None = None
) -> bool:
    """Whether xmlsec verifies the one signature of `document` with the key of `certificate` (PEM)."""
    root = etree.fromstring(document)
    for element in root.iter():
        if identifier in element.attrib:
            xmlsec.tree.add_ids(element, [identifier])
    signature = xmlsec.tree.find_node(root, xmlsec.constants.NodeSignature)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(str(certificate), xmlsec.constants.KeyDataFormatCertPem)
    with _resolving(documents or {}):
        try:
            context.verify(signature)
        except xmlsec.Error:
            return False
    return True


@pytest.fixture(scope="session")
def second_opinion():
    return xmlsec_accepts


TEXTS = ["", "810099998014", "#_fuzz", "2.0", "AA==", "é", "1.2.840.10065.1.12.1.1"]
ATTRIBUTES = ["ID", "Id", "id", "URI", "Algorithm", "Name", "Target"]


def rearrange(root: etree._Element, chance: random.Random) -> etree._Element:
    """Remove, repeat, move, rename or rewrite one to three elements below the root."""
    for _ in range(chance.randint(1, 3)):
        elements = [element for element in root.iter() if element.getparent() is not None]
        element, target = chance.choice(elements), chance.choice(elements)
        match chance.choice(["remove", "repeat", "move", "text", "attribute", "rename"]):
            case "remove" if len(elements) > 3:
                element.getparent().remove(element)
            case "repeat":
                target.append(copy.deepcopy(element))
            case "move" if element is not target and element not in target.iterancestors():
                target.insert(0, element)
            case "text":
                element.text = chance.choice(TEXTS)
            case "attribute":
                element.set(chance.choice(ATTRIBUTES), chance.choice(["_fuzz", "IHEManifest"]))
            case "rename":
                element.tag = target.tag
    return root


@pytest.fixture(scope="session")
def rearranged():
    return rearrange

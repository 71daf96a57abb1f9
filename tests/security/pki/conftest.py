"""Stores of the test PKI, and a bench that makes one certificate at a time."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from samples.pki import issuing, subjects
from samples.pki.factory import TestPki
from security.errors import NotAuthenticated
from security.pki.trust import TrustStore, Usage


def door_of(usage: Usage) -> str:
    return usage.split("_")[0].lower()


@dataclass(frozen=True)
class Bench:
    """Issues odd certificates under genuine authorities, and asks the genuine stores."""

    pki: TestPki
    now: datetime
    stores: dict[str, TrustStore]
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def verdict(self, der: bytes, usage: Usage, **how: Any) -> str:
        """The kind when accepted, else the error kind."""
        try:
            return str(self.stores[door_of(usage)].accept(der, usage, how.pop("now", self.now), **how).kind)
        except NotAuthenticated as refusal:
            return str(refusal.kind)

    def organisation(self, **changes: Any) -> bytes:
        """An ORG AUTH_CLI certificate of chu-seine, but for the changes."""
        structure = self.pki.catalogue.structures["chu-seine"]
        arguments: dict[str, Any] = {
            "name": subjects.organisation(structure, "odd"), "issuer": "elementaire-organisations",
            "usages": ["digital_signature"], "extended": ["client_auth"], "product": issuing.Product(category=0x83),
        }  # fmt: skip
        return self._issue(arguments | changes)

    def card(self, **changes: Any) -> bytes:
        """A CPS authentication certificate of dr-martin, but for the changes."""
        arguments: dict[str, Any] = {
            "name": subjects.person(self.pki.catalogue.professionals["dr-martin"]), "issuer": "fort-personnes",
            "usages": ["digital_signature"], "extended": ["client_auth", "smartcard_logon"],
            "product": issuing.Product(category=0x80, type=0, card="8025000001/9900000009", profession=10),
        }  # fmt: skip
        return self._issue(arguments | changes)

    def _issue(self, arguments: dict[str, Any]) -> bytes:
        issuer = self.pki.authority(arguments.pop("issuer"))
        days = timedelta(days=1)
        validity = (self.now - days, self.now + days)
        key = arguments.pop("key", self.key)
        made = issuing.issue(arguments.pop("name"), key, issuer, validity, **arguments)
        return made.public_bytes(serialization.Encoding.DER)


@pytest.fixture(scope="session")
def bench(pki: TestPki) -> Bench:
    stores = {door: TrustStore.load(pki.trust(door)) for door in ("ingest", "consultation")}
    return Bench(pki, datetime.now(UTC), stores)


@pytest.fixture
def own_trust(pki: TestPki, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a door's trust directory that the test may spoil."""

    def copy(door: str) -> Path:
        return Path(shutil.copytree(pki.trust(door), tmp_path / f"trust-{door}"))

    return copy


def der_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)

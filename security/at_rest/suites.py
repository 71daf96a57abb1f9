"""The two ways of wrapping a document key to a record: HPKE base mode (RFC 9180), HKDF-SHA256 and AES-256-GCM.

They differ by the key encapsulation. The hybrid is the default, because health data outlive the years that a purely
classical exchange is expected to hold: it stays closed as long as one of ML-KEM-768 (FIPS 203) and X25519 does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

DOCUMENT_KEY_SIZE = 32
SEED_SIZE = 64
"""Bytes of the seed (d, z) of an ML-KEM key (FIPS 203)."""
_HPKE_TAG_SIZE = 16


class Kem(StrEnum):
    """Key encapsulations, by the word used in settings."""

    X25519 = "x25519"
    HYBRID = "mlkem768-x25519"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingSuite:
    """One suite. `number` stands for it in files; sizes are in bytes."""

    number: int
    hpke: Suite
    wrapped_size: int
    public_size: int
    private_size: int


def _suite(number: int, kem: KEM, *, public_size: int, private_size: int) -> SealingSuite:
    return SealingSuite(
        number=number,
        hpke=Suite(kem, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
        wrapped_size=kem.enc_length() + DOCUMENT_KEY_SIZE + _HPKE_TAG_SIZE,
        public_size=public_size,
        private_size=private_size,
    )


SUITES = {
    Kem.X25519: _suite(1, KEM.X25519, public_size=32, private_size=32),
    # Encapsulation key then X25519 key; FIPS 203 seed (d, z) then X25519 key.
    Kem.HYBRID: _suite(2, KEM.MLKEM768_X25519, public_size=1184 + 32, private_size=SEED_SIZE + 32),
}

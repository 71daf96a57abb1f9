"""The public half of a record's key: all that ingest needs, and all it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PublicKey
from cryptography.utils import Buffer

from security.at_rest.suites import SEED_SIZE, SUITES, Kem

_ML_KEM_SIZE = 1184


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPublicKey:
    """Public key of one record. `raw` is the encoding of its suite (ML-KEM key, then X25519 key, for the hybrid)."""

    key_id: UUID
    kem: Kem
    raw: bytes

    def to_bytes(self) -> bytes:
        """One byte for the suite, then the key: what the registry stores."""
        return bytes([SUITES[self.kem].number]) + self.raw

    @classmethod
    def from_bytes(cls, key_id: UUID, data: bytes) -> Self:
        """Read what `to_bytes` wrote. Raises ValueError: unknown suite or wrong length."""
        for kem, suite in SUITES.items():
            if data[:1] == bytes([suite.number]) and len(data) == 1 + suite.public_size:
                return cls(key_id=key_id, kem=kem, raw=bytes(data[1:]))
        raise ValueError(f"not the public key of a record: {len(data)} bytes")

    def wrap(self, document_key: bytes, info: bytes) -> bytes:
        """Wrap a document key so that only the record's private key opens it (HPKE base mode, RFC 9180 §6.1)."""
        try:
            key = hpke_public_key(self.kem, self.raw)
        except ValueError as error:
            raise ValueError(f"the public key {self.key_id} of a record is damaged") from error
        return SUITES[self.kem].hpke.encrypt(document_key, key, info=info)


def hpke_public_key(kem: Kem, raw: bytes) -> X25519PublicKey | MLKEM768X25519PublicKey:
    """The public key of a suite from its encoding. Raises ValueError: no such key."""
    try:
        if kem is Kem.X25519:
            return X25519PublicKey.from_public_bytes(raw)
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(raw[:_ML_KEM_SIZE]),
            X25519PublicKey.from_public_bytes(raw[_ML_KEM_SIZE:]),
        )
    except (InvalidKey, ValueError) as error:
        raise ValueError("not a public key of this suite") from error


def derive_public(kem: Kem, private: Buffer) -> bytes:
    """The encoding of the public half of a private key."""
    view = memoryview(private)
    if kem is Kem.X25519:
        return X25519PrivateKey.from_private_bytes(view).public_key().public_bytes_raw()
    post_quantum = MLKEM768PrivateKey.from_seed_bytes(view[:SEED_SIZE]).public_key().public_bytes_raw()
    return post_quantum + X25519PrivateKey.from_private_bytes(view[SEED_SIZE:]).public_key().public_bytes_raw()

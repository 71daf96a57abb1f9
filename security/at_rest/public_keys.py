"""The public half of a record's key: all that ingest needs, and all it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PublicKey

from security.at_rest.suites import SUITES, Kem

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
        return SUITES[self.kem].hpke.encrypt(document_key, self._key(), info=info)

    def _key(self) -> X25519PublicKey | MLKEM768X25519PublicKey:
        try:
            if self.kem is Kem.X25519:
                return X25519PublicKey.from_public_bytes(self.raw)
            return MLKEM768X25519PublicKey(
                MLKEM768PublicKey.from_public_bytes(self.raw[:_ML_KEM_SIZE]),
                X25519PublicKey.from_public_bytes(self.raw[_ML_KEM_SIZE:]),
            )
        except (InvalidKey, ValueError) as error:
            raise ValueError(f"the public key {self.key_id} of a record is damaged") from error

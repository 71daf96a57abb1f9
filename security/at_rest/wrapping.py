"""The public half of the wrapping key: to it a door wraps private keys that it can never open again.

Consultation holds the private half. Form 2 of a wrapped record key is written here; form 1, to the KEK, and the reading
of both are in `record_keys`. Ingest may import this module: it opens nothing.

    form (1 byte) | suite of the record's key (1) | mark of the wrapping key (8) | HPKE of the private key

Source: RFC 9180 §6.1
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import UUID

from cryptography.utils import Buffer

from security.at_rest.public_keys import hpke_public_key
from security.at_rest.suites import SUITES, Kem

FORM = 2
PREFIX_SIZE = 10


class WrappingKeyError(Exception):
    """A file of the wrapping key cannot be used; the text names the file and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappingPublicKey:
    """Public half of the wrapping key. `raw` is the encoding of its suite, as for a record's public key."""

    kem: Kem
    raw: bytes

    @property
    def mark(self) -> bytes:
        """Eight bytes that tell one wrapping key from another."""
        return hashlib.sha256(b"ecluse wrapping mark\x00" + self.to_bytes()).digest()[:8]

    def to_bytes(self) -> bytes:
        """One byte for the suite, then the key."""
        return bytes([SUITES[self.kem].number]) + self.raw

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote. Raises ValueError: unknown suite or wrong length."""
        for kem, suite in SUITES.items():
            if data[:1] == bytes([suite.number]) and len(data) == 1 + suite.public_size:
                return cls(kem=kem, raw=bytes(data[1:]))
        raise ValueError(f"not a wrapping key: {len(data)} bytes")

    def wrap(self, private: Buffer, kem: Kem, key_id: UUID) -> bytes:
        """Wrap the private key of a record, bound to its suite, this wrapping key and the record key's identifier.

        Raises ValueError: this public key is damaged.
        """
        prefix = bytes([FORM, SUITES[kem].number]) + self.mark
        public = hpke_public_key(self.kem, self.raw)
        return prefix + SUITES[self.kem].hpke.encrypt(private, public, info=wrapping_info(prefix, key_id))


def wrapping_info(prefix: bytes, key_id: UUID) -> bytes:
    """The HPKE `info` under which a record's private key is wrapped."""
    return b"ecluse record key\x00" + prefix + key_id.bytes


def load_wrapping_public_key(path: Path) -> WrappingPublicKey:
    """Read the public half. Raises WrappingKeyError: missing, or not one."""
    try:
        return WrappingPublicKey.from_bytes(bytes.fromhex(path.read_text(encoding="ascii").strip()))
    except FileNotFoundError as error:
        raise WrappingKeyError(f"{path} is missing: no record can be opened without it") from error
    except ValueError as error:
        raise WrappingKeyError(f"{path} does not hold the public half of a wrapping key") from error

"""The private half of a record's key: made when the record opens, kept wrapped, destroyed to shred the record.

A private key is stored only wrapped to the key encryption key (KEK) of consultation, so that neither the database nor
the KEK alone opens a document. Whoever deletes the wrapped key makes every copy of the record's documents unreadable.
Ingest never imports this module.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

from security.at_rest.format import SealError
from security.at_rest.public_keys import RecordPublicKey
from security.at_rest.suites import SUITES, Kem

KEK_SIZE = 32
_SEED_SIZE = 64
_NONCE_SIZE = 12
_FORM = 1


class KekError(Exception):
    """The key encryption key cannot be used; the text names the file and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kek:
    """Key encryption key of consultation, 32 bytes."""

    secret: bytes = field(repr=False)

    @property
    def mark(self) -> bytes:
        """Eight bytes that tell one KEK from another and nothing about it."""
        return hashlib.sha256(b"ecluse kek mark\x00" + self.secret).digest()[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPrivateKey:
    """Private key of one record: opens all its documents."""

    key_id: UUID
    kem: Kem
    raw: bytes = field(repr=False)

    def unwrap(self, wrapped: bytes, info: bytes) -> bytes:
        """Open a wrapped document key (RFC 9180 §6.1). Raises SealError."""
        try:
            return SUITES[self.kem].hpke.decrypt(wrapped, self._key(), info=info)
        except (InvalidTag, ValueError) as error:
            raise SealError("the document key does not open") from error

    def public_key(self) -> RecordPublicKey:
        """The public half."""
        if self.kem is Kem.X25519:
            raw = X25519PrivateKey.from_private_bytes(self.raw).public_key().public_bytes_raw()
        else:
            seed, classical = self.raw[:_SEED_SIZE], self.raw[_SEED_SIZE:]
            raw = MLKEM768PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()
            raw += X25519PrivateKey.from_private_bytes(classical).public_key().public_bytes_raw()
        return RecordPublicKey(key_id=self.key_id, kem=self.kem, raw=raw)

    def _key(self) -> X25519PrivateKey | MLKEM768X25519PrivateKey:
        if self.kem is Kem.X25519:
            return X25519PrivateKey.from_private_bytes(self.raw)
        return MLKEM768X25519PrivateKey(
            MLKEM768PrivateKey.from_seed_bytes(self.raw[:_SEED_SIZE]),
            X25519PrivateKey.from_private_bytes(self.raw[_SEED_SIZE:]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordKey:
    """A new key pair: `public` is published to ingest, `wrapped` is stored where only consultation reads."""

    key_id: UUID
    public: RecordPublicKey
    wrapped: bytes = field(repr=False)


def create_record_key(kek: Kek, *, kem: Kem = Kem.HYBRID) -> RecordKey:
    """Make the key pair of a record. The private key leaves this function only wrapped to `kek`."""
    private = RecordPrivateKey(key_id=uuid4(), kem=kem, raw=secrets.token_bytes(SUITES[kem].private_size))
    return RecordKey(key_id=private.key_id, public=private.public_key(), wrapped=wrap(private, kek))


def wrap(key: RecordPrivateKey, kek: Kek) -> bytes:
    """Encrypt a private key to the KEK with AES-256-GCM, bound to its suite, the KEK and its own identifier."""
    prefix = bytes([_FORM, SUITES[key.kem].number]) + kek.mark
    nonce = secrets.token_bytes(_NONCE_SIZE)
    return prefix + nonce + AESGCM(kek.secret).encrypt(nonce, key.raw, prefix + key.key_id.bytes)


def unwrap(wrapped: bytes, kek: Kek, key_id: UUID) -> RecordPrivateKey:
    """Decrypt a private key. Raises SealError: wrapped to another KEK, another key's, damaged, or destroyed (empty)."""
    prefix, nonce, sealed = wrapped[:10], wrapped[10 : 10 + _NONCE_SIZE], wrapped[10 + _NONCE_SIZE :]
    kem = next((kem for kem, suite in SUITES.items() if prefix[:2] == bytes([_FORM, suite.number])), None)
    if kem is None:
        raise SealError("not a wrapped record key")
    if prefix[2:] != kek.mark:
        raise SealError("the record key is wrapped to another KEK")
    try:
        raw = AESGCM(kek.secret).decrypt(nonce, sealed, prefix + key_id.bytes)
    except (InvalidTag, ValueError) as error:
        raise SealError("the wrapped record key is damaged or is not that of this record") from error
    return RecordPrivateKey(key_id=key_id, kem=kem, raw=raw)


def create_kek(path: Path) -> Kek:
    """Make a KEK and write it to a new file that only its owner reads (0600). Raises KekError: the file exists."""
    kek = Kek(secret=secrets.token_bytes(KEK_SIZE))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise KekError(f"{path} exists: replacing it would make every document unreadable") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(kek.secret.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return kek


def load_kek(path: Path) -> Kek:
    """Read a KEK. Raises KekError: missing, not 64 hexadecimal digits, or readable by others."""
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="ascii").strip()
        secret = bytes.fromhex(text)
    except FileNotFoundError as error:
        raise KekError(f"{path} is missing: restore it, no document opens without it") from error
    except ValueError as error:
        raise KekError(f"{path} does not hold a key: {KEK_SIZE * 2} hexadecimal digits expected") from error
    if len(secret) != KEK_SIZE:
        raise KekError(f"{path} holds {len(secret)} bytes, {KEK_SIZE} expected")
    if mode & 0o077:
        raise KekError(f"{path} can be read by others (mode {mode & 0o777:03o}): chmod 600, and consider it known")
    return Kek(secret=secret)

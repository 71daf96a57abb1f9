"""The private half of a record's key: made when the record opens, kept wrapped, destroyed to shred the record.

A private key is stored only wrapped to a key of consultation, so that neither the database nor that key alone opens a
document: form 1 to the key encryption key (KEK), made by the administration; form 2 to the public half of the wrapping
key, made by ingest (`wrapping`). Whoever deletes the wrapped key makes every copy of the record's documents unreadable.
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
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from security.at_rest.format import SealError
from security.at_rest.new_record import RecordKey
from security.at_rest.private_keys import hpke_private_key
from security.at_rest.public_keys import RecordPublicKey, derive_public
from security.at_rest.suites import SUITES, Kem
from security.at_rest.wrapping import FORM as WRAPPING_FORM
from security.at_rest.wrapping import PREFIX_SIZE, WrappingKeyError, wrapping_info
from security.at_rest.wrapping_keys import WrappingPrivateKey, load_wrapping_key

KEK_SIZE = 32
_NONCE_SIZE = 12
_FORM = 1


class KekError(Exception):
    """The key encryption key cannot be used; the text names the file and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kek:
    """Keys of consultation that open record keys: the KEK, 32 bytes, and where patients are fed the wrapping key."""

    secret: bytes = field(repr=False)
    wrapping: WrappingPrivateKey | None = None

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
            return SUITES[self.kem].hpke.decrypt(wrapped, hpke_private_key(self.kem, self.raw), info=info)
        except (InvalidTag, ValueError) as error:
            raise SealError("the document key does not open") from error

    def public_key(self) -> RecordPublicKey:
        """The public half."""
        return RecordPublicKey(key_id=self.key_id, kem=self.kem, raw=derive_public(self.kem, self.raw))


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
    """Decrypt a private key of either form.

    Raises SealError: wrapped to another key, another key's, damaged, or destroyed (empty).
    """
    prefix, rest = wrapped[:PREFIX_SIZE], wrapped[PREFIX_SIZE:]
    kem = next((kem for kem, suite in SUITES.items() if prefix[1:2] == bytes([suite.number])), None)
    if kem is None or prefix[0] not in (_FORM, WRAPPING_FORM):
        raise SealError("not a wrapped record key")
    opened = _opened_by_kek if prefix[0] == _FORM else _opened_by_wrapping_key
    raw = opened(prefix, rest, kek, key_id)
    if len(raw) != SUITES[kem].private_size:
        raise SealError("what was wrapped is not a record key")
    return RecordPrivateKey(key_id=key_id, kem=kem, raw=raw)


def _opened_by_kek(prefix: bytes, rest: bytes, kek: Kek, key_id: UUID) -> bytes:
    if prefix[2:] != kek.mark:
        raise SealError("the record key is wrapped to another KEK")
    nonce, sealed = rest[:_NONCE_SIZE], rest[_NONCE_SIZE:]
    try:
        return AESGCM(kek.secret).decrypt(nonce, sealed, prefix + key_id.bytes)
    except (InvalidTag, ValueError) as error:
        raise SealError("the wrapped record key is damaged or is not that of this record") from error


def _opened_by_wrapping_key(prefix: bytes, rest: bytes, kek: Kek, key_id: UUID) -> bytes:
    if kek.wrapping is None or prefix[2:] != kek.wrapping.public.mark:
        raise SealError("the record key is wrapped to another wrapping key")
    return kek.wrapping.unwrap(rest, wrapping_info(prefix, key_id))


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


def load_kek(path: Path, wrapping: Path | None = None) -> Kek:
    """Read a KEK, and the private half of the wrapping key if `wrapping` names its file.

    Raises KekError: missing, not 64 hexadecimal digits, not a wrapping key, or readable by others.
    """
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
    try:
        return Kek(secret=secret, wrapping=load_wrapping_key(wrapping) if wrapping else None)
    except WrappingKeyError as error:
        raise KekError(str(error)) from error

"""The key of one door for what it holds for a while: messages on their way, and the names it knows patients by.

Messages are sealed with AES-256-GCM, bound to their identifier; names become keyed hashes. Both keys are derived from
one file of the door, so that a stolen database gives neither a message nor a patient. It opens nothing of a record.

    form (1 byte) | nonce (12) | ciphertext and tag
"""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SIZE = 32
_FORM = b"\x01"
_NONCE = 12
_NAME_BYTES = 16


class QueueKeyError(Exception):
    """The key cannot be used, or what was sealed is not what it was; the text names no content."""


@dataclass(frozen=True, slots=True)
class QueueKey:
    """Seals messages and hides names. Made of 32 random bytes."""

    _seal: AESGCM = field(repr=False)
    _names: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> Self:
        """The key made of a secret. Raises QueueKeyError: not 32 bytes."""
        if len(secret) != SIZE:
            raise QueueKeyError(f"a key of {len(secret)} bytes, {SIZE} expected")
        return cls(AESGCM(_derived(secret, b"ecluse queue seal")), _derived(secret, b"ecluse queue names"))

    def seal(self, content: bytes, identifier: UUID) -> bytes:
        """Seal a message, at most 2 GiB, under its identifier."""
        nonce = secrets.token_bytes(_NONCE)
        return _FORM + nonce + self._seal.encrypt(nonce, content, _FORM + identifier.bytes)

    def open(self, sealed: bytes, identifier: UUID) -> bytes:
        """The message again. Raises QueueKeyError: another key, another identifier, or one bit changed."""
        if sealed[:1] != _FORM:
            raise QueueKeyError("sealed in a form that is not known")
        try:
            return self._seal.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], _FORM + identifier.bytes)
        except (InvalidTag, ValueError):
            raise QueueKeyError("what was sealed is not what it was, or not with this key") from None

    def name(self, *parts: str) -> bytes:
        """16 bytes that stand for a name of several parts, the same for the same name."""
        text = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
        return hmac.digest(self._names, text, "sha256")[:_NAME_BYTES]


def create_queue_key(path: Path) -> None:
    """Write a new key, readable by its owner only. Raises FileExistsError."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
        file.write(secrets.token_bytes(SIZE))
        file.flush()
        os.fsync(file.fileno())


def load_queue_key(path: Path) -> QueueKey:
    """Read the key. Raises QueueKeyError: missing, or not one."""
    try:
        return QueueKey.of(path.read_bytes())
    except FileNotFoundError as error:
        raise QueueKeyError(f"{path} is missing: what is in the inbox cannot be read without it") from error
    except QueueKeyError as error:
        raise QueueKeyError(f"{path}: {error}") from None


def _derived(secret: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=SIZE, salt=None, info=info).derive(secret)

"""Secrets given to a patient once, and what is kept of them: a scrypt hash (RFC 7914)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final

_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters and digits that nobody takes for another when a letter is read."""
_COST, _BLOCK, _PARALLEL = 2**14, 8, 1
_SALT = 16
_FORM = "scrypt"


def make_secret(length: int) -> str:
    """A random text of `length` characters that are easy to tell apart on paper."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def hash_password(password: str) -> str:
    """What is kept of a password: form, parameters, salt and hash, separated by `$`."""
    salt = secrets.token_bytes(_SALT)
    digest = _scrypt(password, salt, _COST, _BLOCK, _PARALLEL)
    return "$".join((_FORM, str(_COST), str(_BLOCK), str(_PARALLEL), _text(salt), _text(digest)))


def is_password(password: str, kept: str) -> bool:
    """Whether a password is the one that was kept; in a time that does not depend on how much of it is right.

    Raises ValueError: `kept` was not written by `hash_password`.
    """
    form, cost, block, parallel, salt, digest = kept.split("$")
    if form != _FORM:
        raise ValueError("not a scrypt hash")
    found = _scrypt(password, base64.b64decode(salt), int(cost), int(block), int(parallel))
    return hmac.compare_digest(found, base64.b64decode(digest))


def _scrypt(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    memory = 256 * cost * block
    return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=block, p=parallel, maxmem=memory, dklen=32)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")

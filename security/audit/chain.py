"""The arithmetic of the chain, the same as in the database: see `audit_append`."""

from __future__ import annotations

import hashlib

GENESIS = bytes(32)


def leaf_hash(event: bytes) -> bytes:
    """Hash of one event (RFC 6962 §2.1)."""
    return hashlib.sha256(b"\x00" + event).digest()


def chain_hash(previous: bytes, event: bytes) -> bytes:
    """Hash of the chain after `event`, given the hash before it."""
    return hashlib.sha256(previous + leaf_hash(event)).digest()

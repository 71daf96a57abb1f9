"""Make the key pair of a record, for whoever may not open what will be sealed to it.

Ingest may import this module: the private half leaves it only wrapped, and the memory it was made in is wiped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

from security.at_rest.public_keys import RecordPublicKey, derive_public
from security.at_rest.suites import SUITES, Kem
from security.at_rest.wrapping import WrappingPublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordKey:
    """A new key pair: `public` is published to ingest, `wrapped` is stored where only consultation reads."""

    key_id: UUID
    public: RecordPublicKey
    wrapped: bytes = field(repr=False)


def create_record_key_for(wrapping: WrappingPublicKey, *, kem: Kem = Kem.HYBRID) -> RecordKey:
    """Make the key pair of a record, its private half wrapped to `wrapping` and kept nowhere else.

    Raises ValueError: the wrapping key is damaged.
    """
    key_id = uuid4()
    private = bytearray(SUITES[kem].private_size)
    try:
        _fill(private)
        public = RecordPublicKey(key_id=key_id, kem=kem, raw=derive_public(kem, private))
        return RecordKey(key_id=key_id, public=public, wrapped=wrapping.wrap(private, kem, key_id))
    finally:
        private[:] = bytes(len(private))


def _fill(buffer: bytearray) -> None:
    """Fill with random bytes in place: `os.urandom` would leave an object that nobody can wipe."""
    with Path("/dev/urandom").open("rb", buffering=0) as source:
        if source.readinto(buffer) != len(buffer):
            raise OSError("no random bytes")

"""Private keys of the suites, from their encodings. Ingest never imports this module."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

from security.at_rest.suites import SEED_SIZE, Kem


def hpke_private_key(kem: Kem, raw: bytes) -> X25519PrivateKey | MLKEM768X25519PrivateKey:
    """The private key of a suite from its encoding. Raises ValueError: of another length."""
    if kem is Kem.X25519:
        return X25519PrivateKey.from_private_bytes(raw)
    return MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(raw[:SEED_SIZE]),
        X25519PrivateKey.from_private_bytes(raw[SEED_SIZE:]),
    )

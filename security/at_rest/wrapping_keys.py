"""The private half of the wrapping key: opens the record keys that ingest made. Ingest never imports this module."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag

from security.at_rest.format import SealError
from security.at_rest.private_keys import hpke_private_key
from security.at_rest.public_keys import derive_public
from security.at_rest.suites import SUITES, Kem
from security.at_rest.wrapping import WrappingKeyError, WrappingPublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappingPrivateKey:
    """Private half of the wrapping key, and the public one."""

    public: WrappingPublicKey
    raw: bytes = field(repr=False)

    def unwrap(self, sealed: bytes, info: bytes) -> bytes:
        """Open what `WrappingPublicKey.wrap` closed, its prefix taken off. Raises SealError."""
        kem = self.public.kem
        try:
            return SUITES[kem].hpke.decrypt(sealed, hpke_private_key(kem, self.raw), info=info)
        except (InvalidTag, ValueError) as error:
            raise SealError("the wrapped record key is damaged or is not that of this record") from error


def create_wrapping_key(private_path: Path, public_path: Path, *, kem: Kem = Kem.HYBRID) -> WrappingPrivateKey:
    """Make the wrapping key: `private_path` is a new file that only its owner reads (0600).

    `public_path`, for ingest, is written anew. Raises WrappingKeyError: the private file exists.
    """
    key = _pair(kem, secrets.token_bytes(SUITES[kem].private_size))
    private_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(private_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        text = f"{private_path} exists: replacing it would make the documents of fed patients unreadable"
        raise WrappingKeyError(text) from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write((bytes([SUITES[kem].number]) + key.raw).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    publish_wrapping_key(key, public_path)
    return key


def publish_wrapping_key(key: WrappingPrivateKey, public_path: Path) -> None:
    """Write the public half, whole or not at all; what is there already is replaced."""
    public_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = public_path.with_name(public_path.name + ".new")
    temporary.write_text(key.public.to_bytes().hex() + "\n", encoding="ascii")
    temporary.chmod(0o600)
    temporary.replace(public_path)


def load_wrapping_key(path: Path) -> WrappingPrivateKey:
    """Read the private half. Raises WrappingKeyError: missing, not one, or readable by others."""
    try:
        mode, data = path.stat().st_mode, bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError as error:
        text = f"{path} is missing: restore it, no document of a fed patient opens without it"
        raise WrappingKeyError(text) from error
    except ValueError as error:
        raise WrappingKeyError(f"{path} does not hold the private half of a wrapping key") from error
    if mode & 0o077:
        text = f"{path} can be read by others (mode {mode & 0o777:03o}): chmod 600, and consider it known"
        raise WrappingKeyError(text)
    for kem, suite in SUITES.items():
        if data[:1] == bytes([suite.number]) and len(data) == 1 + suite.private_size:
            return _pair(kem, data[1:])
    raise WrappingKeyError(f"{path} does not hold the private half of a wrapping key")


def _pair(kem: Kem, raw: bytes) -> WrappingPrivateKey:
    return WrappingPrivateKey(public=WrappingPublicKey(kem=kem, raw=derive_public(kem, raw)), raw=raw)

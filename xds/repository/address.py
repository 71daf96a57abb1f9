"""The name of a blob: the SHA-256 of its bytes, which are the ciphertext of a document."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

DIGEST_SIZE = 32


@dataclass(frozen=True, slots=True, order=True)
class BlobAddress:
    """SHA-256 of a blob, 32 bytes. Addresses sort as their bytes do."""

    digest: bytes

    def __post_init__(self) -> None:
        if len(self.digest) != DIGEST_SIZE:
            raise ValueError(f"an address has {DIGEST_SIZE} bytes, not {len(self.digest)}")

    @property
    def hex(self) -> str:
        """64 hexadecimal digits, lower case."""
        return self.digest.hex()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `hex` again. Raises ValueError."""
        address = cls(bytes.fromhex(text))
        if address.hex != text:
            raise ValueError("an address is written in lower case without separators")
        return address

    def path(self, root: Path) -> Path:
        """Where the blob lies below `root`: two levels of 256 folders keep each of them small."""
        name = self.hex
        return root / name[:2] / name[2:4] / name

"""Read sealed documents from the disk, in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from xds.repository.address import BlobAddress

PIECE = 1024 * 1024
"""Bytes read at a time."""


class BlobMissing(LookupError):
    """No blob has this address: an entry without its bytes is damage, to be reported as our fault."""

    def __init__(self, address: BlobAddress) -> None:
        super().__init__(f"no blob {address.hex} in the document repository")
        self.address = address


class RepositoryReader:
    """Reads below `root`. Bytes are as stored: their seal tells whether they are true."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def open(self, address: BlobAddress) -> Iterator[bytes]:
        """Return the bytes of a blob, in pieces of up to PIECE bytes. Raises BlobMissing at once, OSError."""
        try:
            file = address.path(self.root).open("rb", buffering=0)
        except FileNotFoundError:
            raise BlobMissing(address) from None
        return _pieces(file)

    def size(self, address: BlobAddress) -> int:
        """Length of a blob in bytes. Raises BlobMissing."""
        try:
            return address.path(self.root).stat().st_size
        except FileNotFoundError:
            raise BlobMissing(address) from None

    def contains(self, address: BlobAddress) -> bool:
        """Tell whether the blob is there."""
        return address.path(self.root).is_file()


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """The file is closed after its last piece; a short blob is read at once, so that it never stays open."""
    try:
        first = file.read(PIECE)
    except BaseException:
        file.close()
        raise
    if len(first) < PIECE:
        file.close()
        return iter((first,))
    return _rest(file, first)


def _rest(file: BinaryIO, first: bytes) -> Iterator[bytes]:
    with file:
        yield first
        while piece := file.read(PIECE):
            yield piece

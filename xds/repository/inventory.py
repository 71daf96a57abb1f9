"""What lies in the repository, for its examination: every blob in the order of addresses, and unfinished files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xds.repository.address import BlobAddress
from xds.repository.reader import PIECE
from xds.repository.writer import TEMPORARY


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBlob:
    """A blob found on the disk. `modified` is in seconds of the epoch, `size` in bytes."""

    address: BlobAddress
    path: Path
    modified: float
    size: int


def list_blobs(root: Path) -> Iterator[StoredBlob]:
    """Walk the blobs in ascending order of address. Files with other names are not blobs and are passed over."""
    for first in _names(root):
        if first == TEMPORARY:
            continue
        for second in _names(root / first):
            for name in _names(root / first / second):
                path = root / first / second / name
                try:
                    address = BlobAddress.parse(name)
                    found = path.stat()
                except (ValueError, FileNotFoundError):
                    continue
                if address.path(root) == path:
                    yield StoredBlob(address=address, path=path, modified=found.st_mtime, size=found.st_size)


def list_unfinished(root: Path) -> Iterator[tuple[Path, float]]:
    """Temporary files, with their time of modification: a writer was killed, or is at work now."""
    for name in _names(root / TEMPORARY):
        path = root / TEMPORARY / name
        try:
            yield path, path.stat().st_mtime
        except FileNotFoundError:
            continue


def is_true(blob: StoredBlob) -> bool:
    """Tell whether the bytes of a blob are those its address names."""
    digest = hashlib.sha256()
    with blob.path.open("rb", buffering=0) as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.digest() == blob.address.digest


def _names(directory: Path) -> list[str]:
    try:
        return sorted(path.name for path in directory.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []

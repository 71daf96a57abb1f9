"""Put sealed documents on the disk, so that a success is never taken back by a power cut.

A blob is written to a temporary file of the same file system, flushed, given its final name, and the folder of that
name is flushed: only then is its address returned, and only then may metadata that name it be committed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from xds.repository.address import BlobAddress

TEMPORARY = "incoming"
"""Folder of the files being written; no address begins like that."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class RepositoryUnavailable(OSError):
    """The repository cannot be written; nothing was kept."""


class RepositoryFull(RepositoryUnavailable):
    """No room left on the disk of the repository, or in its quota; nothing was kept."""


class RepositoryWriter:
    """Writes below `root`, which is made when missing. Threads and processes may share a root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._incoming = root / TEMPORARY
        self._durable: set[Path] = set()
        made = self._incoming
        while not made.is_dir():
            made = made.parent
        self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        root.chmod(0o700)
        for folder in self._incoming.parents:
            _flush_directory(folder)
            if folder == made:
                break

    def store(self, chunks: Iterable[bytes]) -> BlobAddress:
        """Store one blob; it is on the disk when this returns. Raises RepositoryFull, RepositoryUnavailable."""
        return self.store_all((chunks,))[0]

    def store_all(self, blobs: Iterable[Iterable[bytes]]) -> tuple[BlobAddress, ...]:
        """Store the blobs of one submission, all or none; addresses in the order of `blobs`.

        An exception raised while producing a blob leaves nothing behind either.
        Raises RepositoryFull, RepositoryUnavailable.
        """
        written: list[tuple[Path, BlobAddress]] = []
        try:
            for chunks in blobs:
                written.append(self._write(chunks))  # noqa: PERF401  the list must hold what was written when one fails
            self._name(written)
        except BaseException as error:
            for temporary, address in written:
                for path in (temporary, address.path(self.root)):
                    with contextlib.suppress(OSError):
                        path.unlink()
            if isinstance(error, OSError):
                raise _clean(error) from error
            raise
        return tuple(address for _, address in written)

    def discard(self, addresses: Iterable[BlobAddress]) -> None:
        """Remove blobs of a submission whose metadata were refused. What cannot be removed is left to `ecluse fsck`."""
        for address in addresses:
            with contextlib.suppress(OSError):
                address.path(self.root).unlink()

    def _name(self, written: list[tuple[Path, BlobAddress]]) -> None:
        folders = set()
        for temporary, address in written:
            final = address.path(self.root)
            folders.add(final.parent)
            if final.parent not in self._durable:
                final.parent.parent.mkdir(mode=0o700, exist_ok=True)
                final.parent.mkdir(mode=0o700, exist_ok=True)
            temporary.replace(final)
        for folder in folders:
            _flush_directory(folder)
        # A blob is as durable as the path to it: also flush the folders above, once in the life of this writer, since
        # another one may have made them an instant ago.
        fresh = folders - self._durable
        above = {folder.parent for folder in fresh}
        for folder in above:
            _flush_directory(folder)
        if above - self._durable:
            _flush_directory(self.root)
        self._durable |= fresh | above

    def _write(self, chunks: Iterable[bytes]) -> tuple[Path, BlobAddress]:
        digest = hashlib.sha256()
        descriptor, name = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                for chunk in chunks:
                    digest.update(chunk)
                    rest = memoryview(chunk)
                    while rest:
                        rest = rest[file.write(rest) :]
                os.fdatasync(file.fileno())
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
        return Path(name), BlobAddress(digest.digest())


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _clean(error: OSError) -> RepositoryUnavailable:
    kind = errno.errorcode.get(error.errno or 0, "unknown")
    if error.errno in _FULL:
        return RepositoryFull(error.errno, f"no room left in the document repository ({kind})")
    return RepositoryUnavailable(error.errno or 0, f"the document repository cannot be written ({kind})")

"""Remove sealed documents from the disk, once nothing in the registry names them (ITI TF-2 §3.86)."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from xds.repository.address import BlobAddress

_log = logging.getLogger("ecluse.repository")


class RepositoryRemover:
    """Removes below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def may_remove(self, address: BlobAddress) -> bool:
        """Whether a blob could be removed now: a file in a folder that may be written, or nothing at all."""
        path = address.path(self.root)
        if not os.path.lexists(path):
            return True
        return path.is_file() and os.access(path.parent, os.W_OK | os.X_OK)

    def remove(self, addresses: Iterable[BlobAddress]) -> None:
        """Remove blobs; their absence is on the disk when this returns.

        To be called after the commit that unnamed them. What cannot be removed is logged and left to `ecluse fsck`.
        """
        folders = set()
        for address in addresses:
            path = address.path(self.root)
            try:
                path.unlink(missing_ok=True)
                folders.add(path.parent)
            except OSError as error:
                _log.error("a removed document is still on the disk", extra=_facts(address, error))
        for folder in folders:
            try:
                _flush(folder)
            except FileNotFoundError:
                continue


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _facts(address: BlobAddress, error: OSError) -> dict[str, str]:
    return {"blob": address.hex, "error": type(error).__name__}

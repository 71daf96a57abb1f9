"""Verdicts that somebody asked to keep: one file each, behind a name nobody can guess, for a few days."""

from __future__ import annotations

import os
import re
import secrets
import time
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9_-]{32}")
_DAY = 86_400
KEPT_AT_MOST = 1_000
BYTES_AT_MOST = 512 * 1024 * 1024


class TooManyKept(Exception):
    """The shelf is full: nothing more is kept until something is old enough to go."""


class Shelf:
    """A directory of kept pages, KEPT_AT_MOST and `at_most` bytes in all.

    What is older than `days` is gone: removed when the next is kept, never shown.
    """

    def __init__(self, directory: Path, days: int, at_most: int = BYTES_AT_MOST) -> None:
        self._directory = directory
        self._seconds = days * _DAY
        self._bytes = at_most

    def keep(self, page: bytes) -> str:
        """Keep a page; the name to fetch it by. Raises TooManyKept."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep()
        sizes = [_size(path) for path in self._directory.iterdir()]
        if len(sizes) >= KEPT_AT_MOST or sum(sizes) + len(page) > self._bytes:
            raise TooManyKept
        name = secrets.token_urlsafe(24)
        descriptor = os.open(self._directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(page)
        return name

    def fetch(self, name: str) -> bytes | None:
        """A kept page; None for a name that is unknown, gone or no name at all."""
        path = self._path(name)
        return path.read_bytes() if path is not None else None

    def forget(self, name: str) -> bool:
        """Remove a page at once; whether it was there."""
        path = self._path(name)
        if path is None:
            return False
        path.unlink(missing_ok=True)
        return True

    def _path(self, name: str) -> Path | None:
        path = self._directory / name
        if not _NAME.fullmatch(name) or not path.is_file() or self._is_old(path):
            return None
        return path

    def _sweep(self) -> None:
        for path in self._directory.iterdir():
            if self._is_old(path):
                path.unlink(missing_ok=True)

    def _is_old(self, path: Path) -> bool:
        try:
            return time.time() - path.stat().st_mtime > self._seconds
        except FileNotFoundError:
            return True


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0

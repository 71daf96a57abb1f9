"""A medium that is a directory: a mounted disc, a key, an archive already unpacked."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from xds.xdm.tree import DEFAULT, Limits, check_sizes, checked_directories, checked_name, refuse


@dataclass(frozen=True, slots=True)
class DirectoryTree:
    """The files of a directory (see `Tree`). Links are never followed below the root."""

    files: dict[str, int]
    directories: frozenset[str]
    _root: Path = field(repr=False)

    def read(self, name: str) -> bytes:
        """The bytes of one file. Raises UnusableMedium: no longer a regular file of that size, or not readable."""
        try:
            descriptor = os.open(self._root / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            refuse(name, f"cannot be read: {error.strerror}")
        with os.fdopen(descriptor, "rb") as opened:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                refuse(name, "no longer a regular file")
            data = opened.read(self.files[name] + 1)
        if len(data) != self.files[name]:
            refuse(name, "its size changed while the medium was read")
        return data


def read_directory(root: Path, limits: Limits = DEFAULT) -> DirectoryTree:
    """List the files of a directory; none is opened yet.

    Raises UnusableMedium: a link, a special file, a name that no medium may have, a limit exceeded, or a directory
    that cannot be listed.
    """
    files: dict[str, int] = {}
    directories: list[str] = []
    for count, (name, status) in enumerate(_walk(root, "", limits), start=1):
        if count > limits.entries:
            refuse("", f"more than {limits.entries} entries")
        if stat.S_ISDIR(status.st_mode):
            directories.append(name)
        elif stat.S_ISREG(status.st_mode):
            files[name] = status.st_size
        else:
            refuse(name, "a symbolic link" if stat.S_ISLNK(status.st_mode) else "a special file")
    check_sizes(files, limits)
    return DirectoryTree(files, checked_directories(files, directories), root)


def _walk(root: Path, below: str, limits: Limits) -> Iterator[tuple[str, os.stat_result]]:
    try:
        with os.scandir(root / below) as listing:
            found = [(one.name, one.stat(follow_symlinks=False)) for one, _ in zip(listing, range(limits.entries + 1))]  # noqa: B905
    except OSError as error:
        refuse(below, f"cannot be listed: {error.strerror}")
    for own, status in sorted(found, key=lambda one: one[0]):
        name = checked_name(f"{below}/{own}" if below else own, limits)
        yield name, status
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(root, name, limits)

"""What every medium is, a ZIP archive or a directory: a tree of regular files under names that can be trusted.

Names come from strangers. What could reach outside of the tree, stand for two files, or be no file at all makes the
whole medium unusable, before anything of it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol

_DRIVE = re.compile(r"[A-Za-z]:")
_LONGEST_NAME = 1024


class UnusableMedium(ValueError):
    """Not a medium that can be read safely. The text names the entry and what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one medium. Sizes are in bytes, uncompressed but for `archive`; `levels` counts directories of a name.

    `ratio` is uncompressed to compressed size, asked of files larger than `ratio_from`.
    """

    archive: int = 256 * 1024 * 1024
    entries: int = 1000
    levels: int = 16
    file: int = 128 * 1024 * 1024
    total: int = 256 * 1024 * 1024
    ratio: int = 100
    ratio_from: int = 1024 * 1024


DEFAULT = Limits()


class Tree(Protocol):
    """The files of a medium. Names are relative, `/` between components, as written on the medium."""

    @property
    def files(self) -> dict[str, int]:
        """Size in bytes of every file, by name, in the order of the medium."""

    @property
    def directories(self) -> frozenset[str]:
        """Names of all directories, those that only files imply included; the root is not one of them."""

    def read(self, name: str) -> bytes:
        """The bytes of a file of `files`. Raises UnusableMedium: they are not what the medium announced."""


def refuse(name: str, text: str) -> NoReturn:
    """Refuse the medium because of the entry `name`, shown cut and without control characters."""
    shown = "".join(c if c.isprintable() else "?" for c in name[:80])
    raise UnusableMedium(f"{shown}: {text}" if shown else text)


def checked_name(raw: str, limits: Limits) -> str:
    """Return the name without the `/` that ends those of directories.

    Raises UnusableMedium: the name is empty, too long or deep, absolute, has a drive letter, a backslash, a control
    character, or a component that is empty, `.` or `..`.
    """
    name = raw.removesuffix("/")
    if not name:
        refuse(raw, "an entry without a name")
    if len(name) > _LONGEST_NAME:
        refuse(raw, f"a name of {len(name)} characters, at most {_LONGEST_NAME} are read")
    if any(not character.isprintable() for character in name):
        refuse(raw, "a control character in a name")
    if "\\" in name:
        refuse(raw, "a backslash in a name: components are separated by /")
    if name.startswith("/") or _DRIVE.match(name):
        refuse(raw, "an absolute name")
    components = name.split("/")
    if any(component in ("", ".", "..") for component in components):
        refuse(raw, "a name with an empty component, . or ..")
    if len(components) - 1 > limits.levels:
        refuse(raw, f"{len(components) - 1} directories deep, at most {limits.levels} are followed")
    return name


def checked_directories(files: Iterable[str], directories: Sequence[str]) -> frozenset[str]:
    """Return all directories, those that only files imply included.

    Raises UnusableMedium: two entries have one name, letter case not counted; a file and a directory have one.
    """
    written, every = tuple(files), set(directories)
    spelled: dict[str, str] = {}
    for name in (*written, *directories):
        if name.casefold() in spelled:
            refuse(name, "a second entry of this name, letter case not counted")
        spelled[name.casefold()] = name
    known = frozenset(written)
    for name in (*written, *directories):
        components = name.split("/")
        every.update("/".join(components[:rank]) for rank in range(1, len(components)))
    for name in sorted(every):
        if spelled.setdefault(name.casefold(), name) != name or name in known:
            refuse(name, "a second entry of this name, letter case not counted")
    return frozenset(every)


def check_sizes(sizes: dict[str, int], limits: Limits) -> None:
    """Raises UnusableMedium: a file, or all of them together, larger than the limits."""
    for name, size in sizes.items():
        if size > limits.file:
            refuse(name, f"{size} bytes, at most {limits.file} are read from one file")
    total = sum(sizes.values())
    if total > limits.total:
        refuse("", f"the files have {total} bytes together, at most {limits.total} are read")

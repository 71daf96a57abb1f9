"""What a pack is imported from: a directory or a ZIP archive, seen as files under names that can be trusted.

Archives come from Windows tools: backslashes and names in old code pages are accepted and told; what could leave the
tree, stand for two files or fill the disk makes the whole archive unusable.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from conformance.packs.problems import UnusablePack

_ENCRYPTED, _UTF8 = 1 << 0, 1 << 11
_LFS = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one source: files, bytes of all and of one; `ratio` is inflated to compressed size of large ones."""

    files: int = 20_000
    total: int = 4 * 1024**3
    file: int = 2 * 1024**3
    ratio: int = 200
    ratio_from: int = 1024 * 1024


DEFAULT = Limits()


class Source(Protocol):
    """The files of a source; names are relative, `/` between components."""

    @property
    def files(self) -> Mapping[str, int]:
        """Size in bytes of every file, by name."""

    @property
    def notes(self) -> list[str]:
        """What was tolerated."""

    def open(self, name: str) -> BinaryIO:
        """A stream of the bytes of one file."""


@contextmanager
def open_source(path: Path, limits: Limits = DEFAULT) -> Iterator[Source]:
    """Open a directory or a ZIP archive.

    Raises UnusablePack: neither, or an archive that is not safe to read, with everything that is wrong in it.
    """
    if path.is_dir():
        yield _Directory(*_walk(path, limits), path)
        return
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise UnusablePack(f"{path}: {error.strerror or error}") from error
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError) as error:
        raise UnusablePack(f"{path}: not a directory, nor a ZIP archive that can be read: {error}") from error
    with archive:
        yield _read_archive(archive, limits)


def read(source: Source, name: str) -> bytes:
    """All bytes of one file. Raises UnusablePack: they are not what the archive announces."""
    try:
        with source.open(name) as opened:
            return opened.read()
    except (OSError, zipfile.BadZipFile, EOFError) as error:
        raise UnusablePack(f"{name}: {error}") from error


def is_lfs_pointer(start: bytes) -> bool:
    """Whether a file is only the pointer that Git LFS leaves where the large file was not fetched."""
    return start.startswith(_LFS)


@dataclass(frozen=True, slots=True)
class _Directory:
    files: Mapping[str, int]
    notes: list[str]
    _root: Path = field(repr=False)

    def open(self, name: str) -> BinaryIO:
        """A stream of the bytes of one file; a link that took its place is not followed."""
        return os.fdopen(os.open(self._root / name, os.O_RDONLY | os.O_NOFOLLOW), "rb")


def _walk(root: Path, limits: Limits) -> tuple[dict[str, int], list[str]]:
    files: dict[str, int] = {}
    notes: list[str] = []
    for where, directories, names in os.walk(root):
        directories.sort()
        for name in sorted((*names, *(one for one in directories if (Path(where) / one).is_symlink()))):
            path = Path(where) / name
            relative = path.relative_to(root).as_posix()
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode):
                notes.append(f"{relative}: a link or a special file, not read")
                continue
            files[relative] = status.st_size
    problems = _excess(files, limits)
    if problems:
        raise UnusablePack(*problems)
    return files, notes


@dataclass(frozen=True, slots=True)
class _Archive:
    files: Mapping[str, int]
    notes: list[str]
    _entries: Mapping[str, zipfile.ZipInfo] = field(repr=False)
    _archive: zipfile.ZipFile = field(repr=False)

    def open(self, name: str) -> BinaryIO:
        """A stream of one entry; it ends at the size announced and its CRC is checked."""
        return self._archive.open(self._entries[name])  # type: ignore[return-value]


def _read_archive(archive: zipfile.ZipFile, limits: Limits) -> _Archive:
    """Check every entry before any is inflated. Raises UnusablePack: all that is wrong."""
    entries: dict[str, zipfile.ZipInfo] = {}
    notes: list[str] = []
    problems: list[str] = []
    odd = 0
    infos = archive.infolist()
    for info in infos[: limits.files + 1]:
        name = info.filename.replace("\\", "/")
        if name != info.filename or (not info.flag_bits & _UTF8 and not name.isascii()):
            odd += 1
        if name.endswith("/"):
            continue
        wrong = _wrong_with(info, name, limits)
        if wrong is None and name in entries:
            wrong = "a second entry of this name"
        if wrong is not None:
            problems.append(f"{_shown(name)}: {wrong}")
        else:
            entries[name] = info
    if odd:
        notes.append(f"{odd} names of the archive have backslashes or are not UTF-8")
    files = {name: info.file_size for name, info in entries.items()}
    problems += _excess(files, limits)
    if len(infos) > limits.files:
        problems.append(f"{len(infos)} entries, at most {limits.files} are read")
    if problems:
        raise UnusablePack(*problems)
    return _Archive(files, notes, entries, archive)


def _wrong_with(info: zipfile.ZipInfo, name: str, limits: Limits) -> str | None:
    """The first thing for which an entry is refused."""
    parts = name.split("/")
    kind = stat.S_IFMT(info.external_attr >> 16)
    swollen = info.file_size > limits.ratio_from and info.file_size > limits.ratio * info.compress_size
    leaves = name.startswith("/") or ":" in parts[0] or any(part in ("", ".", "..") for part in parts)
    reasons = {
        "a name that leaves the archive": leaves,
        "a control character in a name": not name.isprintable(),
        "a link or a special file": kind not in (0, stat.S_IFREG),
        "encrypted": bool(info.flag_bits & _ENCRYPTED),
        "compressed otherwise than by deflate": info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED),
        f"{info.file_size} bytes out of {info.compress_size}: a ratio above {limits.ratio}": swollen,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _excess(files: Mapping[str, int], limits: Limits) -> list[str]:
    problems = [
        f"{_shown(name)}: {size} bytes, at most {limits.file}" for name, size in files.items() if size > limits.file
    ]
    if len(files) > limits.files:
        problems.append(f"{len(files)} files, at most {limits.files} are read")
    total = sum(files.values())
    if total > limits.total:
        problems.append(f"{total} bytes in all, at most {limits.total}")
    return problems


def _shown(name: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in name[:120])

"""A pack opened by whatever names it: its name in the store, its directory, or the published package as it is."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from conformance.packs.importing import import_pack
from conformance.packs.pack import Pack
from conformance.packs.problems import UnknownPack
from conformance.packs.store import packs, remove_pack
from conformance.schematron.store import default_directory

_KEPT = 4
"""Packages that are kept imported: the latest, since each release of one is another."""


def open_pack(path_or_name: str | Path) -> Pack:
    """Open an imported pack or, where a directory or ZIP archive of that name is there, import it into the cache first.

    A package that did not change is not imported again: its files are known by name, size and time.
    Raises UnknownPack: there is neither; UnusablePack: the package cannot be used.
    """
    try:
        return Pack.open(path_or_name)
    except UnknownPack:
        path = Path(path_or_name)
        if not path.exists():
            raise
    cache = default_directory()
    store = Path(tempfile.mkdtemp(prefix="ecluse-packs-")) if cache is None else cache / "packs"
    name = _signature(path)
    try:
        return Pack.open(name, store)
    except UnknownPack:
        import_pack(path, store, datetime.now(UTC), name=name)
    _forget_old(store, name)
    return Pack.open(name, store)


def _signature(path: Path) -> str:
    """A name for what a package is now."""
    digest = hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape"))
    for one in sorted(_files(path)):
        found = one.stat()
        digest.update(f"{one}\0{found.st_size}\0{found.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    called = re.sub(r"[^A-Za-z0-9]+", "-", path.resolve().stem).strip("-")[:40] or "package"
    return f"{called}-{digest.hexdigest()[:16]}"


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for directory, _, names in os.walk(path):
        for name in names:
            one = Path(directory) / name
            if one.is_file():
                yield one


def _forget_old(store: Path, name: str) -> None:
    by_age = sorted(packs(store), key=lambda one: one.imported, reverse=True)
    for one in by_age[_KEPT:]:
        if one.name != name:
            remove_pack(one.name, store)

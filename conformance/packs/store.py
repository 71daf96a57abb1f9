"""Where imported packs are kept: one directory a pack (XDG Base Directory Specification)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from conformance.packs.manifest import FILE, Manifest, read_manifest
from conformance.packs.problems import UnknownPack, UnusablePack


def default_store() -> Path:
    """`$XDG_DATA_HOME/ecluse/packs`, by default below `~/.local/share`."""
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "ecluse" / "packs"


def pack_directory(path_or_name: str | Path, store: Path | None = None) -> Path:
    """The directory of a pack: one that holds a manifest, else the pack of that name in the store.

    Raises UnknownPack.
    """
    direct = Path(path_or_name)
    if (direct / FILE).is_file():
        return direct
    named = (store or default_store()) / str(path_or_name)
    if direct.name == str(path_or_name) and not direct.name.startswith(".") and (named / FILE).is_file():
        return named
    raise UnknownPack(str(path_or_name))


def manifest_of(directory: Path) -> Manifest:
    """The manifest of a pack. Raises UnusablePack."""
    try:
        return read_manifest((directory / FILE).read_bytes())
    except OSError as error:
        raise UnusablePack(f"{directory}: {error.strerror or error}") from error


def packs(store: Path | None = None) -> list[Manifest]:
    """The packs of the store, by name; a directory whose manifest cannot be read is not one."""
    found: list[Manifest] = []
    place = store or default_store()
    for directory in sorted(place.iterdir()) if place.is_dir() else ():
        if not directory.name.startswith(".") and (directory / FILE).is_file():
            try:
                found.append(manifest_of(directory))
            except UnusablePack:
                continue
    return found


def remove_pack(name: str, store: Path | None = None) -> None:
    """Take a pack out of the store. Raises UnknownPack: no pack has that name there."""
    place = store or default_store()
    if "/" in name or name.startswith(".") or not (place / name / FILE).is_file():
        raise UnknownPack(name)
    shutil.rmtree(place / name)

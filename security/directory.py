"""Who works where: the professionals, structures and sites that a house knows, from files that its administrator keeps.

A card names its holder; for which of his structures he acts, he says himself. Only a directory can tell whether he may:
what is given to a structure is never opened by his word alone.
"""

from __future__ import annotations

import csv
import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

COLUMNS = ("structure_id", "professional_id")
SITE_COLUMNS = ("legal_entity_id", "structure_id")

_log = logging.getLogger(__name__)
_Pairs = frozenset[tuple[str, str]]


class DirectoryFault(Exception):
    """The file is no directory. The text says where."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Structures (Struct_IdNat) that are active, who (PS_IdNat) works in which, and whose sites they are.

    `sites` are pairs of a legal entity, which certificates name, and one of its sites, which assertions may name.
    `is_kept`: the administrator keeps a directory; without one nobody can be compared with it.
    """

    structures: frozenset[str] = frozenset()
    links: _Pairs = frozenset()
    sites: _Pairs = frozenset()
    is_kept: bool = False

    def is_active(self, structure_id: str) -> bool:
        """Whether the structure exists and is active."""
        return structure_id in self.structures

    def are_linked(self, national_id: str, structure_id: str) -> bool:
        """Whether the professional works in the structure."""
        return (structure_id, national_id) in self.links


@dataclass(slots=True)
class DirectoryFiles:
    """The directory of a door, read again when one of its files changes.

    What cannot be read any more leaves the former directory in force, and says so in the log.
    """

    staff: Path
    sites: Path
    _known: Directory = field(init=False)
    _stamps: tuple[object, ...] = field(init=False)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Raises DirectoryFault."""
        self._stamps = self._now()
        self._known = read_directory(self.staff, self.sites)

    def current(self) -> Directory:
        """The directory as the files are now; the same object while they do not change."""
        with self._lock:
            stamps = self._now()
            if stamps != self._stamps:
                self._stamps = stamps
                try:
                    self._known = read_directory(self.staff, self.sites)
                except DirectoryFault as error:
                    _log.warning("directory not read again, the former one stays in force: %s", error)
            return self._known

    def _now(self) -> tuple[object, ...]:
        return _stamp(self.staff), _stamp(self.sites)


def read_directory(staff: Path, sites: Path | None = None) -> Directory:
    """Read the lines `structure_id,professional_id`; a structure without professional is active all the same.

    `sites` has the lines `legal_entity_id,structure_id`. An absent file says nothing. Raises DirectoryFault.
    """
    links = _read(staff, COLUMNS)
    pairs = _read(sites, SITE_COLUMNS) if sites is not None else None
    for path, rows in ((sites, pairs), (staff, links)):
        for number, (first, second) in enumerate(rows or (), start=2):
            if not first or (path is sites and not second):
                raise DirectoryFault(f"{path}, line {number}: {_EXPECTED[path is sites]}")
    return Directory(
        frozenset(structure for structure, _ in links or ()),
        frozenset((structure, professional) for structure, professional in links or () if professional),
        frozenset(pairs or ()),
        is_kept=links is not None,
    )


def write_directory(links: Iterable[tuple[str, str]]) -> str:
    """The text of a directory: pairs of a structure and a professional, who may be empty."""
    return _write(COLUMNS, links)


def write_sites(sites: Iterable[tuple[str, str]]) -> str:
    """The text of the sites: pairs of a legal entity and a site."""
    return _write(SITE_COLUMNS, sites)


_EXPECTED = {False: "a structure, then a professional or nothing", True: "a legal entity, then one of its sites"}


def _read(path: Path, columns: tuple[str, str]) -> list[tuple[str, str]] | None:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DirectoryFault(f"{path}: {type(error).__name__}") from error
    rows = list(csv.reader(text.splitlines()))
    if not rows or tuple(rows[0]) != columns:
        raise DirectoryFault(f"{path}: the first line is {','.join(columns)}")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(columns):
            raise DirectoryFault(f"{path}, line {number}: {_EXPECTED[columns is SITE_COLUMNS]}")
    return [(row[0], row[1]) for row in rows[1:]]


def _write(columns: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join((",".join(columns), *(f"{first},{second}" for first, second in rows))) + "\n"


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino

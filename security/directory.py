"""Who works where: the professionals and structures that a house knows, from a file that its administrator keeps.

A card names its holder; for which of his structures he acts, he says himself. Only a directory can tell whether he may:
what is given to a structure is never opened by his word alone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ("structure_id", "professional_id")


class DirectoryFault(Exception):
    """The file is no directory. The text says where."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Structures (Struct_IdNat) that are active, and who (PS_IdNat) works in which."""

    structures: frozenset[str] = frozenset()
    links: frozenset[tuple[str, str]] = frozenset()

    def is_active(self, structure_id: str) -> bool:
        """Whether the structure exists and is active."""
        return structure_id in self.structures

    def are_linked(self, national_id: str, structure_id: str) -> bool:
        """Whether the professional works in the structure."""
        return (structure_id, national_id) in self.links


def read_directory(path: Path) -> Directory:
    """Read the lines `structure_id,professional_id`; a structure without professional is active all the same.

    An absent file is an empty directory. Raises DirectoryFault.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Directory()
    except (OSError, ValueError) as error:
        raise DirectoryFault(f"{path}: {type(error).__name__}") from error
    rows = list(csv.reader(text.splitlines()))
    if not rows or tuple(rows[0]) != COLUMNS:
        raise DirectoryFault(f"{path}: the first line is {','.join(COLUMNS)}")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(COLUMNS) or not row[0]:
            raise DirectoryFault(f"{path}, line {number}: a structure, then a professional or nothing")
    structures = frozenset(row[0] for row in rows[1:])
    return Directory(structures, frozenset((row[0], row[1]) for row in rows[1:] if row[1]))


def write_directory(links: Iterable[tuple[str, str]]) -> str:
    """The text of a directory: pairs of a structure and a professional, who may be empty."""
    lines = (f"{structure},{professional}" for structure, professional in links)
    return "\n".join((",".join(COLUMNS), *lines)) + "\n"

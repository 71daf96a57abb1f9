"""The files of a schema: found by relative references, below one directory, and nowhere else (RFC 3986 §5).

Published packages are written on file systems that ignore the case of letters: a name that differs only by it is found,
and the difference is noted. Nothing is ever asked of a network.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
MOST_FILES = 20_000
MOST_BYTES = 512 * 1024 * 1024


class FileFault(ValueError):
    """A reference that cannot be followed: it leaves the directory, names a network, or nothing is there."""


class Files:
    """Finds and reads files below `root`; `seen` and `absent` say what the answers depended on.

    `seen` maps a path relative to the root to the SHA-256 of its bytes; `notes` are mistakes that were tolerated.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.seen: dict[str, str] = {}
        self.absent: set[str] = set()
        self.notes: list[str] = []
        self._bytes = 0
        self._names: dict[Path, Mapping[str, str]] = {}

    def find(self, reference: str, base: Path) -> Path:
        """The file that `reference` names, relative to the directory `base`.

        Raises FileFault: nothing there, outside the root, or a reference with a scheme.
        """
        path, noted = self._found(reference, base)
        if noted:
            self.notes.append(noted)
        return path

    def read(self, path: Path) -> bytes:
        """The bytes of a file that `find` found. Raises FileFault: unreadable, or too much is read in all."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise FileFault(f"{self.name(path)} cannot be read: {error.strerror}") from error
        self._bytes += len(content)
        self.seen[self.name(path)] = hashlib.sha256(content).hexdigest()
        if self._bytes > MOST_BYTES or len(self.seen) > MOST_FILES:
            raise FileFault(f"a schema reads at most {MOST_FILES} files and {MOST_BYTES} bytes in all")
        return content

    def name(self, path: Path) -> str:
        """How a file is called in messages: its path from the root."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name

    def _found(self, reference: str, base: Path) -> tuple[Path, str]:
        if _SCHEME.match(reference) or reference.startswith(("//", "/", "\\")):
            raise FileFault(f"{reference}: only relative references are followed")
        wanted = base
        for part in unquote(reference).replace("\\", "/").split("/"):
            if part == "..":
                wanted = wanted.parent
            elif part not in ("", "."):
                wanted = wanted / part
        if not wanted.is_relative_to(self.root):
            raise FileFault(f"{reference}: outside the directory of the schema")
        found = wanted if wanted.is_file() else self._whatever_case(wanted)
        if found is None:
            self.absent.add(self.name(wanted))
            raise FileFault(f"{reference}: there is no such file")
        if not found.resolve().is_relative_to(self.root):
            raise FileFault(f"{reference}: a link that leaves the directory of the schema")
        noted = "" if found == wanted else f"{reference} is spelled {self.name(found)}: letter case differs"
        return found, noted

    def _whatever_case(self, wanted: Path) -> Path | None:
        here = self.root
        for part in wanted.relative_to(self.root).parts:
            if here not in self._names:
                try:
                    self._names[here] = {one.name.lower(): one.name for one in here.iterdir()}
                except OSError:
                    self._names[here] = {}
            name = self._names[here].get(part.lower())
            if name is None:
                return None
            here = here / name
        return here if here.is_file() else None

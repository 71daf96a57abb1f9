"""The sealing keys that establishments entrusted to the listener: `<Struct_IdNat>.pem` each, in one directory."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from security.identifiers import is_structure
from security.signature.signing import Seal, SealError


@dataclass(slots=True)
class Seals:
    """Reads a seal when it is first asked for, and again when its file changes."""

    directory: Path
    _known: dict[str, tuple[int, Seal]] = field(init=False, default_factory=dict)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def of(self, structure_id: str | None) -> Seal | None:
        """The seal of a structure; None when it entrusted none, or one that cannot sign."""
        if structure_id is None or not is_structure(structure_id):
            return None
        path = self.directory / f"{structure_id}.pem"
        with self._lock:
            try:
                written = path.stat().st_mtime_ns
                known = self._known.get(structure_id)
                if known is None or known[0] != written:
                    known = self._known[structure_id] = written, Seal.load(path)
            except (OSError, SealError):
                return None
            return known[1]

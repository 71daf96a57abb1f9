"""A checkpoint: what each chain was at some moment, kept outside the database.

Text form, one block a chain, blocks separated by an empty line: origin (`ecluse/<door>`), size, hash in base64.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass

ORIGIN = "ecluse/"
_LINES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The head of one chain: how many events, and the hash of the last."""

    door: str
    size: int
    hash: bytes


def write_checkpoints(checkpoints: Iterable[Checkpoint]) -> str:
    """Spell checkpoints, by door."""
    return "\n".join(
        f"{ORIGIN}{item.door}\n{item.size}\n{base64.b64encode(item.hash).decode('ascii')}\n"
        for item in sorted(checkpoints, key=lambda item: item.door)
    )


def read_checkpoints(text: str) -> tuple[Checkpoint, ...]:
    """Read what `write_checkpoints` wrote. Raises ValueError: another form; the text says which block."""
    found = []
    for number, block in enumerate(text.strip().split("\n\n"), start=1):
        lines = block.split("\n")
        try:
            if len(lines) != _LINES or not lines[0].startswith(ORIGIN):
                raise ValueError
            digest = base64.b64decode(lines[2], validate=True)
            size = int(lines[1])
            if len(digest) != 32 or size < 0:
                raise ValueError
        except (ValueError, binascii.Error):
            raise ValueError(f"block {number} of the checkpoint is not origin, size, hash") from None
        found.append(Checkpoint(door=lines[0].removeprefix(ORIGIN), size=size, hash=digest))
    return tuple(found)

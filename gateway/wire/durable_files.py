"""A file that is there whole or not at all, and that its owner only reads."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def put_file(path: Path, content: bytes) -> None:
    """Write a file, its directory too if need be, and see it on the disk: a delivery is not undone by a power cut.

    Raises OSError: it is not written, and nothing is left of it.
    """
    temporary = path.with_suffix(".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise

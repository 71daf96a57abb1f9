"""Where reports go: to the terminal as they come, or to a file that appears when it is whole."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click


def has_colours() -> bool:
    """Whether the output is a terminal that takes colours (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def write(chunks: Iterable[bytes], output: Path | None) -> None:
    """Write chunks as they come. Raises OSError: the file cannot be written; what was there before stays."""
    if output is None:
        for chunk in chunks:
            click.echo(chunk, nl=False)
        return
    with atomic(output) as name, Path(name).open("wb") as file:
        for chunk in chunks:
            file.write(chunk)


def leave_standard_output() -> None:
    """Write no more to a standard output that refused: what it still holds would end the command with another code."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


@contextmanager
def atomic(path: Path) -> Iterator[str]:
    """The name of a file to write; it takes the place of `path` at the end, when nothing went wrong."""
    target = path.resolve()
    if target.exists() and not target.is_file():
        yield str(target)
        return
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    os.close(handle)
    try:
        yield name
        mode = target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_umask()
        Path(name).chmod(mode)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

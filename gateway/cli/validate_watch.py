"""`ecluse validate --watch`: what changes is judged again, until the person stops it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path

import click

from gateway.cli.speech import counted, say
from gateway.cli.validate_files import Source
from xds.xdm.tree import DEFAULT

Stamp = tuple[int, int, int] | None
_INTERVAL = 0.5


def watch(
    files: Callable[[], Iterable[Source]], judge: Callable[[list[Source]], int], *, interval: float = _INTERVAL
) -> int:
    """Judge all files, then those that are new or changed, every `interval` seconds.

    Returns the exit code of the last look at all files when the person interrupts: the worst of what stands now.
    """
    seen: dict[str, Stamp] = {}
    codes: dict[str, int] = {}
    try:
        while True:
            now = {one.name: (one, stamp_of(one)) for one in files()}
            for name in seen.keys() - now.keys():
                codes.pop(name, None)
            changed = [one for name, (one, stamp) in now.items() if name not in seen or seen[name] != stamp]
            if changed:
                _clear(first=not seen)
                for one in changed:
                    codes[one.name] = judge([one])
                _say(codes)
            seen = {name: stamp for name, (_, stamp) in now.items()}
            time.sleep(interval)
    except KeyboardInterrupt:
        return max(codes.values(), default=2)


def stamp_of(source: Source) -> Stamp:
    """What changes when the file does; None: there is none."""
    try:
        if source.is_medium and source.path is not None:
            return _stamp_of_all(source.path)
        found = source.path.stat() if source.path is not None else None
    except OSError:
        return None
    return None if found is None else (found.st_mtime_ns, found.st_size, found.st_ino)


def _stamp_of_all(folder: Path) -> Stamp:
    """What changes when a file of a medium does, comes or goes: sums over all of it, up to what a medium may hold."""
    every = [one.lstat() for one in islice(folder.rglob("*"), DEFAULT.entries)]
    return (
        sum(one.st_mtime_ns for one in every),
        sum(one.st_size for one in every),
        sum(one.st_ino for one in every),
    )


def _clear(*, first: bool) -> None:
    if sys.stdout.isatty() and not first:
        click.clear()


def _say(codes: Mapping[str, int]) -> None:
    standing = list(codes.values())
    valid = counted(standing.count(0), en=("valid", "valid"), fr=("valide", "valides"))
    invalid = counted(standing.count(1), en=("invalid", "invalid"), fr=("non valide", "non valides"))
    unusable = counted(standing.count(2), en=("unusable", "unusable"), fr=("inutilisable", "inutilisables"))
    said = f"{valid}, {invalid}, {unusable}"
    say(
        en=f"{said}; watching, Ctrl-C to stop",
        fr=f"{said} ; en attente, Ctrl-C pour finir",
        err=True,
    )

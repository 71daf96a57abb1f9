"""Files of a medium put on a disk: only below the directory given, never over what is there, for their owner only."""

from __future__ import annotations

import os
from pathlib import Path

from xds.xdm.tree import Tree


def extract(tree: Tree, target: Path) -> tuple[Path, ...]:
    """Write every file of `tree` below `target`, which must be absent or an empty directory; return the paths.

    Directories have mode 0700, files 0600. Names were checked when the tree was listed; in an empty directory of ours
    no link can lead elsewhere.
    Raises FileExistsError: `target` holds something. OSError: the disk. UnusableMedium: damaged content; what was
    written before stays.
    """
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    if target.is_symlink() or any(target.iterdir()):
        raise FileExistsError(f"{target} is not an empty directory")
    written = []
    for name in tree.files:
        path = target / name
        for parent in reversed(path.relative_to(target).parents[:-1]):
            (target / parent).mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(tree.read(name))
        written.append(path)
    return tuple(written)

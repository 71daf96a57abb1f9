"""A memory that documents cannot fill: what they ask by name may be named by them."""

from __future__ import annotations

from contextlib import suppress
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")
MOST = 1024


class Bounded(dict[K, V]):
    """A dict of at most `most` entries: the one that came first goes when another comes."""

    def __init__(self, most: int = MOST) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: K, value: V) -> None:
        # Another thread may be at it too: one entry more or less does not matter.
        with suppress(KeyError, RuntimeError, StopIteration):
            if len(self) >= self._most and key not in self:
                del self[next(iter(self))]
        super().__setitem__(key, value)

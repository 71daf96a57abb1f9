"""Assertions verified a moment ago: software sends the same one with every call of a session."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from security.vihf.model import Vihf


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A verdict and when it is forgotten, never after the assertion expires."""

    vihf: Vihf
    until: datetime


class VerifiedCache:
    """The last verdicts of one process, oldest forgotten first. Safe between threads.

    The key is of the caller: everything the verdict depends on, except time.
    """

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._known: OrderedDict[bytes, Verified] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: bytes, now: datetime) -> Verified | None:
        """Return the verdict of `key`, None when there is none or it is too old."""
        with self._lock:
            known = self._known.get(key)
            if known is None:
                return None
            if now >= known.until:
                del self._known[key]
                return None
            return known

    def keep(self, key: bytes, verified: Verified) -> None:
        """Remember a verdict."""
        with self._lock:
            self._known[key] = verified
            while len(self._known) > self._size:
                self._known.popitem(last=False)

"""Where in a text of JSON the element is that a FHIRPath names: line and column, from 1, in characters."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from functools import cached_property
from typing import Any

_TOKEN = re.compile(r'[ \t\r\n]*+(?:([{}\[\],:])|("[^"\\]*+(?:\\.[^"\\]*+)*+")|([^ \t\r\n{}\[\],:"]++))', re.DOTALL)
_END = re.compile("\n")
STEP = re.compile(r"([A-Za-z_]\w*)(?:\[(\d{1,9})\]|\('([^']*)'\))?")
"""A step of a FHIRPath: its name, its rank from 0, the address of an extension."""

Steps = tuple[str | int, ...]


class JsonPlaces:
    """The places of one resource; its text is scanned only when one is told.

    `content` is JSON that was read as `resource`. What is not there is told at the nearest element that holds it.
    """

    def __init__(self, content: bytes, resource: Any) -> None:
        self._text = content.decode("utf-8")
        self._resource = resource

    def of(self, path: str) -> tuple[int, int]:
        """Line and column of a member at its name, of an item at its beginning."""
        offset = self._offsets.get(self._steps(path), 0)
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def _steps(self, path: str) -> Steps:
        """The keys and ranks that lead there, as far as there is something."""
        steps: list[str | int] = []
        current = self._resource
        for name, rank, url in STEP.findall(_without_root(path)):
            if not isinstance(current, dict) or name not in current:
                break
            current = current[name]
            steps.append(name)
            number = int(rank) if rank else _rank_of(current, url) if url else None
            if number is not None:
                if not isinstance(current, list) or number >= len(current):
                    break
                current = current[number]
                steps.append(number)
        return tuple(steps)

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line begins."""
        return [0, *(match.end() for match in _END.finditer(self._text))]

    @cached_property
    def _offsets(self) -> dict[Steps, int]:
        found: dict[Steps, int] = {}
        # The place of what is being read: its steps; the last one is a key, a rank, or None before the first key.
        steps: list[str | int | None] = []
        key_at, at = -1, 0
        while match := _TOKEN.match(self._text, at):
            at = match.end()
            sign, text = match[1], match[2]
            if sign in ("}", "]"):
                steps.pop()
            elif sign == ",":
                last = steps[-1]
                steps[-1] = last + 1 if isinstance(last, int) else None
            elif text and steps and steps[-1] is None:
                steps[-1], key_at = json.loads(text), match.start(2)
            elif sign != ":":
                where = key_at if steps and isinstance(steps[-1], str) else match.start(match.lastindex or 0)
                found[tuple(step for step in steps if step is not None)] = where
                if sign in ("{", "["):
                    steps.append(None if sign == "{" else 0)
        return found


def _without_root(path: str) -> str:
    return path.partition(".")[2]


def _rank_of(extensions: Any, url: str) -> int | None:
    """The extension of an address, its last segment enough: several guides write the same one."""
    wanted = url.rpartition("/")[2]
    for rank, one in enumerate(extensions if isinstance(extensions, list) else ()):
        if isinstance(one, dict) and str(one.get("url", "")).rpartition("/")[2] == wanted:
            return rank
    return None

"""The lines of a source, as a finding counts them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from conformance.kinds import is_message
from conformance.reports.printable import flat

_MARK = b"\xef\xbb\xbf"
_ELLIPSIS = "…"
_ENDS = re.compile(b"\r\n|\r|\n")


class Excerpt(NamedTuple):
    """A piece of one line: `text` is flat, `caret` is how many of its characters stand before the place."""

    text: str
    caret: int


class Source:
    """Lines of the bytes that were judged; split when a line is first asked for."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._lines: list[bytes] | None = None

    def line(self, number: int) -> str | None:
        """A line from 1, flat and without its end; None when there is none."""
        if self._lines is None:
            content = self._content.removeprefix(_MARK)
            # Segments of HL7 v2 end with CR; in XML and JSON only LF ends a line.
            self._lines = _ENDS.split(content) if is_message(content) else content.split(b"\n")
        if not 1 <= number <= len(self._lines):
            return None
        return flat(self._lines[number - 1].removesuffix(b"\r").decode("utf-8", "replace"))

    def excerpt(self, number: int, column: int, size: int = 110) -> Excerpt | None:
        """What stands around a column, at most `size` characters."""
        line = self.line(number)
        if line is None or not line.strip():
            return None
        at = min(max(column - 1, 0), len(line))
        if len(line) <= size:
            return Excerpt(line, at)
        first = max(0, min(at - size // 4, len(line) - size))
        before = _ELLIPSIS if first else ""
        after = _ELLIPSIS if first + size < len(line) else ""
        return Excerpt(before + line[first : first + size] + after, len(before) + at - first)

    def around(self, number: int, lines: int) -> Iterator[tuple[int, str]]:
        """The lines about one, numbered."""
        for one in range(max(number - lines, 1), number + lines + 1):
            text = self.line(one)
            if text is not None:
                yield one, text


def line_and_column(content: bytes, offset: int) -> tuple[int, int]:
    """Line and column, from 1 and in characters, of a byte; a byte order mark is no column."""
    before = content[len(_MARK) if content.startswith(_MARK) else 0 : offset]
    last = before.rfind(b"\n") + 1
    return before.count(b"\n") + 1, len(before[last:].decode("utf-8", "replace")) + 1

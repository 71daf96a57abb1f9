"""Terminologies as sorted files of notations: built once, in flat memory, looked up by halving.

A file holds one notation a line, in the order of their bytes, each once. Codes are compared with SKOS `notation`.
"""

from __future__ import annotations

import heapq
import mmap
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, BinaryIO

from lxml import etree

from security import xml

NOTATION = "{http://www.w3.org/2004/02/skos/core#}notation"
INDEX = ".notations"
_RUN = 200_000
"""Notations sorted in memory at a time."""


def build_index(stream: BinaryIO, target: Path) -> int:
    """Write the index of an RDF file; return how many notations it has.

    Raises MalformedMessage: not well-formed, or a DTD.
    """
    notations = (f"{text}\n".encode() for text in xml.texts(stream, NOTATION) if text and "\n" not in text)
    with ExitStack() as opened:
        runs = [_run(one, opened) for one in _batches(notations)]
        count, last = 0, None
        with target.open("wb") as index:
            for line in heapq.merge(*runs):
                if line != last:
                    index.write(line)
                    count, last = count + 1, line
    return count


def _batches(notations: Iterator[bytes]) -> Iterator[list[bytes]]:
    while batch := list(islice(notations, _RUN)):
        yield batch


def _run(batch: list[bytes], opened: ExitStack) -> Iterable[bytes]:
    run: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - the caller's stack closes it
    opened.enter_context(run)
    run.writelines(sorted(batch))
    run.seek(0)
    return run


class Notations:
    """The notations of one terminology: `code in notations`. The file is opened at the first question."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: mmap.mmap | bytes | None = None

    def __contains__(self, code: object) -> bool:
        if not isinstance(code, str) or "\n" in code:
            return False
        lines = self._opened()
        wanted = code.encode() + b"\n"
        low, high = 0, len(lines)
        while low < high:
            middle = (low + high) // 2
            start = lines.rfind(b"\n", low, middle) + 1 or low
            end = lines.find(b"\n", start) + 1
            line = lines[start:end]
            if line == wanted:
                return True
            if line < wanted:
                low = end
            else:
                high = start
        return False

    def as_tree(self) -> etree._Element:
        """The notations as elements below a root, for questions that only a document answers."""
        root = etree.Element("notations", nsmap={"skos": NOTATION[1:].partition("}")[0]})
        for line in self._opened()[:].splitlines():
            etree.SubElement(root, NOTATION).text = line.decode()
        return root

    def _opened(self) -> mmap.mmap | bytes:
        if self._lines is None:
            if self._path.stat().st_size == 0:
                self._lines = b""
            else:
                with self._path.open("rb") as opened:
                    self._lines = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        return self._lines

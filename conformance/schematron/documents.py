"""The documents that a schema asks while it judges another: value sets and terminologies (XPath 2.0 §15.5.4).

`document('codes.xml')` is relative to the schema, stays below its root, and reads a file once a process.
"""

from __future__ import annotations

from collections.abc import Container
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from lxml import etree

from conformance.schematron.bounded import Bounded
from conformance.schematron.files import FileFault, Files
from security import xml
from security.errors import MalformedMessage

_LIMITS = xml.XmlLimits(size=256 * 1024 * 1024, elements=5_000_000)


class MissingDocument(LookupError):
    """A document that a rule asks for is not there, or cannot be read: the rule cannot be answered."""


class Documents:
    """The documents beside one schema. `files` is bound to the root; `base` is the directory of the main schema."""

    def __init__(self, base: Path, root: Path | None = None) -> None:
        self._files = Files(root or base)
        self._base = base.resolve()
        self._roots: Bounded[str, etree._Element | None] = Bounded()
        self._rows: Bounded[tuple[str, str, tuple[str, ...]], frozenset[tuple[str, ...]]] = Bounded()
        self._texts: Bounded[tuple[str, str], frozenset[str]] = Bounded()

    def available(self, reference: str) -> bool:
        """Whether the document is there and can be read."""
        return self._root(reference) is not None

    def root(self, reference: str) -> etree._Element:
        """The root element of a document. Raises MissingDocument."""
        root = self._root(reference)
        if root is None:
            raise MissingDocument(reference)
        return root

    def rows(self, reference: str, tag: str, attributes: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
        """The values of `attributes` on every element `tag` that has them all. Raises MissingDocument."""
        key = (reference, tag, attributes)
        rows = self._rows.get(key)
        if rows is None:
            found = ([one.get(name) for name in attributes] for one in self.root(reference).iter(tag))
            rows = self._rows[key] = frozenset(
                tuple(value for value in row if value is not None) for row in found if None not in row
            )
        return rows

    def texts(self, reference: str, tag: str) -> frozenset[str]:
        """The texts directly inside every element `tag`. Raises MissingDocument."""
        key = (reference, tag)
        texts = self._texts.get(key)
        if texts is None:
            ask = etree.XPath("text()", smart_strings=False)
            texts = self._texts[key] = frozenset(
                str(text) for one in self.root(reference).iter(tag) for text in _list(ask(one))
            )
        return texts

    def rows_known(self, reference: str, path: str, columns: tuple[str, ...]) -> Container[tuple[str, ...]] | None:
        """What a path and columns give, where an index is kept beside the document; here there is none."""
        return None

    def _root(self, reference: str) -> etree._Element | None:
        if reference in self._roots:
            return self._roots[reference]
        root = None
        with suppress(FileFault, MalformedMessage, OSError):
            path = self._files.find(reference, self._base)
            root = _parsed(path, path.stat().st_mtime_ns)
        self._roots[reference] = root
        return root


@lru_cache(maxsize=512)
def _parsed(path: Path, _modified: int) -> etree._Element:
    return xml.parse(path.read_bytes(), _LIMITS)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []

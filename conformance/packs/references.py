"""What the schemas of a package ask for: includes, value sets, terminologies; found although Windows forgave the name.

Every file is read once, by the one parser; what must be corrected is corrected in the copy that is kept, and told.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from conformance.packs.encoding import as_utf8
from conformance.packs.problems import UnusablePack
from conformance.packs.source import Source, is_lfs_pointer, read
from conformance.packs.value_sets import ValueSets
from security import xml
from security.errors import MalformedMessage

_SCH = "{http://purl.oclc.org/dsdl/schematron}"
_XSD = "{http://www.w3.org/2001/XMLSchema}"
_DOCUMENT = re.compile(r"'([^'<>]*\.xml)'")
_DIRECTORY = re.compile(r"'((?:[\w.-]+/)+)'")
_OID = re.compile(r"[0-2](?:\.[0-9]+){3,}")
TERMINOLOGY = ".rdf"
DEEPEST = 32
"""Includes in one another; as many as the engine takes."""


@dataclass(slots=True)
class Collected:
    """What is kept of a package. Keys are paths below its root.

    `files` are bytes as they will be kept; `origins` the names they have in the source; `terminologies` large files
    that are indexed, not copied. `notes` tell what was tolerated, `problems` what makes the package unusable.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    terminologies: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Write down what was tolerated, once."""
        if text not in self.notes:
            self.notes.append(text)


class Collector:
    """Follows the references of the schemas of one package. `root` is where the package begins in the source."""

    def __init__(self, source: Source, root: str) -> None:
        self.found = Collected()
        self._source = source
        self._root = root
        self._folded: dict[str, str] = {}
        for name in source.files:
            self._folded.setdefault(name.casefold(), name)
        self._trees: dict[str, etree._Element | None] = {}
        self._value_sets = ValueSets(source, root)

    def schematron(self, path: str) -> None:
        """Keep a schema of rules and all it asks for: documents are relative to it, includes to their own file."""
        for name, element in self._included(path, (), set()):
            self._documents(name, element, posixpath.dirname(path))

    def structure(self, path: str) -> None:
        """Keep an XSD and those it includes or imports."""
        tree = self._read(path)
        if tree is None:
            return
        for element in tree.iter(f"{_XSD}include", f"{_XSD}import", f"{_XSD}redefine"):
            reference = element.get("schemaLocation")
            if reference is None or "//" in reference:
                continue
            name = self._resolve(path, posixpath.dirname(path), reference)
            if name is None:
                self.found.note(f"{self._short(path)}: {reference} is missing")
            elif name not in self._trees:
                self.structure(name)

    def _included(self, path: str, above: tuple[str, ...], done: set[str]) -> Iterator[tuple[str, etree._Element]]:
        """A file and those it includes, each once however many ways lead to it."""
        if path in above:
            cycle = " > ".join(self._short(one) for one in (*above[above.index(path) :], path))
            self._problem(f"an include that comes back to itself: {cycle}")
            return
        if len(above) > DEEPEST:
            self._problem(f"{self._short(path)}: more than {DEEPEST} includes in one another")
            return
        tree = None if path in done else self._read(path)
        done.add(path)
        if tree is None:
            return
        yield path, tree
        for element in tree.iter(f"{_SCH}include", f"{_SCH}extends"):
            reference = element.get("href")
            if not reference:
                continue
            reference = reference.partition("#")[0]
            name = self._resolve(path, posixpath.dirname(path), reference)
            if name is None:
                self.found.note(f"{self._short(path)}: the include {reference} is missing")
            else:
                yield from self._included(name, (*above, path), done)

    def _documents(self, path: str, tree: etree._Element, base: str) -> None:
        directories: list[str] = []
        for element in tree.iter(etree.Element):
            for value in element.attrib.values():
                directories += [] if "/" not in value else _DIRECTORY.findall(str(value))
        for directory in directories:
            self._terminologies(self._below(base, directory))
        for element in tree.iter(etree.Element):
            for value in element.attrib.values():
                for reference in _DOCUMENT.findall(str(value)) if ".xml'" in value else ():
                    self._document(path, base, reference, directories)

    def _document(self, path: str, base: str, reference: str, directories: list[str]) -> None:
        name = self._resolve(path, base, reference)
        if name is not None:
            self._read(name)
            return
        for directory in directories:
            name = self._find(self._below(self._below(base, directory), reference))
            if name is not None:
                self._read(name)
                return
        kept = self._below(base, reference)
        if self._relative(kept) in self.found.files:
            return
        oid = _OID.search(posixpath.basename(reference))
        content = self._value_sets.published(oid.group()) if oid else None
        if content is None or oid is None:
            self.found.note(f"{self._short(path)}: the value set {reference} is missing")
            return
        self.found.files[self._relative(kept)] = content[1]
        self.found.origins[self._relative(kept)] = content[0]
        self.found.note(
            f"{self._short(path)}: the value set {reference} is missing; "
            f"{self._short(content[0])}, published under the same OID, stands for it"
        )

    def _terminologies(self, directory: str) -> None:
        prefix = f"{directory}/".casefold()
        for folded, name in self._folded.items():
            if folded.startswith(prefix) and folded.endswith(TERMINOLOGY):
                with self._source.open(name) as opened:
                    start = opened.read(64)
                if is_lfs_pointer(start):
                    self.found.note(f"{self._short(name)}: a pointer of Git LFS, the terminology was not fetched")
                else:
                    self.found.terminologies[self._relative(name)] = name

    def _resolve(self, path: str, base: str, reference: str) -> str | None:
        """The file that a reference of `path` means; the kept copy of `path` is corrected when it is not spelled so."""
        name = self._find(self._below(base, reference))
        if name is None or not self._inside(name):
            return None
        if name != self._below(base, reference) or "\\" in reference:
            spelled = _spelled(reference.replace("\\", "/"), name)
            kept = self._relative(path)
            before = self.found.files[kept]
            for quote in (b'"', b"'"):
                old, new = (quote + one.encode() + quote for one in (reference, spelled))
                self.found.files[kept] = self.found.files[kept].replace(old, new)
            if self.found.files[kept] != before:
                self.found.note(f"{self._short(path)}: {reference} is written {spelled} in the copy")
        return name

    def _find(self, path: str) -> str | None:
        return path if path in self._source.files else self._folded.get(path.casefold())

    def _below(self, base: str, reference: str) -> str:
        return posixpath.normpath(posixpath.join(base, reference.replace("\\", "/")))

    def _read(self, name: str) -> etree._Element | None:
        if name in self._trees:
            return self._trees[name]
        self._trees[name] = None
        try:
            raw = read(self._source, name)
            if is_lfs_pointer(raw):
                self._problem(f"{self._short(name)}: a pointer of Git LFS, the file was not fetched")
                return None
            content, changed = as_utf8(raw)
            if changed:
                self.found.note(f"{self._short(name)}: kept {changed}")
            tree = xml.parse(content, xml.DOCUMENT)
        except (MalformedMessage, UnusablePack, ValueError) as error:
            self._problem(f"{self._short(name)}: {getattr(error, 'text', error)}")
            return None
        self._trees[name] = tree
        self.found.files[self._relative(name)] = content
        self.found.origins[self._relative(name)] = name
        return tree

    def _problem(self, text: str) -> None:
        if text not in self.found.problems:
            self.found.problems.append(text)

    def _inside(self, name: str) -> bool:
        return not self._root or name.startswith(f"{self._root}/")

    def _relative(self, name: str) -> str:
        return name[len(self._root) + 1 :] if self._root else name

    _short = _relative


def _spelled(reference: str, name: str) -> str:
    """The reference with its components spelled as those of the file."""
    written, actual = reference.split("/"), name.split("/")
    for rank in range(1, min(len(written), len(actual)) + 1):
        if written[-rank] in ("..", "."):
            break
        written[-rank] = actual[-rank]
    return "/".join(written)

"""Includes of a schema, resolved: one tree from many files (ISO/IEC 19757-3 §5.4.4, §5.4.5)."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

from lxml import etree

from conformance.schematron.files import FileFault, Files
from conformance.schematron.model import SCH, SchemaFault
from security import xml
from security.errors import MalformedMessage

MOST_INCLUDES = 10_000
MOST_ELEMENTS = 1_000_000
DEEPEST = 32

_Element = etree._Element
_INCLUDE = f"{SCH}include"
_EXTENDS = f"{SCH}extends"


class Inclusion:
    """Resolves includes below one root. `faults` are what is wrong; a tolerant one notes absent files instead."""

    def __init__(self, files: Files, *, tolerant: bool) -> None:
        self.faults: list[str] = []
        self._files = files
        self._tolerant = tolerant
        self._parsed: dict[Path, _Element] = {}
        self._includes = 0
        self._elements = 0

    def whole(self, path: Path) -> _Element:
        """The schema in `path` with everything it includes.

        Raises SchemaFault: the file itself is unreadable, or the bounds on what may be included are passed.
        """
        root = self._root_of(path)
        if root is None:
            raise SchemaFault(self.faults)
        return self.resolved(deepcopy(root), path)

    def resolved(self, root: _Element, path: Path) -> _Element:
        """The tree `root`, read from `path`, with its includes replaced by what they name. Raises SchemaFault."""
        self._resolve(root, path, ((path, ""),))
        return root

    def _resolve(self, element: _Element, path: Path, stack: tuple[tuple[Path, str], ...]) -> None:
        for include in [one for one in element.iter(_INCLUDE, _EXTENDS) if one.tag == _INCLUDE or one.get("href")]:
            parent = include.getparent()
            if parent is None:
                self.faults.append(f"{self._files.name(path)}: an include cannot be the root")
                continue
            inside = self._included(include, path, stack)
            _replace(include, parent, inside)

    def _included(self, include: _Element, path: Path, stack: tuple[tuple[Path, str], ...]) -> list[_Element]:
        """What stands instead of an include, its own includes resolved."""
        reference = include.get("href", "")
        here = f"{self._files.name(path)}, line {include.sourceline}"
        named, _, fragment = reference.partition("#")
        self._includes += 1
        if self._includes > MOST_INCLUDES or len(stack) > DEEPEST:
            raise SchemaFault(f"{here}: more than {MOST_INCLUDES} includes, or {DEEPEST} in one another")
        try:
            target = self._files.find(named, path.parent) if named else path
        except FileFault as fault:
            told = f"{here}: include {fault}"
            (self._files.notes if self._tolerant else self.faults).append(told)
            return []
        if (target, fragment) in stack:
            names = [self._files.name(one) + (f"#{part}" if part else "") for one, part in stack]
            cycle = " -> ".join([*names[stack.index((target, fragment)) :], reference])
            self.faults.append(f"{here}: the includes go round in a circle: {cycle}")
            return []
        wanted = self._target(target, fragment, here)
        if wanted is None:
            return []
        self._elements += sum(1 for _ in wanted.iter())
        if self._elements > MOST_ELEMENTS:
            raise SchemaFault(f"{here}: more than {MOST_ELEMENTS} elements are included in all")
        wanted = deepcopy(wanted)
        wanted.tail = None
        if wanted.tag == _INCLUDE:
            return self._included(wanted, target, (*stack, (target, fragment)))
        self._resolve(wanted, target, (*stack, (target, fragment)))
        return list(wanted.iterchildren("*")) if include.tag == _EXTENDS else [wanted]

    def _target(self, target: Path, fragment: str, here: str) -> _Element | None:
        root = self._root_of(target)
        if root is None:
            return None
        wanted: _Element | None = root
        if fragment:
            named = "{http://www.w3.org/XML/1998/namespace}id"
            wanted = next((one for one in root.iter(f"{SCH}*") if fragment in (one.get("id"), one.get(named))), None)
        if wanted is None:
            self.faults.append(f"{here}: nothing is named #{fragment} in {self._files.name(target)}")
        elif wanted.tag == f"{SCH}schema":
            self.faults.append(f"{here}: {self._files.name(target)} is a whole schema: only parts can be included")
            return None
        return wanted

    def _root_of(self, path: Path) -> _Element | None:
        if path not in self._parsed:
            try:
                self._parsed[path] = xml.parse(self._files.read(path), xml.DOCUMENT)
            except (FileFault, MalformedMessage) as error:
                self.faults.append(f"{self._files.name(path)}: {error}")
                return None
        return self._parsed[path]


def _replace(include: _Element, parent: _Element, inside: list[_Element]) -> None:
    """Put elements where an include stands; the text after it stays."""
    place = parent.index(include)
    tail = include.tail
    parent[place : place + 1] = inside
    if tail and tail.strip():
        if inside:
            inside[-1].tail = tail
        elif place:
            parent[place - 1].tail = (parent[place - 1].tail or "") + tail
        else:
            parent.text = (parent.text or "") + tail

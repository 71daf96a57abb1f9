"""A package of the agency, given as a directory or an archive, becomes a pack of the store: all of it, or nothing."""

from __future__ import annotations

import hashlib
import posixpath
import re
import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from lxml import etree

from conformance.packs.layout import Layout, find_layout
from conformance.packs.manifest import FILE, KeptFile, Manifest, Terminology, write_manifest
from conformance.packs.models import Model, read_model
from conformance.packs.problems import UnusablePack
from conformance.packs.references import Collected, Collector
from conformance.packs.source import Limits, Source, open_source
from conformance.packs.terminologies import INDEX, build_index
from security import xml
from security.errors import MalformedMessage

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NOT_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_SCH_REFERENCES = ("{http://purl.oclc.org/dsdl/schematron}include", "{http://purl.oclc.org/dsdl/schematron}extends")


def import_pack(
    path: Path, store: Path, now: datetime, *, name: str | None = None, limits: Limits | None = None
) -> Manifest:
    """Import a package into `store`; a pack of the same name is replaced. `name` is by default that of the source.

    Raises UnusablePack: a name that is none, a source that is unsafe or holds no schema, files that are broken or
    include one another; with everything that was found, and nothing kept.
    """
    called = name if name is not None else _name_of(path)
    if _NAME.fullmatch(called) is None:
        raise UnusablePack(f"{called!r} is no name for a pack: letters, digits, '.', '_' and '-'")
    with open_source(path, limits or Limits()) as source:
        layout = find_layout(source.files)
        if layout is None:
            raise UnusablePack(f"{path}: no Schematron of the CI-SIS in it")
        found = _collect(source, layout)
        if found.problems:
            raise UnusablePack(*found.problems)
        store.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".import-", dir=store) as made:
            manifest = _write(source, layout, found, Path(made), called, path.name, now)
            _replace(Path(made), store / called)
    return manifest


def _name_of(path: Path) -> str:
    name = path.resolve().name
    return _NOT_NAME.sub("-", name[:-4] if name.lower().endswith(".zip") else name).strip("-.")[:64]


def _collect(source: Source, layout: Layout) -> Collected:
    collector = Collector(source, layout.root)
    for text in (*source.notes, *layout.notes):
        collector.found.note(text)
    for schema in (*layout.layers.values(), *layout.models):
        collector.schematron(schema)
    if layout.structure is not None:
        collector.structure(layout.structure)
    return collector.found


def _write(
    source: Source, layout: Layout, found: Collected, target: Path, name: str, origin: str, now: datetime
) -> Manifest:
    kept: list[KeptFile] = []
    for path, content in sorted(found.files.items()):
        _place(target, path).write_bytes(content)
        kept.append(KeptFile(path, hashlib.sha256(content).hexdigest(), found.origins[path]))
    terminologies: list[Terminology] = []
    for path, read_from in sorted(found.terminologies.items()):
        index = _place(target, path + INDEX)
        try:
            with source.open(read_from) as opened:
                count = build_index(opened, index)
        except MalformedMessage as error:
            index.unlink(missing_ok=True)
            found.note(f"{path}: {error.text}; its codes are not checked")
            continue
        terminologies.append(Terminology(path, count))
        kept.append(KeptFile(path + INDEX, _digest(index), read_from))
    manifest = Manifest(
        name=name,
        origin=origin,
        imported=now,
        structure=None if layout.structure is None else _below(layout.root, layout.structure),
        layers={layer: _below(layout.root, path) for layer, path in layout.layers.items()},
        models=tuple(_model(found.files, _below(layout.root, path)) for path in layout.models),
        terminologies=tuple(terminologies),
        notes=tuple(found.notes),
        files=tuple(kept),
    )
    (target / FILE).write_bytes(write_manifest(manifest))
    return manifest


def _model(files: Mapping[str, bytes], path: str) -> Model:
    trees: dict[str, etree._Element] = {}
    missing: list[str] = []

    def follow(name: str) -> None:
        if name in trees:
            return
        if name not in files:
            missing.append(name)
            return
        trees[name] = xml.parse(files[name], xml.DOCUMENT)
        for element in trees[name].iter(*_SCH_REFERENCES):
            reference = element.get("href", "").partition("#")[0]
            if reference:
                follow(posixpath.normpath(posixpath.join(posixpath.dirname(name), reference)))

    follow(path)
    return read_model(path, trees.values(), missing)


def _place(target: Path, path: str) -> Path:
    place = target / path
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _below(root: str, path: str) -> str:
    return path[len(root) + 1 :] if root else path


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _replace(made: Path, place: Path) -> None:
    """Put a finished pack in its place; the one that was there goes only once the new one is whole."""
    made.chmod(0o755)
    old = made.with_name(made.name + ".old")
    if place.exists():
        place.rename(old)
    try:
        made.rename(place)
    except OSError:
        if old.exists():
            old.rename(place)
        raise
    made.mkdir()
    shutil.rmtree(old, ignore_errors=True)

"""Schemas from files, ready to ask: planned once, kept on disk, asked as often as one likes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from conformance.schematron.documents import Documents
from conformance.schematron.engine import Schema
from conformance.schematron.files import FileFault, Files
from conformance.schematron.model import SchemaFault
from conformance.schematron.store import default_directory, kept

DEFAULT_CACHE = Path()


@dataclass(frozen=True, slots=True)
class LoadedSchema:
    """A schema ready to ask. `notes` say what of it was tolerated, and what of it cannot be checked."""

    schema: Schema
    notes: tuple[str, ...]


def load(
    path: Path,
    *,
    root: Path,
    phase: str | None = None,
    cache: Path | None = DEFAULT_CACHE,
    tolerant: bool,
    strict: bool = False,
) -> LoadedSchema:
    """Load the schema in `path`; it reads files below `root` only.

    `phase` is one of its phases, `#ALL`, or None for its own default. `cache` is a directory for plans, None for none;
    by default the user's. With `tolerant` an include that is absent is a note; with `strict` the schema is one of ours.
    Raises SchemaFault, with everything that is wrong.
    """
    schema, top = path.resolve(), root.resolve()
    directory = default_directory() if cache is DEFAULT_CACHE else cache
    here = None if directory is None else kept(directory, schema, top, f"{phase}|{tolerant}|{strict}")
    made = None if here is None else here.get()
    if made is None:
        from conformance.schematron.planning import plan
        from conformance.schematron.reading import read_files

        below = Files(top)
        try:
            made = plan(read_files(schema, below, phase=phase, strict=strict, tolerant=tolerant), strict=strict)
        except FileFault as error:
            raise SchemaFault(str(error)) from error
        if here is not None:
            here.put(made, below)
    return LoadedSchema(Schema(made, Documents(schema.parent, top)), made.notes)


@cache
def schema_of(package: str, name: str) -> Schema:
    """The schema `name`.sch of a package of profiles, read strictly; made ready once a process."""
    path = Path(str(files(f"profiles.{package}"))) / f"{name}.sch"
    return load(path, root=path.parent, tolerant=False, strict=True).schema

"""What is written beside an imported pack: where it comes from, what it holds, what was tolerated."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson

from conformance.packs.models import Model
from conformance.packs.problems import UnusablePack

FILE = "manifest.json"
_FORM = 1


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One file of a pack: where it is kept, its SHA-256, and the name it had in the source."""

    path: str
    sha256: str
    origin: str


@dataclass(frozen=True, slots=True)
class Terminology:
    """One terminology: the name under which schemas ask for it, the index that answers, how many notations it has."""

    path: str
    notations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The contents of a pack. Paths are relative to its directory; `structure` is the XSD, None when there is none."""

    name: str
    origin: str
    imported: datetime
    structure: str | None
    layers: dict[str, str]
    models: tuple[Model, ...]
    terminologies: tuple[Terminology, ...]
    notes: tuple[str, ...]
    files: tuple[KeptFile, ...]


def write_manifest(manifest: Manifest) -> bytes:
    """The manifest as JSON, for people and for `read_manifest`."""
    return orjson.dumps({"form": _FORM, **asdict(manifest)}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def read_manifest(content: bytes) -> Manifest:
    """Read a manifest. Raises UnusablePack: not one, or of a later form."""
    try:
        read: dict[str, Any] = orjson.loads(content)
        if read.pop("form") != _FORM:
            raise UnusablePack("the manifest has another form: import the pack again")
        return Manifest(
            name=read["name"],
            origin=read["origin"],
            imported=datetime.fromisoformat(read["imported"]),
            structure=read["structure"],
            layers=read["layers"],
            models=tuple(_model(one) for one in read["models"]),
            terminologies=tuple(Terminology(**one) for one in read["terminologies"]),
            notes=tuple(read["notes"]),
            files=tuple(KeptFile(**one) for one in read["files"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, UnusablePack):
            raise
        raise UnusablePack(f"the manifest cannot be read: {error}") from error


def _model(read: dict[str, Any]) -> Model:
    return Model(**{**read, "codes": tuple(read["codes"]), "missing": tuple(read["missing"])})

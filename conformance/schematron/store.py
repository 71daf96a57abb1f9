"""Plans kept on disk, so that a schema is read and translated once a machine and not once a process.

A plan is found by the schema's place and by how it is read, and holds while every file it was made of has the same
SHA-256, and every file it missed is missing still. What is kept is JSON: reading it runs nothing. Whatever is wrong
with a kept plan or with the directory, the plan is made again.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

from conformance.schematron.contexts import Context, Step
from conformance.schematron.files import Files
from conformance.schematron.model import Assertion, Part
from conformance.schematron.planning import Plan, PlannedPattern, PlannedRule

MOST_BYTES = 256 * 1024 * 1024


def default_directory() -> Path | None:
    """Where plans are kept: `ECLUSE_CACHE`, else the user's cache directory. None: it is empty, or there is no home."""
    named = os.environ.get("ECLUSE_CACHE")
    if named is not None:
        return Path(named) if named else None
    home = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(home) if home else Path.home() / ".cache") / "ecluse"
    except RuntimeError:
        return None


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the plan of one schema, read one way, is kept."""

    path: Path
    root: Path

    def get(self) -> Plan | None:
        """The plan, if it is there, whole, and of the files as they are now."""
        try:
            if self.path.stat().st_size > MOST_BYTES:
                return None
            data = orjson.loads(self.path.read_bytes())
            if data["engine"] != _engine() or not self._fresh(data["files"], data["absent"]):
                return None
            return _plan(data["plan"])
        except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
            return None

    def put(self, made: Plan, files: Files) -> None:
        """Keep a plan, whole or not at all."""
        data = {"engine": _engine(), "files": files.seen, "absent": sorted(files.absent), "plan": made}
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self.path.parent, suffix=".part")
            try:
                with os.fdopen(descriptor, "wb") as out:
                    out.write(orjson.dumps(data))
                Path(name).replace(self.path)
            except OSError:
                Path(name).unlink(missing_ok=True)

    def _fresh(self, seen: Mapping[str, str], absent: list[str]) -> bool:
        for name, digest in seen.items():
            if hashlib.sha256((self.root / name).read_bytes()).hexdigest() != digest:
                return False
        return not any((self.root / name).exists() for name in absent)


def kept(directory: Path, schema: Path, root: Path, reading: str) -> Kept:
    """The place of a plan: `reading` says how the schema is read (phase, strictness)."""
    key = hashlib.sha256("\0".join((str(schema), str(root), reading)).encode()).hexdigest()
    return Kept(directory / "schematron" / f"{key[:40]}.json", root)


@cache
def _engine() -> str:
    """What plans depend on besides the schema: our code, and whether the optional language of the fallback is there."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    digest.update(b"elementpath" if find_spec("elementpath") else b"")
    return digest.hexdigest()


def _plan(data: Any) -> Plan:
    patterns = tuple(PlannedPattern(one["id"], tuple(_rule(rule) for rule in one["rules"])) for one in data["patterns"])
    return Plan(data["title"], _pairs(data["namespaces"]), _pairs(data["lets"]), patterns, tuple(data["notes"]))


def _rule(data: Any) -> PlannedRule:
    contexts = tuple(
        Context(**{**one, "steps": tuple(Step(**step) for step in one["steps"])}) for one in data["contexts"]
    )
    assertions = tuple(
        Assertion(**{**one, "parts": tuple(Part(**part) for part in one["parts"])}) for one in data["assertions"]
    )
    return PlannedRule(data["context"], contexts, _pairs(data["lets"]), assertions)


def _pairs(data: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(value)) for name, value in data)

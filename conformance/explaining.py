"""Every rule that a report may name, explained: what it asks, where it comes from, what to do, what it looks at.

One book for all faces: `ecluse validate --explain` and the pages `/rules` of the sandbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from itertools import chain

from conformance.catalogue import PROFILES
from conformance.explained import Explained, explained_assertion
from conformance.rules_in_code import of_content, of_form
from conformance.schematron.reading import read_schema

_NEAR, _ALIKE = 5, 0.5
_LONGEST = 100


class UnknownRule(KeyError):
    """No rule has that id. `near` are ids that look like it, the nearest first."""

    def __init__(self, rule: str, near: tuple[str, ...]) -> None:
        super().__init__(rule)
        self.near = near


def rule(identifier: str) -> Explained:
    """The rule of that id. Raises UnknownRule."""
    for one in chain(of_form(), of_content()):
        if one.id == identifier:
            return one
    found = _by_id(_of_schemas(identifier))
    if identifier in found:
        return found[identifier]
    raise UnknownRule(identifier, near(identifier, (one.id for one in rules())))


def near(identifier: str, ids: Iterable[str]) -> tuple[str, ...]:
    """Those of some ids that look like another, whatever the case of letters, the nearest first."""
    if not 0 < len(identifier) <= _LONGEST:
        return ()
    identifier = identifier.upper()
    known = {one.upper(): one for one in ids}
    alike = get_close_matches(identifier, known, _NEAR, _ALIKE)
    within = (one for one in known if identifier in one)
    return tuple(known[one] for one in dict.fromkeys((*alike, *within)))[:_NEAR]


@cache
def rules() -> tuple[Explained, ...]:
    """Every rule: what a file must be, structure, schemas, then advice, metadata, agreement, media, HL7 v2 and FHIR."""
    return (*of_form(), *_by_id(_of_schemas()).values(), *of_content())


def _by_id(found: Iterable[Explained]) -> dict[str, Explained]:
    """Rules that several schemas have are one, asked by all their profiles."""
    known: dict[str, Explained] = {}
    for one in found:
        same = known.get(one.id)
        known[one.id] = one if same is None else replace(
            same,
            profiles=tuple(dict.fromkeys((*same.profiles, *one.profiles))),
            conditions=tuple(dict.fromkeys((*same.conditions, *one.conditions))),
        )  # fmt: skip
    return known


def _of_schemas(identifier: str | None = None) -> Iterator[Explained]:
    """The assertions of our schemas; of those that have `identifier` in their text, when it is given."""
    used: dict[tuple[str, str, str], list[str]] = {}
    for profile in PROFILES.values():
        for schema in profile.schemas:
            used.setdefault((schema.layer, schema.package, schema.name), []).append(profile.name)
    for (layer, package, name), profiles in used.items():
        content = files(f"profiles.{package}").joinpath(f"{name}.sch").read_bytes()
        if identifier is not None and f'"{identifier}"'.encode() not in content:
            continue
        for pattern in read_schema(content).patterns:
            for asked in pattern.rules:
                for one in asked.assertions:
                    yield explained_assertion(one, asked.context, layer=layer, profiles=tuple(profiles), has_twin=True)

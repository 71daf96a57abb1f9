"""The rules of a pack, explained as ours are: what each asks, in which layer, of what, by which test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.explained import Explained, explained_assertion
from conformance.explaining import UnknownRule, near
from conformance.packs.layers import TITLES, layer_schema
from conformance.packs.pack import DOCUMENT, Pack
from conformance.schematron.model import SchemaFault
from conformance.schematron.planning import Plan


def pack_rule(pack: Pack, identifier: str) -> tuple[Explained, ...]:
    """The rules of that id: publishers give one id to several. Raises UnknownRule."""
    known = pack_rules(pack)
    found = tuple(one for one in known if one.id == identifier)
    if not found:
        raise UnknownRule(identifier, near(identifier, (one.id for one in known)))
    return found


def pack_rules(pack: Pack) -> tuple[Explained, ...]:
    """Every rule that a pack asks, layer after layer, then document model after document model.

    What several models ask in the same words is one rule. A schema that cannot be read asks nothing, and has none; what
    the structure asks is in its XSD.
    """
    known: dict[Explained, list[str]] = {}
    for one in _rules(pack):
        known.setdefault(replace(one, profiles=()), []).extend(one.profiles)
    return tuple(replace(one, profiles=tuple(dict.fromkeys(asked_by))) for one, asked_by in known.items())


def _rules(pack: Pack) -> Iterator[Explained]:
    asked = [(layer, pack.manifest.layers[layer], "") for layer in TITLES if layer in pack.manifest.layers]
    asked += [(DOCUMENT, one.path, f" {one.name} {one.version}") for one in pack.manifest.models if not one.missing]
    for layer, path, model in asked:
        try:
            plan = layer_schema(pack.directory, path, pack.manifest.imported).schema.plan
        except SchemaFault:
            continue
        yield from _of_plan(plan, layer, f"{pack.manifest.name}{model}")


def _of_plan(plan: Plan, layer: str, asked_by: str) -> Iterator[Explained]:
    for pattern in plan.patterns:
        for asked in pattern.rules:
            for one in asked.assertions:
                yield explained_assertion(one, asked.context, layer=layer, profiles=(asked_by,), has_twin=False)

"""`ecluse validate --explain RULE`: what a rule asks, where it comes from, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from importlib.resources import files

import click

from conformance.catalogue import PROFILES
from conformance.schematron.model import Assertion
from conformance.schematron.reading import read_schema
from gateway.cli.speech import language, say, text


def explain(rule: str) -> bool:
    """Print a rule; when nobody knows it say which names are near. Returns whether it is known."""
    known = {one.id: (one, layer, profiles) for one, layer, profiles in _rules()}
    if rule not in known:
        near = get_close_matches(rule, known, 5, 0.5) or [one for one in known if rule.lower() in one.lower()][:5]
        say(en=f"No rule is named {rule}.", fr=f"Aucune règle ne s'appelle {rule}.", err=True)
        if near:
            say(en=f"Near: {', '.join(near)}", fr=f"Proches : {', '.join(near)}", err=True)
        return False
    one, layer, profiles = known[rule]
    english = language() == "en"
    click.echo(f"{one.id}  [{one.role}]  {one.source}")
    click.echo(f"  {one.message_en if english else one.message}")
    hint = one.hint_en if english else one.hint
    if hint:
        click.echo(f"  → {hint}")
    facts = (
        (text(en="layer", fr="couche"), layer),
        (text(en="profiles", fr="profils"), ", ".join(profiles)),
        (text(en="fails when", fr="échoue si") if one.fails_when else text(en="holds when", fr="tient si"), one.test),
        (text(en="expected", fr="attendu"), one.expected or ""),
        (text(en="repair", fr="réparation"), one.repair or ""),
    )
    for name, said in facts:
        if said:
            click.echo(f"  {name}: {' '.join(said.split())}")
    return True


def _rules() -> Iterator[tuple[Assertion, str, list[str]]]:
    """Every assertion of our schemas, its layer, and the profiles that ask it."""
    used: dict[tuple[str, str, str], list[str]] = {}
    for profile in PROFILES.values():
        for schema in profile.schemas:
            used.setdefault((schema.layer, schema.package, schema.name), []).append(profile.name)
    for (layer, package, name), profiles in used.items():
        read = read_schema(files(f"profiles.{package}").joinpath(f"{name}.sch").read_bytes())
        for pattern in read.patterns:
            for rule in pattern.rules:
                for one in rule.assertions:
                    yield one, layer, profiles

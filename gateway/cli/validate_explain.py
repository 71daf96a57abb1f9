"""`ecluse validate --explain RULE`: what a rule asks, where it comes from, what to do; `all` lists every rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click
import orjson

from conformance.explained import Explained
from conformance.explaining import UnknownRule, rule, rules
from gateway.cli.speech import language, say, text

if TYPE_CHECKING:
    from conformance.packs.pack import Pack

ALL = "all"


def explain(identifier: str, form: str, pack: Pack | None = None) -> bool:
    """Print a rule, or all of them, as text or JSON; those of a pack, if given. Returns whether the rule is known.

    A pack may have several rules of one id: all are printed, and its JSON is a list. When nobody knows the rule, names
    that are near are told. Raises UsageError: another format.
    """
    if form not in ("text", "json"):
        raise click.UsageError(text(en="--explain prints text or json.", fr="--explain affiche text ou json."))
    try:
        found = _found(identifier, pack)
    except UnknownRule as unknown:
        say(en=f"No rule is named {identifier}.", fr=f"Aucune règle ne s'appelle {identifier}.", err=True)
        near = ", ".join(unknown.near)
        if near:
            say(en=f"Near: {near}", fr=f"Proches : {near}", err=True)
        say(en="`--explain all` lists every rule.", fr="« --explain all » les donne toutes.", err=True)
        return False
    if form == "json":
        data = [one.as_data(language()) for one in found]
        click.echo(orjson.dumps(data if identifier == ALL or pack is not None else data[0], option=orjson.OPT_INDENT_2))
    elif identifier == ALL:
        for one in found:
            click.echo(f"{one.id}  [{one.severity}]  {one.text(language())}")
    else:
        for one in found:
            for line in _lines(one):
                click.echo(line)
    return True


def _found(identifier: str, pack: Pack | None) -> tuple[Explained, ...]:
    """Raises UnknownRule."""
    if pack is None:
        return rules() if identifier == ALL else (rule(identifier),)
    from conformance.packs.explaining import pack_rule, pack_rules

    return pack_rules(pack) if identifier == ALL else pack_rule(pack, identifier)


def _lines(one: Explained) -> Iterable[str]:
    yield f"{one.id}  [{one.severity}]  {one.source}"
    yield f"  {one.text(language())}"
    if one.advice(language()):
        yield f"  → {one.advice(language())}"
    colon = text(en=": ", fr=" : ")
    facts = [
        (text(en="layer", fr="couche"), one.layer),
        (text(en="profiles", fr="profils"), ", ".join(one.profiles)),
    ]
    for condition in one.conditions:
        holds = text(en="fails when", fr="échoue si") if condition.fails_when else text(en="holds when", fr="tient si")
        facts += [(text(en="context", fr="contexte"), condition.context), (holds, condition.test)]
    facts += [
        (text(en="expected", fr="attendu"), one.expected or ""),
        (text(en="repair", fr="réparation"), one.repair or ""),
        (text(en="a document that breaks it", fr="un document qui l'enfreint"), one.twin or ""),
    ]
    yield from (f"  {name}{colon}{said}" for name, said in facts if said)

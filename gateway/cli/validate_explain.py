"""`ecluse validate --explain RULE`: what a rule asks, where it comes from, what to do; `all` lists every rule."""

from __future__ import annotations

from collections.abc import Iterable

import click
import orjson

from conformance.explaining import Explained, UnknownRule, rule, rules
from gateway.cli.speech import language, say, text

ALL = "all"


def explain(identifier: str, form: str) -> bool:
    """Print a rule, or all of them, as text or JSON. Returns whether the rule is known.

    When nobody knows it, names that are near are told. Raises UsageError: another format.
    """
    if form not in ("text", "json"):
        raise click.UsageError(text(en="--explain prints text or json.", fr="--explain affiche text ou json."))
    try:
        found = rules() if identifier == ALL else (rule(identifier),)
    except UnknownRule as unknown:
        say(en=f"No rule is named {identifier}.", fr=f"Aucune règle ne s'appelle {identifier}.", err=True)
        near = ", ".join(unknown.near)
        if near:
            say(en=f"Near: {near}", fr=f"Proches : {near}", err=True)
        say(en="`--explain all` lists every rule.", fr="« --explain all » les donne toutes.", err=True)
        return False
    if form == "json":
        data = [one.as_data(language()) for one in found]
        click.echo(orjson.dumps(data if identifier == ALL else data[0], option=orjson.OPT_INDENT_2))
    elif identifier == ALL:
        for one in found:
            click.echo(f"{one.id}  [{one.severity}]  {one.text(language())}")
    else:
        for line in _lines(found[0]):
            click.echo(line)
    return True


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

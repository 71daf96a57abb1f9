"""`ecluse inbox`: HL7 v2 messages that wait, those that could not be done, and another try. No patient is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import LiteralString

import click

from gateway.cli.administration import administration, house_options
from gateway.cli.speech import counted, say
from gateway.cli.waiting import change, rows

_MESSAGES: LiteralString = (
    "SELECT message_id AS id, 'message' AS what, kind, structure_id AS structure, application, facility, control_id,"
    " lower(state) AS state, attempts, received_at AS at, ended_at, not_before, outcome, size FROM ecluse.inbox"
)
_ANSWERS: LiteralString = (
    "SELECT a.ack_id AS id, 'acknowledgement' AS what, 'ZAM^' || a.event AS kind, i.structure_id AS structure,"
    " split_part(a.destination, '^', 1) AS application, split_part(a.destination, '^', 2) AS facility, i.control_id,"
    " lower(a.state) AS state, a.attempts, a.created_at AS at, a.ended_at, a.not_before, a.outcome,"
    " length(a.content)::bigint AS size FROM ecluse.acknowledgements a LEFT JOIN ecluse.inbox i USING (message_id)"
)
_ALL: LiteralString = "SELECT * FROM (" + _MESSAGES + " UNION ALL " + _ANSWERS + ") AS found"  # noqa: S608 - of ours
_OPEN: LiteralString = _ALL + " WHERE %s OR state IN ('waiting', 'parked') ORDER BY at, id"
_ONE: LiteralString = _ALL + " WHERE id = %s"
_REPLAY: tuple[LiteralString, ...] = (
    "UPDATE ecluse.inbox SET state = 'WAITING', attempts = 0, not_before = clock_timestamp(), ended_at = NULL"
    " WHERE state IN ('PARKED', 'WAITING') AND (%(id)s::uuid IS NULL OR message_id = %(id)s::uuid)",
    "UPDATE ecluse.acknowledgements"
    " SET state = 'WAITING', attempts = 0, not_before = clock_timestamp(), ended_at = NULL"
    " WHERE state IN ('PARKED', 'WAITING') AND (%(id)s::uuid IS NULL OR ack_id = %(id)s::uuid)",
)
_DROP: tuple[LiteralString, ...] = (
    "UPDATE ecluse.inbox SET state = 'DROPPED', content = NULL, ended_at = clock_timestamp()"
    " WHERE state = 'PARKED' AND message_id = %(id)s::uuid",
    "UPDATE ecluse.acknowledgements SET state = 'DROPPED', ended_at = clock_timestamp()"
    " WHERE state = 'PARKED' AND ack_id = %(id)s::uuid",
)


@click.group()
def inbox() -> None:
    """HL7 v2 messages and their business acknowledgements: list, show, replay, drop."""


@inbox.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that are done, too, as long as they are remembered.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@house_options
def list_(*, everything: bool, as_json: bool, file: Path | None, data: str | None) -> None:
    """List what waits and what is parked, oldest first."""
    with administration(file, data) as house:
        found = rows(house.connection, _OPEN, everything)
    if as_json:
        click.echo(json.dumps(found))
        return
    for one in found:
        sender = f"{one['application']}^{one['facility']} {one['control_id']}"
        state = f"{one['kind']:8} {one['state']:8} {one['attempts']:3}"
        click.echo(f"{one['id']}  {one['at']}  {state}  {sender}  {one['outcome']}")
    click.echo(counted(len(found), en=("item.", "items."), fr=("élément.", "éléments.")))


@inbox.command()
@click.argument("item_id", type=click.UUID)
@house_options
def show(item_id: object, *, file: Path | None, data: str | None) -> None:
    """Show what is known of one message or acknowledgement, as JSON. What it holds is sealed, and is not shown."""
    with administration(file, data) as house:
        found = rows(house.connection, _ONE, item_id)
    if not found:
        raise click.ClickException("no such message: see `ecluse inbox list --all`")
    click.echo(json.dumps(found[0], indent=2))


@inbox.command()
@click.argument("item_id", type=click.UUID, required=False)
@house_options
def replay(item_id: object, *, file: Path | None, data: str | None) -> None:
    """Try again what is parked, or waits for its next attempt: one item, or all."""
    count = change(_REPLAY, item_id, file, data)
    if item_id is not None and not count:
        raise click.ClickException("no such item waits or is parked: see `ecluse inbox list`")
    items = counted(count, en=("item is tried", "items are tried"), fr=("élément est repris", "éléments sont repris"))
    say(en=f"{items} again by the open door.", fr=f"{items} par la porte ouverte.")


@inbox.command()
@click.argument("item_id", type=click.UUID)
@house_options
def drop(item_id: object, *, file: Path | None, data: str | None) -> None:
    """Give up a parked item: what it holds is erased, and nobody will do it."""
    if not change(_DROP, item_id, file, data):
        raise click.ClickException("no such item is parked: see `ecluse inbox list`")
    say(en="Given up.", fr="Abandonné.")

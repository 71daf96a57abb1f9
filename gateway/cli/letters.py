"""`ecluse letters`: MSSanté letters that wait, those that could not be sent, and another try. No address is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import LiteralString

import click

from gateway.cli.administration import administration, house_options
from gateway.cli.speech import counted, say
from gateway.cli.waiting import change, rows

_ALL: LiteralString = (
    "SELECT l.letter_id AS id, l.kind, i.structure_id AS structure, i.application, i.facility, i.control_id,"
    " lower(l.state) AS state, l.attempts, l.created_at AS at, l.ended_at, l.not_before, l.outcome, l.size,"
    " (SELECT jsonb_agg(jsonb_build_object('rank', r.rank, 'state', lower(r.state), 'answer', r.outcome,"
    " 'receipt', r.receipt, 'reading', r.reading) ORDER BY r.rank)"
    " FROM ecluse.letter_recipients r WHERE r.letter_id = l.letter_id) AS recipients"
    " FROM ecluse.letters l LEFT JOIN ecluse.inbox i USING (message_id)"
)
_OPEN: LiteralString = _ALL + " WHERE %s OR l.state IN ('WAITING', 'PARKED') ORDER BY l.created_at, l.letter_id"
_ONE: LiteralString = _ALL + " WHERE l.letter_id = %s"
_REPLAY: tuple[LiteralString, ...] = (
    "UPDATE ecluse.letters SET state = 'WAITING', attempts = 0, not_before = clock_timestamp(), ended_at = NULL"
    " WHERE state IN ('PARKED', 'WAITING') AND (%(id)s::uuid IS NULL OR letter_id = %(id)s::uuid)",
)
_DROP: tuple[LiteralString, ...] = (
    "UPDATE ecluse.letters SET state = 'DROPPED', content = NULL, ended_at = clock_timestamp()"
    " WHERE state = 'PARKED' AND letter_id = %(id)s::uuid",
)


@click.group()
def letters() -> None:
    """MSSanté letters on their way, and what became of each recipient: list, show, replay, drop."""


@letters.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that are sent, too, as long as they are remembered.")
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
        of = f"{one['application']}^{one['facility']} {one['control_id']}"
        state = f"{one['kind']:8} {one['state']:8} {one['attempts']:3}"
        click.echo(f"{one['id']}  {one['at']}  {state}  {of}  {one['outcome']}")
    click.echo(counted(len(found), en=("letter.", "letters."), fr=("lettre.", "lettres.")))


@letters.command()
@click.argument("letter_id", type=click.UUID)
@house_options
def show(letter_id: object, *, file: Path | None, data: str | None) -> None:
    """Show what is known of one letter and of each recipient, as JSON. Addresses and content are sealed."""
    with administration(file, data) as house:
        found = rows(house.connection, _ONE, letter_id)
    if not found:
        raise click.ClickException("no such letter: see `ecluse letters list --all`")
    click.echo(json.dumps(found[0], indent=2))


@letters.command()
@click.argument("letter_id", type=click.UUID, required=False)
@house_options
def replay(letter_id: object, *, file: Path | None, data: str | None) -> None:
    """Try again what is parked, or waits for its next attempt: one letter, or all. Nobody gets it twice."""
    count = change(_REPLAY, letter_id, file, data)
    if letter_id is not None and not count:
        raise click.ClickException("no such letter waits or is parked: see `ecluse letters list`")
    items = counted(
        count, en=("letter is tried", "letters are tried"), fr=("lettre est reprise", "lettres sont reprises")
    )
    say(en=f"{items} again by the open door.", fr=f"{items} par la porte ouverte.")


@letters.command()
@click.argument("letter_id", type=click.UUID)
@house_options
def drop(letter_id: object, *, file: Path | None, data: str | None) -> None:
    """Give up a parked letter: it is erased, who has not got it never will, and its sender is not told."""
    if not change(_DROP, letter_id, file, data):
        raise click.ClickException("no such letter is parked: see `ecluse letters list`")
    say(en="Given up.", fr="Abandonnée.")

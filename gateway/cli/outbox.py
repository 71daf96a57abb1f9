"""`ecluse outbox`: notices that wait, those that cannot be delivered, and another try."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gateway.cli.administration import administration, house_options
from gateway.cli.speech import counted, say

_LIST = (
    "SELECT o.notice_id, o.kind, o.attempts, o.at, o.done_at, o.parked_at, o.last_error,"
    " (SELECT coalesce(array_agg(d.recipient || ' ' || d.channel ORDER BY d.recipient), '{}')"
    "  FROM ecluse.deliveries d WHERE d.notice_id = o.notice_id)"
    " FROM ecluse.outbox o WHERE %s OR o.done_at IS NULL ORDER BY o.at, o.notice_id"
)


@click.group()
def outbox() -> None:
    """Notices to holders of records and their médecins traitants: list, retry."""


@outbox.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that were delivered, too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@house_options
def list_(*, everything: bool, as_json: bool, file: Path | None, data: str | None) -> None:
    """List what waits and what is parked. No address is shown."""
    with administration(file, data) as house:
        rows = house.connection.execute(_LIST, (everything,)).fetchall()
    found = [
        {
            "notice_id": str(notice_id),
            "kind": kind,
            "state": "given up" if done and parked else "delivered" if done else "parked" if parked else "waiting",
            "attempts": attempts,
            "at": at.isoformat(timespec="seconds"),
            "error": error or "",
            "delivered_to": delivered,
        }
        for notice_id, kind, attempts, at, done, parked, error, delivered in rows
    ]
    if as_json:
        click.echo(json.dumps(found))
        return
    for one in found:
        told = ", ".join(one["delivered_to"])
        line = f"{one['notice_id']}  {one['kind']}  {one['state']}  {one['attempts']}  {told}  {one['error']}"
        click.echo(line.rstrip())
    click.echo(counted(len(found), en=("notice.", "notices."), fr=("avis.", "avis.")))


@outbox.command()
@click.argument("notice_id", type=click.UUID, required=False)
@house_options
def retry(notice_id: object, *, file: Path | None, data: str | None) -> None:
    """Try again what is parked, or waits for its next attempt: one notice, or all."""
    with administration(file, data) as house:
        count = house.connection.execute(
            "UPDATE ecluse.outbox SET parked_at = NULL, attempts = 0, not_before = now()"
            " WHERE done_at IS NULL AND (%(id)s::uuid IS NULL OR notice_id = %(id)s::uuid)",
            {"id": notice_id},
        ).rowcount
    if notice_id is not None and not count:
        raise click.ClickException("no such notice waits: see `ecluse outbox list`")
    notices = counted(count, en=("notice goes", "notices go"), fr=("avis part", "avis partent"))
    say(en=f"{notices} at the next `ecluse jobs run`.", fr=f"{notices} au prochain `ecluse jobs run`.")


@outbox.command()
@click.argument("notice_id", type=click.UUID)
@house_options
def discard(notice_id: object, *, file: Path | None, data: str | None) -> None:
    """Give up a parked notice: nobody is told, and the address that it kept is forgotten."""
    with administration(file, data) as house:
        count = house.connection.execute(
            "UPDATE ecluse.outbox SET done_at = now(), facts = '{}', last_error = 'given up'"
            " WHERE notice_id = %s AND done_at IS NULL AND parked_at IS NOT NULL",
            (notice_id,),
        ).rowcount
    if not count:
        raise click.ClickException("no such notice is parked: see `ecluse outbox list`")
    say(en="Given up.", fr="Abandonné.")

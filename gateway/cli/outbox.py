"""`ecluse outbox`: notices that wait, those that cannot be delivered, and another try."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from gateway.cli.administration import administration, house_options
from gateway.cli.speech import counted, language, say, text
from gateway.notices.texts import LABELS
from xds.dmp.traces import NoticeKind

_LIST = (
    "SELECT o.notice_id, o.kind, o.attempts, o.at, o.done_at, o.parked_at, o.last_error,"
    " (SELECT coalesce(array_agg(d.recipient || ' ' || d.channel ORDER BY d.recipient), '{}')"
    "  FROM ecluse.deliveries d WHERE d.notice_id = o.notice_id)"
    " FROM ecluse.outbox o WHERE %s OR o.done_at IS NULL ORDER BY o.at, o.notice_id"
)
_STATES = {
    "waiting": {"en": "waiting", "fr": "en attente"},
    "parked": {"en": "parked", "fr": "mis de côté"},
    "delivered": {"en": "delivered", "fr": "remis"},
    "nobody told": {"en": "nobody to tell", "fr": "personne à avertir"},
    "given up": {"en": "given up", "fr": "abandonné"},
}
_PEOPLE = {
    "HOLDER": {"en": "holder", "fr": "titulaire"},
    "REPRESENTATIVE": {"en": "representative", "fr": "représentant légal"},
    "PROFESSIONAL": {"en": "médecin traitant", "fr": "médecin traitant"},
}
_WAYS = {
    "EMAIL": {"en": "e-mail", "fr": "courriel"},
    "SMS": {"en": "short message", "fr": "SMS"},
    "LETTER": {"en": "letter", "fr": "lettre"},
}


@click.group()
def outbox() -> None:
    """Notices to holders of records and their médecins traitants: list, retry, discard."""


@outbox.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that were delivered, too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@house_options
def list_(*, everything: bool, as_json: bool, file: Path | None, data: str | None) -> None:
    """List what waits and what is parked, oldest first: when, what, its state, who was told. No address is shown."""
    with administration(file, data) as house:
        rows = house.connection.execute(_LIST, (everything,)).fetchall()
    found = [
        {
            "notice_id": str(notice_id),
            "kind": kind,
            "state": _state(delivered, done=bool(done), parked=bool(parked)),
            "attempts": attempts,
            "at": at.isoformat(timespec="seconds"),
            "error": "" if done else error or "",
            "delivered_to": delivered,
        }
        for notice_id, kind, attempts, at, done, parked, error, delivered in rows
    ]
    if as_json:
        click.echo(json.dumps(found))
        return
    for one in found:
        told = ", ".join(_recipient(name) for name in one["delivered_to"])
        tries = counted(one["attempts"], en=("attempt", "attempts"), fr=("essai", "essais"))
        click.echo(
            f"{one['notice_id']}  {one['at'][:16]}  {_kind(one['kind']):34}  {text(**_STATES[one['state']]):18}"
            f"  {tries:9}  {told}  {one['error']}".rstrip()
        )
    click.echo(counted(len(found), en=("notice.", "notices."), fr=("avis.", "avis.")))


def _state(delivered: Sequence[str], *, done: bool, parked: bool) -> str:
    if done:
        return "given up" if parked else "delivered" if delivered else "nobody told"
    return "parked" if parked else "waiting"


def _kind(name: str) -> str:
    known = next((kind for kind in NoticeKind if kind.value == name), None)
    return name if known is None else LABELS[known][language() == "en"]


def _recipient(name: str) -> str:
    """`HOLDER EMAIL`, `PROFESSIONAL/<PS_IdNat> LETTER` in words."""
    who, _, channel = name.rpartition(" ")
    kind, _, number = who.partition("/")
    told = text(**_PEOPLE[kind])
    return f"{told}{' ' + number if kind == 'PROFESSIONAL' else ''} ({text(**_WAYS[channel])})"


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
        raise click.ClickException(
            text(
                en="no such notice waits: see `ecluse outbox list`",
                fr="aucun avis de ce nom n'attend : voir `ecluse outbox list`",
            )
        )
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
        raise click.ClickException(
            text(
                en="no such notice is parked: see `ecluse outbox list`",
                fr="aucun avis de ce nom n'est mis de côté : voir `ecluse outbox list`",
            )
        )
    say(en="Given up.", fr="Abandonné.")

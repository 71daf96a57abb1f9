"""`ecluse audit`: verify the audit trail, show its end, export checkpoints."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from gateway.cli.administration import administration, house_options
from gateway.cli.speech import counted, say
from security.audit.checkpoint import Checkpoint, read_checkpoints, write_checkpoints
from security.audit.verify import ChainFault, ChainVerdict, heads, verify

_EXPLAINED = {
    ChainFault.HOLE: ("an event is missing", "un événement manque"),
    ChainFault.ALTERED: ("the event or its hash was changed", "l'événement ou son empreinte a été modifié"),
    ChainFault.FOREIGN: ("the event belongs to another door", "l'événement est celui d'une autre porte"),
    ChainFault.TAIL_REMOVED: ("events were removed at the end", "des événements ont été retirés à la fin"),
    ChainFault.HEAD_ALTERED: ("the head of the chain was changed", "la tête de la chaîne a été modifiée"),
    ChainFault.CHAIN_MISSING: (
        "the chain of the checkpoint is not there",
        "la chaîne du point de contrôle est absente",
    ),
    ChainFault.SHORTER_THAN_CHECKPOINT: (
        "the chain is shorter than at the checkpoint",
        "la chaîne est plus courte qu'au point de contrôle",
    ),
    ChainFault.REWRITTEN_SINCE_CHECKPOINT: (
        "the chain was rewritten since the checkpoint",
        "la chaîne a été réécrite depuis le point de contrôle",
    ),
}


@click.group()
def audit() -> None:
    """The audit trail: verify, show, checkpoint."""


@audit.command("verify")
@click.option(
    "--from", "checkpoint", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="An earlier checkpoint."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@house_options
def verify_(*, checkpoint: Path | None, as_json: bool, file: Path | None, data: str | None) -> None:
    """Recompute every chain; exit 1 and name the first bad event when one is not whole."""
    known: tuple[Checkpoint, ...] = ()
    if checkpoint is not None:
        try:
            known = read_checkpoints(checkpoint.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise click.UsageError(f"{checkpoint}: {error}") from None
    with administration(file, data) as house:
        verdicts = verify(house.connection, known)
    if as_json:
        click.echo(json.dumps([_plain(verdict) for verdict in verdicts]))
    else:
        for verdict in verdicts:
            _tell(verdict)
    if any(verdict.fault is not None for verdict in verdicts):
        sys.exit(1)


@audit.command()
@click.option("--last", type=click.IntRange(1), default=20, show_default=True, help="How many events of each door.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@house_options
def show(*, last: int, as_json: bool, file: Path | None, data: str | None) -> None:
    """Show the last events of each door, oldest first."""
    with administration(file, data) as house:
        rows = house.connection.execute(
            "SELECT e.door, e.sequence, e.event FROM ecluse.audit_chains c JOIN ecluse.audit_events e"
            " ON e.door = c.door AND e.sequence > c.size - %s ORDER BY e.door, e.sequence",
            (last,),
        ).fetchall()
    if as_json:
        click.echo(json.dumps([{"sequence": sequence, **json.loads(event)} for _, sequence, event in rows]))
        return
    for door, sequence, event in rows:
        fields = json.loads(event)
        words = (fields.get(name) for name in ("time", "transaction", "outcome", "code", "actor", "structure"))
        click.echo(f"{door} {sequence}  " + " ".join(word for word in words if word))


@audit.command()
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False), required=False, metavar="[FILE]")
@house_options
def checkpoint(target: Path | None, *, file: Path | None, data: str | None) -> None:
    """Write what each chain is now, to keep outside this machine; `audit verify --from FILE` compares later."""
    with administration(file, data) as house:
        content = write_checkpoints(heads(house.connection))
    if target is None:
        click.echo(content, nl=False)
        return
    target.write_text(content, "utf-8")
    say(en=f"Checkpoint written to {target}.", fr=f"Point de contrôle écrit dans {target}.")


def _tell(verdict: ChainVerdict) -> None:
    if verdict.fault is None:
        events = counted(verdict.size, en=("event", "events"), fr=("événement", "événements"))
        say(en=f"{verdict.door}: {events}, whole.", fr=f"{verdict.door} : {events}, intacte.")
        return
    english, french = _EXPLAINED[verdict.fault]
    say(en=f"{verdict.door}: BAD at event {verdict.sequence}: {english} ({verdict.fault}).",
        fr=f"{verdict.door} : MAUVAISE à l'événement {verdict.sequence} : {french} ({verdict.fault}).")  # fmt: skip


def _plain(verdict: ChainVerdict) -> dict[str, Any]:
    return {
        "door": verdict.door,
        "size": verdict.size,
        "hash": verdict.hash.hex(),
        "fault": verdict.fault,
        "sequence": verdict.sequence,
    }

"""`ecluse clock`: show the law's clock of a house, and move it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from gateway.cli.administration import administration, house_options
from gateway.cli.jobs import tell
from gateway.cli.speech import counted, say, text
from gateway.jobs.clock import ClockError, Reading, advance, after, instant, read_clock
from gateway.jobs.house import keeping


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@house_options
@click.pass_context
def clock(ctx: click.Context, *, as_json: bool, file: Path | None, data: str | None) -> None:
    """The law's clock: authorisations, timers and archives of records follow it; certificates keep real time."""
    if ctx.invoked_subcommand is not None:
        return
    with administration(file, data) as house:
        reading = read_clock(house.connection)
    _show(reading, as_json=as_json)


@clock.command("advance")
@click.argument("span", required=False)
@click.option("--to", "target", help="An instant or a day, ISO 8601; UTC where it has no zone.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@house_options
def advance_(span: str | None, target: str | None, *, as_json: bool, file: Path | None, data: str | None) -> None:
    """Move the clock by SPAN (14d, 1mo, 10y, 1y6mo), or to an instant, and do all that is due by then. Sandbox only.

    Units are y, mo, w, d, h and min; 0d moves nothing and does what is due. The clock never goes
    back. Exit 1 when it is not moved, or when something that is due failed.
    """
    if (span is None) == (target is None):
        raise click.UsageError(
            text(en="say either a span, such as 14d, or --to DATE", fr="dites une durée, comme 14d, ou --to DATE")
        )
    os.umask(0o077)
    with administration(file, data) as house:
        try:
            reading = read_clock(house.connection)
            end = after(reading.law, span) if span is not None else instant(target or "")
            if end != reading.law:  # 0d only does what is due
                reading = advance(house.connection, end, mode=house.settings.mode)
        except ClockError as error:
            raise click.ClickException(text(en=str(error), fr=error.french)) from None
        _show(reading, as_json=as_json)
        if house.settings.domain == "dmp":
            with keeping(house.settings) as kept:
                work, sent = kept.round()
            tell(work, sent, err=as_json)
            if work.failed:
                sys.exit(1)


def _show(reading: Reading, *, as_json: bool) -> None:
    law, real = (shown.isoformat(timespec="seconds") for shown in (reading.law, reading.real))
    if as_json:
        click.echo(json.dumps({"law": law, "real": real, "ahead_seconds": round(reading.ahead.total_seconds())}))
        return
    days = round(reading.ahead.total_seconds() / 86_400)
    ahead = counted(days, en=("day ahead", "days ahead"), fr=("jour d'avance", "jours d'avance"))
    say(
        en=f"law's clock {law}   real time {real}   {ahead}",
        fr=f"horloge de la loi {law}   temps réel {real}   {ahead}",
    )

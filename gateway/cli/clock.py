"""`ecluse clock`: show the law's clock of a house, and move it."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.cli.administration import administration, house_options
from gateway.cli.jobs import tell
from gateway.cli.speech import say
from gateway.jobs.clock import ClockError, Reading, advance, after, read_clock
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
    """Move the clock by SPAN (14d, 1mo, 10y, 1y6mo), or to an instant, and do all that is due by then. Sandbox only."""
    if (span is None) == (target is None):
        raise click.UsageError("say either a span, such as 14d, or --to DATE")
    os.umask(0o077)
    with administration(file, data) as house:
        try:
            reading = read_clock(house.connection)
            end = after(reading.law, span) if span is not None else _instant(target or "")
            if end != reading.law:  # 0d only does what is due
                reading = advance(house.connection, end, mode=house.settings.mode)
        except ClockError as error:
            raise click.ClickException(str(error)) from None
        _show(reading, as_json=as_json)
        if house.settings.domain == "dmp":
            with keeping(house.settings) as kept:
                work, sent = kept.round()
            tell(work, sent, err=as_json)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ClockError(
            f"--to takes a day or an instant, such as 2027-01-31; found {text!r}", "SBX_CLOCK_SPAN"
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _show(reading: Reading, *, as_json: bool) -> None:
    law, real = (instant.isoformat(timespec="seconds") for instant in (reading.law, reading.real))
    if as_json:
        click.echo(json.dumps({"law": law, "real": real, "ahead_seconds": round(reading.ahead.total_seconds())}))
        return
    days = round(reading.ahead.total_seconds() / 86_400)
    say(en=f"law {law}   real {real}   {days} days ahead", fr=f"loi {law}   réel {real}   avance de {days} j")

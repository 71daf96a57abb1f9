"""`ecluse door NAME`: one door in this process. `ecluse serve` starts each of them this way."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway import logs
from gateway.door import DOORS, HL7V2
from gateway.settings import SettingsError, load


@click.command(hidden=True)
@click.argument("name", type=click.Choice((*DOORS, HL7V2)))
@click.option("--settings", "file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--data", help="Data directory.")
def door(name: str, *, file: Path | None, data: str | None) -> None:
    """Run one door, in the foreground, on a data directory that `ecluse serve` has prepared."""
    try:
        settings = load(file, data=data)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    logs.configure()
    if name == HL7V2:
        from gateway.cli import hl7v2_door

        try:
            sys.exit(hl7v2_door.run(settings))
        except SettingsError as error:
            raise click.ClickException(str(error)) from None
    from gateway.cli import web_door

    sys.exit(web_door.run(settings, name))

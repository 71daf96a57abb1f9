"""What administrative commands start from: settings, and a connection of the owner role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
import psycopg

from gateway.database.errors import DatabaseSetupError
from gateway.database.migrate import MigrationError
from gateway.database.opening import open_database
from gateway.settings import Settings, SettingsError, load
from security.at_rest.record_keys import Kek, KekError, create_kek, load_kek

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Administration:
    """An open house, for as long as a command runs."""

    settings: Settings
    connection: psycopg.Connection[Any]

    def kek(self) -> Kek:
        """The key that wraps the private keys of records, made when there is none yet."""
        path = Path(self.settings.data).resolve() / "consultation" / "kek"
        if path.exists():
            return load_kek(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        return create_kek(path)


def house_options(command: _Command) -> _Command:
    """The options that name a house: `--settings` and `--data`."""
    command = click.option("--data", help="Data directory.")(command)
    return click.option(
        "--settings", "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="TOML file."
    )(command)


def existing_house(settings: Settings) -> Path:
    """The data directory of a house that is there: a name that is mistaken is not told "nothing is wrong".

    Raises click.ClickException: neither a database nor its secrets are in it, and no settings name a server.
    """
    folder = Path(settings.data).resolve()
    if not settings.database.url and not any((folder / part).is_dir() for part in ("postgres", "database")):
        raise click.ClickException(f"{folder} is not a data directory")
    return folder


@contextmanager
def administration(file: Path | None, data: str | None, *, making: bool = False) -> Iterator[Administration]:
    """Open the database of a house, running or not, as its owner. A failure ends the command with one line.

    `making`: a house is made where there is none; else the command ends there.
    """
    try:
        settings = load(file, data=data)
        folder = Path(settings.data).resolve() if making else existing_house(settings)
        with (
            open_database(folder, url=settings.database.url or None) as database,
            psycopg.connect(database.layout.owner_url, autocommit=True) as connection,
        ):
            yield Administration(settings, connection)
    except (SettingsError, DatabaseSetupError, MigrationError, KekError, psycopg.OperationalError) as error:
        raise click.ClickException(str(error)) from None

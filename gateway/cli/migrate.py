"""`ecluse migrate`: make the database, its roles and its secrets, and bring its schema up to date."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.speech import say, text
from gateway.database.errors import DatabaseSetupError, DatabaseUnavailable
from gateway.database.migrate import MigrationError
from gateway.database.opening import open_database
from gateway.settings import SettingsError, load


@click.command()
@click.option("--settings", "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="TOML file.")
@click.option("--data", help="Data directory; made when missing.")
@click.option("--reset-passwords", is_flag=True, help="Give the roles new passwords, even those of another directory.")
def migrate(file: Path | None, data: str | None, *, reset_passwords: bool) -> None:
    """Prepare the database and bring its schema up to date.

    Without ECLUSE_DATABASE_URL the database is a server embedded in the data directory. With it, a role that may
    create roles and owns the database it names.
    """
    try:
        settings = load(file, data=data)
        folder = Path(settings.data).resolve()
        with open_database(folder, url=settings.database.url or None, reset_passwords=reset_passwords) as database:
            for name in database.applied:
                say(en=f"applied {name}", fr=f"appliquée : {name}")
            if not database.applied:
                say(en="nothing to do: the schema is up to date", fr="rien à faire : le schéma est à jour")
    except (SettingsError, DatabaseSetupError, MigrationError) as error:
        raise click.ClickException(str(error)) from error
    except DatabaseUnavailable as error:
        advice = text(
            en="is the server running, and ECLUSE_DATABASE_URL right?",
            fr="le serveur est-il démarré, et ECLUSE_DATABASE_URL juste ?",
        )
        raise click.ClickException(f"{error}; {advice}") from error

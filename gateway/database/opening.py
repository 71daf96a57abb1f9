"""From a data directory to a database ready for the doors, in one call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from gateway.database.embedded import EmbeddedPostgres
from gateway.database.migrate import migrate
from gateway.database.roles import DatabaseLayout, provision

DATABASE = "ecluse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database whose schema is up to date. `server` is None when it is not ours to run.

    `applied` names the migrations applied while opening; `started` tells whether it is for this process to stop the
    server: opening started it, or whoever did is dead.
    """

    layout: DatabaseLayout
    server: EmbeddedPostgres | None
    applied: tuple[str, ...]
    started: bool

    def close(self) -> None:
        """Stop the server, if that is for this process to do."""
        if self.server is not None and self.started:
            self.server.stop()

    def destroy(self) -> None:
        """Stop the embedded server and remove all its data. A foreign server is left alone."""
        if self.server is not None:
            self.server.destroy()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def open_database(data: Path, *, url: str | None = None, reset_passwords: bool = False) -> Database:
    """Start the embedded server (unless `url` names another), make roles and secrets, migrate. Idempotent.

    `url` is ECLUSE_DATABASE_URL: a role that may create roles and owns the database it names.
    Raises DatabaseSetupError, DatabaseUnavailable, MigrationError.
    """
    if url is not None:
        layout = provision(url, data, reset_passwords=reset_passwords)
        return Database(layout=layout, server=None, applied=migrate(layout.owner_url), started=False)
    data.mkdir(mode=0o711, parents=True, exist_ok=True)
    server = EmbeddedPostgres(data / "postgres")
    server.start()
    started = server.in_charge
    try:
        _create_database(server.url())
        layout = provision(server.url(DATABASE), data, reset_passwords=reset_passwords, alone=True)
        applied = migrate(layout.owner_url)
    except BaseException:
        if started:
            server.stop()
        raise
    return Database(layout=layout, server=server, applied=applied, started=started)


def _create_database(superuser_url: str) -> None:
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
        if known is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        connection.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")

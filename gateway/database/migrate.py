"""Bring the schema up to date: plain SQL files, in order, each once, each in one transaction.

What was applied is written in `ecluse.schema_migrations` with the SHA-256 of the file. A file that changed after it
was applied is refused: the schema would no longer be what the files say.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import psycopg

from gateway.database.errors import DatabaseUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_LOCK = 0x65636C75
"""Key of the advisory lock that lets one migration run at a time: "eclu" in ASCII."""
_HISTORY = b"""
CREATE TABLE IF NOT EXISTS ecluse.schema_migrations (
    version     integer PRIMARY KEY,
    name        text NOT NULL,
    checksum    text NOT NULL CHECK (length(checksum) = 64),
    applied_at  timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""


class MigrationError(Exception):
    """The schema was left as it is; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file. `checksum` is the SHA-256 of its bytes, 64 hexadecimal digits."""

    version: int
    name: str
    checksum: str
    statements: bytes


def read_migrations(directory: Path = MIGRATIONS) -> tuple[Migration, ...]:
    """Read the files `NNNN_words.sql` of a directory, in order.

    Raises MigrationError: a name of another form, or a number used twice.
    """
    found: dict[int, Migration] = {}
    for path in sorted(directory.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name}: a migration is named NNNN_words.sql, in lower case")
        version = int(match[1])
        if version in found:
            raise MigrationError(f"{path.name} and {found[version].name} have the same number")
        statements = path.read_bytes()
        checksum = hashlib.sha256(statements).hexdigest()
        found[version] = Migration(version=version, name=path.name, checksum=checksum, statements=statements)
    return tuple(found.values())


def migrate(owner_url: str, directory: Path = MIGRATIONS) -> tuple[str, ...]:
    """Apply what is missing, as the role that owns the schema; return the names of the files applied now.

    Waits up to a minute for another migration to finish.
    Raises MigrationError, DatabaseUnavailable.
    """
    files = read_migrations(directory)
    try:
        with psycopg.connect(owner_url, autocommit=True, connect_timeout=10) as connection:
            connection.execute("SET lock_timeout = '60s'")
            try:
                connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            except psycopg.errors.LockNotAvailable as error:
                raise MigrationError("another migration has been running for a minute: wait for it") from error
            connection.execute(_HISTORY)
            return tuple(_apply(connection, file) for file in _missing(connection, files))
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"the database server went away: {type(error).__name__}") from error


def _missing(connection: psycopg.Connection, files: tuple[Migration, ...]) -> tuple[Migration, ...]:
    known = {file.version: file for file in files}
    applied: dict[int, tuple[str, str]] = {
        version: (name, checksum)
        for version, name, checksum in connection.execute(
            "SELECT version, name, checksum FROM ecluse.schema_migrations ORDER BY version"
        )
    }
    for version, (name, checksum) in applied.items():
        if version not in known:
            raise MigrationError(f"the database has migration {name}, this software does not: install a newer version")
        if known[version].checksum != checksum:
            raise MigrationError(
                f"{known[version].name} changed after it was applied: SHA-256 was {checksum}, "
                f"is {known[version].checksum}. Restore the file and put the change into a new migration"
            )
    newest = max(applied, default=-1)
    missing = tuple(file for file in files if file.version not in applied)
    for file in missing:
        if file.version < newest:
            raise MigrationError(
                f"{file.name} comes before {applied[newest][0]}, which is applied: give it a new number"
            )
    return missing


def _apply(connection: psycopg.Connection, file: Migration) -> str:
    try:
        with connection.transaction():
            connection.execute("SET LOCAL search_path = ecluse, pg_temp")
            connection.execute("SET LOCAL statement_timeout = 0")
            connection.execute(file.statements)
            if connection.info.transaction_status != psycopg.pq.TransactionStatus.INTRANS:
                raise MigrationError(f"{file.name} ends its transaction itself: remove COMMIT and ROLLBACK")
            connection.execute(
                "INSERT INTO ecluse.schema_migrations (version, name, checksum) VALUES (%s, %s, %s)",
                (file.version, file.name, file.checksum),
            )
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        # The DETAIL of an error can quote a row: the first line is enough to find the statement.
        reason = error.diag.message_primary or type(error).__name__
        raise MigrationError(f"{file.name} failed and left nothing behind: {reason} ({error.sqlstate})") from error
    return file.name

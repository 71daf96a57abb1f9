"""The five database roles, their passwords and who is given which.

`ecluse_owner` owns the schema and runs the migrations; the roles of the doors, that of the keeper who does what time
brings, and that of the inbox of HL7 v2 messages, own nothing and inherit nothing. Each reads one file that holds its
own connection URL and no other. PUBLIC is left with nothing, so that a table without an explicit GRANT is closed to all
of them.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from gateway.database.cluster import write_private
from gateway.database.errors import DatabaseSetupError, DatabaseUnavailable

SCHEMA = "ecluse"
KEEPER_SCHEMA = "ecluse_keeper"
"""What the keeper may read of the registry, under the names of its tables: first in its search path."""

OLDEST_SERVER = 150000
_LOCK = 0x726F6C65
"""Key of the advisory lock that lets one process at a time prepare the roles: "role" in ASCII."""


class DatabaseRole(StrEnum):
    """The roles, by their name in PostgreSQL. Migrations name them too."""

    OWNER = "ecluse_owner"
    INGEST = "ecluse_ingest"
    CONSULTATION = "ecluse_consultation"
    KEEPER = "ecluse_keeper"
    INBOX = "ecluse_hl7v2"


_FILES = {
    DatabaseRole.OWNER: Path("database") / "owner.url",
    DatabaseRole.INGEST: Path("ingest") / "database.url",
    DatabaseRole.CONSULTATION: Path("consultation") / "database.url",
    DatabaseRole.KEEPER: Path("keeper") / "database.url",
    DatabaseRole.INBOX: Path("hl7v2") / "inbox.url",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseLayout:
    """Connection URLs by role. They hold passwords: give a process its own only."""

    owner_url: str = field(repr=False)
    ingest_url: str = field(repr=False)
    consultation_url: str = field(repr=False)
    keeper_url: str = field(repr=False)
    inbox_url: str = field(repr=False)

    def url(self, role: DatabaseRole) -> str:
        return {
            DatabaseRole.OWNER: self.owner_url,
            DatabaseRole.INGEST: self.ingest_url,
            DatabaseRole.CONSULTATION: self.consultation_url,
            DatabaseRole.KEEPER: self.keeper_url,
            DatabaseRole.INBOX: self.inbox_url,
        }[role]


def secret_path(data: Path, role: DatabaseRole) -> Path:
    """The file (0600) with the connection URL of `role` in the data directory."""
    return data / _FILES[role]


def read_url(data: Path, role: DatabaseRole) -> str:
    """Read the connection URL of `role`.

    Raises DatabaseSetupError: the database of this data directory was never prepared.
    """
    try:
        return secret_path(data, role).read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        raise DatabaseSetupError(f"{secret_path(data, role)} is missing: run `ecluse migrate --data {data}`") from error


def provision(
    administrator_url: str, data: Path, *, reset_passwords: bool = False, alone: bool = False
) -> DatabaseLayout:
    """Make the roles, the schema and the files of connection URLs; leave what is right as it is.

    `administrator_url` names the database to use, by a role that may create roles and owns that database (or a
    superuser). A role that exists while `data` holds no password for it belongs to another data directory: it is
    refused, unless `reset_passwords`, which locks that other one out. `alone`: the server is this data directory's, and
    a role whose file is lost gets a new password without asking.
    Raises DatabaseSetupError, DatabaseUnavailable.
    """
    try:
        with psycopg.connect(administrator_url, autocommit=True, connect_timeout=10) as connection:
            return _provision(connection, administrator_url, data, reset_passwords=reset_passwords, alone=alone)
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseSetupError(
            f"the role of ECLUSE_DATABASE_URL lacks a right: {error.diag.message_primary}. "
            "It needs CREATEROLE, and must own the database"
        ) from error
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"the database server does not answer: {_reason(error)}") from error


def _provision(
    connection: psycopg.Connection, administrator_url: str, data: Path, *, reset_passwords: bool, alone: bool
) -> DatabaseLayout:
    if connection.info.server_version < OLDEST_SERVER:
        raise DatabaseSetupError(
            f"the server is PostgreSQL {connection.info.server_version // 10000}; Écluse needs 15 or newer"
        )
    urls: dict[DatabaseRole, str] = {}
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        for role in DatabaseRole:
            lost = alone and not secret_path(data, role).is_file()
            password = _password(connection, data, role, reset_passwords=reset_passwords or lost)
            urls[role] = _url(administrator_url, connection.info.dbname, role, password)
        _close_to_public(connection)
        # Written before the commit: a password that no file holds would lock everybody out.
        for role, url in urls.items():
            write_private(secret_path(data, role), url + "\n")
    return DatabaseLayout(
        owner_url=urls[DatabaseRole.OWNER],
        ingest_url=urls[DatabaseRole.INGEST],
        consultation_url=urls[DatabaseRole.CONSULTATION],
        keeper_url=urls[DatabaseRole.KEEPER],
        inbox_url=urls[DatabaseRole.INBOX],
    )


def _password(connection: psycopg.Connection, data: Path, role: DatabaseRole, *, reset_passwords: bool) -> str:
    path = secret_path(data, role)
    held = conninfo_to_dict(path.read_text(encoding="utf-8").strip()).get("password") if path.is_file() else None
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role.value,)).fetchone() is not None
    if exists and held is not None and not reset_passwords:
        return str(held)
    if exists and not reset_passwords:
        raise DatabaseSetupError(
            f"the role {role} exists on this server but {path} does not: it belongs to another data directory. "
            "Use that one, or run `ecluse migrate --reset-passwords`"
        )
    password = secrets.token_urlsafe(32)
    # The server receives the SCRAM verifier only: no password reaches its log or its statistics.
    verifier = connection.pgconn.encrypt_password(password.encode(), role.value.encode(), b"scram-sha-256").decode()
    name, current = sql.Identifier(role.value), sql.Identifier(connection.info.user)
    verb = sql.SQL("ALTER" if exists else "CREATE")
    options = sql.SQL("LOGIN NOINHERIT PASSWORD {}").format(sql.Literal(verifier))
    connection.execute(sql.SQL("{} ROLE {} {}").format(verb, name, options))
    if role is DatabaseRole.OWNER:
        # Making a schema for a role asks for membership in it (CREATE SCHEMA … AUTHORIZATION).
        connection.execute(sql.SQL("GRANT {} TO {}").format(name, current))
    return password


def _close_to_public(connection: psycopg.Connection) -> None:
    database = sql.Identifier(connection.info.dbname)
    schema, owner = sql.Identifier(SCHEMA), sql.Identifier(DatabaseRole.OWNER.value)
    everybody = sql.SQL(", ").join(sql.Identifier(role.value) for role in DatabaseRole)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, everybody))
    connection.execute(sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC"))
    for name in (schema, sql.Identifier(KEEPER_SCHEMA)):
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(name, owner))
    for role in DatabaseRole:
        names = (KEEPER_SCHEMA, SCHEMA) if role is DatabaseRole.KEEPER else (SCHEMA,)
        path = sql.SQL(", ").join(map(sql.Identifier, names))
        connection.execute(
            sql.SQL("ALTER ROLE {} IN DATABASE {} SET search_path = {}, pg_temp").format(
                sql.Identifier(role.value), database, path
            )
        )


def _url(administrator_url: str, database: str, role: DatabaseRole, password: str) -> str:
    """The administrator's URL with another user: same server, same TLS settings."""
    given = {k: str(v) for k, v in conninfo_to_dict(administrator_url).items() if v is not None}
    kept = {k: v for k, v in given.items() if k not in {"user", "password", "dbname", "options", "passfile"}}
    return f"postgresql://{role.value}:{quote(password, safe='')}@/{quote(database, safe='')}?{urlencode(kept)}"


def _reason(error: psycopg.OperationalError) -> str:
    return error.diag.message_primary or (str(error).splitlines() or ["no reason given"])[0]

"""What tests of every package share: real things, made once a session."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from gateway.database.cluster import write_private
from gateway.database.opening import DATABASE, Database, open_database
from gateway.database.roles import DatabaseRole, provision, secret_path
from samples.pki.factory import TestPki, create

AnotherDatabase = Callable[[Path], AbstractContextManager[Database]]
_PRISTINE = "pristine"
_numbers = itertools.count(1)

# How fast a machine is on which other things run is no property of what is tested.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A real server in a temporary folder: roles made, all migrations applied. Shared: bring fresh identifiers."""
    opened = open_database(tmp_path_factory.mktemp("database"))
    assert opened.server is not None
    _copy(opened.server.url(), DATABASE, _PRISTINE)
    yield opened
    opened.destroy()


@pytest.fixture(scope="session")
def another_database(database: Database) -> AnotherDatabase:
    """A database that nobody has used, for a data directory: its own domain, clock and records, the roles of all."""

    @contextmanager
    def opened(data: Path) -> Iterator[Database]:
        name = f"house_{next(_numbers)}"
        assert database.server is not None
        administrator = database.server.url()
        _copy(administrator, _PRISTINE, name)
        try:
            for role in DatabaseRole:
                known = conninfo_to_dict(database.layout.url(role))
                write_private(secret_path(data, role), make_conninfo(**{**known, "dbname": name}))
            layout = provision(database.server.url(name), data)
            yield Database(layout=layout, server=None, applied=(), started=False)
        finally:
            with psycopg.connect(administrator, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    return opened


@pytest.fixture(scope="session")
def administrator_of(database: Database) -> Callable[[Database], str]:
    """What leads a command to such a database: ECLUSE_DATABASE_URL."""

    def url(other: Database) -> str:
        assert database.server is not None
        return database.server.url(str(conninfo_to_dict(other.layout.owner_url)["dbname"]))

    return url


def _copy(administrator: str, source: str, name: str) -> None:
    with psycopg.connect(administrator, autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(source)))


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    """The test PKI, made once for the whole run, now. A test that revokes something works on a copy of it."""
    return create(tmp_path_factory.mktemp("pki") / "pki", datetime.now(UTC))

"""Servers of these tests' own, to be killed and broken; the shared one of the session is left in peace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gateway.database.embedded import EmbeddedPostgres


@pytest.fixture(scope="session")
def bare_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server without our roles or schema. Tests stop, kill and restart it: each starts it first."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("bare") / "postgres")
    server.start()
    yield server
    server.destroy()


@pytest.fixture
def foreign_url(bare_server: EmbeddedPostgres) -> Iterator[str]:
    """What the administrator of another server would give: a role that makes roles and owns one database."""
    bare_server.start()
    with psycopg.connect(bare_server.url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE chief LOGIN CREATEROLE PASSWORD 'of the chief'")
        connection.execute("CREATE DATABASE house OWNER chief")
    yield bare_server.url("house").replace(
        f"//{bare_server.address.user}:{bare_server.address.password}@", "//chief:of%20the%20chief@"
    )
    with psycopg.connect(bare_server.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE house WITH (FORCE)")
        connection.execute(
            "DROP ROLE IF EXISTS ecluse_owner, ecluse_ingest, ecluse_consultation, ecluse_keeper, ecluse_hl7v2"
        )
        connection.execute("DROP ROLE chief")


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """A folder with two migrations of its own."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first.sql").write_text("CREATE TABLE first (id integer);", encoding="utf-8")
    (folder / "0002_second.sql").write_text(
        "CREATE TABLE second (id integer); INSERT INTO first VALUES (1), (2);", encoding="utf-8"
    )
    return folder

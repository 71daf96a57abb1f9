"""An audit trail that may be damaged: its own server, because the shared one must stay whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from gateway.database.opening import Database, open_database
from gateway.database.pool import DoorPool, open_pool
from security.audit.event import AuditEvent, Outcome


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = open_database(tmp_path_factory.mktemp("audit-database"))
    yield opened
    opened.destroy()


@pytest.fixture(scope="module")
def ingest(house: Database) -> Iterator[DoorPool]:
    pool = open_pool(house.layout.ingest_url, size=4, name="test-audit")
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def superuser(house: Database) -> Iterator[psycopg.Connection[Any]]:
    """An intruder with every right: triggers and grants do not stop her."""
    assert house.server is not None
    with psycopg.connect(house.server.url("ecluse"), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


def an_event(number: int = 0, **changes: Any) -> AuditEvent:
    fields: dict[str, Any] = {
        "door": "ingest",
        "time": datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC),
        "transaction": "ITI-41",
        "outcome": Outcome.SUCCESS,
        "request_id": f"request-{number}",
    }
    return AuditEvent(**{**fields, **changes})

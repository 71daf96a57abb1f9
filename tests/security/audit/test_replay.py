"""Assertions already seen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from gateway.database.pool import DoorPool
from security.replay import DatabaseReplayStore

LATER = datetime.now(UTC) + timedelta(hours=1)
ISSUER = "CN=810000000001,OU=Médecin,C=FR"


def test_an_assertion_comes_back_for_the_same_use_only(ingest: DoorPool) -> None:
    store, assertion = DatabaseReplayStore(ingest), str(uuid4())
    assert store.remember(ISSUER, assertion, "patient-1", LATER)
    assert store.remember(ISSUER, assertion, "patient-1", LATER)
    assert not store.remember(ISSUER, assertion, "patient-2", LATER)
    assert store.remember("CN=other", assertion, "patient-2", LATER)


def test_issuer_and_id_do_not_run_into_each_other(ingest: DoorPool) -> None:
    store, text = DatabaseReplayStore(ingest), str(uuid4())
    assert store.remember(text + "a", "b", "patient-1", LATER)
    assert store.remember(text, "ab", "patient-2", LATER)


def test_of_two_uses_at_once_one_is_accepted(ingest: DoorPool) -> None:
    store = DatabaseReplayStore(ingest)
    for _ in range(20):
        assertion, barrier = str(uuid4()), Barrier(2)

        def use(binding: str, assertion: str = assertion, barrier: Barrier = barrier) -> bool:
            barrier.wait()
            return store.remember(ISSUER, assertion, binding, LATER)

        with ThreadPoolExecutor(2) as threads:
            assert sorted(threads.map(use, ("patient-1", "patient-2"))) == [False, True]


def test_expired_assertions_are_forgotten_along_the_way(ingest: DoorPool, superuser: psycopg.Connection[Any]) -> None:
    store = DatabaseReplayStore(ingest)
    past = datetime.now(UTC) - timedelta(minutes=1)
    for _ in range(400):
        store.remember(ISSUER, str(uuid4()), "patient-1", past)
    kept = superuser.execute("SELECT count(*) FROM ecluse.assertions_seen WHERE expires_at < now()").fetchone()
    assert kept is not None
    assert kept[0] < 400


def test_no_name_is_kept(ingest: DoorPool, superuser: psycopg.Connection[Any]) -> None:
    DatabaseReplayStore(ingest).remember(ISSUER, "assertion-id", "patient-1", LATER)
    row = superuser.execute("SELECT string_agg(t::text, '') FROM ecluse.assertions_seen t").fetchone()
    assert row is not None
    assert "810000000001" not in row[0]


def test_an_assertion_that_cannot_be_remembered_is_not_accepted(
    ingest: DoorPool, superuser: psycopg.Connection[Any]
) -> None:
    with superuser.transaction():
        superuser.execute("LOCK TABLE ecluse.assertions_seen")
        with pytest.raises(psycopg.OperationalError):
            DatabaseReplayStore(ingest).remember(ISSUER, str(uuid4()), "patient-1", LATER)

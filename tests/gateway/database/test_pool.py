from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import psycopg
import pytest

from gateway.database.embedded import EmbeddedPostgres
from gateway.database.errors import DatabaseBusy, DatabaseUnavailable
from gateway.database.pool import DoorPool, open_pool


@pytest.fixture
def pool(bare_server: EmbeddedPostgres) -> Iterator[DoorPool]:
    bare_server.start()
    with open_pool(bare_server.url(), size=2, name="ecluse test") as pool:
        yield pool
    bare_server.start()


def one(pool: DoorPool, question: str) -> object:
    with pool.connection() as connection:
        row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None


def kill(server: EmbeddedPostgres) -> None:
    """The whole server at once, as a power cut would."""
    with psycopg.connect(server.url()) as connection:
        row = connection.execute("SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int").fetchone()
    assert row is not None
    os.kill(row[0], signal.SIGKILL)
    while server.is_alive():
        time.sleep(0.01)


def die_during(pool: DoorPool, server: EmbeddedPostgres, question: str) -> None:
    with pool.connection() as connection:
        kill(server)
        connection.execute(question.encode())


def take_too_long(pool: DoorPool) -> None:
    with pool.connection() as connection:
        connection.execute("SET statement_timeout = '50ms'")
        connection.execute("SELECT pg_sleep(5)")


def test_a_connection_is_set_up_for_a_door(pool: DoorPool) -> None:
    expected = {
        "statement_timeout": "5s",
        "lock_timeout": "2s",
        "search_path": "ecluse,pg_temp",
        "application_name": "ecluse test",
    }
    assert {name: one(pool, f"SELECT current_setting('{name}')") for name in expected} == expected
    with pool.connection() as connection:
        assert connection.autocommit


def test_statements_are_prepared_from_their_second_use(pool: DoorPool) -> None:
    with pool.connection() as connection:
        for _ in range(3):
            connection.execute("SELECT %s::integer", (1,))
        assert connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (1,)


def test_a_server_killed_between_two_requests_is_unavailable_at_once_and_found_again(
    pool: DoorPool, bare_server: EmbeddedPostgres
) -> None:
    assert one(pool, "SELECT 1") == 1
    kill(bare_server)
    for _ in range(2):
        begin = time.monotonic()
        with pytest.raises(DatabaseUnavailable):
            one(pool, "SELECT 1")
        assert time.monotonic() - begin < 3
    bare_server.start()
    begin = time.monotonic()
    assert one(pool, "SELECT 1") == 1
    assert time.monotonic() - begin < 2
    with pool.connection() as first, pool.connection() as second:
        assert first.info.backend_pid != second.info.backend_pid


def test_a_server_killed_during_a_request_is_unavailable(pool: DoorPool, bare_server: EmbeddedPostgres) -> None:
    with pytest.raises(DatabaseUnavailable):
        die_during(pool, bare_server, "SELECT 1")
    bare_server.start()
    assert one(pool, "SELECT 1") == 1


def test_a_restart_between_two_requests_is_not_noticed(pool: DoorPool, bare_server: EmbeddedPostgres) -> None:
    assert one(pool, "SELECT 1") == 1
    bare_server.restart()
    assert one(pool, "SELECT 1") == 1


def test_a_backend_that_was_ended_is_replaced_before_it_is_lent(pool: DoorPool, bare_server: EmbeddedPostgres) -> None:
    with pool.connection() as connection:
        victim = connection.info.backend_pid
    with psycopg.connect(bare_server.url(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 1000)", (victim,))
    assert {one(pool, "SELECT pg_backend_pid()") for _ in range(4)}.isdisjoint({victim})


def test_a_pool_opened_before_its_server_waits_for_it(bare_server: EmbeddedPostgres) -> None:
    bare_server.start()
    url = bare_server.url()
    bare_server.stop()
    with open_pool(url, size=1) as pool:
        with pytest.raises(DatabaseUnavailable):
            one(pool, "SELECT 1")
        bare_server.start()
        assert one(pool, "SELECT 1") == 1


def test_a_statement_that_takes_too_long_is_busy_and_the_connection_serves_again(pool: DoorPool) -> None:
    with pytest.raises(DatabaseBusy, match="57014"):
        take_too_long(pool)
    assert one(pool, "SELECT 1") == 1


def test_no_free_connection_is_unavailable(pool: DoorPool) -> None:
    with pool.connection(), pool.connection():
        begin = time.monotonic()
        with pytest.raises(DatabaseUnavailable), pool.connection(timeout=0.2):
            pass
        assert time.monotonic() - begin < 1


def test_our_own_faults_keep_their_class(pool: DoorPool) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable), pool.connection() as connection:
        connection.execute("SELECT * FROM nothing")
    with pytest.raises(ZeroDivisionError), pool.connection():
        raise ZeroDivisionError


def test_what_is_raised_says_nothing_of_the_statement(pool: DoorPool, bare_server: EmbeddedPostgres) -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        die_during(pool, bare_server, "SELECT 'canary'")
    assert "canary" not in str(caught.value)
    assert bare_server.address.password not in str(caught.value)

"""Connections of one process to its database, and one clean word when the database is not there.

A pool belongs to one process: open it after the fork of a worker, close it before the process ends.
"""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout, TooManyRequests

from gateway.database.errors import DatabaseBusy, DatabaseUnavailable

WAIT_FOR_CONNECTION = 2.0
"""Seconds a request waits for a connection: long enough for a server that restarts, short enough for a client."""
_SESSION = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
    "plan_cache_mode": "force_generic_plan",
    "search_path": "ecluse,pg_temp",
}
_BUSY = frozenset({"57014", "55P03", "53300", "40001", "40P01"})
"""Statement timeout, lock timeout, too many clients, serialisation failure, deadlock (PostgreSQL appendix A)."""
_GONE_CLASSES = ("08", "53", "57P", "58")
"""Connection exceptions, no resources left, operator intervention, system error outside PostgreSQL."""


class DoorPool(ConnectionPool[psycopg.Connection[TupleRow]]):
    """A psycopg pool whose `connection` raises DatabaseUnavailable in place of the many ways a server can be gone."""

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[psycopg.Connection[TupleRow]]:
        """Lend a connection.

        Raises DatabaseUnavailable within `timeout` seconds (WAIT_FOR_CONNECTION by default) when there is none, or when
        the server goes away during the block: what the block wrote is then not known to be kept.
        """
        try:
            with super().connection(timeout) as connection:
                yield connection
        except DatabaseUnavailable:
            raise
        except (PoolTimeout, TooManyRequests) as error:
            raise DatabaseUnavailable("no connection to the database server") from error
        except psycopg.OperationalError as error:
            raise _clean(error) from error


def open_pool(url: str, *, size: int, name: str = "ecluse") -> DoorPool:
    """Open a pool of `size` connections. Does not wait for the server, and connects again when it comes back.

    Every connection: autocommit, statements prepared from their second use, `search_path` fixed, 5 s for a statement,
    2 s for a lock. `name` is the application_name that the server's administrator sees.
    """
    options: dict[str, Any] = {
        "autocommit": True,
        "prepare_threshold": 1,
        "application_name": name,
        "connect_timeout": 2,
        "tcp_user_timeout": 5000,
        "keepalives_idle": 30,
        "options": " ".join(f"-c {setting}={value}" for setting, value in _SESSION.items()),
    }
    return DoorPool(
        url,
        connection_class=psycopg.Connection[TupleRow],
        kwargs=options,
        min_size=size,
        max_size=size,
        name=name,
        open=True,
        check=_check,
        timeout=WAIT_FOR_CONNECTION,
        # Short: a longer one doubles its delays and leaves the pool asleep when the server is back. The next request
        # starts a new attempt anyway.
        reconnect_timeout=0.5,
        num_workers=2,
    )


def _check(connection: psycopg.Connection[TupleRow]) -> None:
    """Refuse to lend a dead connection. Only one that has something to read is asked: a healthy idle one has not."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        ConnectionPool.check_connection(connection)


def _clean(error: psycopg.OperationalError) -> psycopg.OperationalError:
    state = error.sqlstate
    if state in _BUSY:
        return DatabaseBusy(f"the database server took too long (SQLSTATE {state})")
    if state is None or state.startswith(_GONE_CLASSES):
        return DatabaseUnavailable(f"the database server is not available (SQLSTATE {state or 'none'})")
    return error

"""Where the connections of a reader or a writer come from: the pool of a door, or one that somebody lends."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import psycopg


class Connections(Protocol):
    """Lends connections. They are in autocommit, and see the schema of the registry first."""

    def connection(self) -> AbstractContextManager[psycopg.Connection[Any]]: ...


class OneConnection:
    """Lends the same connection every time: for whoever works alone, with no transaction open."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def connection(self) -> AbstractContextManager[psycopg.Connection[Any]]:
        """The connection; it stays open."""
        return nullcontext(self._connection)

"""Appending to the audit trail. An event is durable when `append` returns, or the operation must not go on."""

from __future__ import annotations

import time
from collections import deque
from threading import Lock
from typing import Any

from psycopg_pool import ConnectionPool

from security.audit.event import AuditEvent

BATCH = 500


class AuditUnavailable(Exception):  # noqa: N818 - the words of a refusal, as in security.errors
    """The event could not be made durable: whatever it tells of must be refused."""


class _Ticket:
    """One event waiting to be written; exactly one of `sequence` and `error` is set once `done`."""

    __slots__ = ("done", "error", "event", "sequence")

    def __init__(self, event: str) -> None:
        self.event = event
        self.done = False
        self.sequence = 0
        self.error: BaseException | None = None


class AuditTrail:
    """Appends events to the chain of the connected role.

    Group commit: while one caller writes, the others queue; the next one writes all that is waiting in one statement.
    A lone caller pays one commit and no more.
    """

    def __init__(self, pool: ConnectionPool[Any], *, timeout: float = 5.0) -> None:
        """`timeout`: seconds an event may wait for its turn."""
        self._pool = pool
        self._timeout = timeout
        self._waiting: deque[_Ticket] = deque()
        self._queue = Lock()
        self._turn = Lock()

    def append(self, event: AuditEvent) -> int:
        """Make an event durable; returns its sequence in the chain. Raises AuditUnavailable."""
        ticket = _Ticket(event.canonical().decode("utf-8"))
        with self._queue:
            self._waiting.append(ticket)
        deadline = time.monotonic() + self._timeout
        while not ticket.done:
            if not self._turn.acquire(timeout=max(0.0, deadline - time.monotonic())):
                self._withdraw(ticket)
                raise AuditUnavailable("the audit trail did not take the event in time")
            try:
                if not ticket.done:
                    self._write()
            finally:
                self._turn.release()
        if ticket.error is not None:
            raise AuditUnavailable("the audit trail cannot be written") from ticket.error
        return ticket.sequence

    def _withdraw(self, ticket: _Ticket) -> None:
        with self._queue:
            if ticket in self._waiting:
                self._waiting.remove(ticket)

    def _write(self) -> None:
        with self._queue:
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        try:
            with self._pool.connection() as connection:
                row = connection.execute("SELECT audit_append(%s)", ([ticket.event for ticket in batch],)).fetchone()
            last = int(row[0]) if row is not None else 0
        except BaseException as error:
            for ticket in batch:
                ticket.error, ticket.done = error, True
            if not isinstance(error, Exception):
                raise
            return
        for position, ticket in enumerate(batch, start=last - len(batch) + 1):
            ticket.sequence, ticket.done = position, True

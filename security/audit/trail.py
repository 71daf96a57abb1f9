"""Appending to the audit trail. An event is durable when `append` returns, or the operation must not go on."""

from __future__ import annotations

import time
from collections import deque
from threading import Condition
from typing import Any, LiteralString

from psycopg_pool import ConnectionPool

from security.audit.event import AuditEvent

BATCH = 500


class AuditUnavailable(Exception):
    """The event could not be made durable: whatever it tells of must be refused."""


class _Ticket:
    """One event waiting to be written, with its trace; `error` tells, once `done`, why it was not."""

    __slots__ = ("done", "error", "event", "sequence", "trace")

    def __init__(self, event: str, trace: str) -> None:
        self.event = event
        self.trace = trace
        self.done = False
        self.sequence = 0
        self.error: BaseException | None = None


class AuditTrail:
    """Appends events to the chain of the connected role.

    Group commit: while one caller writes, the others queue; then one of them writes all that is waiting in one
    statement. A lone caller pays one commit and no more.
    """

    def __init__(self, pool: ConnectionPool[Any], *, timeout: float = 5.0) -> None:
        """`timeout`: seconds an event may wait for its turn."""
        self._pool = pool
        self._timeout = timeout
        self._waiting: deque[_Ticket] = deque()
        self._changed = Condition()
        self._writing = False

    def append(self, event: AuditEvent, trace: str = "") -> int:
        """Make an event durable; returns its sequence in the chain. Raises AuditUnavailable.

        `trace` is a JSON object that the record keeps of the same act, or those of several records with commas between:
        all is written, or none.
        """
        ticket = _Ticket(event.canonical().decode("utf-8"), trace)
        deadline = time.monotonic() + self._timeout
        with self._changed:
            self._waiting.append(ticket)
        while (batch := self._next_batch(ticket, deadline)) is not None:
            self._write(batch)
        if ticket.error is not None:
            raise AuditUnavailable("the audit trail cannot be written") from ticket.error
        return ticket.sequence

    def _next_batch(self, ticket: _Ticket, deadline: float) -> list[_Ticket] | None:
        """Wait until `ticket` is done: None; or until it is this caller's turn to write: what to write."""
        with self._changed:
            while not ticket.done and self._writing:
                if not self._changed.wait(deadline - time.monotonic()):
                    if ticket in self._waiting:
                        self._waiting.remove(ticket)
                    raise AuditUnavailable("the audit trail did not take the event in time")
            if ticket.done:
                return None
            self._writing = True
            return [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]

    def _write(self, batch: list[_Ticket]) -> None:
        last, failure = 0, None
        try:
            with self._pool.connection() as connection:
                row = connection.execute(*_statement(batch)).fetchone()
            last = int(row[0]) if row is not None else 0
        except BaseException as error:
            failure = error
            if not isinstance(error, Exception):
                raise
        finally:
            with self._changed:
                for position, ticket in enumerate(batch, start=last - len(batch) + 1):
                    ticket.sequence, ticket.error, ticket.done = position, failure, True
                self._writing = False
                self._changed.notify_all()


def _statement(batch: list[_Ticket]) -> tuple[LiteralString, tuple[Any, ...]]:
    events = [ticket.event for ticket in batch]
    traces = ",".join(ticket.trace for ticket in batch if ticket.trace)
    if not traces:
        return "SELECT audit_append(%b::text[])", (events,)
    return "SELECT access_append(%b::text[], %s::text::jsonb)", (events, f"[{traces}]")

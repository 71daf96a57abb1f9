"""Threads that treat what waits: each holds one message at a time, in the order of its patient; arrivals wake them.

A worker has a connection of its own: what it holds is locked as long as that lives, and free again the moment that this
process is killed (G-332).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg

from gateway.ingest.hl7v2.inbox import Claimed, Ending, Inbox, State
from gateway.ingest.mssante.letters import Letters

_log = logging.getLogger("ecluse.hl7v2")
_LOOK = 1.0
_PATIENCE = 2.0
_OPTIONS = "-c search_path=ecluse,pg_temp -c statement_timeout=60s -c lock_timeout=10s"

Step = Callable[[psycopg.Connection[Any]], bool]
"""Does one thing that waits; False when there is none. Raises psycopg.OperationalError: the database is gone."""


@dataclass(slots=True)
class Workers:
    """Threads that repeat a step until there is nothing to do, and look again every second or when they are woken."""

    url: str
    step: Step
    number: int
    name: str
    _wake: threading.Condition = field(init=False, default_factory=threading.Condition)
    _waiting: int = field(init=False, default=0)
    _stopping: threading.Event = field(init=False, default_factory=threading.Event)
    _threads: list[threading.Thread] = field(init=False, default_factory=list)

    def start(self) -> None:
        """Begin to work."""
        for rank in range(self.number):
            thread = threading.Thread(target=self._run, name=f"{self.name}-{rank}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def wake(self) -> None:
        """There may be something to do."""
        with self._wake:
            self._wake.notify()

    def stop(self, seconds: float) -> None:
        """Let what is in hand be finished, for so long at most; what is not, is found again."""
        self._stopping.set()
        with self._wake:
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(seconds / max(1, len(self._threads)))

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(
                    self.url, autocommit=True, options=_OPTIONS, application_name=f"ecluse-{self.name}"
                ) as connection:
                    while not self._stopping.is_set():
                        if not self.step(connection):
                            with self._wake:
                                if not self._stopping.is_set():
                                    self._wake.wait(_LOOK)
            except psycopg.OperationalError as error:
                _log.warning("the inbox does not answer", extra={"error": type(error).__name__})
                self._stopping.wait(_PATIENCE)
            except Exception:  # noqa: BLE001 - the last resort of a thread: the next round finds the message again
                _log.exception("a worker failed")
                self._stopping.wait(_PATIENCE)


@dataclass(frozen=True, slots=True)
class TreatInbox:
    """The step of a worker of the inbox."""

    inbox: Inbox
    letters: Letters
    treat: Callable[[Claimed], Ending]
    treated: Callable[[Ending], None]

    def __call__(self, connection: psycopg.Connection[Any]) -> bool:
        """Treat one message. A bug of ours parks it: others go on, and it can be replayed."""
        with self.inbox.claim(connection) as claimed:
            if claimed is None:
                return False
            try:
                ending = self.treat(claimed)
            except Exception:  # noqa: BLE001 - one message that cannot be treated stops no other
                _log.exception("a message is parked", extra={"message_id": str(claimed.message_id)})
                ending = Ending(state=State.PARKED, outcome=f"incident {claimed.message_id}")
            self.inbox.finish(connection, claimed.message_id, ending)
            for letter in ending.letters:
                self.letters.put(connection, letter)
        self.treated(ending)
        return True

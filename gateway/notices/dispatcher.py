"""Deliver what waits in the outbox: each notice at least once, and never by two dispatchers at a time.

A notice is locked while it is delivered and let go with what became of it. Killed in between, it is delivered again,
under the same Message-ID.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg

from gateway.notices.channels import Channels, NotSent
from gateway.notices.message import messages_of
from gateway.settings import JobsSettings
from xds.dmp.parameters import Parameters

_DAY = 86_400.0
_log = logging.getLogger("ecluse.keeper")


@dataclass(slots=True)
class Sent:
    """What one pass did: notices that are done, messages handed over, notices to be tried again, and those parked."""

    notices: int = 0
    messages: int = 0
    waiting: int = 0
    parked: int = 0


class Dispatcher:
    """Works with the keeper's connection, in autocommit."""

    def __init__(
        self, connection: psycopg.Connection[Any], channels: Channels, settings: JobsSettings, parameters: Parameters
    ) -> None:
        self._connection = connection
        self._channels = channels
        self._settings = settings
        self._parameters = parameters

    def run(self, *, asked_to_stop: Callable[[], bool] = lambda: False) -> Sent:
        """Deliver everything whose time has come. Raises psycopg.OperationalError: the database is gone."""
        sent = Sent()
        try:
            while not asked_to_stop() and self._one(sent):
                pass
        finally:
            self._channels.close()
        return sent

    def _one(self, sent: Sent) -> bool:
        with self._connection.transaction():
            row = self._connection.execute("SELECT keeper_notice()").fetchone()
            notice = row[0] if row is not None else None
            if notice is None:
                return False
            delivered, fault, permanent = self._deliver(notice)
            attempts = notice["attempts"] + 1
            park = fault is not None and (permanent or attempts >= self._settings.attempts)
            pause = min(self._settings.first_pause * 2.0 ** (attempts - 1), _DAY)
            self._connection.execute(
                "SELECT keeper_noticed(%s, %s::text::jsonb, %s, %s, %s)",
                (notice["notice_id"], orjson.dumps(delivered).decode(), fault, pause, park),
            )
        sent.messages += len(delivered)
        sent.notices += fault is None
        sent.waiting += fault is not None and not park
        sent.parked += park
        if park:
            _log.error("a notice is parked", extra={"notice": notice["notice_id"], "error": fault})
        return True

    def _deliver(self, notice: dict[str, Any]) -> tuple[list[dict[str, str]], str | None, bool]:
        """What was handed over, what went wrong if anything did, and whether trying again would change nothing."""
        delivered, fault, permanent = [], None, True
        try:
            messages = messages_of(notice, self._settings.language, self._parameters)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return [], f"nothing can be said of it: {type(error).__name__}", True
        for message in messages:
            if f"{message.recipient} {message.channel}" in notice["delivered"]:
                continue
            try:
                self._channels.send(message)
            except NotSent as error:
                fault, permanent = str(error), permanent and error.permanent
                continue
            delivered.append(
                {"recipient": message.recipient, "channel": message.channel.value, "message_id": message.message_id}
            )
        return delivered, fault, permanent

"""Business acknowledgements on their way to senders: each until its receiver said AA, with longer and longer pauses."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from gateway.ingest.hl7v2.inbox import State
from gateway.ingest.hl7v2.retrying import Retrying
from gateway.wire.mllp_client import MllpAddress, MllpTrust, NotDelivered, send
from security.at_rest.queue_key import QueueKey, QueueKeyError
from xds.hl7v2.acknowledgement_reading import NotAnAcknowledgement, read_acknowledgement
from xds.hl7v2.received_acknowledgement import AckCode

_DAY: Final = 86_400.0

_log = logging.getLogger("ecluse.hl7v2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """The step of a worker that sends them. `destinations` are addresses by `application^facility` of the sender.

    `key` opens those that name a recipient of MSSanté.
    """

    key: QueueKey
    destinations: Mapping[str, MllpAddress]
    trust: MllpTrust
    timeout: float
    retrying: Retrying

    def __call__(self, connection: psycopg.Connection[Any]) -> bool:
        """Send one. False: none waits. Raises psycopg.OperationalError: the database is gone."""
        with connection.transaction():
            row = connection.execute("SELECT * FROM acknowledgement_claim()").fetchone()
            if row is None:
                return False
            ack_id, destination, content, attempts, sealed = row
            try:
                told = self.key.open(bytes(content), ack_id) if sealed else bytes(content)
            except QueueKeyError:
                state, outcome = State.PARKED, "unreadable with this key"
            else:
                state, outcome = self._send(destination, told)
            pause = min(self.retrying.first_pause * 2.0**attempts, _DAY)
            if state is State.WAITING and attempts + 1 >= self.retrying.attempts:
                state = State.PARKED
            if state is State.PARKED:
                _log.error("an acknowledgement is parked", extra={"ack": str(ack_id), "reason": outcome})
            connection.execute("SELECT acknowledgement_finish(%s, %s, %s, %s)", (ack_id, state.value, outcome, pause))
        return True

    def _send(self, destination: str, content: bytes) -> tuple[State, str]:
        address = self.destinations.get(destination)
        if address is None:
            return State.PARKED, "hl7v2.destinations names no listener of this sender"
        try:
            answer = send(address, content, self.trust, self.timeout)
        except NotDelivered as error:
            return State.WAITING, str(error)
        try:
            said = read_acknowledgement(answer).code
        except NotAnAcknowledgement as error:
            return State.WAITING, str(error)
        if said is AckCode.AA:
            return State.DONE, "delivered"
        if said is AckCode.AE:
            return State.PARKED, "the receiver says AE: it cannot read this"
        return State.WAITING, "the receiver says AR: it cannot take this now"


def read_destinations(text: str) -> Mapping[str, MllpAddress]:
    """Read `application^facility=mllps://host:port`, separated by blanks. Raises ValueError."""
    found = {}
    for item in text.split():
        sender, separator, url = item.partition("=")
        if not separator or not sender.partition("^")[0]:
            raise ValueError(f"{item!r} is not application^facility=mllps://host:port")
        found[sender] = MllpAddress.parse(url)
    return found

"""Letters on their way out: each to every recipient that it has not reached, and what the server said is told (G-350).

A recipient that is refused is told of at once and never tried again; one that is put off is tried again alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from gateway.ingest.hl7v2.inbox import State
from gateway.ingest.hl7v2.retrying import Retrying
from gateway.ingest.mssante.channels import Answer, Channel, Envelope, Handover, NotSent
from gateway.ingest.mssante.letters import Claimed, Letters, News
from gateway.server.health import Counters
from xds.hl7v2.zam import ZamEvent
from xds.mss.smtp_codes import nearest

_DAY: Final = 86_400.0

_log = logging.getLogger("ecluse.mssante")


@dataclass(frozen=True, slots=True, kw_only=True)
class SendLetters:
    """The step of a worker that sends them. `told` is called when a sender may have something to hear."""

    letters: Letters
    channel: Channel
    retrying: Retrying
    counters: Counters
    told: Callable[[], None]

    def __call__(self, connection: psycopg.Connection[Any]) -> bool:
        """Send one. False: none waits. Raises psycopg.OperationalError: the database is gone."""
        with self.letters.claim(connection) as claimed:
            if claimed is None:
                return False
            try:
                state, outcome = self._send(connection, claimed)
            except psycopg.Error:
                raise
            except Exception:  # noqa: BLE001 - one letter that cannot be sent stops no other
                _log.exception("a letter meets a fault of ours", extra={"letter": str(claimed.letter_id)})
                state, outcome = State.PARKED, f"incident {claimed.letter_id}"
            pause = min(self.retrying.first_pause * 2.0**claimed.attempts, _DAY)
            self.letters.finish(connection, claimed.letter_id, state, outcome, pause)
        self.counters.add(f"letters.{state.value}")
        if state is State.PARKED:
            _log.error("a letter is parked", extra={"letter": str(claimed.letter_id), "reason": outcome})
        self.told()
        return True

    def _send(self, connection: psycopg.Connection[Any], claimed: Claimed) -> tuple[State, str]:
        """What becomes of the letter, and why."""
        if not claimed.waiting:
            return State.DONE, "sent"
        envelope = Envelope(
            letter_id=claimed.letter_id,
            mail=claimed.mail,
            waiting=claimed.waiting,
            wants_receipt=claimed.wants_receipt,
            is_answer=claimed.is_answer,
        )
        is_last = claimed.attempts + 1 >= self.retrying.attempts
        try:
            handover = self.channel.send(envelope)
        except NotSent as fault:
            return State.PARKED if is_last else State.WAITING, str(fault)
        later = [
            answer.code
            for rank, answer in handover.answers.items()
            if self._is_put_off(connection, claimed, rank, answer, handover, is_last=is_last)
        ]
        if later:
            return State.WAITING, f"{len(later)} put off by the server: {later[0]}"
        return State.DONE, "sent"

    def _is_put_off(
        self,
        connection: psycopg.Connection[Any],
        claimed: Claimed,
        rank: int,
        answer: Answer,
        handover: Handover,
        *,
        is_last: bool,
    ) -> bool:
        """Write down what the server said of one recipient. True: it waits for another attempt."""
        letter_id, address = claimed.letter_id, claimed.waiting[rank]
        if answer.is_for_later and not is_last:
            self.letters.answered(connection, letter_id, rank, "WAITING", str(answer.code))
            return True
        self.letters.answered(
            connection, letter_id, rank, "ACCEPTED" if answer.is_accepted else "REFUSED", str(answer.code)
        )
        if not answer.is_accepted:
            news = News(event=ZamEvent.MSS_RECEIPT, code=nearest(str(answer.code)), label=answer.text)
            self.letters.tell(connection, letter_id, address, news)
        elif not handover.will_tell:
            self.letters.tell(connection, letter_id, address, News(event=ZamEvent.MSS_RECEIPT))
        return False

"""What is tried again: refusals that another hour may not repeat, how often, how soon."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from gateway.ingest.hl7v2.inbox import Claimed, Ending, State
from xds.errors import XdsErrorCode

LATER: Final = frozenset(
    (
        XdsErrorCode.REGISTRY_NOT_AVAILABLE,
        XdsErrorCode.REGISTRY_BUSY,
        XdsErrorCode.REPOSITORY,
        XdsErrorCode.REPOSITORY_OUT_OF_RESOURCES,
    )
)
"""Refusals that another hour may not repeat: the sender is told nothing, for the document may even be in."""
_DAY: Final = 86_400.0

_log = logging.getLogger("ecluse.hl7v2")


class Later(Exception):
    """Nothing is wrong with the message: it is tried again. The text says what was missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """How often and how soon: `first_pause` in seconds, each pause twice the one before, a day at most."""

    attempts: int
    first_pause: float

    def ending(self, claimed: Claimed, why: str) -> Ending:
        """What becomes of a message that could not be done this time."""
        attempts = claimed.attempts + 1
        if attempts >= self.attempts:
            _log.error("a message is parked", extra={"message_id": str(claimed.message_id), "reason": why})
            return Ending(state=State.PARKED, outcome=why)
        pause = min(self.first_pause * 2.0 ** (attempts - 1), _DAY)
        return Ending(state=State.WAITING, outcome=why, pause=pause)

"""Deposits by SOAP, some at a time, so that those by another wire can be measured by turns with them.

The pace of a machine changes within a run: two figures are compared where they were measured in the same minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.cli.bench_knocker import Knock, Knocker
from gateway.cli.processes import cpu_seconds, door_pids
from gateway.cli.rehearsal import Rehearsal

BLOCK = 10
"""Deposits by one wire before it is the other's turn."""


class SoapDeposits:
    """Lots to deposit by ITI-41, each once, and the CPU of the ingest door for those that were."""

    def __init__(self, house: Rehearsal, credential: str, lots: Sequence[Knock]) -> None:
        self._door = door_pids(house.data, "ingest")
        self._knocker = Knocker(house, "ingest", credential)
        self._lots: Iterator[Knock] = iter(lots)
        self._spent = 0.0
        self._number = 0

    @property
    def milliseconds(self) -> float:
        """CPU milliseconds of one deposit, the mean of those so far."""
        return self._spent * 1000 / self._number

    def take(self, number: int) -> None:
        """Deposit so many. Raises RehearsalError: one was refused, or no more are left."""
        before = cpu_seconds(self._door)
        for _ in range(number):
            self._knocker.knock(next(self._lots))
        self._spent += cpu_seconds(self._door) - before
        self._number += number

    def close(self) -> None:
        """Close the connection."""
        self._knocker.close()

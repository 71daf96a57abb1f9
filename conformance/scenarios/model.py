"""What a scenario is: a row with a play; and what came of it, step by step, as values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import requests

from conformance.scenarios.bench import Bench, ShelfRefused
from conformance.scenarios.feed import FeedRefused
from samples.client.answers import SoapFault, UnexpectedAnswer
from samples.client.mtom import MimeError
from samples.client.transport import NotSoap
from security.errors import MalformedMessage

_NO_ANSWER = (
    SoapFault,
    NotSoap,
    MimeError,
    UnexpectedAnswer,
    MalformedMessage,
    FeedRefused,
    ShelfRefused,
    requests.RequestException,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done or looked at: what was `expected` and what was `got`, in words of the standard."""

    title: str
    expected: str
    got: str
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether it went as expected."""
        return self.expected == self.got


Play: TypeAlias = Callable[[Bench], Iterator[Step]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One row. `tests` are numbers of the NIST XDS toolkit whose intent is replayed, none for a scenario of our own.

    `asserted` scenarios speak with assertions: they need a bench with a voice.
    """

    id: str
    title: str
    actor: str
    transaction: str
    tests: tuple[str, ...]
    play: Play = field(repr=False)
    asserted: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a scenario: its steps until the first that went wrong."""

    scenario: Scenario
    steps: tuple[Step, ...]

    @property
    def passed(self) -> bool:
        """Whether every step went as expected, one at least."""
        return bool(self.steps) and all(step.passed for step in self.steps)

    @property
    def failure(self) -> Step | None:
        """The step that went wrong."""
        return next((step for step in self.steps if not step.passed), None)


class Table:
    """Rows of one actor and one transaction, in the order they are written."""

    def __init__(self, actor: str, transaction: str, *, asserted: bool = False) -> None:
        self.actor, self.transaction, self.asserted = actor, transaction, asserted
        self.rows: list[Scenario] = []

    def row(self, identifier: str, title: str, *tests: str) -> Callable[[Play], Play]:
        """Make a row of the function that is decorated."""

        def add(play: Play) -> Play:
            self.add(identifier, title, tests, play)
            return play

        return add

    def add(self, identifier: str, title: str, tests: tuple[str, ...], play: Play) -> None:
        """Add a row."""
        self.rows.append(
            Scenario(
                id=identifier,
                title=title,
                actor=self.actor,
                transaction=self.transaction,
                tests=tests,
                play=play,
                asserted=self.asserted,
            )
        )


def run(scenario: Scenario, bench: Bench) -> Result:
    """Play a scenario until its first step that goes wrong; a fault or a cut connection is such a step."""
    steps: list[Step] = []
    try:
        for step in scenario.play(bench):
            steps.append(step)
            if not step.passed:
                break
    except _NO_ANSWER as error:
        steps.append(Step("an answer comes back", "an answer", f"{type(error).__name__}: {error}"))
    return Result(scenario, tuple(steps))

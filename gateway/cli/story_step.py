"""One line of the story of the demonstration."""

from __future__ import annotations

from dataclasses import dataclass

from samples.client.answers import RegistryAnswer

Told = tuple[str, str]
"""A text in English and in French."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the story. `detail` is what a refusal said, empty for a success."""

    step: Told
    expected: str
    got: str
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether it went as expected."""
        return self.got == self.expected


def step_of(told: Told, expected: str, answer: RegistryAnswer) -> Step:
    """The line of an answer: `Success`, or its error codes and the text of the first."""
    if answer.succeeded:
        return Step(told, expected, "Success")
    codes = dict.fromkeys(answer.error_codes)
    return Step(told, expected, ", ".join(codes), answer.errors[0].context)

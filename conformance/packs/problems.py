"""What makes a pack unusable, all told at once."""

from __future__ import annotations


class UnusablePack(ValueError):
    """A pack that cannot be imported or opened. `problems` are all that was found, one line each, in English."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class UnknownPack(KeyError):
    """No pack of that name is in the store."""

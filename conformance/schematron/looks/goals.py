"""What is written where a path ends, and how the loops that lead there are left."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from conformance.schematron.looks.code import Code


class Goal(ABC):
    """`enough`: one node is, whichever comes first. `reached`: there was a place to write about a node."""

    enough = True

    def __init__(self, code: Code) -> None:
        self._code = code
        self._open = 0
        self.reached = False

    def write(self) -> None:
        """Write what is done at a node."""
        self.reached = True
        self._write()

    @abstractmethod
    def _write(self) -> None: ...

    @contextmanager
    def loop(self, header: str) -> Iterator[None]:
        """Write a loop."""
        with self._code.inside(header):
            yield

    @contextmanager
    def otherwise(self) -> Iterator[None]:
        """Write what is walked when nothing was reached so far."""
        yield


class Each(Goal):
    """Every node is done something with, in document order."""

    enough = False

    def _write(self) -> None:
        """Who walks writes it."""


class Refused(Goal):
    """A node is what must not be."""

    def _write(self) -> None:
        self._code.add("return True")


class Noted(Goal):
    """A name holds whether there is a node."""

    def __init__(self, code: Code, name: str) -> None:
        super().__init__(code)
        self._name = name
        self._deepest = 0

    def _write(self) -> None:
        self._code.add(f"{self._name} = True")
        if self._open:
            self._code.add("break")

    @contextmanager
    def loop(self, header: str) -> Iterator[None]:
        self._open += 1
        self._deepest = self._open
        with self._code.inside(header):
            yield
            if self._deepest > self._open:
                self._code.add(f"if {self._name}: break")
        self._open -= 1

    @contextmanager
    def otherwise(self) -> Iterator[None]:
        with self._code.inside(f"if not {self._name}:"):
            yield


class Demanded(Goal):
    """There must be a node, at the end of loops each of which is the last thing in the one around it."""

    def _write(self) -> None:
        self._code.add("break")

    @contextmanager
    def loop(self, header: str) -> Iterator[None]:
        self._open += 1
        with self._code.inside(header):
            yield
        self._open -= 1
        with self._code.inside("else:"):
            self._code.add("continue" if self._open else "return True")
        if self._open:
            self._code.add("break")

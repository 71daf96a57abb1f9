"""How the contexts of a schema are walked: path by path at first, by one function in a process that judges many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from conformance.schematron.contexts import Context
from conformance.schematron.tree import Contexts

if TYPE_CHECKING:
    from conformance.schematron.looks.truths import Functions
    from conformance.schematron.looks.walks import Walk


class Walking:
    """The contexts of a schema; their walk is written once enough documents have been walked path by path."""

    def __init__(self, contexts: Contexts, namespaces: Mapping[str, str], functions: Functions, patience: int) -> None:
        self.contexts = contexts
        self._patience = patience
        self._namespaces = namespaces
        self._functions = functions
        self._documents = 0

    @property
    def walk(self) -> Walk | None:
        """The walk to take for the next document; None: path by path."""
        self._documents += 1
        return self._both[0] if self._documents > self._patience else None

    @property
    def left(self) -> Sequence[tuple[Context, int]]:
        """The contexts that are asked after that walk."""
        return self._both[1]

    @cached_property
    def _both(self) -> tuple[Walk | None, Sequence[tuple[Context, int]]]:
        from conformance.schematron.looks.walks import written

        return written(self.contexts, self._namespaces, self._functions)

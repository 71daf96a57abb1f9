"""Which expressions are worked out without libxml2: those that it was asked often enough, and can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.schematron.xpath.reckoning import Functions
    from conformance.schematron.xpath.steps import Reckoned


class Reckonings(dict[str, "Reckoned"]):
    """How to work out expressions, by whatever name: those of which libxml2 was asked `patience` times, and can be."""

    def __init__(self, namespaces: Mapping[str, str], functions: Callable[[], Functions], patience: int) -> None:
        super().__init__()
        self._patience = patience
        self._namespaces = namespaces
        self._functions = functions
        self._times: dict[str, int] = {}

    def asked(self, name: str, expression: str) -> None:
        """Tell that libxml2 is asked again: it may be the last time."""
        times = self._times.get(name, 0)
        self._times[name] = times + 1
        if times == self._patience:
            self._learn(name, expression)

    def learned(self, name: str, expression: str) -> bool:
        """Read an expression now; whether it can be worked out."""
        if name not in self:
            self._times[name] = self._patience + 1
            self._learn(name, expression)
        return name in self

    def _learn(self, name: str, expression: str) -> None:
        from conformance.schematron.xpath.reckoning import reckoned

        found = reckoned(expression, self._namespaces, self._functions())
        if found is not None:
            self[name] = found

"""Budgets of the bench: what a figure may be at most, or must be at least, and whether it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Budget:
    """A bound on the ratio of a figure to its floor, or on its value, in its own unit; `least`: from below."""

    limit: float
    of: Literal["ratio", "value"] = "ratio"
    least: bool = False

    def is_kept(self, value: float, floor: float) -> bool:
        """Whether a figure is within it."""
        found = value / floor if self.of == "ratio" else value
        return found >= self.limit if self.least else found <= self.limit

    def told(self, value: float, floor: float) -> str:
        """The bound and the verdict, for one line."""
        return f"{'>=' if self.least else '<='}{self.limit:g} {'kept' if self.is_kept(value, floor) else 'MISSED'}"


BUDGETS: Final[Mapping[str, Budget]] = {
    "iti41": Budget(1.8),
    "iti18": Budget(2.5),
    "iti43": Budget(3.0),
    "iti67": Budget(2.0),
    "iti67_first": Budget(2.0),
    "oru": Budget(1.3),
    "hl7v2_taken": Budget(200.0, of="value", least=True),
    "vsm_warm": Budget(10.0, of="value"),
    "vsm_cold": Budget(1000.0, of="value"),
    "vsm_reference": Budget(50.0, least=True),
    "pack_reference": Budget(50.0, least=True),
}
"""By the name of a figure. That of `iti65` is what `iti41` took in the same run, and `OF_ITI_65` times it."""

OF_ITI_65: Final = 1.3


def budget_row(name: str, value: float, floor: float, budget: Budget | None = None) -> dict[str, object]:
    """What the machine form says of a figure's budget; nothing without one."""
    bound = budget or BUDGETS.get(name)
    return {"budget": round(bound.limit, 3), "kept": bound.is_kept(value, floor)} if bound is not None else {}


def budget_text(name: str, value: float, floor: float, budget: Budget | None = None) -> str:
    """Bound and verdict of a figure for one line; empty without a budget."""
    bound = budget or BUDGETS.get(name)
    return bound.told(value, floor) if bound is not None else ""

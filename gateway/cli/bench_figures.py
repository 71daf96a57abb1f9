"""Figures of the bench, and how they are printed: each beside its floor, with its budget where it has one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import click

from gateway.cli.bench_validation import Measured
from gateway.cli.budgets import Budget, budget_row, budget_text


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: CPU of the door for one request, its floor, and what else is worth knowing."""

    name: str
    value: float
    floor: float
    runs: int
    database: float
    median: float
    p99: float
    memory: float
    budget: Budget | None = None
    """Where that of its name is not it."""

    def row(self) -> dict[str, object]:
        """The machine form."""
        ratio = round(self.value / self.floor, 2)
        return {
            "name": self.name,
            "value": round(self.value, 3),
            "floor": round(self.floor, 3),
            "ratio": ratio,
            "unit": "cpu_ms",
            "runs": self.runs,
            **budget_row(self.name, self.value, self.floor, self.budget),
        }


def print_requests(figures: Iterable[Figure]) -> None:
    """Figures of requests, with their verdicts."""
    click.echo("one request, one client, keep-alive; CPU of the door alone, in milliseconds")
    click.echo(
        f"{'':6} {'door':>8} {'floor':>8} {'ratio':>6} {'runs':>6}   {'database':>8} {'p50':>7} {'p99':>7} {'MB':>5}"
        "  budget"
    )
    for item in figures:
        click.echo(
            f"{item.name:6} {item.value:8.2f} {item.floor:8.2f} {item.value / item.floor:6.2f} {item.runs:6}   "
            f"{item.database:8.2f} {item.median:7.1f} {item.p99:7.1f} {item.memory:5.0f}"
            f"  {budget_text(item.name, item.value, item.floor, item.budget)}"
        )


def print_measured(measured: Iterable[Measured]) -> None:
    """The other figures, with their verdicts."""
    click.echo(
        "searches, messages, verdicts on a medical summary; CPU or wall time in milliseconds, messages a second; of a"
        " reference, how many times ours"
    )
    for item in measured:
        click.echo(
            f"{item.name:15} {item.value:9.2f} {item.floor:8.2f} {item.ratio:7.2f} {item.runs:6} "
            f"{item.unit:10} {budget_text(item.name, item.value, item.floor):14} {item.note}"
        )

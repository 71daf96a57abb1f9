"""What the bench says of a figure with a budget."""

from __future__ import annotations

import pytest

from gateway.cli.bench_figures import Figure
from gateway.cli.bench_validation import Measured
from gateway.cli.budgets import Budget


def measured(name: str, value: float, floor: float) -> Measured:
    return Measured(name=name, value=value, floor=floor, unit="cpu_ms", runs=1)


@pytest.mark.parametrize(
    ("name", "value", "floor", "kept"),
    [
        ("iti67", 10.0, 5.0, True),
        ("iti67", 10.1, 5.0, False),
        ("iti67_first", 10.0, 5.0, True),
        ("oru", 1.3, 1.0, True),
        ("hl7v2_taken", 200.0, 200.0, True),
        ("hl7v2_taken", 199.0, 200.0, False),
        ("vsm_warm", 10.1, 100.0, False),
        ("vsm_reference", 50.0, 1.0, True),
        ("vsm_reference", 49.0, 1.0, False),
    ],
)
def test_a_figure_is_within_its_budget_or_it_is_not(name: str, value: float, floor: float, kept: bool) -> None:
    row = measured(name, value, floor).row()
    assert row["kept"] is kept
    assert row["budget"]


def test_a_figure_without_a_budget_says_nothing_of_one() -> None:
    assert "budget" not in measured("rights", 2.0, 1.0).row()


def test_a_deposit_in_fhir_is_measured_against_that_by_soap_of_its_run() -> None:
    budget = Budget(13.0, of="value")
    figure = Figure("iti65", 12.0, 1.0, 1, 0.0, 0.0, 0.0, 0.0, budget)
    assert figure.row()["kept"] is True
    assert budget.told(14.0, 1.0) == "<=13 MISSED"

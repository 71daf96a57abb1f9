"""Every scenario of XDS.b, played against real doors, so that the pass table is proved by the suite."""

from __future__ import annotations

from operator import attrgetter

import pytest

from conformance.scenarios.model import run
from conformance.scenarios.xds.catalogue import SCENARIOS


@pytest.mark.parametrize("scenario", SCENARIOS, ids=attrgetter("id"))
def test_the_house_plays_each_scenario_as_it_is_written(scenario, bench):
    result = run(scenario, bench)
    step = result.failure
    assert result.passed, step and f"{step.title}: {step.got}, expected {step.expected} ({step.detail})"

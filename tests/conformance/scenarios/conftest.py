"""One house of a generic domain for all scenarios of this directory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.scenarios.bench import Bench
from gateway.cli.certify import throw_away


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    with throw_away() as opened:
        yield opened

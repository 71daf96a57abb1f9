from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security.instants import read_instant, write_instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.250Z", datetime(2026, 1, 2, 3, 4, 5, 250_000, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123_456, tzinfo=UTC)),
        ("2026-01-02T03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
    ],
)
def test_an_instant_with_its_zone_is_read(text, instant):
    assert read_instant(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02 03:04:05Z", "2026-13-02T03:04:05Z", "2026-02-30T03:04:05Z",
        "2026-01-02T25:04:05Z", "2026-01-02T03:04:05z", " 2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z\n",
        "２026-01-02T03:04:05Z", "0001-01-01T00:00:00+14:00", "2026-01-02T03:04:05+25:00",
    ],
)  # fmt: skip
def test_anything_else_is_not_an_instant(text):
    assert read_instant(text) is None


@given(st.datetimes(timezones=st.just(timezone(timedelta(hours=-4))), min_value=datetime(1970, 1, 1)))
def test_what_is_written_is_read_to_the_second(instant):
    assert read_instant(write_instant(instant)) == instant.replace(microsecond=0)

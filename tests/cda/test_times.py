from __future__ import annotations

import pytest

from cda.times import same_instant, to_utc


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("20200312111700+0100", "20200312101700"),
        ("20240611003000+0200", "20240610223000"),
        ("20240611093000-0330", "20240611130000"),
        ("20240611093000.123+0200", "20240611073000"),
        ("202406110930+0200", "202406110730"),
        ("20240611+0200", "20240611"),
        ("20240611093000", "20240611093000"),
        ("2003", "2003"),
        (" 20240611 ", "20240611"),
        ("20241311", None),
        ("11/06/2024", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_is_spelled_in_utc_to_the_precision_that_was_written(written, utc):
    assert to_utc(written) == utc


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("20200312111700+0100", "20200312101700", True),
        ("20200312111700+0100", "20200312111700", False),
        ("20200312111700+0100", "202003121017", True),
        ("hier", "20200312", False),
        (None, None, False),
    ],
)
def test_two_times_are_one_instant_at_their_common_precision(one, other, same):
    assert same_instant(one, other) is same

"""Where a page begins: after what was shown last, whatever came or went meanwhile."""

from __future__ import annotations

import pytest

from gateway.consultation.fhir_pages import Page, Side

IDS = tuple("abcdefgh")


@pytest.mark.parametrize(
    ("ids", "side", "anchors", "start"),
    [
        (IDS, "after", "dcba", 4),
        ("xabcdefgh", "after", "dcba", 5),  # one came before
        ("abdefgh", "after", "dcba", 3),  # one of those that were shown is gone
        ("abcefgh", "after", "dcba", 3),  # the last of them is
        ("efgh", "after", "dcba", 0),  # all of them are
        ("efgh", "after", "dc", 2),  # as far back as those that are gone
        ("e", "after", "dc", 1),
        ("bcdefgh", "at", "efgh", 3),
        ("bcdfgh", "at", "efgh", 3),
        (IDS, "before", "efgh", 0),
        ("xyabcdefgh", "before", "efgh", 2),
        ("bcefgh", "before", "efgh", 0),
    ],
)
def test_a_page_finds_its_place_again(ids: str, side: Side, anchors: str, start: int) -> None:
    assert Page((), 4, 4, side, tuple(anchors)).start(tuple(ids)) == start

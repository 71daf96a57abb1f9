"""A document that cannot be read is told at its own OBX, with the reason, and once."""

from __future__ import annotations

import base64

import pytest

from gateway.ingest.hl7v2.judging import judged
from samples.hl7v2.messages import oru
from xds.hl7v2.terms import Terms


def carrying(place: str, data: str) -> bytes:
    """A good message with two documents, one of which is something else."""
    two = oru()
    two = two.after("OBX^1", "|".join(two.segments[[one[0] for one in two.segments].index("OBX")]))
    return two.with_field("OBX^2^1", "2").with_component(f"{place}^5", 5, data).bytes


@pytest.mark.parametrize("place", ["OBX^1", "OBX^2"])
def test_a_document_that_is_no_cda_is_told_where_it_is_and_why(place: str) -> None:
    faults = judged(carrying(place, base64.b64encode(b"hello world").decode()), Terms()).faults
    told = [one for one in faults if "not a CDA document that can be read: " in one.text]
    assert [one.location for one in told] == [f"{place}^5"]
    assert told[0].text.endswith("the first character is not '<'")


def test_base64_that_is_none_is_told_once() -> None:
    faults = judged(carrying("OBX^2", "ab#d"), Terms()).faults
    assert [(one.rule, one.location) for one in faults if one.location.startswith("OBX^2^5")] == [
        ("H-02", "OBX^2^5^1^5")
    ]

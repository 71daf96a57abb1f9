"""Every status against every other."""

from __future__ import annotations

from itertools import product

import pytest

from xds.dmp.lifecycle import TRANSITIONS, may_follow
from xds.metadata.document_entry import AvailabilityStatus as Status

ITI_41 = {(Status.APPROVED, Status.DEPRECATED)}


@pytest.mark.parametrize(("old", "new"), list(product(Status, Status)))
def test_a_deposit_only_deprecates_what_is_current(old: Status, new: Status) -> None:
    assert may_follow(old, new, "ITI-41") is ((old, new) in ITI_41)
    assert may_follow(old, new, "ITI-57") is ((old, new) in TRANSITIONS)


@pytest.mark.parametrize("new", list(Status))
def test_a_deleted_document_stays_deleted(new: Status) -> None:
    assert (Status.DELETED, new) not in TRANSITIONS

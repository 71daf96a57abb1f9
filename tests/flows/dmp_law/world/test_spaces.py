"""The nine spaces and the administrative pieces: what a search at the door keeps to is where `ecluse why` shows it."""

from __future__ import annotations

from typing import Any

import pytest

from profiles.dmp.spaces import Space
from samples.client import queries

from .conftest import Stage


def searched(stage: Stage, space: str) -> Any:
    client = stage.client("MT1", "P1", "normal")
    slots = [
        *queries.find_documents(stage.world.patients["P1"].cx),
        ("$EcluseSpace", queries.one_of([space])),
    ]
    return client.stored_query(queries.QueryId.FIND_DOCUMENTS, slots)


@pytest.mark.parametrize("space", Space)
def test_a_search_finds_what_the_explanation_shows_there(stage: Stage, space: Space) -> None:
    explained = {
        one.entry.unique_id
        for one in stage.law("MT1", "P1").explanation.documents
        if one.found and one.entry.status.name == "APPROVED" and one.entry.place and one.entry.place.space is space
    }
    found = {one.unique_id for one in searched(stage, space.value).document_entries}
    assert found == explained
    assert found or space is Space.ADMINISTRATIVE, "the world has a document in each, a proof of residence for nurses"


def test_a_space_that_nobody_knows_is_refused(stage: Stage) -> None:
    assert searched(stage, "CARDIOLOGY").error_codes[0] in ("XDSRegistryError", "XDSStoredQueryParamNumber")

"""What `ecluse why` says is what the doors do: every patient of the world, every card, every mode."""

from __future__ import annotations

import pytest

from gateway.cli.world_seed import WorldSeed
from samples.world.world import read_world
from xds.dmp.operations import Operation
from xds.metadata.document_entry import AvailabilityStatus

from .conftest import MODES, Stage

WORLD = read_world()
CARDS = [one.key for one in WORLD.actors.values() if one.is_professional]
STATUSES = [str(one) for one in AvailabilityStatus]
REPOSITORY = "1.2.250.1.213.4.1.1.1.2"
LAST_RULE = (
    "SELECT rule FROM ecluse.traces JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s AND operation = %s"
    " ORDER BY at DESC, trace_id LIMIT 1"
)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("who", CARDS)
def test_the_law_told_is_the_law_applied(stage: Stage, who: str, mode: str) -> None:
    for patient in WORLD.patients.values():
        told = stage.law(who, patient.key, mode)
        decisions = {one.operation: one for one in told.explanation.operations}
        client = stage.client(who, patient.key, mode)

        found = client.find_documents(patient.cx, status=STATUSES)
        search = decisions[Operation.SEARCH]
        assert found.error_codes == [str(error.code) for error in search.errors()], (patient.key, search)
        listed = {one.entry.unique_id for one in told.explanation.documents if one.found}
        assert set(found.unique_ids) == listed, patient.key

        wanted = [one.entry.unique_id for one in told.explanation.documents]
        if not wanted:
            continue
        read = decisions[Operation.READ]
        answer = client.retrieve((REPOSITORY, unique_id) for unique_id in wanted)
        got = {document.unique_id for document in answer.documents}
        assert got == {one.entry.unique_id for one in told.explanation.documents if one.read}, patient.key
        refused = [str(error.code) for error in read.errors()]
        assert answer.error_codes == (refused or ["XDSDocumentUniqueIdError"] * (len(wanted) - len(got)))
        for decision in (search, read):
            ((rule,),) = stage.rows(LAST_RULE, patient.cx, decision.operation.value)
            assert rule == decision.rule, (patient.key, decision)


@pytest.mark.parametrize("who", CARDS)
def test_the_status_told_is_that_of_td02_and_the_list_of_professionals_follows(stage: Stage, who: str) -> None:
    for patient in WORLD.patients.values():
        told = stage.law(who, patient.key)
        decisions = {one.operation: one for one in told.explanation.operations}
        client = stage.records(who, patient.key)

        existence = client.existence(patient.cx)
        if told.record == "NONE":
            assert existence.response == "NF"
            continue
        assert existence.lines["AUTORISATION"] == told.authorisation, patient.key
        listed = client.professionals(patient.cx)
        assert listed.error_codes == [str(error.code) for error in decisions[Operation.LIST_PROFESSIONALS].errors()]


def test_nothing_is_made_twice(stage: Stage) -> None:
    again = list(WorldSeed(stage.house, stage.owner).make())

    assert [one.key for one in again] == [one.key for one in stage.seeded]
    assert not any(one.made for one in again)

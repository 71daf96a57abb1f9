"""Every cell of the functional rights matrix on records for who has no card, replayed at the ingest door.

What the door does not hold it does not offer, whatever the sheet says: traits of patients (TD0.5, TD1.3), the private
half of the keys of records (TD1.1), who may read (TD1.6). Each is told apart from what the law refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from profiles.dmp.rights import Cell, CellKey, cells
from samples.client.answers import SoapFault
from samples.client.record_messages import Person
from samples.client.records import RecordAnswer, RecordsClient, ServiceAnswer
from samples.vihf import build_vihf
from xds.dmp.operations import Operation

from .conftest import HOSPITAL, SECRETARY, Desk

DENIED = "DMPAccessDeniedByRightsService"
HOLDERS = {"E": SECRETARY, "S": HOSPITAL}
PERSON = Person(family="MODELE", given=("Claire",))
Ask = Callable[[RecordsClient, str], RecordAnswer | ServiceAnswer]
DECIDED: dict[str, Ask] = {
    Operation.AUTHENTICATION: lambda client, cx: client.existence(cx),
    Operation.EXISTENCE: lambda client, cx: client.existence(cx),
    Operation.AUTHORISE_SELF: lambda client, cx: client.authorise(cx),
    Operation.REMOVE_SELF: lambda client, cx: client.authorise(cx, "SUPPRESSION"),
    Operation.MY_RECORDS: lambda client, cx: client.my_records(),
}
NOT_OFFERED: dict[str, Ask] = {
    Operation.SEARCH_WITHOUT_INS: lambda client, cx: client.search(PERSON),
    Operation.CREATE: lambda client, cx: client.create(cx, PERSON),
    Operation.REACTIVATE: lambda client, cx: client.reactivate(cx),
    Operation.CHANGE_ADMINISTRATIVE: lambda client, cx: client.change(cx, PERSON),
    Operation.CLOSE: lambda client, cx: client.close_record(cx),
    Operation.PATIENT_ACCESS: lambda client, cx: client.open_access(cx, email="claire@example.org"),
    Operation.LIST_PROFESSIONALS: lambda client, cx: client.professionals(cx),
}
ONLY_EXISTENCE = Operation.READ_ADMINISTRATIVE
"""The same action as TD0.2, another reason: the door says no in its own words."""


def cases(*operations: str) -> list[Any]:
    return [
        pytest.param(key, cell, id=f"{key.operation}-{key.column}-{key.mode}")
        for key, cell in cells().items()
        if key.operation in operations
        if (key.column, key.authentication) in {("E", "DIRECTE"), ("S", "INDIRECTE")}
    ]


def test_every_operation_on_records_has_its_cells() -> None:
    """Nobody without a card is médecin traitant: AJOUT declares him, or is refused."""
    asked = {key.operation for key in cells() if key.column in HOLDERS and key.operation.startswith(("TD0.", "TD1."))}
    assert asked - set(DECIDED) - set(NOT_OFFERED) - {ONLY_EXISTENCE} <= {"TD0.9", "TD0.10", "TD0.3.ARRET_MT"}


def client(desk: Desk, key: CellKey) -> RecordsClient:
    """Messages as the other door describes them, sent to this one."""
    door, who = desk.house.doors["ingest"], HOLDERS[key.column]
    about = None if key.operation == Operation.MY_RECORDS else desk.patient.cx
    seal = desk.house.credential(who.seal)

    def vihf() -> Any:
        return build_vihf(signer=seal, patient=about, now=datetime.now(UTC), purpose=key.mode)

    return RecordsClient(door.url, desk.house.credential(who.tls), door.ca, vihf=vihf)


@pytest.mark.parametrize(("key", "cell"), cases(*DECIDED))
def test_each_cell_says_what_the_door_does(desk: Desk, key: CellKey, cell: Cell) -> None:
    before = len(desk.traces())

    with closing(client(desk, key)) as asking:
        answer = DECIDED[key.operation](asking, desk.patient.cx)

    if cell.allowed:
        assert answer.accepted, answer
        return
    assert (answer.accepted, answer.error_codes) == (False, [DENIED])
    if key.operation != Operation.MY_RECORDS:
        assert [row[:4] for row in desk.traces()[before:]] == [(key.operation, "refused", DENIED, "6-MATRIX")]


@pytest.mark.parametrize(("key", "cell"), cases(ONLY_EXISTENCE))
def test_of_administrative_data_existence_alone_is_told(desk: Desk, key: CellKey, cell: Cell) -> None:
    with closing(client(desk, key)) as asking:
        answer = asking.administrative(desk.patient.cx)

    assert cell.allowed
    assert (answer.error_codes, answer.found) == ([DENIED], ())
    assert desk.traces()[-1][:4] == ("TD0.2", "refused", DENIED, "D-050-CHANNEL")


@pytest.mark.parametrize(("key", "cell"), cases(*NOT_OFFERED))
def test_what_the_door_does_not_hold_it_does_not_offer(desk: Desk, key: CellKey, cell: Cell) -> None:
    with closing(client(desk, key)) as asking, pytest.raises(SoapFault) as fault:
        NOT_OFFERED[key.operation](asking, desk.patient.cx)

    assert fault.value.subcode == "ActionNotSupported"

"""Every cell of the functional rights matrix for records, replayed at the real door (DMP TD0.2 to TD1.6).

A card opens this door: the columns of those who have none are for the other. Nobody but a médecin traitant can ask to
stop being one: for everyone else the same message declares him.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from profiles.dmp.rights import Cell, CellKey, cells
from samples.client.record_messages import Person
from samples.client.records import RecordAnswer, RecordsClient, ServiceAnswer
from xds.dmp.operations import Operation

from .conftest import OCCUPATIONAL, File, House, someone

HOLDERS = {"P": "inf-petit", "M": "dr-blanc", "W": OCCUPATIONAL, "T": "dr-martin"}
REASONS = {"bris_de_glace": "Patient inconscient"}
Ask = Callable[[RecordsClient, File], RecordAnswer | ServiceAnswer]
CLOSED_ON = datetime(2026, 1, 2, tzinfo=UTC)
ASKED: dict[str, Ask] = {
    Operation.EXISTENCE: lambda client, file: client.existence(file.cx),
    Operation.AUTHORISE_SELF: lambda client, file: client.authorise(file.cx),
    Operation.REMOVE_SELF: lambda client, file: client.authorise(file.cx, "SUPPRESSION"),
    Operation.STOP_BEING_MT: lambda client, file: client.authorise(file.cx),
    Operation.MY_RECORDS: lambda client, file: client.my_records(),
    Operation.SEARCH_WITHOUT_INS: lambda client, file: client.search(Person(family="MODELE")),
    Operation.CREATE: lambda client, file: client.create(file.cx, file.person),
    Operation.REACTIVATE: lambda client, file: client.reactivate(file.cx),
    Operation.READ_ADMINISTRATIVE: lambda client, file: client.administrative(file.cx),
    Operation.CHANGE_ADMINISTRATIVE: lambda client, file: client.change(file.cx, file.person),
    Operation.CLOSE: lambda client, file: client.close_record(file.cx),
    Operation.PATIENT_ACCESS: lambda client, file: client.open_access(file.cx, email="claire@example.org"),
    Operation.LIST_PROFESSIONALS: lambda client, file: client.professionals(file.cx),
}
WITHOUT_PATIENT = {Operation.MY_RECORDS, Operation.SEARCH_WITHOUT_INS}
WITHOUT_RECORD = {Operation.CREATE}


def cases() -> list[Any]:
    return [
        pytest.param(key, cell, id=f"{key.operation}-{key.column}-{key.mode}")
        for key, cell in cells().items()
        if key.operation in ASKED and key.authentication == "DIRECTE" and key.column in HOLDERS
        if key.operation != Operation.STOP_BEING_MT or key.column == "T"
        if key.operation != Operation.CREATE or key.column != "T"
    ]


def test_every_operation_on_records_has_its_cells() -> None:
    asked = {key.operation for key in cells() if key.operation.startswith(("TD0.", "TD1."))}
    assert asked - set(ASKED) == {"TD0.1", "TD0.9", "TD0.10"}


@pytest.mark.parametrize(("key", "cell"), cases())
def test_each_cell_says_what_the_door_does(legacy: House, key: CellKey, cell: Cell) -> None:
    who, file = HOLDERS[key.column], File(legacy, someone())
    if key.operation == Operation.REACTIVATE:
        file.closed(CLOSED_ON)
    elif key.operation not in WITHOUT_RECORD:
        file.open()
    if key.operation not in WITHOUT_RECORD and (key.column == "T" or key.operation == Operation.REMOVE_SELF):
        file.authorise(who, medecin_traitant=key.column == "T")
    without = key.operation in WITHOUT_PATIENT
    vihf = {"purpose": key.mode, "reason": REASONS.get(key.mode)}
    client = file.client(who, about=None if without else file.cx, **vihf)
    ask = ASKED[key.operation]
    if cell.allowed:
        answer = ask(client, file)
        assert answer.accepted, answer
        assert without or file.traces()[-1][1] == "success"
        return
    file.refused(
        lambda: ask(client, file),
        "DMPAccessDeniedByRightsService",
        traced=not without and key.operation not in WITHOUT_RECORD,
    )

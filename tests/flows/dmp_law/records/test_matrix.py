"""Every cell of the functional rights matrix for records, replayed at the real door (DMP TD0.1 to TD1.6).

A card opens this door: the columns of those who have none are for the other. Nobody but a médecin traitant can ask to
stop being one: for everyone else the same message declares him; and nobody is one where there is no record to create.
TD0.1 has no message of its own: it is what every message begins with. Reinforced authentication has no door (S-V5).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from profiles.dmp.rights import Cell, CellKey, cells
from samples.client.answers import SoapFault
from samples.client.record_messages import Person
from samples.client.records import RecordAnswer, RecordsClient, ServiceAnswer
from security.vihf.model import AuthenticationMode, Role
from security.vihf.roles import OTHERS
from xds.dmp.operations import Operation

from .conftest import OCCUPATIONAL, File, House, someone

HOLDERS = {"P": "inf-petit", "M": "dr-blanc", "W": OCCUPATIONAL, "T": "dr-martin"}
REASONS = {"bris_de_glace": "Patient inconscient"}
Ask = Callable[[RecordsClient, File], RecordAnswer | ServiceAnswer]
CLOSED_ON = datetime(2026, 1, 2, tzinfo=UTC)
ASKED: dict[str, Ask] = {
    Operation.AUTHENTICATION: lambda client, file: client.existence(file.cx),
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
    assert asked - set(ASKED) == {"TD0.9", "TD0.10"}


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


def reinforced() -> list[Any]:
    """Of who stops being médecin traitant, or creates, the message is that of who declares himself, or creates."""
    return [
        pytest.param(key, cell, id=f"{key.operation}-{key.column}-{key.mode}")
        for key, cell in cells().items()
        if key.operation in ASKED and key.authentication == AuthenticationMode.INDIRECTE_RENFORCEE
    ]


@pytest.mark.parametrize(("key", "cell"), reinforced())
def test_no_cell_of_reinforced_authentication_has_a_door(legacy: House, key: CellKey, cell: Cell) -> None:
    """Whatever the sheet says: the certificate of a structure does not open consultation, nor a card that claims it."""
    file = File(legacy, someone())
    if key.operation not in WITHOUT_RECORD:
        file.open()
    roles = (Role(code="SECRETARIAT_MEDICAL", system=OTHERS, display=""),) if key.column == "N" else None
    said = {"mode": AuthenticationMode.INDIRECTE_RENFORCEE, "purpose": key.mode, "reason": REASONS.get(key.mode)}
    if roles:
        said["roles"] = roles
    before = (file.state(), file.traces())
    with pytest.raises(requests.RequestException):
        ASKED[key.operation](file.client("chu-seine", **said), file)
    if key.column in HOLDERS:
        with pytest.raises(SoapFault) as refused:
            ASKED[key.operation](file.client(HOLDERS[key.column], **said), file)
        assert (refused.value.detail["Code"], refused.value.kind) == (
            "DMPAccessDeniedByRightsService", "CHANNEL_FORBIDDEN"
        )  # fmt: skip
    assert (file.state(), file.traces()) == before

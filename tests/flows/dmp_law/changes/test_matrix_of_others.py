"""Every cell on changes of documents for who has no card, and of reinforced authentication, at the doors there are.

A structure and its staff ask at ingest, which deletes what is theirs and nothing else. Reinforced authentication has no
door (S-V5): its cells are a refusal, whatever the sheet says.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from profiles.dmp.rights import Cell, CellKey, cells
from samples.changes import change_lot
from samples.client.answers import RegistryAnswer, SoapFault
from samples.client.client import ConsultationClient
from samples.vihf import build_vihf
from security.vihf.model import AuthenticationMode, Role
from security.vihf.roles import OTHERS
from xds.dmp.operations import Operation

from .conftest import AUTHORISED, TREATING, Ward
from .test_matrix import CHANGES, REASONS

DENIED = "DMPAccessDeniedByRightsService"
HOSPITAL, OTHER = "chu-seine", "ch-loire"
CERTIFICATES = {"S": ("auth", "sign"), "E": ("cpe", "cpe-sign")}
REINFORCED = AuthenticationMode.INDIRECTE_RENFORCEE
CARDS = {"P": "inf-petit", "M": "dr-blanc", "W": "dr-travail", "T": TREATING}


def cases(*authentication: str) -> list[Any]:
    return [
        pytest.param(key, cell, id=f"{key.operation}-{key.column}-{key.mode}")
        for key, cell in cells().items()
        if key.operation in CHANGES and key.authentication in authentication
        if key.column not in CARDS or REINFORCED in authentication
    ]


@pytest.fixture(scope="module")
def ward(house: Any, new_scene: Any) -> Ward:
    """One record for all cells: each has a document of its own."""
    opened = Ward(new_scene(house))
    for who in AUTHORISED:
        opened.authorise(who, medecin_traitant=who == TREATING)
    return opened


def order(ward: Ward, key: CellKey, document: str, signer: str) -> Any:
    _, change = CHANGES[key.operation]
    lot = change_lot(signer=ward.house.credential(signer), patient_id=ward.cx, now=datetime.now(UTC))
    return change(lot, ward.now(document))


def asked(ward: Ward, door: str, tls: str, signer: str, lot: Any, key: CellKey, **vihf: Any) -> RegistryAnswer:
    """What a door answers to a change; its assertion is in the mode of the cell."""
    address = ward.house.doors[door]

    def voice() -> Any:
        said = {"purpose": key.mode, "reason": REASONS.get(key.mode), **vihf}
        seal = ward.house.credential(signer)
        return build_vihf(signer=seal, patient=ward.cx, now=datetime.now(UTC), **said)

    with closing(ConsultationClient(address.url, ward.house.credential(tls), address.ca, vihf=voice)) as client:
        return client.update(lot)


@pytest.mark.parametrize(("key", "cell"), cases("DIRECTE", "INDIRECTE"))
def test_each_cell_of_structures_and_staff_is_what_ingest_does(ward: Ward, key: CellKey, cell: Cell) -> None:
    tls, seal = CERTIFICATES[key.column]
    assert cell.allowed == (key.operation == Operation.DELETE)
    for holder in (HOSPITAL, OTHER) if key.column == "S" else (HOSPITAL,):
        document = ward.document(*CHANGES[key.operation][0], by=HOSPITAL)
        before, traced = ward.now(document), len(ward.traces())
        lot = order(ward, key, document, f"{holder}.{seal}")

        answer = asked(ward, "ingest", f"{holder}.{tls}", f"{holder}.{seal}", lot, key)

        ((operation, outcome, code, rule, _),) = ward.traces()[traced:]
        if cell.allowed and holder == HOSPITAL:
            assert (answer.succeeded, operation, outcome, rule) == (True, key.operation, "success", "GRANTED")
            assert ward.now(document) != before
            continue
        assert (answer.error_codes, outcome) == ([code], "refused")
        assert code == ("UnresolvedReferenceException" if cell.allowed else DENIED)
        assert ward.now(document) == before


@pytest.mark.parametrize(("key", "cell"), cases("DIRECTE", "INDIRECTE"))
def test_no_cell_of_structures_and_staff_opens_consultation(ward: Ward, key: CellKey, cell: Cell) -> None:
    tls, seal = CERTIFICATES[key.column]
    document = ward.document(*CHANGES[key.operation][0])
    before = (ward.now(document), ward.traces())
    lot = order(ward, key, document, f"{HOSPITAL}.{seal}")
    with pytest.raises(requests.RequestException):
        asked(ward, "consultation", f"{HOSPITAL}.{tls}", f"{HOSPITAL}.{seal}", lot, key)
    assert (ward.now(document), ward.traces()) == before


@pytest.mark.parametrize(("key", "cell"), cases(REINFORCED))
def test_no_cell_of_reinforced_authentication_has_a_door(ward: Ward, key: CellKey, cell: Cell) -> None:
    document = ward.document(*CHANGES[key.operation][0], author=CARDS.get(key.column, "dr-essai"))
    before = (ward.now(document), ward.traces())
    roles = (Role(code="SECRETARIAT_MEDICAL", system=OTHERS, display=""),) if key.column == "N" else None
    said = {"mode": REINFORCED, **({"roles": roles} if roles else {})}
    lot = order(ward, key, document, f"{HOSPITAL}.sign")
    with pytest.raises(requests.RequestException):
        asked(ward, "consultation", f"{HOSPITAL}.auth", f"{HOSPITAL}.sign", lot, key, **said)
    knocks = [("ingest", HOSPITAL)]
    if key.column in CARDS:
        knocks.append(("consultation", CARDS[key.column]))
    for door, who in knocks:
        with pytest.raises(SoapFault) as refused:
            asked(ward, door, f"{who}.auth", f"{who}.sign", order(ward, key, document, f"{who}.sign"), key, **said)
        assert (refused.value.detail["Code"], refused.value.kind) == (DENIED, "CHANNEL_FORBIDDEN")
    assert (ward.now(document), ward.traces()) == before

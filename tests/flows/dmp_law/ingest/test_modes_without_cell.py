"""A mode in which the sheet has no cell is none for a column: staff and occupational physicians (DMP §6, §7)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from gateway.cli.story import REPOSITORY
from samples.client.records import RecordsClient
from samples.documents.vsm import vsm

from .conftest import SECRETARY, Desk, Speaker

DENIED = "DMPAccessDeniedByRightsService"
PHYSICIAN = Speaker("dr-travail.auth", "dr-travail.sign")
REGULATION = {"purpose": "centre_15"}
EMERGENCIES = {"regulation": REGULATION, "breaking the glass": {"purpose": "bris_de_glace", "reason": "Inconscient"}}


def existence(desk: Desk, who: Speaker, door: str, **vihf: Any) -> list[str]:
    address = desk.house.doors[door]
    client = RecordsClient(
        address.url, desk.house.credential(who.tls), address.ca, vihf=desk.vihf(who, **vihf), door=door
    )
    with closing(client):
        return client.existence(desk.patient.cx).error_codes


STAFF: dict[str, Callable[[Desk, str], list[str]]] = {
    "TD0.2": lambda desk, _: existence(desk, SECRETARY, "ingest", **REGULATION),
    "TD2.2": lambda desk, _: (
        desk.deposit(desk.lot([vsm(desk.patient)], SECRETARY), SECRETARY, **REGULATION).error_codes
    ),
    "TD3.1b": lambda desk, unique_id: desk.reference(unique_id, who=SECRETARY, **REGULATION).error_codes,
    "TD3.3c": lambda desk, unique_id: (
        desk.update(
            desk.deletion(desk.entry(unique_id)["entry_uuid"], who=SECRETARY), SECRETARY, **REGULATION
        ).error_codes
    ),
}


@pytest.mark.parametrize("operation", STAFF)
def test_staff_has_the_mode_normal_only(desk: Desk, operation: str) -> None:
    (unique_id,) = desk.deposited(who=SECRETARY).unique_ids
    before = desk.entry(unique_id)

    assert STAFF[operation](desk, unique_id) == [DENIED]

    assert desk.traces()[-1][:4] == (operation, "refused", DENIED, "6-MATRIX")
    assert desk.entry(unique_id) == before


@pytest.mark.parametrize("vihf", EMERGENCIES.values(), ids=EMERGENCIES)
def test_an_occupational_physician_has_the_mode_normal_only(surgery: Desk, vihf: dict[str, str]) -> None:
    (unique_id,) = surgery.deposited().unique_ids

    def refused(operation: str, codes: list[str]) -> None:
        assert codes == [DENIED]
        assert surgery.traces()[-1][:4] == (operation, "refused", DENIED, "6-MATRIX")

    refused("TD0.2", existence(surgery, PHYSICIAN, "consultation", **vihf))
    with closing(surgery.scene.consultation("dr-travail", **vihf)) as client:
        refused("TD3.1", client.find_documents(surgery.patient.cx).error_codes)
        refused("TD3.2", client.retrieve([(REPOSITORY, unique_id)]).error_codes)
    lot = surgery.lot([vsm(surgery.patient)], PHYSICIAN)
    refused("TD2.1", surgery.deposit(lot, PHYSICIAN, **vihf).error_codes)
    assert surgery.deposit(surgery.lot([vsm(surgery.patient)], PHYSICIAN), PHYSICIAN).succeeded

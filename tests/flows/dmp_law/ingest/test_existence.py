"""What an establishment learns of a record that it feeds: that it is there, open or closed, and no more (DMP TD0.2)."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from samples.client.records import RecordAnswer, RecordsClient

from .conftest import HOSPITAL, SECRETARY, Desk, Speaker

DENIED = "DMPAccessDeniedByRightsService"
TOLD = {"COMPTE_INTERNET_OUVERT", "RATTACHEMENT_ENS", "DATE_FERMETURE", "MOTIF_FERMETURE", "RAISON_FERMETURE"}


def asked(desk: Desk, who: Speaker = HOSPITAL, *, about: str = "", ask: str = "existence", **vihf: Any) -> RecordAnswer:
    door = desk.house.doors["ingest"]
    client = RecordsClient(
        door.url, desk.house.credential(who.tls), door.ca, vihf=desk.vihf(who, **vihf), door="ingest", published=True
    )
    with closing(client):
        answer: RecordAnswer = getattr(client, ask)(about or desk.patient.cx)
        return answer


@pytest.mark.parametrize("who", [HOSPITAL, SECRETARY], ids=["system", "staff"])
def test_an_open_record_exists_and_nobodys_authorisation_is_told(desk: Desk, who: Speaker) -> None:
    answer = asked(desk, who)

    assert (answer.code, answer.response) == ("AA", "OK")
    assert [(one.patient_id, one.status, one.family) for one in answer.found] == [(desk.patient.cx, "active", "")]
    assert answer.lines == {"COMPTE_INTERNET_OUVERT": "false", "RATTACHEMENT_ENS": "true"}
    assert [row[:4] for row in desk.traces() if row[0] == "TD0.2"] == [("TD0.2", "success", "", "GRANTED")]


def test_a_closed_record_says_when_and_why(desk: Desk) -> None:
    desk.set_record(
        status="CLOSED",
        closed_at="2026-01-31T10:00:00Z",
        closing_motive="FERMETURE_DEMANDE_PATIENT",
        closing_reason="souhait du patient",
    )

    answer = asked(desk)

    assert answer.response == "OK"
    assert [one.status for one in answer.found] == ["terminated"]
    assert set(answer.lines) == TOLD
    assert answer.lines["MOTIF_FERMETURE"] == "FERMETURE_DEMANDE_PATIENT"


def test_a_patient_without_a_record_is_not_found(desk: Desk) -> None:
    nobody = replace(desk, scene=replace(desk.scene, patient=replace(desk.patient, nir="1550875014002")))

    answer = asked(nobody)

    assert (answer.code, answer.response, answer.found, answer.lines) == ("AA", "NF", (), {})


def test_another_patient_than_that_of_the_assertion_is_refused(desk: Desk, new_scene: Any) -> None:
    other = Desk(new_scene(desk.house))

    answer = asked(desk, about=other.patient.cx)

    assert answer.error_codes == ["XDSPatientIdDoesNotMatch"]
    assert answer.found == ()
    assert desk.traces()[-1][:4] == ("TD0.2", "refused", "XDSPatientIdDoesNotMatch", "V-42")


def test_a_suspended_record_is_refused(desk: Desk) -> None:
    desk.set_record(status="SUSPENDED", suspended_at="2026-01-01T00:00:00Z")

    answer = asked(desk)

    assert answer.error_codes == ["SBX_RECORD_SUSPENDED"]
    assert desk.traces()[-1][3] == "5-RECORD-SUSPENDED"


def test_administrative_data_are_not_for_this_door(desk: Desk) -> None:
    answer = asked(desk, ask="administrative")

    assert answer.error_codes == [DENIED]
    assert answer.found == ()
    assert desk.traces()[-1][:4] == ("TD0.2", "refused", DENIED, "D-050-CHANNEL")

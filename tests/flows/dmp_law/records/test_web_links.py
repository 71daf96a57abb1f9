"""TD0.9, links to the web site of professionals, followed by a browser that shows a card (C09-01)."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from gateway.consultation.web_link import EITHER, NOBODY, PAGES, SOMEBODY

from .conftest import OCCUPATIONAL, File, House, someone

HOLDERS = {"P": "inf-petit", "M": "dr-blanc", "W": OCCUPATIONAL, "T": "dr-martin"}


def follow(house: House, path: str, who: str = "dr-martin", **headers: str) -> requests.Response:
    door, card = house.rehearsal.doors["consultation"], house.credential(f"{who}.auth")
    return requests.get(
        f"{door.url}/AccesDirect/{path}",
        cert=(str(card.chain_path), str(card.key_path)),
        verify=str(door.ca),
        headers=headers,
        timeout=30,
    )


@pytest.mark.parametrize("page", PAGES)
def test_each_page_is_told_with_its_context(record: File, page: str) -> None:
    record.authorise("dr-martin")
    ins = record.patient.ins
    with_patient, without = f"{page}/{ins}", page
    expected = {EITHER: (200, 200), SOMEBODY: (200, 404), NOBODY: (404, 200)}[PAGES[page]]

    answers = [follow(record.house, path) for path in (with_patient, without)]

    assert tuple(answer.status_code for answer in answers) == expected
    if answers[0].ok:
        for words in (page, ins, record.house.id_of("dr-martin"), "VALIDE", "ce lien est juste"):
            assert words in answers[0].text
        assert record.traces()[-1] == ("TD0.9", "success", "", "GRANTED", record.house.id_of("dr-martin"))


@pytest.mark.parametrize("column", HOLDERS)
def test_each_cell_of_a_card_says_what_the_door_does(record: File, column: str) -> None:
    """All are yes; a browser has no mode but normal."""
    who = HOLDERS[column]
    if column == "T":
        record.authorise(who, medecin_traitant=True)
    assert follow(record.house, f"DossierPatient/{record.patient.ins}", who).status_code == 200
    assert ("VALIDE" if column == "T" else "NON_EXISTE") in follow(
        record.house, f"Documents/{record.patient.ins}", who
    ).text


def test_a_record_that_does_not_exist_or_is_not_open_is_told(record: File, legacy: House) -> None:
    unknown = follow(legacy, f"DossierPatient/{someone().ins}")
    assert (unknown.status_code, "XDSUnknownPatientId" in unknown.text) == (403, True)
    record.client().close_record(record.cx)
    closed = follow(legacy, f"DossierPatient/{record.patient.ins}")
    assert (closed.status_code, "DMPClosed" in closed.text) == (403, True)
    assert record.traces()[-1][:4] == ("TD0.9", "refused", "DMPClosed", "5-RECORD-CLOSED")


@pytest.mark.parametrize(
    "path", ["Accueil", "DossierPatient/123", "DossierPatient/258076912300000", "Documents/%3Cb%3E"]
)
def test_a_wrong_link_says_what_is_wrong(legacy: House, path: str) -> None:
    answer = follow(legacy, path, **{"Accept-Language": "en"})
    assert answer.status_code == 404
    assert "SBX_MESSAGE" in answer.text
    assert "This link opens nothing" in answer.text
    assert "<b>" not in answer.text


def test_a_page_is_kept_nowhere_and_runs_nothing(record: File) -> None:
    headers = follow(record.house, f"Documents/{record.patient.ins}").headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("who", ["chu-seine", "bad.cps-revoked"])
def test_no_other_certificate_follows_a_link(record: File, who: str) -> None:
    door = record.house.rehearsal.doors["consultation"]
    shown: Any = record.house.credential(who if who.startswith("bad") else f"{who}.auth")
    with pytest.raises(requests.RequestException):
        requests.get(
            f"{door.url}/AccesDirect/TableauDeBord",
            cert=(str(shown.chain_path), str(shown.key_path)),
            verify=str(door.ca),
            timeout=30,
        )


def test_the_log_of_the_door_names_no_patient(record: File) -> None:
    follow(record.house, f"Documents/{record.patient.ins}")
    log = (record.house.rehearsal.directory / "doors.log").read_text("utf-8", "replace")
    assert record.patient.ins not in log

"""TD0.3, TD0.4 and TD1.6 at the real door (C03-01 to C03-04, C04-01, C16-01)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from samples.client.client import ConsultationClient
from samples.documents.vsm import vsm
from samples.vihf import build_vihf

from .conftest import EMERGENCY, OCCUPATIONAL, File


def status(file: File, who: str) -> tuple[str, str]:
    lines = file.client(who).existence(file.cx).lines
    return lines["AUTORISATION"], lines["STATUT_MT"]


def test_a_declaration_lasts_what_the_parameter_says_by_the_clock_of_the_law(record: File) -> None:
    before = record.told()

    answer = record.client("dr-blanc").authorise(record.cx)

    assert answer.values["status"] == "VALIDE"
    ((now,),) = record.house.rows("SELECT ecluse.law_now()")
    assert abs(datetime.fromisoformat(answer.values["until"]) - now - timedelta(days=365)) < timedelta(minutes=5)
    assert status(record, "dr-blanc") == ("VALIDE", "false")
    assert ("TD0.3.AJOUT", "success", "", "GRANTED", record.house.id_of("dr-blanc")) in record.traces()
    assert record.told() == before


@pytest.mark.parametrize(
    ("who", "vihf", "rule"),
    [
        ("pha-roux", {}, "7-BLOCKED-BY-PATIENT"),
        (OCCUPATIONAL, {}, "6-MATRIX"),
        ("dr-blanc", EMERGENCY, "6-MATRIX"),
        ("dr-blanc", {"purpose": "centre_15"}, "6-MATRIX"),
    ],
    ids=["blocked", "occupational medicine", "breaking the glass", "regulation"],
)
def test_who_may_not_declare_himself_is_refused(record: File, who: str, vihf: dict[str, Any], rule: str) -> None:
    record.authorise("pha-roux", "INTERDIT")

    record.refused(
        lambda: record.client(who, **vihf).authorise(record.cx),
        "DMPAccessDeniedByRightsService",
        rule=rule,
        operation="TD0.3.AJOUT",
    )


def test_a_block_is_not_removed_by_the_one_who_is_blocked(record: File) -> None:
    record.authorise("pha-roux", "INTERDIT")

    record.refused(
        lambda: record.client("pha-roux").authorise(record.cx, "SUPPRESSION"),
        "DMPAccessDeniedByRightsService",
        operation="TD0.3.SUPPRESSION",
    )


def test_only_a_doctor_becomes_medecin_traitant_and_stops_being_it_by_declaring_himself(record: File) -> None:
    record.refused(
        lambda: record.client("inf-petit").authorise(record.cx, role="MEDECIN_TRAITANT"),
        "DMPAccessDeniedByRightsService",
        rule="6-MEDECIN-TRAITANT",
    )

    record.client("dr-blanc").authorise(record.cx, role="MEDECIN_TRAITANT")
    assert status(record, "dr-blanc") == ("VALIDE", "true")
    record.client("dr-martin").authorise(record.cx, role="MEDECIN_TRAITANT")
    assert status(record, "dr-blanc") == ("VALIDE", "true"), "there may be several"

    record.client("dr-blanc").authorise(record.cx)
    assert status(record, "dr-blanc") == ("VALIDE", "false")
    assert record.traces()[-2][:2] == ("TD0.3.ARRET_MT", "success")


def test_whoever_removed_himself_reads_no_more(record: File) -> None:
    house = record.house
    door, signer = house.rehearsal.doors["consultation"], house.credential("dr-blanc.sign")
    client = record.client("dr-blanc")
    client.authorise(record.cx)
    with ConsultationClient(
        door.url,
        house.credential("dr-blanc.auth"),
        door.ca,
        vihf=lambda: build_vihf(signer=signer, now=datetime.now(UTC), patient=record.cx),
    ) as reader:
        assert reader.find_documents(record.cx).succeeded

        assert client.authorise(record.cx, "SUPPRESSION").values == {"status": "NON_EXISTE"}

        assert reader.find_documents(record.cx).error_codes == ["DMPAccessDeniedByRightsService"]
    record.refused(lambda: client.authorise(record.cx, "SUPPRESSION"), "SBX_AUTHORISATION")


def test_an_expired_declaration_is_renewed_and_loses_what_went_with_it(record: File) -> None:
    record.authorise("dr-blanc", until=datetime.now(UTC) - timedelta(days=1), medecin_traitant=True)
    assert status(record, "dr-blanc") == ("EXPIRE", "false")

    record.client("dr-blanc").authorise(record.cx)

    assert status(record, "dr-blanc") == ("VALIDE", "false")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"action": "RETRAIT"}, "action: found RETRAIT, expected AJOUT or SUPPRESSION"),
        ({"role": "CHEF"}, "role: found CHEF, expected MEDECIN_TRAITANT"),
        (
            {"action": "SUPPRESSION", "role": "MEDECIN_TRAITANT"},
            "role: found a role, expected no role with SUPPRESSION",
        ),
        ({"patientId": "123"}, "patientId: found 123, expected a CX"),
        ({"action": "X" * 300}, "action: found 300 characters, expected at most 256"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_malformed_request_is_told_what_is_wrong(record: File, values: dict[str, str], words: str) -> None:
    client = record.client("dr-blanc")
    service = client.habilitations
    envelope = service.envelope(
        "setAuthorization", **{"patientId": record.cx, "action": "AJOUT", "role": "MEDECIN_TRAITANT", **values}
    )

    answer = record.refused(lambda: client.send(service, envelope), "SBX_MESSAGE")

    assert words in answer.errors[0].text


def test_professionals_are_listed_by_what_they_may(record: File) -> None:
    record.authorise("dr-martin", medecin_traitant=True).authorise("pha-roux", "INTERDIT")
    record.authorise("dr-blanc", until=datetime.now(UTC) - timedelta(days=1))
    ids = {who: record.house.id_of(who) for who in ("dr-martin", "pha-roux", "dr-blanc")}

    def listed(mode: str) -> dict[str, str]:
        return {row["holder"]: row["status"] for row in record.client("dr-martin").professionals(record.cx, mode).rows}

    assert listed("ACTIVE") == {ids["dr-martin"]: "VALIDE"}
    assert listed("INTERDITE") == {ids["pha-roux"]: "INTERDIT"}
    assert listed("TOUTE") == {
        ids["dr-martin"]: "VALIDE",
        ids["pha-roux"]: "INTERDIT",
        ids["dr-blanc"]: "EXPIRE",
    }
    record.refused(
        lambda: record.client("inf-petit", purpose="centre_15").professionals(record.cx),
        "DMPAccessDeniedByRightsService",
        operation="TD1.6",
    )


def mine(file: File, who: str, mode: str = "LASTAUTORIZATION", since: datetime | None = None) -> list[dict[str, str]]:
    rows = file.client(who, about=None).my_records(mode, since).rows
    return [dict(row) for row in rows if row["patientId"] == file.cx]


def test_my_records_are_those_that_i_may_read_now_since_a_date(record: File) -> None:
    record.authorise("dr-martin", medecin_traitant=True).authorise("pha-roux", "INTERDIT")
    record.authorise("dr-blanc", until=datetime.now(UTC) - timedelta(days=1))

    (row,) = mine(record, "dr-martin")

    assert row["medecinTraitant"] == "true"
    assert mine(record, "dr-blanc") == mine(record, "pha-roux") == []
    assert mine(record, "dr-martin", since=datetime.now(UTC) + timedelta(days=1)) == []
    record.set(status="CLOSED", closed_at=datetime.now(UTC))
    assert mine(record, "dr-martin") == []


def test_a_document_that_i_may_not_see_moves_no_time_of_my_records(record: File) -> None:
    record.authorise("dr-martin").authorise("dr-blanc", medecin_traitant=True)
    assert mine(record, "dr-martin", "LASTDOC") == []
    deposit(record)

    seen = mine(record, "dr-martin", "LASTDOC")
    assert [set(row) >= {"lastAdd"} for row in seen] == [True]
    record.house.run(
        "UPDATE ecluse.document_entries SET codes = jsonb_set(codes, '{confidentialityCode}',"
        " codes -> 'confidentialityCode' || '[\"MASQUE_PS^^1.2.250.1.213.1.1.4.13\"]') WHERE patient_key ="
        " (SELECT patient_key FROM ecluse.patients WHERE patient_id = %s)",
        record.cx,
    )

    assert mine(record, "dr-martin", "LASTDOC") == []
    assert "lastAdd" not in mine(record, "dr-martin")[0]
    assert "lastAdd" in mine(record, "dr-blanc", "LASTDOC")[0]


def deposit(file: File) -> None:
    from samples.submission import build_submission

    rehearsal = file.house.rehearsal
    lot = build_submission(
        [vsm(file.patient)],
        signer=rehearsal.credential("chu-seine.sign"),
        now=datetime.now(UTC),
        patient_id=file.cx,
    )
    with rehearsal.establishment("chu-seine", file.cx) as client:
        answer = client.provide_and_register(lot)
    assert answer.succeeded, answer.errors

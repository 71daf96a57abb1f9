"""The staff of a structure declares it, its professionals read, it lists its records (DMP TD0.3, TD0.4 at ingest)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from samples.client.answers import SoapFault
from samples.client.records import RecordsClient, ServiceAnswer
from samples.documents.vsm import vsm

from .conftest import DOCTOR, HOSPITAL, OTHER, SECRETARY, Desk, Speaker

DENIED = "DMPAccessDeniedByRightsService"
NEWCOMER, STRANGER = "dr-martin", "dr-blanc"


@contextmanager
def client(desk: Desk, who: Speaker, **vihf: Any) -> Iterator[RecordsClient]:
    door = desk.house.doors["ingest"]
    opened = RecordsClient(
        door.url, desk.house.credential(who.tls), door.ca, vihf=desk.vihf(who, **vihf), door="ingest", published=True
    )
    with closing(opened):
        yield opened


def declared(
    desk: Desk,
    who: Speaker = SECRETARY,
    *,
    action: str = "AJOUT",
    role: str | None = None,
    about: str = "",
    **vihf: Any,
) -> ServiceAnswer:
    with client(desk, who, **vihf) as asking:
        return asking.authorise(about or desk.patient.cx, action, role)


def listed(desk: Desk, who: Speaker = SECRETARY, mode: str = "LASTAUTORIZATION", **since: Any) -> ServiceAnswer:
    with client(desk, who, patient=None) as asking:
        return asking.my_records(mode, **since)


def structure(desk: Desk, who: Speaker = HOSPITAL) -> str:
    return str(desk.house.credential(who.tls).structure_id)


def found_by(desk: Desk, name: str, **vihf: Any) -> list[str] | list[Any]:
    with closing(desk.scene.consultation(name, **vihf)) as professional:
        answer = professional.find_documents(desk.patient.cx)
    return answer.unique_ids if answer.succeeded else answer.error_codes


def authorisations(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.rows(
        "SELECT professional_id, status, holder_kind, medecin_traitant FROM ecluse.authorisations JOIN ecluse.patients"
        " USING (patient_key) WHERE patient_id = %s ORDER BY professional_id",
        desk.patient.cx,
    )


def refused(desk: Desk, answer: ServiceAnswer, code: str, rule: str, operation: str = "TD0.3.AJOUT") -> None:
    assert (answer.accepted, answer.error_codes) == (False, [code])
    assert desk.traces()[-1][:4] == (operation, "refused", code, rule)


def test_what_the_staff_declares_lets_the_professionals_of_the_structure_read_and_nobody_else(desk: Desk) -> None:
    (document,) = desk.deposited(vsm(desk.patient)).unique_ids
    hospital, other = structure(desk), structure(desk, OTHER)
    assert found_by(desk, NEWCOMER, structure_id=hospital) == [DENIED]

    answer = declared(desk)

    assert answer.accepted, answer
    assert (answer.values["status"], answer.values["medecinTraitant"]) == ("VALIDE", "false")
    until = datetime.fromisoformat(answer.values["until"])
    assert abs(until - datetime.now(UTC) - timedelta(days=365)) < timedelta(minutes=5)
    assert found_by(desk, NEWCOMER, structure_id=hospital) == [document]
    for who, where in ((NEWCOMER, other), (STRANGER, hospital)):
        with pytest.raises(SoapFault, match="PS et Structure non liés"):
            found_by(desk, who, structure_id=where)
    assert (hospital, "VALIDE", "STRUCTURE", False) in authorisations(desk)
    assert [row[:4] for row in desk.traces() if row[0] == "TD0.3.AJOUT"] == [("TD0.3.AJOUT", "success", "", "GRANTED")]


def test_where_the_directory_need_not_know_him_who_only_says_that_he_works_there_reads_nothing(surgery: Desk) -> None:
    surgery.deposited(vsm(surgery.patient))
    hospital, other = structure(surgery), structure(surgery, OTHER)

    assert declared(surgery).accepted

    assert found_by(surgery, NEWCOMER, structure_id=hospital) != [DENIED]
    assert found_by(surgery, NEWCOMER, structure_id=other) == [DENIED]
    assert found_by(surgery, STRANGER, structure_id=hospital) == [DENIED]


def test_declaring_again_renews(desk: Desk) -> None:
    assert declared(desk).accepted
    with closing(desk.house.owner()) as owner:
        owner.execute("UPDATE ecluse.authorisations SET valid_until = now() - interval '1 day', status = 'EXPIRE'")

    assert declared(desk).accepted

    assert (structure(desk), "VALIDE", "STRUCTURE", False) in authorisations(desk)


@pytest.mark.parametrize("kind", ["PS", "STRUCTURE"])
def test_a_block_is_not_lifted_by_the_one_who_is_blocked(desk: Desk, kind: str) -> None:
    with closing(desk.house.owner()) as owner:
        owner.execute(
            "INSERT INTO ecluse.authorisations (patient_key, professional_id, status, declared_at, holder_kind)"
            " SELECT patient_key, %s, 'INTERDIT', now(), %s FROM ecluse.patients WHERE patient_id = %s",
            (structure(desk), kind, desk.patient.cx),
        )
    before = authorisations(desk)

    refused(desk, declared(desk), DENIED, "7-BLOCKED-BY-PATIENT")

    assert authorisations(desk) == before


def test_what_staff_may_not_do_is_refused_and_nothing_is_changed(desk: Desk, new_scene: Any) -> None:
    before, other = authorisations(desk), Desk(new_scene(desk.house))

    refused(desk, declared(desk, role="MEDECIN_TRAITANT"), DENIED, "6-MEDECIN-TRAITANT")
    refused(desk, declared(desk, action="SUPPRESSION"), DENIED, "6-MATRIX", "TD0.3.SUPPRESSION")
    refused(desk, declared(desk, HOSPITAL), DENIED, "6-MATRIX")
    refused(desk, declared(desk, about=other.patient.cx), "XDSPatientIdDoesNotMatch", "V-42")

    assert authorisations(desk) == before


@pytest.mark.parametrize(
    ("columns", "code", "rule"),
    [
        ({"status": "CLOSED", "closed_at": "2026-01-01T00:00:00Z"}, "DMPClosed", "5-RECORD-CLOSED"),
        (
            {"status": "SUSPENDED", "suspended_at": "2026-01-01T00:00:00Z"},
            "SBX_RECORD_SUSPENDED",
            "5-RECORD-SUSPENDED",
        ),
    ],
)
def test_a_record_that_is_not_open_takes_no_declaration(
    desk: Desk, columns: dict[str, str], code: str, rule: str
) -> None:
    desk.set_record(**columns)

    refused(desk, declared(desk), code, rule)


def test_a_professional_declares_himself_at_the_other_door(surgery: Desk) -> None:
    refused(surgery, declared(surgery, DOCTOR), DENIED, "D-050-CHANNEL")
    assert listed(surgery, DOCTOR).error_codes == [DENIED]


@pytest.mark.parametrize("who", [SECRETARY, HOSPITAL], ids=["staff", "system"])
def test_the_records_of_a_structure_are_listed_by_date_without_traits_and_documents(
    desk: Desk, new_scene: Any, who: Speaker
) -> None:
    others = Desk(new_scene(desk.house))
    assert declared(desk).accepted
    desk.deposited(vsm(desk.patient))

    answer = listed(desk, who)

    rows = {row["patientId"]: row for row in answer.rows}
    assert others.patient.cx not in rows
    assert set(rows[desk.patient.cx]) == {"patientId", "medecinTraitant", "authorization"}
    assert [row["authorization"] for row in answer.rows] == sorted(
        (row["authorization"] for row in answer.rows), reverse=True
    )
    assert listed(desk, who, since=datetime.now(UTC) + timedelta(hours=1)).rows == ()
    assert desk.patient.cx not in {row["patientId"] for row in listed(desk, OTHER).rows}
    desk.set_record(status="CLOSED", closed_at="2026-01-01T00:00:00Z")
    assert desk.patient.cx not in {row["patientId"] for row in listed(desk, who).rows}


def test_a_professional_who_declared_himself_for_the_structure_brings_the_record_into_its_list(desk: Desk) -> None:
    hospital = structure(desk)
    assert desk.patient.cx not in {row["patientId"] for row in listed(desk).rows}
    door = desk.house.doors["consultation"]
    voice = desk.house.voice(NEWCOMER, desk.patient.cx, structure_id=hospital)
    with closing(
        RecordsClient(door.url, desk.house.credential(f"{NEWCOMER}.auth"), door.ca, vihf=voice)
    ) as professional:
        assert professional.authorise(desk.patient.cx).accepted

    assert desk.patient.cx in {row["patientId"] for row in listed(desk).rows}
    assert desk.patient.cx not in {row["patientId"] for row in listed(desk, OTHER).rows}


def test_documents_order_no_list_at_this_door(desk: Desk) -> None:
    assert listed(desk, mode="LASTDOC").error_codes == [DENIED]

"""Who may feed a record, what is traced of it in the record, and what the patient is told (DMP TD2.1, TD2.2)."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from gateway import records
from samples.client.answers import SoapFault
from samples.documents.laboratory_report import laboratory_report
from samples.documents.vsm import vsm
from samples.submission import INVISIBLE_PATIENT
from security.vihf.model import AuthenticationMode

from .conftest import DOCTOR, HOSPITAL, SECRETARY, Desk, Speaker

DENIED = "DMPAccessDeniedByRightsService"
STRANGER = Speaker("dr-martin.auth", "dr-martin.sign")


def test_the_deposit_of_an_establishment_is_traced_for_its_structure_and_told_to_the_patient(desk: Desk) -> None:
    lot = desk.deposited(vsm(desk.patient), laboratory_report(desk.patient))

    ((operation, outcome, kind, structure, mode, rule, documents),) = desk.rows(
        "SELECT operation, outcome, actor_kind, actor_structure, auth_mode, rule, documents FROM ecluse.traces"
        " JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s AND operation LIKE 'TD2%%'",
        desk.patient.cx,
    )
    structure_id = desk.house.credential(HOSPITAL.seal).structure_id
    assert (operation, outcome, kind, structure) == ("TD2.1", "success", "HEALTHCARE_FACILITY", structure_id)
    assert (mode, rule, sorted(documents)) == ("INDIRECTE", "GRANTED", sorted(lot.unique_ids))
    assert sorted(desk.told()) == sorted(("DOCUMENT_ADDED", unique_id) for unique_id in lot.unique_ids)


def test_the_patient_is_told_nothing_of_what_is_hidden_from_him(desk: Desk) -> None:
    desk.deposited(laboratory_report(desk.patient), confidentiality=[INVISIBLE_PATIENT])

    assert desk.told() == []
    assert desk.traces()[-1][:2] == ("TD2.1", "success")


def test_a_replacement_is_told_as_a_change(desk: Desk) -> None:
    (old,) = desk.deposited().unique_ids

    (new,) = desk.deposited(
        vsm(desk.patient, replaces=old, version=2), replaces={0: desk.reference(old).ids[0]}
    ).unique_ids

    assert sorted(desk.told()) == sorted([("DOCUMENT_ADDED", old), ("DOCUMENT_CHANGED", new)])


def test_the_staff_of_a_structure_feeds_by_a_transaction_of_its_own(desk: Desk) -> None:
    desk.deposited(who=SECRETARY)

    assert desk.traces()[-1][:4] == ("TD2.2", "success", "", "GRANTED")


def test_a_refusal_to_the_staff_is_traced_as_what_it_was(desk: Desk) -> None:
    lot = desk.lot([vsm(desk.patient)], SECRETARY).with_entry(0, hash="0" * 40)

    desk.refused(lambda: desk.deposit(lot, SECRETARY), "XDSRepositoryMetadataError", operation="TD2.2", rule="HASH")


def test_a_doctor_without_authorisation_feeds_and_so_does_one_whom_the_patient_blocked(surgery: Desk) -> None:
    with closing(surgery.house.owner()) as connection:
        records.block(connection, surgery.patient.cx, surgery.house.credential(DOCTOR.tls).national_id)

    for who in (STRANGER, DOCTOR):
        assert surgery.deposit(surgery.lot([vsm(surgery.patient)], who), who).succeeded

    assert [row[:4] for row in surgery.traces() if row[0] == "TD2.1"] == [("TD2.1", "success", "", "GRANTED")] * 2


def test_a_feeding_in_an_emergency_that_the_patient_objects_to_is_done_with_a_warning(surgery: Desk) -> None:
    surgery.set_record(btg=False)
    lot = surgery.lot([vsm(surgery.patient)], DOCTOR)

    answer = surgery.deposit(lot, DOCTOR, purpose="bris_de_glace", reason="malaise sur la voie publique")

    assert answer.succeeded
    assert [(error.code, error.severity) for error in answer.errors if error.code == DENIED] == [(DENIED, "Warning")]
    ((mode, reason),) = surgery.rows(
        "SELECT mode, reason FROM ecluse.traces JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s"
        " AND operation = 'TD2.1'",
        surgery.patient.cx,
    )
    assert (mode, reason) == ("bris_de_glace", "malaise sur la voie publique")


def test_nobody_feeds_for_another_in_the_mode_of_consultation(desk: Desk) -> None:
    before = desk.scene.kept()

    with pytest.raises(SoapFault) as refused:
        desk.deposit(desk.lot([vsm(desk.patient)]), mode=AuthenticationMode.INDIRECTE_RENFORCEE)

    assert refused.value.detail["Code"] == DENIED
    assert desk.scene.kept() == before


STATES = [
    ("closed", {"status": "CLOSED", "closed_at": "2026-01-01T00:00:00Z"}, "DMPClosed", "5-RECORD-CLOSED"),
    ("suspended", {"status": "SUSPENDED", "suspended_at": "2026-01-01T00:00:00Z"}, "SBX_RECORD_SUSPENDED",
     "5-RECORD-SUSPENDED"),
]  # fmt: skip


@pytest.mark.parametrize(("columns", "code", "rule"), [row[1:] for row in STATES], ids=[row[0] for row in STATES])
def test_a_record_that_is_not_open_takes_nothing(desk: Desk, columns: dict[str, Any], code: str, rule: str) -> None:
    desk.set_record(**columns)

    desk.refused(lambda: desk.deposit(desk.lot([vsm(desk.patient)])), code, operation="TD2.1", rule=rule)


def test_a_secretary_feeds_nothing_as_if_she_were_a_system(desk: Desk) -> None:
    """What a card of staff opens is TD2.2 alone: its holder answers for herself, by her own card."""
    with pytest.raises(SoapFault):
        desk.deposit(desk.lot([vsm(desk.patient)], SECRETARY), SECRETARY, mode=AuthenticationMode.INDIRECTE)

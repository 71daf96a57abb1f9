"""What the health insurance feeds: documents of the last months, none of what a minor refused (CSP R1111-33)."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner

from cda.document import parse_document
from cda.header import read_header
from cda.reimbursements import ReimbursedAct
from gateway.administration.office import RecordsError
from gateway.cli.main import main
from gateway.cli.story import REPOSITORY
from gateway.reimbursement_acts import FedAct, periods, synthetic_acts
from gateway.reimbursement_lot import PAYER
from gateway.reimbursements import ReimbursementFeed
from xds.dmp.parameters import Parameters
from xds.dmp.record import Record, RecordStatus

from .conftest import Desk

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ADULT = Record(patient_key=UUID(int=1), status=RecordStatus.OPEN, key_id=UUID(int=2), birth_date=date(1980, 7, 1))
MINOR = replace(ADULT, birth_date=date(2012, 5, 5))


def fed(day: date, *, secret: bool = False) -> FedAct:
    return FedAct(act=ReimbursedAct(day=day, label="Acte", paid=1000, reimbursed=700), secret=secret)


TABLE = [
    ("of this month", fed(date(2026, 11, 3)), ADULT, True),
    ("of the first of the 24 months", fed(date(2024, 12, 1)), ADULT, True),
    ("older", fed(date(2024, 11, 30)), ADULT, False),
    ("of tomorrow", fed(date(2026, 11, 23)), ADULT, False),
    ("secret, of an adult", fed(date(2026, 11, 3), secret=True), ADULT, True),
    ("secret, of a minor", fed(date(2026, 11, 3), secret=True), MINOR, False),
    ("of a minor", fed(date(2026, 11, 3)), MINOR, True),
]


@pytest.mark.parametrize(("act", "record", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_which_acts_are_fed(act: FedAct, record: Record, expected: bool) -> None:
    found = periods([act], record, NOW, Parameters())

    assert found == ({act.act.day.replace(day=1): [act.act]} if expected else {})


def test_acts_are_invented_for_each_of_the_months_and_are_the_same_again() -> None:
    acts = synthetic_acts("someone", NOW.date(), 24)

    assert acts == synthetic_acts("someone", NOW.date(), 24)
    assert len(periods(acts, ADULT, NOW, Parameters())) in (23, 24), "the act of this month may be to come"
    assert sum(one.secret for one in acts) == 2


def feed(desk: Desk, acts: Any = None) -> tuple[str, ...]:
    with closing(desk.house.owner()) as connection:
        return ReimbursementFeed(
            connection=connection,
            blobs=desk.house.data / "blobs",
            parameters=Parameters(),
            repository_unique_id=REPOSITORY,
        )(desk.patient.cx, acts)


def recent(label: str, *, secret: bool = False) -> FedAct:
    day = datetime.now(UTC).date() - timedelta(days=1)
    return FedAct(act=ReimbursedAct(day=day, label=label, paid=1000, reimbursed=700), secret=secret)


def read(desk: Desk, unique_id: str) -> bytes:
    with closing(desk.scene.consultation()) as doctor:
        answer = doctor.retrieve([(REPOSITORY, unique_id)])
    assert answer.succeeded, answer.errors
    content: bytes = answer.documents[0].content
    return content


def test_a_doctor_reads_what_the_insurance_fed_and_the_patient_is_not_written_to(desk: Desk) -> None:
    (unique_id,) = feed(desk, [recent("Consultation")])

    header = read_header(parse_document(read(desk, unique_id)))
    assert header.code is not None
    assert (header.code.code, header.unique_id) == ("REMB", unique_id)
    assert desk.scene.found() == [unique_id]
    with closing(desk.scene.consultation()) as doctor:
        (entry,) = doctor.find_documents(desk.patient.cx).document_entries
    assert (entry.class_code.code, PAYER.structure_id in entry.authors[0].institutions[0]) == ("60", True)
    assert desk.told() == []
    ((kind, role),) = desk.rows(
        "SELECT actor_kind, actor_role FROM ecluse.traces JOIN ecluse.patients USING (patient_key)"
        " WHERE patient_id = %s AND operation = 'TD2.1'",
        desk.patient.cx,
    )
    assert (kind, role) == ("SYSTEM", "ALIM_AM")


def test_two_years_are_fed_a_document_a_month_and_feeding_again_adds_nothing(desk: Desk) -> None:
    new = feed(desk)

    assert len(new) in (23, 24)
    assert feed(desk) == ()
    assert desk.scene.found() == sorted(new)


def test_the_administrator_feeds_a_record_by_a_command(desk: Desk) -> None:
    command = ["--lang", "en", "records", "reimburse", desk.patient.ins, "--data", str(desk.house.data)]

    first, second = (CliRunner().invoke(main, command) for _ in range(2))

    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert second.output.strip() == "Documents of reimbursements: 0 new."
    assert len(desk.scene.found()) in (23, 24)


def test_a_secret_act_that_a_minor_had_is_not_in_the_record(desk: Desk) -> None:
    desk.set_record(birth_date="2012-05-05")

    assert feed(desk, [recent("Contraception", secret=True)]) == ()

    assert desk.scene.found() == []


def test_what_the_patient_wants_masked_is_masked_here_too(desk: Desk) -> None:
    desk.set_record(default_masking=True)

    (unique_id,) = feed(desk, [recent("Consultation")])

    assert desk.entry(unique_id)["codes"] == ["MASQUE_PS", "N"]


def test_a_closed_record_is_not_fed(desk: Desk) -> None:
    desk.set_record(status="CLOSED", closed_at="2026-01-01T00:00:00Z")
    before = desk.scene.kept()

    with pytest.raises(RecordsError):
        feed(desk)

    assert desk.scene.kept() == before

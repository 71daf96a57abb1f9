"""What time does to records: each thing once, at its instant, in order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.administration import holder, life
from gateway.cli.main import main
from gateway.database.errors import DatabaseSetupError
from gateway.jobs.house import declare_terms, keeping
from gateway.records import authorise
from xds.dmp import timers
from xds.dmp.holder import Traits
from xds.dmp.minority import comes_of_age
from xds.dmp.parameters import Parameters
from xds.dmp.record import Record
from xds.metadata.codes import Code
from xds.registry.due import DueKind

from .conftest import DOCTOR, HIDDEN, Place

DEFAULTS = Parameters()
HOUR = timedelta(hours=1)


def versions(place: Place, unique_id: str) -> list[Any]:
    return place.all(
        "SELECT version, status, ARRAY(SELECT split_part(c, '^', 1) FROM jsonb_array_elements_text("
        "codes -> 'confidentialityCode') c), reminded_at FROM ecluse.document_entries WHERE unique_id = %s"
        " ORDER BY version",
        unique_id,
    )


def due_of(place: Place, record: Record, within: timedelta) -> dict[str, datetime]:
    with place.kept() as kept:
        page = kept.keeper.agenda.page(place.now() + within, limit=10_000)
    return {item.kind.value: item.due_at for item in page if item.patient_key == record.patient_key}


def test_an_authorisation_ends_at_its_instant(place: Place, authorised: tuple[str, Record]) -> None:
    _, record = authorised
    status = "SELECT status FROM ecluse.authorisations WHERE patient_key = %s"
    (end,) = place.one("SELECT valid_until FROM ecluse.authorisations WHERE patient_key = %s", record.patient_key)
    place.work()
    assert place.one(status, record.patient_key) == ("VALIDE",)
    place.move_to(end + HOUR)
    assert place.work().done[DueKind.AUTHORISATION_END] >= 1
    assert place.one(status, record.patient_key) == ("EXPIRE",)
    operation, outcome, actor, at = place.traces(record.patient_key)[-1]
    assert (operation, outcome, actor, at) == ("TIME-AUTHORISATION-END", "success", "SYSTEM", end)


def test_a_hidden_document_is_recalled_then_released_by_the_system(place: Place) -> None:
    patient_id, record = place.a_record()
    entry = place.deposit(patient_id, record, HIDDEN)
    (deposited,) = place.one("SELECT deposited_at FROM ecluse.document_entries WHERE unique_id = %s", entry.unique_id)

    place.move_to(deposited + timedelta(days=14) + HOUR)
    place.work()
    ((version, _, codes, reminded),) = versions(place, entry.unique_id)
    assert (version, codes, reminded) == (1, ["N", "INVISIBLE_PATIENT"], deposited + timedelta(days=14))
    assert place.notices(record.patient_key)["HIDDEN_DOCUMENT_REMINDER"] == 1

    release = timers.release_due(deposited, DEFAULTS)
    place.move_to(release + HOUR)
    place.work()
    assert [row[:3] for row in versions(place, entry.unique_id)] == [(1, "DEPRECATED", ["N"]), (2, "APPROVED", ["N"])]
    operation, outcome, actor, at = place.traces(record.patient_key)[-1]
    assert (operation, outcome, actor) == ("TD3.3b", "success", "SYSTEM")
    assert at == release
    assert place.notices(record.patient_key)["HIDDEN_DOCUMENT_RELEASED"] == 1
    lots = place.one("SELECT count(*) FROM ecluse.submission_sets WHERE patient_key = %s", record.patient_key)
    assert lots == (2,)
    assert place.work().done.total() == 0


def test_a_mask_that_waited_is_put_on_with_the_release(place: Place) -> None:
    patient_id, record = place.a_record()
    entry = place.deposit(patient_id, record, HIDDEN)
    place.owner.execute(
        "UPDATE ecluse.document_entries SET mask_when_visible = true WHERE unique_id = %s", (entry.unique_id,)
    )
    place.move_to(timers.after_months(place.now(), 1) + HOUR)
    place.work()
    assert versions(place, entry.unique_id)[-1][:3] == (2, "APPROVED", ["N", "MASQUE_PS"])


def test_the_signature_of_a_lot_is_nobody_s_news(place: Place) -> None:
    patient_id, record = place.a_record()
    place.deposit(patient_id, record, HIDDEN, type_code=Code("E1762", "ASTM", "Signature"))
    assert due_of(place, record, timedelta(days=60)) == {}


def test_what_is_due_while_a_record_is_closed_waits_until_it_is_open_again(place: Place) -> None:
    patient_id, record = place.a_record()
    place.deposit(patient_id, record, HIDDEN)
    life.close_record(place.owner, patient_id)
    place.move_to(place.now() + timedelta(days=40))
    assert set(due_of(place, record, HOUR)) == set()
    life.reactivate_record(place.owner, patient_id)
    place.work()
    assert place.notices(record.patient_key)["HIDDEN_DOCUMENT_RELEASED"] == 1
    (opened,) = place.one("SELECT opened_at FROM ecluse.records WHERE patient_key = %s", record.patient_key)
    assert place.traces(record.patient_key)[-1][3] == opened


def test_six_weeks_of_silence_close_a_suspended_record(place: Place) -> None:
    patient_id, record = place.a_record()
    life.suspend_record(place.owner, patient_id, reason="doublon")
    (since,) = place.one("SELECT suspended_at FROM ecluse.records WHERE patient_key = %s", record.patient_key)
    place.move_to(since + timedelta(weeks=6) - HOUR)
    place.work()
    assert place.status(patient_id) == "SUSPENDED"
    place.move_to(since + timedelta(weeks=6))
    place.work()
    closed = place.one(
        "SELECT status, closed_at, closing_motive FROM ecluse.records WHERE patient_key = %s", record.patient_key
    )
    assert closed == ("CLOSED", since + timedelta(weeks=6), "DECISION_GESTIONNAIRE")
    assert place.notices(record.patient_key)["RECORD_CLOSED"] == 1


def test_an_answer_in_time_keeps_the_record(place: Place) -> None:
    patient_id, record = place.a_record()
    life.suspend_record(place.owner, patient_id, reason="doublon")
    life.resume_record(place.owner, patient_id)
    place.move_to(place.now() + timedelta(weeks=7))
    place.work()
    assert place.status(patient_id) == "OPEN"
    assert due_of(place, record, HOUR) == {}


def test_representation_ends_with_majority(place: Place) -> None:
    patient_id, record = place.a_record()
    today = place.now().date()
    born = date(today.year - 15, 6, 15)
    holder.set_holder(place.owner, patient_id, birth_date=born)
    holder.add_representative(place.owner, patient_id, relationship="MTH", traits=Traits(family="ESSAI"))
    assert due_of(place, record, timedelta(days=4 * 366)) == {"MAJORITY": comes_of_age(born, DEFAULTS.majority_age)}
    place.move_to(comes_of_age(born, DEFAULTS.majority_age))
    place.work()
    left = place.one("SELECT count(*) FROM ecluse.legal_representatives WHERE patient_key = %s", record.patient_key)
    assert left == (0,)


def test_the_representation_of_a_protected_adult_does_not_end_with_age(place: Place) -> None:
    patient_id, record = place.a_record()
    today = place.now().date()
    holder.set_holder(place.owner, patient_id, birth_date=date(today.year - 40, 6, 15))
    holder.set_protection(place.owner, patient_id, on=True)
    holder.add_representative(place.owner, patient_id, relationship="RESPRSN", traits=Traits(family="ESSAI"))
    assert due_of(place, record, timedelta(days=4 * 366)) == {}
    place.work()
    query = "SELECT count(*) FROM ecluse.legal_representatives WHERE patient_key = %s"
    assert place.one(query, record.patient_key) == (1,)
    holder.set_protection(place.owner, patient_id, on=False)
    assert place.one(query, record.patient_key) == (0,)


SPANS = [
    (datetime(2027, 1, 31, 10, tzinfo=UTC), 1),
    (datetime(2028, 1, 31, 23, 59, tzinfo=UTC), 1),
    (datetime(2028, 2, 29, tzinfo=UTC), 120),
    (datetime(2027, 3, 28, 1, 30, tzinfo=UTC), 1),
    (datetime(2026, 12, 31, 12, tzinfo=UTC), 2),
]


@pytest.mark.parametrize(("instant", "months"), SPANS)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "America/New_York"])
def test_months_of_the_database_are_those_of_the_law_in_every_time_zone(
    place: Place, instant: datetime, months: int, zone: str
) -> None:
    with place.owner.transaction():
        place.owner.execute("SELECT set_config('TimeZone', %s, true)", (zone,))
        (found,) = place.one("SELECT ecluse.law_time_after(%s, make_interval(months => %s))", instant, months)
    assert found == timers.after_months(instant, months)


def test_a_house_that_was_off_for_years_does_all_in_the_order_of_instants_and_what_that_brings_too(
    place: Place,
) -> None:
    patient_id, record = place.a_record()
    authorise(place.owner, patient_id, DOCTOR, until=place.now() + timedelta(weeks=7))
    life.suspend_record(place.owner, patient_id, reason="fraude")
    place.move_to(place.now() + timedelta(days=11 * 366))
    place.work()
    events = place.all(
        "SELECT event::jsonb ->> 'transaction' FROM ecluse.audit_events WHERE door = 'administration'"
        " AND event::jsonb ->> 'transaction' LIKE 'TIME-%%' AND event LIKE %s ORDER BY sequence",
        f"%{record.patient_key}%",
    )
    assert [name for (name,) in events] == ["TIME-SUSPENSION-END", "TIME-AUTHORISATION-END", "TIME-ARCHIVE-END"]
    assert place.status(patient_id) is None
    at, since = place.one("SELECT destroyed_at, closed_at FROM ecluse.destructions ORDER BY destroyed_at DESC LIMIT 1")
    assert at == timers.archive_ends(since, DEFAULTS)


def test_two_keepers_at_once_do_each_thing_once(place: Place) -> None:
    place.move_to(place.now() + timedelta(days=400))
    place.work()
    keys, ends = [], place.now() + timedelta(days=10)
    for _ in range(12):  # many things at the same instant
        patient_id, record = place.a_record()
        keys.append(record.patient_key)
        authorise(place.owner, patient_id, DOCTOR, until=ends)
        place.deposit(patient_id, record, HIDDEN)
    place.move_to(place.now() + timedelta(days=40))
    with ThreadPoolExecutor(4) as runners:
        works = list(runners.map(lambda _: place.work(), range(4)))
    assert [work.failed for work in works if work.failed] == []
    total = sum((work.done for work in works), start=type(works[0].done)())
    assert total == {DueKind.AUTHORISATION_END: 12, DueKind.HIDDEN_REMINDER: 12, DueKind.HIDDEN_RELEASE: 12}
    for key in keys:
        assert place.notices(key)["HIDDEN_DOCUMENT_RELEASED"] == 1
        assert [row[0] for row in place.traces(key)].count("TD3.3b") == 1
        assert place.one("SELECT max(version) FROM ecluse.document_entries WHERE patient_key = %s", key) == (2,)


def test_what_always_fails_stops_nothing_else_and_is_seen(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.work()
    poisoned_id, poisoned = place.a_record()
    entry = place.deposit(poisoned_id, poisoned, HIDDEN)
    place.owner.execute(
        "UPDATE ecluse.document_entries SET fragment = 'no ebRIM' WHERE unique_id = %s", (entry.unique_id,)
    )
    patient_id, record = place.a_record()
    place.deposit(patient_id, record, HIDDEN)
    place.move_to(place.now() + timedelta(days=40))
    for _ in range(2):
        work = place.work()
        ((item, _),) = work.failed
        assert (item.kind, item.patient_key) == (DueKind.HIDDEN_RELEASE, poisoned.patient_key)
    assert place.notices(record.patient_key)["HIDDEN_DOCUMENT_RELEASED"] == 1
    assert str(poisoned.patient_key) in str(caplog.records[-1].__dict__)
    ran = CliRunner().invoke(main, ["--lang", "en", "jobs", "run", "--data", str(place.data)])
    assert ran.exit_code == 1
    assert str(poisoned.patient_key) in ran.stderr
    listed = CliRunner().invoke(main, ["--lang", "en", "jobs", "list", "--data", str(place.data)])
    assert str(poisoned.patient_key) in listed.stdout
    place.owner.execute(
        "UPDATE ecluse.document_entries SET status = 'DELETED' WHERE unique_id = %s", (entry.unique_id,)
    )


def test_the_terms_are_those_of_the_house_and_not_of_a_command(place: Place) -> None:
    patient_id, _ = place.a_record()
    life.close_record(place.owner, patient_id)
    with place.kept(dmp={"archive_years": 0}) as kept:
        kept.keeper.run()
    assert place.status(patient_id) == "CLOSED"


def test_a_sandbox_whose_clock_was_moved_is_never_in_production(place: Place) -> None:
    place.move_to(place.now() + timedelta(days=1))
    settings = replace(place.settings(), mode="production")
    with pytest.raises(DatabaseSetupError, match="it was a sandbox"), keeping(settings):
        pass
    with pytest.raises(DatabaseSetupError, match="SBX_CLOCK_PRODUCTION"):
        declare_terms(place.database.layout.owner_url, settings)


def test_the_keeper_opens_no_document_and_changes_no_table_itself(place: Place) -> None:
    with place.kept() as kept:
        connection = kept.keeper._connection
        for statement in (
            "SELECT * FROM record_keys",
            "SELECT * FROM holders",
            "SELECT * FROM traces",
            "SELECT * FROM audit_events",
            "DELETE FROM document_entries",
            "UPDATE records SET status = 'OPEN'",
            "UPDATE law_clock SET ahead = '1 hour'",
            "SELECT law_clock_advance(now())",
        ):
            with pytest.raises(Exception, match="permission denied"):
                connection.execute(statement)


def test_a_door_cannot_choose_its_instant_of_the_law(place: Place) -> None:
    with place.ingest.connection() as door:
        door.execute("SELECT set_config('ecluse.law_time', '2001-01-01T00:00:00+00:00', false)")
    patient_id, record = place.a_record()
    entry = place.deposit(patient_id, record)  # by the same connection, the only one of its pool
    (deposited,) = place.one("SELECT deposited_at FROM ecluse.document_entries WHERE unique_id = %s", entry.unique_id)
    assert deposited > place.now() - HOUR

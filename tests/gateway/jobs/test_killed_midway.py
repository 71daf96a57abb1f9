"""A keeper killed in the very middle of a job leaves nothing half-done, and the next one does it once, for each job.

The middle is made to last: the head of the audit chain, which every act takes last, is held by somebody else.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from gateway.administration import holder, life
from gateway.records import authorise
from xds.dmp.holder import Traits
from xds.dmp.record import Record
from xds.registry.due import DESTRUCTIONS, DueItem, DueKind

from .conftest import DOCTOR, HIDDEN, Place

DAY = timedelta(days=1)
Scene = Callable[[Place], tuple[str, Record, timedelta]]
"""Makes a record and says after which time something of it is due."""


def authorised(place: Place) -> tuple[str, Record, timedelta]:
    patient_id, record = place.a_record()
    authorise(place.owner, patient_id, DOCTOR)
    return patient_id, record, 366 * DAY


def with_a_hidden_document(place: Place) -> tuple[str, Record, timedelta]:
    patient_id, record = place.a_record()
    place.deposit(patient_id, record, HIDDEN)
    return patient_id, record, 15 * DAY


def recalled(place: Place) -> tuple[str, Record, timedelta]:
    patient_id, record, span = with_a_hidden_document(place)
    place.move_to(place.now() + span)
    place.work()
    return patient_id, record, 20 * DAY


def suspended(place: Place) -> tuple[str, Record, timedelta]:
    patient_id, record = place.a_record()
    life.suspend_record(place.owner, patient_id, reason="fraude")
    return patient_id, record, 43 * DAY


def almost_of_age(place: Place) -> tuple[str, Record, timedelta]:
    patient_id, record = place.a_record()
    soon = place.now().date() + 8 * DAY
    if (soon.month, soon.day) == (2, 29):
        soon += DAY
    holder.set_holder(place.owner, patient_id, birth_date=soon.replace(year=soon.year - 18))
    holder.add_representative(place.owner, patient_id, relationship="MTH", traits=Traits(family="ESSAI"))
    return patient_id, record, 10 * DAY


def archived(place: Place) -> tuple[str, Record, timedelta]:
    patient_id, record = place.a_record(at=place.now() - 11 * 366 * DAY)
    place.deposit(patient_id, record)
    life.close_record(place.owner, patient_id, at=place.now() - 3650 * DAY)
    return patient_id, record, 5 * DAY


def to_be_destroyed(place: Place) -> tuple[str, Record, timedelta]:
    patient_id, record = place.a_record()
    place.deposit(patient_id, record)
    life.close_record(place.owner, patient_id)
    life.request_destruction(place.owner, patient_id)
    return patient_id, record, 31 * DAY


def just_created(place: Place) -> tuple[str, Record, timedelta]:
    patient_id, record = place.a_record(reimbursements=True)
    holder.set_holder(place.owner, patient_id, traits=Traits(family="ESSAI", given=("Alix",), birth_date="19800101"))
    return patient_id, record, timedelta()


JOBS: dict[DueKind, tuple[Scene, str]] = {
    # what makes it due, and the operation of its trace
    DueKind.AUTHORISATION_END: (authorised, "TIME-AUTHORISATION-END"),
    DueKind.HIDDEN_REMINDER: (with_a_hidden_document, "TIME-HIDDEN-REMINDER"),
    DueKind.HIDDEN_RELEASE: (recalled, "TD3.3b"),
    DueKind.SUSPENSION_END: (suspended, "TD1.4"),
    DueKind.MAJORITY: (almost_of_age, "TIME-MAJORITY"),
    DueKind.ARCHIVE_END: (archived, ""),
    DueKind.DESTRUCTION_REQUEST: (to_be_destroyed, ""),
    DueKind.REIMBURSEMENTS: (just_created, "TD2.1"),
}


def test_every_job_is_tried() -> None:
    assert set(JOBS) == set(DueKind)


@pytest.mark.parametrize("server_stops_too", [True, False], ids=["with its session", "alone"])
@pytest.mark.parametrize("kind", JOBS)
def test_a_keeper_killed_in_the_middle_of_a_job(place: Place, kind: DueKind, *, server_stops_too: bool) -> None:
    scene, operation = JOBS[kind]
    patient_id, record, span = scene(place)
    if span:
        place.move_to(place.now() + span)
    item = only(place, record, kind)
    before = done(place, record, operation)

    with the_last_lock_held(place):
        with started(place) as keeper:
            session = waiting_session(place)
            keeper.kill()
        if server_stops_too:
            os.kill(session, signal.SIGTERM)
            eventually(lambda: not is_there(place, session))
            assert done(place, record, operation) == before, "nothing of it is left"
    eventually(lambda: not is_there(place, session))
    place.work()
    place.work()

    assert done(place, record, operation) == (before[0] + 1, before[1] + 1)
    assert item not in agenda(place)
    if kind in DESTRUCTIONS:
        assert place.status(patient_id) is None
        assert place.one("SELECT count(*) FROM ecluse.remains") == (0,)
        assert place.one("SELECT count(*) FROM ecluse.outbox WHERE patient_key = %s", record.patient_key) == (1,)
    elif kind is DueKind.REIMBURSEMENTS:
        assert place.one("SELECT count(*) FROM ecluse.submission_sets WHERE patient_key = %s", record.patient_key) == (
            1,
        )
    assert max(place.notices(record.patient_key).values(), default=1) == 1


def agenda(place: Place) -> list[DueItem]:
    with place.kept() as kept:
        return list(kept.keeper.agenda.page(place.now()))


def only(place: Place, record: Record, kind: DueKind) -> DueItem:
    """The item, and nothing before it: what else is due by then is done."""
    (item,) = [one for one in agenda(place) if one.patient_key == record.patient_key and one.kind is kind]
    with place.kept() as kept:
        kept.keeper.run(item.due_at - timedelta(microseconds=1))
    assert agenda(place)[0] == item
    return item


def done(place: Place, record: Record, operation: str) -> tuple[int, int]:
    """How often it was done: by its traces, or the proofs of a destruction; and by its events in the audit trail."""
    (events,) = place.one(
        "SELECT count(*) FROM ecluse.audit_events WHERE door = 'administration'"
        " AND (event::jsonb ->> 'actor' = 'SYSTEM') AND event::jsonb -> 'objects' ? %s",
        str(record.patient_key),
    )
    if operation:
        return [one[0] for one in place.traces(record.patient_key)].count(operation), events
    proofs = "SELECT count(*) FROM ecluse.destructions WHERE record_hash = sha256(uuid_send(%s))"
    return place.one(proofs, record.patient_key)[0], events


@contextmanager
def the_last_lock_held(place: Place) -> Iterator[None]:
    with psycopg.connect(place.database.layout.owner_url) as connection, connection.transaction():
        connection.execute("SELECT FROM ecluse.audit_chains WHERE door = 'administration' FOR UPDATE")
        yield


@contextmanager
def started(place: Place) -> Iterator[subprocess.Popen[Any]]:
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "jobs", "watch", "--data", str(place.data)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={key: value for key, value in os.environ.items() if not key.startswith("ECLUSE_")},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def waiting_session(place: Place) -> int:
    """The session of the keeper, once it waits for the lock."""
    found: list[Any] = []

    def waits() -> bool:
        found[:] = place.all("SELECT pid FROM pg_locks WHERE NOT granted")
        return bool(found)

    eventually(waits)
    return int(found[0][0])


def is_there(place: Place, session: int) -> bool:
    return bool(place.all("SELECT 1 FROM pg_stat_activity WHERE pid = %s", session))


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)

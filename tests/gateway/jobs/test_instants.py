"""Time acts in the database at the instants of the law: the same on every hard day, in every time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest

from gateway.administration import life
from gateway.records import authorise
from xds.dmp import timers
from xds.dmp.minority import comes_of_age
from xds.dmp.parameters import Parameters

from .conftest import DOCTOR, HIDDEN

STARTS = [
    datetime(2020, 2, 29, tzinfo=UTC),
    datetime(2023, 1, 29, 10, 30, tzinfo=UTC),
    datetime(2023, 1, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2024, 1, 31, 0, 0, tzinfo=UTC),
    datetime(2024, 2, 29, 12, tzinfo=UTC),
    datetime(2024, 3, 31, 0, 59, 59, tzinfo=UTC),  # an hour before summer time in Paris
    datetime(2024, 3, 31, 1, 0, tzinfo=UTC),
    datetime(2024, 10, 27, 0, 30, tzinfo=UTC),  # the hour that comes twice in Paris
    datetime(2024, 11, 3, 5, 30, tzinfo=UTC),  # and in New York
    datetime(2024, 12, 31, 23, 30, tzinfo=UTC),  # the next year in Paris
]
BIRTHS = [date(2010, 2, 28), date(2012, 2, 29), date(2006, 3, 1), date(2014, 12, 31), date(2015, 1, 1)]
PARAMETERS = [
    Parameters(),
    Parameters(
        reminder_days=1,
        release_months=13,
        suspension_weeks=1,
        archive_years=3,
        destruction_days=90,
        majority_age=16,
        authorisation_days=1,
    ),
]
ZONES = ["UTC", "Europe/Paris", "America/New_York", "Pacific/Auckland"]
FOREVER = datetime(2100, 1, 1, tzinfo=UTC)


def instants(place: Any, key: Any, parameters: Parameters, zone: str) -> dict[str, datetime]:
    """What the database says is due for one record, by kind."""
    terms = {name: getattr(parameters, name) for name in Parameters.__dataclass_fields__}
    with place.owner.transaction():
        place.owner.execute("SELECT set_config('TimeZone', %s, true)", (zone,))
        place.owner.execute("SET LOCAL search_path = ecluse, pg_temp")
        rows = place.owner.execute(
            "SELECT kind, due_at FROM due_items(%s::text::jsonb, %s, %s)", (orjson.dumps(terms).decode(), FOREVER, key)
        ).fetchall()
    return {kind: due.astimezone(UTC) for kind, due in rows}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("parameters", PARAMETERS, ids=["usual", "others"])
def test_every_instant_of_the_database_is_that_of_the_law(place: Any, parameters: Parameters, zone: str) -> None:
    patient_id, record = place.a_record()
    key = record.patient_key
    entry = place.deposit(patient_id, record, HIDDEN)
    for start in STARTS:
        authorise(place.owner, patient_id, DOCTOR, at=start, days=parameters.authorisation_days)
        place.owner.execute("UPDATE ecluse.records SET opened_at = %s WHERE patient_key = %s", (start, key))
        place.owner.execute(
            "UPDATE ecluse.document_entries SET deposited_at = %s WHERE unique_id = %s", (start, entry.unique_id)
        )
        assert instants(place, key, parameters, zone) == {
            "AUTHORISATION_END": timers.authorisation_ends(start, parameters),
            "HIDDEN_REMINDER": timers.reminder_due(start, parameters),
            "HIDDEN_RELEASE": timers.release_due(start, parameters),
        }, start
    life.suspend_record(place.owner, patient_id, reason="fraude")
    for start in STARTS:
        place.owner.execute("UPDATE ecluse.records SET suspended_at = %s WHERE patient_key = %s", (start, key))
        assert instants(place, key, parameters, zone)["SUSPENSION_END"] == timers.suspension_ends(start, parameters)
    life.close_record(place.owner, patient_id)
    life.request_destruction(place.owner, patient_id)
    for start in STARTS:
        asked = start + timedelta(hours=1)
        place.owner.execute(
            "UPDATE ecluse.records SET closed_at = %s, destruction_requested_at = %s WHERE patient_key = %s",
            (start, asked, key),
        )
        found = instants(place, key, parameters, zone)
        assert found["ARCHIVE_END"] == timers.archive_ends(start, parameters), start
        assert found["DESTRUCTION_REQUEST"] == timers.destruction_due(asked, parameters), start


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("parameters", PARAMETERS, ids=["usual", "others"])
def test_a_holder_comes_of_age_on_the_day_of_the_law(place: Any, parameters: Parameters, zone: str) -> None:
    patient_id, record = place.a_record()
    assert patient_id
    key = record.patient_key
    place.owner.execute(
        "INSERT INTO ecluse.legal_representatives (patient_key, relationship, traits) VALUES (%s, 'MTH', '{}')", (key,)
    )
    for born in BIRTHS:
        place.owner.execute(
            "UPDATE ecluse.records SET birth_date = %s, opened_at = '2001-01-01' WHERE patient_key = %s", (born, key)
        )
        assert instants(place, key, parameters, zone) == {"MAJORITY": comes_of_age(born, parameters.majority_age)}, born

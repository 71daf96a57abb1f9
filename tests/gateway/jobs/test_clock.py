"""The law's clock moves forward only, in a sandbox only, and exactly as far as it was told."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from gateway.cli.main import main
from gateway.jobs.clock import ClockError, advance, after, read_clock

from .conftest import HIDDEN, Place

SPANS = [
    (datetime(2026, 11, 22, tzinfo=UTC), "14d", datetime(2026, 12, 6, tzinfo=UTC)),
    (datetime(2026, 1, 31, 10, tzinfo=UTC), "1mo", datetime(2026, 2, 28, 10, tzinfo=UTC)),
    (datetime(2024, 2, 29, tzinfo=UTC), "10y", datetime(2034, 2, 28, tzinfo=UTC)),
    (datetime(2026, 1, 1, tzinfo=UTC), "1y6mo", datetime(2027, 7, 1, tzinfo=UTC)),
    (datetime(2026, 1, 1, tzinfo=UTC), "6w12h30min", datetime(2026, 2, 12, 12, 30, tzinfo=UTC)),
]


@pytest.mark.parametrize(("start", "span", "end"), SPANS)
def test_a_span_is_one_of_the_calendar(start: datetime, span: str, end: datetime) -> None:
    assert after(start, span) == end


@pytest.mark.parametrize("span", ["", "14", "d", "-14d", "1m", "14 d", "1.5d", "99999y", "14dx", "999999d"])
def test_a_span_of_another_form_is_refused(span: str) -> None:
    with pytest.raises(ClockError) as refusal:
        after(datetime(2026, 1, 1, tzinfo=UTC), span)
    assert refusal.value.code == "SBX_CLOCK_SPAN"


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu"])
def test_every_session_reads_the_same_instant_whatever_its_time_zone(place: Place, zone: str) -> None:
    target = place.now() + timedelta(days=200)
    with psycopg.connect(place.database.layout.owner_url, autocommit=True) as connection:
        connection.execute("SELECT set_config('TimeZone', %s, false)", (zone,))
        reading = advance(connection, target, mode="sandbox")
    assert timedelta() <= reading.law - target < timedelta(minutes=1)
    assert timedelta() <= place.now() - target < timedelta(minutes=1)


def refused(place: Place, target: datetime, mode: str = "sandbox") -> str:
    before = read_clock(place.owner).ahead
    with pytest.raises(ClockError) as refusal:
        advance(place.owner, target, mode=mode)
    assert read_clock(place.owner).ahead == before
    return refusal.value.code


def test_the_clock_never_goes_back(place: Place) -> None:
    assert refused(place, place.now() - timedelta(seconds=1)) == "SBX_CLOCK_BACKWARDS"
    assert refused(place, datetime(2001, 1, 1, tzinfo=UTC)) == "SBX_CLOCK_BACKWARDS"


def test_a_clock_that_was_not_moved_is_proved_with_its_code(place: Place) -> None:
    wanted = place.now() - timedelta(days=1)
    refused(place, wanted)
    (event,) = place.one(
        "SELECT event FROM ecluse.audit_events WHERE door = 'administration' ORDER BY sequence DESC LIMIT 1"
    )
    told = json.loads(event)
    assert (told["transaction"], told["outcome"], told["code"]) == ("CLOCK-ADVANCE", "refused", "SBX_CLOCK_BACKWARDS")
    assert told["objects"][1] == wanted.isoformat()


def test_the_clock_of_a_house_in_production_is_never_moved(place: Place) -> None:
    assert refused(place, place.now() + timedelta(days=1), mode="production") == "SBX_CLOCK_PRODUCTION"


def test_the_clock_moves_two_centuries_at_most(place: Place) -> None:
    assert refused(place, place.now() + timedelta(days=366 * 201)) == "SBX_CLOCK_SPAN"


def test_nobody_winds_the_clock_back_by_hand(place: Place) -> None:
    for statement in ("UPDATE ecluse.law_clock SET ahead = '0'", "DELETE FROM ecluse.law_clock"):
        with pytest.raises(psycopg.Error, match="never goes back"):
            place.owner.execute(statement.encode())


def test_two_who_move_the_clock_at_once_end_at_the_further_instant(place: Place) -> None:
    start = place.now()
    targets = [start + timedelta(days=days) for days in (3, 9, 5, 7)]

    def move(target: datetime) -> str:
        with psycopg.connect(place.database.layout.owner_url, autocommit=True) as connection:
            try:
                advance(connection, target, mode="sandbox")
            except ClockError as error:
                return error.code
        return ""

    with ThreadPoolExecutor(4) as movers:
        assert set(movers.map(move, targets)) <= {"", "SBX_CLOCK_BACKWARDS"}
    assert timedelta() <= place.now() - max(targets) < timedelta(minutes=1)


def run(data: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--lang", "en", *words, "--data", str(data)])


def test_the_command_moves_the_clock_and_does_what_is_due(place: Place) -> None:
    patient_id, record = place.a_record()
    place.deposit(patient_id, record, HIDDEN)
    shown = json.loads(run(place.data, "clock", "--json").stdout)
    listed = json.loads(run(place.data, "jobs", "list", "--within", "20d", "--json").stdout)
    assert [one["kind"] for one in listed] == ["HIDDEN_REMINDER"]

    moved = run(place.data, "clock", "advance", "2mo")
    assert moved.exit_code == 0, moved.output
    assert "1 × document made visible to its holder" in moved.stdout
    later: dict[str, Any] = json.loads(run(place.data, "clock", "--json").stdout)
    assert datetime.fromisoformat(later["law"]) > datetime.fromisoformat(shown["law"]) + timedelta(days=58)
    assert place.notices(record.patient_key)["HIDDEN_DOCUMENT_RELEASED"] == 1

    back = run(place.data, "clock", "advance", "--to", "2020-01-01")
    assert (back.exit_code, "SBX_CLOCK_BACKWARDS" in back.stderr) == (1, True)
    assert run(place.data, "clock", "advance").exit_code == 2
    assert run(place.data, "clock", "advance", "--to", "tomorrow").exit_code == 1
    assert run(place.data, "jobs", "run").exit_code == 0
    assert "0 things." in run(place.data, "jobs", "list").stdout

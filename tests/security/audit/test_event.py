"""The bytes of an event."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from security.audit.event import AuditEvent, Outcome, pseudonym

EVENT = AuditEvent(
    door="ingest",
    time=datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC),
    transaction="ITI-41",
    outcome=Outcome.REFUSED,
    request_id="r1",
    objects=("1.2.3", "urn:uuid:é"),
)


def test_an_event_has_one_spelling() -> None:
    assert EVENT.canonical().decode() == (
        '{"door":"ingest","objects":["1.2.3","urn:uuid:é"],"outcome":"refused","request":"r1",'
        '"time":"2026-03-01T12:00:00.000005Z","transaction":"ITI-41"}'
    )


def test_the_time_zone_of_the_writer_does_not_show() -> None:
    paris = EVENT.time.astimezone(timezone(timedelta(hours=1)))
    assert replace(EVENT, time=paris).canonical() == EVENT.canonical()


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        replace(EVENT, time=datetime(2026, 3, 1)).canonical()


@pytest.mark.parametrize("text", ["a\x00b", "line\nbreak", '"quote"', "\ud800"])
def test_any_text_keeps_the_event_on_one_line_of_json(text: str) -> None:
    event = replace(EVENT, code=text).canonical()
    assert b"\n" not in event
    assert b"\x00" not in event
    assert json.loads(event)["transaction"] == "ITI-41"


def test_a_pseudonym_depends_on_the_key_and_hides_the_patient() -> None:
    patient = "299999999999999^^^&1.2.250.1.213.1.4.10&ISO^NH"
    first, second = pseudonym(b"a" * 32, patient), pseudonym(b"b" * 32, patient)
    assert first != second
    assert first == pseudonym(b"a" * 32, patient)
    assert "299999999999999" not in first
    with pytest.raises(ValueError, match="32 bytes"):
        pseudonym(b"short", patient)

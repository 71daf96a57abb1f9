"""Whoever has the database password of consultation forges nobody else's act and announces nothing that was not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

DOCTOR, STRUCTURE = "810009999995", "1750999013"
Change = Callable[[dict[str, Any], dict[str, Any]], Any]
Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def patient(house: Any, new_scene: Callable[[Any], Any]) -> str:
    cx: str = new_scene(house).patient.cx
    return cx


@pytest.fixture
def thief(house: Any) -> Iterator[Connection]:
    url = (house.data / "consultation" / "database.url").read_text("ascii").strip()
    with psycopg.connect(url, autocommit=True, options="-c search_path=ecluse,pg_temp") as connection:
        yield connection


def reading(patient: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The trace of a reading in an emergency and its event, as the door writes them."""
    trace = {
        "patient": patient,
        "operation": "TD3.2",
        "outcome": "success",
        "actor_kind": "HEALTHCARE_PROFESSIONAL",
        "actor_id": DOCTOR,
        "actor_structure": STRUCTURE,
        "request_id": "r1",
        "mode": "bris_de_glace",
        "reason": "malaise",
        "documents": ["1.2.3"],
        "secret": False,
        "notices": [
            {"kind": "FIRST_ACCESS", "subject": DOCTOR},
            {"kind": "EMERGENCY_ACCESS", "subject": f"{DOCTOR} bris_de_glace 2026-11-22"},
        ],
        **dict.fromkeys(("actor_name", "actor_role", "auth_mode", "lps", "code", "rule"), ""),
    }
    event = {
        "door": "consultation",
        "time": "2026-11-22T10:00:00.000000Z",
        "transaction": "ITI-43",
        "request": "r1",
        "actor": DOCTOR,
        "structure": STRUCTURE,
        "outcome": "success",
    }
    return trace, event


def canonical(event: dict[str, Any]) -> str:
    """As the door spells it: others verify the chain of this house."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"))


def written(thief: Connection, trace: dict[str, Any], *events: dict[str, Any]) -> None:
    thief.execute(
        "SELECT access_append(%s, %s::text::jsonb)", ([canonical(one) for one in events], json.dumps([trace]))
    )


def counted(house: Any) -> Any:
    with closing(house.owner()) as owner:
        return owner.execute(
            "SELECT (SELECT count(*) FROM ecluse.traces), (SELECT count(*) FROM ecluse.outbox),"
            " (SELECT count(*) FROM ecluse.audit_events)"
        ).fetchone()


def notice(kind: str, subject: str) -> Change:
    return lambda trace, event: trace.update(notices=[{"kind": kind, "subject": subject}])


FORGED: dict[str, Change] = {
    "the patient": lambda trace, event: trace.update(actor_kind="PATIENT"),
    "the system": lambda trace, event: trace.update(actor_kind="SYSTEM"),
    "the administration": lambda trace, event: trace.update(actor_kind="SUPPORT"),
    "another professional than its event": lambda trace, event: trace.update(actor_id="810099998014", notices=[]),
    "another structure than its event": lambda trace, event: trace.update(actor_structure="1450999010"),
    "another outcome than its event": lambda trace, event: event.update(outcome="refused"),
    "another request than its event": lambda trace, event: event.update(request="r2"),
    "a deposit": lambda trace, event: trace.update(operation="TD2.1", notices=[]),
    "a closing that was not": lambda trace, event: trace.update(operation="TD1.4", notices=[]),
    "an authorisation that was not": lambda trace, event: trace.update(operation="TD0.3.AJOUT", notices=[]),
    "a mask that was not": lambda trace, event: trace.update(operation="TD3.3a.MASQUER", notices=[]),
    "an operation that nobody knows": lambda trace, event: trace.update(operation="TD9", notices=[]),
    "news of a destruction": notice("RECORD_DESTROYED", "r1"),
    "news of a closing": notice("RECORD_CLOSED", "r1"),
    "news of a document": notice("DOCUMENT_CHANGED", "1.2.3"),
    "the first access of somebody else": notice("FIRST_ACCESS", "810099998014"),
    "an emergency of somebody else": notice("EMERGENCY_ACCESS", "810099998014 centre_15 2026-11-22"),
    "a notice about nothing": lambda trace, event: trace.update(notices=[{"kind": "FIRST_ACCESS"}]),
    "no kind": lambda trace, event: trace.pop("actor_kind"),
    "a book": lambda trace, event: trace.update(reason="x" * 300_000),
}


def test_the_door_writes_down_its_readings(thief: Connection, patient: str, house: Any) -> None:
    traces, notices, events = counted(house)
    written(thief, *reading(patient))
    assert counted(house) == (traces + 1, notices + 2, events + 1)


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_a_trace_of_anything_else_is_denied(thief: Connection, patient: str, change: Change, house: Any) -> None:
    trace, event = reading(patient)
    change(trace, event)
    before = counted(house)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        written(thief, trace, event)

    assert counted(house) == before


def test_no_trace_is_written_without_its_event(thief: Connection, patient: str) -> None:
    trace, _ = reading(patient)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        written(thief, trace)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        thief.execute("SELECT trace_append(%s::text::jsonb)", (json.dumps([trace]),))


def test_a_change_is_written_down_by_the_transaction_that_made_it_and_of_that_record_only(
    thief: Connection, patient: str, house: Any, new_scene: Callable[[Any], Any]
) -> None:
    other = new_scene(house).patient.cx
    trace, event = reading(patient)
    trace.update(operation="TD1.3b", notices=[])

    def change(record: str, told: dict[str, Any]) -> None:
        thief.execute(
            "SELECT change_record(r.patient_key, r.revision, '{}', %s, %s::text::jsonb)"
            " FROM records r JOIN patients p USING (patient_key) WHERE p.patient_id = %s",
            (canonical(event), json.dumps([told]), record),
        )

    change(patient, trace)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        change(other, trace)

"""Whoever has the database password of ingest forges nobody else's act, announces nothing, learns no consent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

HOSPITAL, OTHER = "1750999013", "1450999010"
ALLOWED = {"patient_key", "status", "key_id", "revision", "attached_to_ens", "ahead"}
Change = Callable[[dict[str, Any], dict[str, Any]], Any]


@pytest.fixture(scope="module")
def patient(house: Any, new_scene: Callable[[Any], Any]) -> str:
    cx: str = new_scene(house).patient.cx
    return cx


@pytest.fixture
def thief(house: Any) -> Iterator[psycopg.Connection[Any]]:
    url = (house.data / "ingest" / "database.url").read_text("ascii").strip()
    with psycopg.connect(url, autocommit=True, options="-c search_path=ecluse,pg_temp") as connection:
        yield connection


def question(patient: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The trace of a question and its event, as the door writes them."""
    trace = {
        "patient": patient,
        "operation": "TD0.2",
        "outcome": "success",
        "actor_kind": "HEALTHCARE_FACILITY",
        "actor_structure": HOSPITAL,
        "request_id": "r1",
        "notices": [],
        "documents": [],
        "secret": False,
        **dict.fromkeys(("actor_id", "actor_name", "actor_role", "auth_mode", "lps", "mode", "reason"), ""),
        **dict.fromkeys(("code", "rule"), ""),
    }
    return trace, {"door": "ingest", "request": "r1", "structure": HOSPITAL, "outcome": "success"}


def written(thief: psycopg.Connection[Any], trace: dict[str, Any], *events: dict[str, Any], times: int = 1) -> None:
    thief.execute(
        "SELECT access_append(%s, %s::text::jsonb)",
        ([json.dumps(event) for event in events], json.dumps([trace] * times)),
    )


def test_the_door_writes_down_its_own_questions(thief: psycopg.Connection[Any], patient: str) -> None:
    written(thief, *question(patient))


FORGED: dict[str, Change] = {
    "the patient": lambda trace, event: trace.update(actor_kind="PATIENT"),
    "the system": lambda trace, event: trace.update(actor_kind="SYSTEM"),
    "a reading": lambda trace, event: trace.update(operation="TD3.2"),
    "a deposit that was not": lambda trace, event: trace.update(operation="TD2.1"),
    "a deletion that was not": lambda trace, event: trace.update(operation="TD3.3c"),
    "an authorisation that was not": lambda trace, event: trace.update(operation="TD0.3.AJOUT"),
    "the refusal of a reading": lambda trace, event: (
        trace.update(operation="TD3.2", outcome="refused"),
        event.update(outcome="refused"),
    ),
    "a notice": lambda trace, event: trace.update(notices=[{"kind": "RECORD_CLOSED", "subject": "x"}]),
    "a notice of a document": lambda trace, event: trace.update(notices=[{"kind": "DOCUMENT_ADDED", "subject": "1"}]),
    "no word on notices": lambda trace, event: trace.pop("notices"),
    "another structure than its event": lambda trace, event: trace.update(actor_structure=OTHER),
    "another outcome than its event": lambda trace, event: event.update(outcome="refused"),
    "another request than its event": lambda trace, event: event.update(request="r2"),
    "no kind": lambda trace, event: trace.pop("actor_kind"),
    "a book": lambda trace, event: trace.update(reason="x" * 300_000),
}


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_a_trace_of_anything_else_is_denied(
    thief: psycopg.Connection[Any], patient: str, change: Change, house: Any
) -> None:
    trace, event = question(patient)
    change(trace, event)
    before = counted(house)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        written(thief, trace, event)

    assert counted(house) == before


def test_a_trace_without_its_event_and_many_for_one_are_denied(thief: psycopg.Connection[Any], patient: str) -> None:
    trace, event = question(patient)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        written(thief, trace)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        written(thief, trace, event, times=2)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        thief.execute("SELECT trace_append(%s::text::jsonb)", (json.dumps([trace]),))


def counted(house: Any) -> Any:
    with closing(house.owner()) as owner:
        return owner.execute(
            "SELECT (SELECT count(*) FROM ecluse.traces), (SELECT count(*) FROM ecluse.outbox),"
            " (SELECT count(*) FROM ecluse.audit_events)"
        ).fetchone()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("own_documents(%s, '1750999013', '', '{}', '{}')", ALLOWED | {"documents"}),
        (
            "record_receipt(%s)",
            ALLOWED | {"closed_at", "closing_motive", "closing_reason", "account_open"},
        ),
        (
            "submission_facts(%s, '1750999013', '{}', '{}')",
            ALLOWED | {"public_key", "birth_date", "btg", "default_masking", "objects", "unique_ids"},
        ),
    ],
)
def test_of_a_record_only_what_is_decided_on_is_told(
    thief: psycopg.Connection[Any], patient: str, call: str, told: set[str]
) -> None:
    cursor = thief.execute(f"SELECT * FROM {call}".encode(), (patient,))  # noqa: S608

    assert {column.name for column in cursor.description or ()} == told


@pytest.mark.parametrize("event", ["{}", '{"structure": "1450999010"}', '{"structure": null}'])
def test_no_list_of_records_without_an_event_that_names_its_structure(
    thief: psycopg.Connection[Any], house: Any, event: str
) -> None:
    before = counted(house)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        thief.execute("SELECT * FROM structure_records('1750999013', now(), %s)", (event,))
    assert counted(house) == before

    thief.execute(
        "SELECT * FROM structure_records('1750999013', now(), %s)", ('{"door": "ingest", "structure": "1750999013"}',)
    )

    assert counted(house)[2] == before[2] + 1


@pytest.mark.parametrize(
    ("structure", "days"),
    [("810000000001", 365), ("", 365), ("899700000001", 1), (HOSPITAL, 0), (HOSPITAL, 40_000), (HOSPITAL, None)],
    ids=["a person", "nobody", "another person", "no day", "a century", "for ever"],
)
def test_an_authorisation_is_that_of_a_structure_for_a_time(
    thief: psycopg.Connection[Any], patient: str, structure: str, days: int | None
) -> None:
    trace = {**question(patient)[0], "operation": "TD0.3.AJOUT"}
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        thief.execute(
            "SELECT declare_structure(%s, 0, %s, %s, %s::text::jsonb, %s)",
            (patient, structure, days, json.dumps(trace), json.dumps({"structure": structure})),
        )


def declared(thief: psycopg.Connection[Any], house: Any, patient: str, event: dict[str, str]) -> Any:
    """Declare HOSPITAL for a year, at the revision that the record has."""
    with closing(house.owner()) as owner:
        (revision,) = owner.execute(
            "SELECT r.revision FROM ecluse.records r JOIN ecluse.patients p USING (patient_key)"
            " WHERE p.patient_id = %s",
            (patient,),
        ).fetchone()
    trace = {**question(patient)[0], "operation": "TD0.3.AJOUT"}
    return thief.execute(
        "SELECT declare_structure(%s, %s, %s, 365, %s::text::jsonb, %s)",
        (patient, revision, HOSPITAL, json.dumps(trace), json.dumps(event)),
    ).fetchone()


@pytest.mark.parametrize("event", [{}, {"structure": OTHER}], ids=["nobody", "another"])
def test_no_authorisation_without_an_event_that_names_its_structure(
    thief: psycopg.Connection[Any], patient: str, house: Any, event: dict[str, str]
) -> None:
    before = counted(house)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        declared(thief, house, patient, event)
    assert counted(house) == before


def test_the_authorisation_of_a_person_whose_number_a_structure_has_too_is_not_touched(
    thief: psycopg.Connection[Any], house: Any, new_scene: Callable[[Any], Any]
) -> None:
    patient = new_scene(house).patient.cx
    assert declared(thief, house, patient, {"door": "ingest", "structure": HOSPITAL}) is not None
    of_a_person = (
        "UPDATE ecluse.authorisations SET holder_kind = 'PS' WHERE professional_id = %s"
        " AND patient_key = (SELECT patient_key FROM ecluse.patients WHERE patient_id = %s)"
    )
    with closing(house.owner()) as owner:
        assert owner.execute(of_a_person, (HOSPITAL, patient)).rowcount == 1
    with pytest.raises(psycopg.Error, match="declaration refused"):
        declared(thief, house, patient, {"structure": HOSPITAL})

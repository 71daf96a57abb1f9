"""Every transaction of a generic domain leaves one event: who, what, for whom, and how it ended (ITI TF-2 §3.20)."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from lxml import etree

from gateway.cli.rehearsal import Rehearsal
from samples.client.queries import QueryId
from samples.feed import interaction
from samples.xds.documents import text_document
from samples.xds.entries import on_demand_entry
from samples.xds.patients import DomainPatient, new_patient
from samples.xds.submission import new_submission, one_document
from samples.xds.updates import update_status
from security.audit.event import pseudonym
from xds.registry.identifiers import canonical_patient_id

REPOSITORY, ELSEWHERE = "1.2.250.1.213.4.1.1.1.2", "1.2.3.4.5.6.7"
APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"


class Trail:
    """The audit events of a house since they were last read."""

    def __init__(self, house: Rehearsal) -> None:
        self.house = house
        self.read: dict[str, int] = {}
        self.new()

    def new(self) -> list[dict[str, Any]]:
        """The events since the last call, those of the caretaker left out."""
        with closing(self.house.owner()) as connection:
            rows = connection.execute("SELECT door, sequence, event FROM ecluse.audit_events ORDER BY 1, 2").fetchall()
        found = [json.loads(event) for door, sequence, event in rows if sequence > self.read.get(door, 0)]
        self.read |= {door: sequence for door, sequence, _ in rows}
        return [event for event in found if event["door"] != "administration"]

    def patient(self, door: str, patient: DomainPatient) -> str:
        """How the trail of a door names a patient."""
        key = (self.house.data / door / "audit.key").read_bytes()
        return pseudonym(key, canonical_patient_id(patient.cx))


@pytest.fixture
def trail(generic_house: Rehearsal, patient: DomainPatient) -> Trail:
    """Read after the patient of the test was announced."""
    return Trail(generic_house)


def only(events: list[dict[str, Any]]) -> tuple[str, str, str, str, list[str]]:
    """Door, transaction, outcome, patient and objects of the one event."""
    (event,) = events
    assert event["actor"]
    assert event["certificate"]
    return event["door"], event["transaction"], event["outcome"], event.get("patient", ""), event.get("objects", [])


def test_every_success_is_an_event(source: Any, consumer: Any, patient: DomainPatient, trail: Trail) -> None:
    fed, asked = trail.patient("ingest", patient), trail.patient("consultation", patient)

    def after(call: Callable[[], Any]) -> tuple[str, str, str, str, list[str]]:
        assert call().succeeded
        return only(trail.new())

    lot = one_document(patient)
    names = list(lot.unique_ids)
    assert after(lambda: source.provide_and_register(lot)) == ("ingest", "ITI-41", "success", fed, names)
    elsewhere = one_document(patient, text_document("Ailleurs.")).in_repository(ELSEWHERE)
    assert after(lambda: source.register(elsewhere)) == (
        "ingest", "ITI-42", "success", fed, list(elsewhere.unique_ids))  # fmt: skip
    on_demand = new_submission(patient).add_entry(on_demand_entry(patient, ELSEWHERE))
    assert after(lambda: source.register_on_demand(on_demand))[:4] == ("ingest", "ITI-61", "success", fed)
    assert after(lambda: consumer.find_documents(patient.cx))[:4] == ("consultation", "ITI-18", "success", asked)
    several = {"patient_id": [patient.cx], "status": [APPROVED]}
    found = after(lambda: consumer.query(QueryId.FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS, **several))
    assert found[:3] == ("consultation", "ITI-51", "success")
    given = after(lambda: consumer.retrieve([(REPOSITORY, names[0])]))
    assert given == ("consultation", "ITI-43", "success", given[3], names)
    (entry,) = consumer.get_documents(unique_ids=names).document_entries
    trail.new()
    order = update_status(new_submission(patient), entry.entry_uuid)
    assert after(lambda: consumer.update(order))[:4] == ("consultation", "ITI-57", "success", asked)
    removed = after(lambda: consumer.remove_documents([(REPOSITORY, names[0])]))
    assert removed == ("consultation", "ITI-86", "success", removed[3], names)
    answer = consumer.query(QueryId.GET_SUBMISSION_SET_AND_CONTENTS, unique_id=elsewhere.submission_set.unique_id)
    trail.new()
    gone = after(lambda: consumer.remove_metadata(answer.ids))
    assert gone[:3] == ("consultation", "ITI-62", "success")
    assert sorted(gone[4]) == sorted(answer.ids)


def test_a_patient_announced_is_an_event(source: Any, trail: Trail) -> None:
    announced = new_patient()
    identifier, _, authority = announced.cx.partition("^^^&")
    message = interaction("add", (identifier, authority.removesuffix("&ISO")))
    assert source.announce(etree.fromstring(message)).accepted
    (event,) = trail.new()
    assert (event["transaction"], event["outcome"]) == ("ITI-44", "success")
    assert event["patient"] == trail.patient("ingest", announced)


def test_every_refusal_is_an_event_with_its_code(source: Any, consumer: Any, trail: Trail) -> None:
    lot, nothing = one_document(new_patient()), [(REPOSITORY, "1.2.3.404")]
    asked: list[tuple[str, Callable[[], Any]]] = [
        ("ITI-41", lambda: source.provide_and_register(lot)),
        ("ITI-42", lambda: source.register(lot)),
        ("ITI-61", lambda: source.register_on_demand(lot)),
        ("ITI-18", lambda: consumer.stored_query(QueryId.GET_DOCUMENTS, {})),
        ("ITI-51", lambda: consumer.stored_query(QueryId.GET_DOCUMENTS, {}, multi_patient=True)),
        ("ITI-57", lambda: consumer.update(new_submission(new_patient()))),
        ("ITI-62", lambda: consumer.remove_metadata(["urn:uuid:404"])),
        ("ITI-43", lambda: consumer.retrieve(nothing)),
        ("ITI-86", lambda: consumer.remove_documents(nothing)),
    ]
    for transaction, ask in asked:
        answer = ask()
        (event,) = trail.new()
        assert (event["transaction"], event["outcome"]) == (transaction, "refused")
        assert event["code"] == answer.error_codes[0]

"""In a generic domain too every transaction leaves exactly one event, whatever comes of it; no log names a patient."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest

from gateway.consultation import app as consultation
from gateway.ingest import app as ingest
from gateway.wire.addressing import Transaction
from samples.client.answers import SoapFault
from samples.client.queries import APPROVED, DEPRECATED, QueryId
from samples.feed import adt, interaction
from samples.xds.documents import text_document
from samples.xds.entries import on_demand_entry
from samples.xds.patients import DomainPatient, new_patient
from samples.xds.submission import new_submission, one_document
from samples.xds.updates import update_entry
from security import xml
from security.audit.event import pseudonym
from xds.metadata.document_entry import ON_DEMAND, STABLE
from xds.registry.identifiers import canonical_patient_id

REPOSITORY, ELSEWHERE = "1.2.250.1.213.4.1.1.1.2", "1.2.3.4.5.6.7"
CANARY = "Canaridae"


@dataclass
class Life:
    """One patient, one document, and what is done with them: each deed is one transaction. `named` are its objects."""

    source: Any
    consumer: Any
    feed: Any
    patient: DomainPatient
    lot: Any = None
    named: set[str] = field(default_factory=set)

    def deposit(self) -> Any:
        text = text_document(f"{CANARY} has a secret.")
        self.lot = one_document(self.patient, text, title=f"{CANARY} was here")
        self.named = set(self.lot.unique_ids)
        return self.source.provide_and_register(self.lot)

    def register(self) -> Any:
        lot = one_document(self.patient).in_repository(ELSEWHERE)
        self.named = set(lot.unique_ids)
        return self.source.register(lot)

    def register_on_demand(self) -> Any:
        lot = new_submission(self.patient).add_entry(on_demand_entry(self.patient, ELSEWHERE))
        self.named = set(lot.unique_ids)
        return self.source.register_on_demand(lot)

    def find(self) -> Any:
        answer = self.consumer.find_documents(self.patient.cx)
        self.named = set(answer.unique_ids)
        return answer

    def find_for_several(self) -> Any:
        query = QueryId.FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS
        answer = self.consumer.query(query, patient_id=[self.patient.cx], status=APPROVED)
        self.named = set(answer.unique_ids)
        return answer

    def find_by_id(self) -> Any:
        self.named = set(self.lot.unique_ids)
        return self.consumer.get_documents(unique_ids=self.lot.unique_ids)

    def read(self) -> Any:
        self.named = set(self.lot.unique_ids)
        return self.consumer.retrieve([(REPOSITORY, self.lot.unique_ids[0])])

    def update(self) -> Any:
        (entry,) = self.consumer.get_documents(unique_ids=self.lot.unique_ids).document_entries
        order = update_entry(new_submission(self.patient), entry, title=f"{CANARY} again")
        self.named = {order.submission_set.unique_id, entry.unique_id}
        return self.consumer.update(order)

    def remove_documents(self) -> Any:
        self.named = set(self.lot.unique_ids)
        return self.consumer.remove_documents([(REPOSITORY, self.lot.unique_ids[0])])

    def remove_metadata(self) -> Any:
        every = [APPROVED, DEPRECATED]
        statuses = {f"{kind}_status": every for kind in ("entry", "submission_set", "folder", "association")}
        ids = self.consumer.query(
            QueryId.GET_ALL,
            return_type="ObjectRef",
            patient_id=self.patient.cx,
            object_type=[STABLE, ON_DEMAND],
            **statuses,
        ).ids
        self.named = set(ids)
        return self.consumer.remove_metadata(ids)

    def announce(self) -> Any:
        self.named = {"PRPA_IN201301UV02"}
        body = interaction("add", (self.patient.identifier, self.patient.authority))
        return self.source.announce(xml.parse(body))

    def announce_v2(self) -> Any:
        self.named = {"ADT^A04"}
        assert b"MSA|AA" in self.feed.send(adt("A04", self.patient.cx))


SUCCESSES: list[tuple[str, str]] = [
    ("announce_v2", "ITI-8"),
    ("announce", "ITI-44"),
    ("deposit", "ITI-41"),
    ("register", "ITI-42"),
    ("register_on_demand", "ITI-61"),
    ("find", "ITI-18"),
    ("find_by_id", "ITI-18"),
    ("find_for_several", "ITI-51"),
    ("read", "ITI-43"),
    ("update", "ITI-57"),
    ("remove_documents", "ITI-86"),
    ("remove_metadata", "ITI-62"),
]
"""In the order in which they can be done."""


@dataclass(frozen=True)
class Trail:
    """The trail of a house, read as its administrator."""

    house: Any

    def events(self) -> list[dict[str, Any]]:
        with closing(self.house.owner()) as connection:
            rows = connection.execute("SELECT event FROM ecluse.audit_events ORDER BY door, sequence").fetchall()
        return [json.loads(row[0]) for row in rows]

    def left_by(self, deed: Callable[[], Any]) -> list[dict[str, Any]]:
        """The events that a deed adds."""
        before = {event["request"] for event in self.events()}
        deed()
        return [event for event in self.events() if event["request"] not in before]

    def pseudonym(self, patient: DomainPatient) -> str:
        key: bytes = (self.house.data / "ingest" / "audit.key").read_bytes()
        return pseudonym(key, canonical_patient_id(patient.cx))

    def actor(self, door: str) -> dict[str, str]:
        """Who is at a door in these tests: who holds the certificate, and nobody else."""
        shown = self.house.credential("chu-seine.auth" if door == "ingest" else "dr-essai.auth")
        return {"door": door, "certificate": sha256(shown.certificate_der()).hexdigest(), "actor": shown.national_id}


@pytest.fixture
def trail(generic_house: Any) -> Trail:
    return Trail(generic_house)


def door_of(name: str) -> str:
    offered: set[Transaction] = {item for items in ingest.OFFER["ihe"].values() for item in items}
    return "ingest" if name == "ITI-8" or name in {item.name for item in offered} else "consultation"


def test_every_transaction_of_the_doors_has_its_row() -> None:
    offered = {
        transaction.name
        for offer in (ingest.OFFER, consultation.OFFER)
        for transactions in offer["ihe"].values()
        for transaction in transactions
    }
    assert {name for _, name in SUCCESSES} == offered | {"ITI-8"}
    assert set(REFUSALS) == offered


def test_each_success_is_one_event_of_its_actor_about_one_patient(
    generic_house: Any, trail: Trail, source: Any, consumer: Any, feed_of: Any
) -> None:
    with feed_of(generic_house) as feed:
        life = Life(source, consumer, feed, new_patient(family=CANARY))
        for deed, name in SUCCESSES:
            # To update or to remove, one asks first what there is: that leaves its own event.
            left = trail.left_by(getattr(life, deed))
            asked = 1 if deed in ("update", "remove_metadata") else 0
            assert len(left) == asked + 1, deed
            (event,) = (event for event in left if event["transaction"] == name)
            expected = {**trail.actor(door_of(name)), "transaction": name, "outcome": "success"}
            assert {key: event.get(key) for key in expected} == expected, (deed, event)
            # A query over several patients is about none of them.
            assert event.get("patient", "") == ("" if name == "ITI-51" else trail.pseudonym(life.patient)), deed
            assert life.named <= set(event["objects"]), (deed, event)


def test_a_merge_names_both_by_their_pseudonyms(
    generic_house: Any, trail: Trail, source: Any, consumer: Any, feed_of: Any
) -> None:
    one, two = new_patient(), new_patient()
    with feed_of(generic_house) as feed:
        assert all(b"MSA|AA" in feed.send(adt("A04", patient.cx)) for patient in (one, two))
        (event,) = trail.left_by(lambda: feed.send(adt("A40", one.cx, subsumed=two.cx)))

    assert (event["transaction"], event["outcome"], event["patient"]) == ("ITI-8", "success", trail.pseudonym(one))
    assert trail.pseudonym(two) in event["objects"]


NOTHING = [(REPOSITORY, "1.2.3.404")]
REFUSALS: dict[str, tuple[Callable[[Any, Any, DomainPatient], Any], str]] = {
    "ITI-41": (lambda s, _, p: s.provide_and_register(one_document(p)), "XDSUnknownPatientId"),
    "ITI-42": (lambda s, _, p: s.register(one_document(p).in_repository(ELSEWHERE)), "XDSUnknownPatientId"),
    "ITI-61": (lambda s, _, p: s.register_on_demand(one_document(p).in_repository(ELSEWHERE)),
               "XDSRegistryMetadataError"),
    "ITI-44": (lambda s, _, p: s.announce(xml.parse(interaction("add", (" ", p.authority)))), "DATA_TYPE"),
    "ITI-18": (lambda _, c, p: c.stored_query(QueryId.FIND_DOCUMENTS, {}), "XDSStoredQueryMissingParam"),
    "ITI-51": (lambda _, c, p: c.stored_query(QueryId.GET_ALL, {}, multi_patient=True), "XDSUnknownStoredQuery"),
    "ITI-43": (lambda _, c, p: c.retrieve(NOTHING), "XDSDocumentUniqueIdError"),
    "ITI-57": (lambda _, c, p: c.update(new_submission(p)), "XDSMetadataUpdateOperationError"),
    "ITI-62": (lambda _, c, p: c.remove_metadata(["urn:uuid:404"]), "UnresolvedReferenceException"),
    "ITI-86": (lambda _, c, p: c.remove_documents(NOTHING), "XDSDocumentUniqueIdError"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_each_refusal_is_one_event_with_its_code(trail: Trail, source: Any, consumer: Any, name: str) -> None:
    attempt, code = REFUSALS[name]
    stranger = new_patient(family=CANARY)

    (event,) = trail.left_by(lambda: attempt(source, consumer, stranger))

    expected = {**trail.actor(door_of(name)), "transaction": name, "outcome": "refused", "code": code}
    assert {key: event.get(key) for key in expected} == expected


@pytest.mark.parametrize("service", ["repository", "registry", "patients"])
@pytest.mark.parametrize("door", ["ingest", "consultation"])
def test_each_fault_is_one_event_that_says_where_it_was_sent(
    trail: Trail, source: Any, consumer: Any, door: str, service: str
) -> None:
    client, offer = (source, ingest.OFFER) if door == "ingest" else (consumer, consultation.OFFER)
    address = client.repository.address.replace("repository", service)

    def attempt() -> None:
        client.session.post(address, data=b"<", headers={"Content-Type": "application/soap+xml"}, timeout=10)

    left = trail.left_by(attempt)

    if service not in offer["ihe"]:
        assert left == [], "nothing is there: nobody was asked for anything"
        return
    (event,) = left
    named = " ".join(dict.fromkeys(transaction.name for transaction in offer["ihe"][service]))
    expected = {**trail.actor(door), "transaction": named, "outcome": "refused", "code": "XML_MALFORMED"}
    assert {key: event.get(key) for key in expected} == expected


def test_logs_and_trail_name_no_patient_and_no_content(
    generic_house: Any, trail: Trail, source: Any, consumer: Any, feed_of: Any
) -> None:
    """A patient whose every trait is a canary goes through each success, refusal and fault."""
    with feed_of(generic_house) as feed:
        life = Life(source, consumer, feed, new_patient(family=CANARY, given="Serinette"))
        for deed, _ in SUCCESSES:
            getattr(life, deed)()
        feed.send(adt("A04", f"{CANARY}^^^&nowhere&ISO"))
        feed.send(adt("A40", life.patient.cx, subsumed=f"{CANARY}^^^&1.2.3&ISO"))
    for attempt, _ in REFUSALS.values():
        attempt(source, consumer, life.patient)
    source.provide_and_register(one_document(life.patient, title=f"{CANARY} " * 30, hash=CANARY))
    consumer.stored_query(f"urn:uuid:{CANARY}", {f"${CANARY}": f"'{CANARY}"})
    consumer.find_documents(f"{CANARY}^^^&1.2.3&ISO", author_person=f"{CANARY}%")
    consumer.remove_metadata([CANARY])
    message = source.message(one_document(life.patient))
    with pytest.raises(SoapFault):
        source.send(message.with_root(message.root.replace(b"<", f"<{CANARY}".encode(), 3)))

    logs = [generic_house.directory / "doors.log", *generic_house.data.rglob("*.log")]
    written = {path.name: path.read_text("utf-8", "replace") for path in logs}
    written["trail"] = json.dumps(trail.events())
    assert {"trail", "doors.log"} <= set(written)
    words = [life.patient.identifier, life.patient.cx, CANARY, "Serinette", "has a secret", life.patient.born]
    found = {(word, name) for name, text in written.items() for word in words if word.lower() in text.lower()}
    assert found == set()
    assert not re.findall(r"T[0-9a-f]{16}\^", written["doors.log"])


def test_the_trail_of_the_house_is_whole(generic_house: Any) -> None:
    command = [sys.executable, "-m", "gateway", "audit", "verify", "--json", "--data", str(generic_house.data)]
    done = subprocess.run(command, text=True, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr
    verdicts = {verdict["door"]: verdict["fault"] for verdict in json.loads(done.stdout)}
    assert verdicts == dict.fromkeys(("ingest", "consultation", "administration"))

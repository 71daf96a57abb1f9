"""Knocking at the doors with any certificate, and true messages for every operation that they offer in each domain."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.client import HTTPResponse, HTTPSConnection
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from lxml import etree

from cda.document import parse_document
from cda.header import read_header
from cda.to_metadata import to_entry
from gateway import records
from gateway.cli.rehearsal import Rehearsal
from gateway.cli.story import REPOSITORY
from gateway.soap_door import SERVICES
from gateway.wire.addressing import (
    ITI_18,
    ITI_41,
    ITI_43,
    ITI_57,
    RECORD_TRANSACTIONS,
    TD_0_2,
    TD_0_3,
    TD_0_4,
    TD_0_5,
    TD_1_1,
    TD_1_2,
    TD_1_3A,
    TD_1_3B,
    TD_1_4,
    TD_1_5A,
    TD_1_5B,
    TD_1_5D,
    TD_1_6,
    Transaction,
)
from samples.changes import change_lot, mask
from samples.client import queries, record_messages
from samples.client.answers import (
    SoapFault,
    UnexpectedAnswer,
    read_feed_answer,
    read_query_answer,
    read_registry_answer,
    read_retrieve_answer,
)
from samples.client.client import ConsultationClient, IngestClient
from samples.client.exchange import put_in_body
from samples.client.record_messages import Person
from samples.client.records import RecordsClient
from samples.client.transport import read_reply
from samples.documents.vsm import vsm
from samples.feed import content_type, envelope, interaction
from samples.pki.catalogue import Entry, read_catalogue
from samples.sender import Sender
from samples.submission import SUBMISSION_SET, Submission, build_submission
from samples.vihf import build_vihf
from samples.xds.documents import text_document
from samples.xds.entries import on_demand_entry
from samples.xds.patients import DomainPatient, new_patient
from samples.xds.submission import XdsSubmission, new_submission, one_document
from samples.xds.updates import update_entry
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import AvailabilityStatus

CATALOGUE = read_catalogue()
ELSEWHERE = "1.2.3.4.5.6.7"
ANSWERED = "answered"
HOLDER = Person(family="SPECIMEN", given=("Claire",))
INTERACTIONS: dict[Transaction, Callable[[str], Any]] = {
    TD_0_2: record_messages.existence,
    TD_0_5: lambda _: record_messages.search(HOLDER),
    TD_1_1: lambda cx: record_messages.registration("CREA_RD", cx, HOLDER),
    TD_1_2: lambda cx: record_messages.registration("REAC", cx, HOLDER),
    TD_1_3A: lambda cx: record_messages.existence(cx, "CNSLT_DATA"),
    TD_1_3B: lambda cx: record_messages.registration("MODIF_DATA", cx, HOLDER),
    TD_1_4: lambda cx: record_messages.registration("FERM", cx, motive="FERMETURE_DEMANDE_PATIENT", text="essai"),
}
SERVICE_CALLS: dict[Transaction, tuple[str, dict[str, Any]]] = {
    TD_0_3: ("habilitations", {"action": "AJOUT"}),
    TD_0_4: ("patients_specific", {"mode": "LASTAUTORIZATION", "since": datetime(2020, 1, 1, tzinfo=UTC)}),
    TD_1_5A: ("patients_specific", {"channel": "EMAIL"}),
    TD_1_5B: ("patients_specific", {}),
    TD_1_5D: ("patients_specific", {}),
    TD_1_6: ("habilitations", {"mode": "TOUTE"}),
}
_READERS = {"ITI-18": read_query_answer, "ITI-51": read_query_answer, "ITI-43": read_retrieve_answer}
Packed = tuple[str, bytes]
"""A message ready to be posted: Content-Type and body."""


def verdict_on(entry: Entry | None, door: str) -> str | None:
    if entry is None or not entry.handshake or entry.profile.issuer not in CATALOGUE.trust[door]:
        return "TLS"
    if entry.profile.extended and "client_auth" not in entry.profile.extended:
        return "TLS"
    return entry.refused


@pytest.fixture(scope="session")
def verdict() -> Callable[[Entry | None, str], str | None]:
    """Who refuses a certificate at a door: TLS, a kind of error, or nobody."""
    return verdict_on


@dataclass(frozen=True)
class Knocker:
    """Sends prepared bytes to the doors of a house, with any certificate or none."""

    house: Rehearsal

    def shown(self, name: str) -> Any:
        """The certificate of that name; a name that the catalogue does not have is no certificate."""
        return self.house.credential(name) if name in CATALOGUE.entries else None

    def connect(self, door: str, shown: Any, *, maximum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> HTTPSConnection:
        """A connection that shows a credential; it opens at its first request."""
        address = self.house.doors[door]
        url = urlsplit(address.url)
        context = ssl.create_default_context(cafile=str(address.ca))
        context.maximum_version = maximum
        if shown is not None:
            context.load_cert_chain(shown.chain_path, shown.key_path)
        return HTTPSConnection(url.hostname or "", url.port, context=context, timeout=20)

    def post(self, connection: HTTPSConnection, service: str, message: Packed, **headers: str) -> tuple[Any, bytes]:
        """Send one message; the response and its body."""
        kind, body = message
        connection.request("POST", f"{SERVICES}/{service}", body, {"Content-Type": kind, **headers})
        response: HTTPResponse = connection.getresponse()
        return response, response.read()

    def get(self, connection: HTTPSConnection, path: str, **headers: str) -> tuple[Any, bytes]:
        """Ask for what is published at a path."""
        connection.request("GET", f"{SERVICES}/{path}", headers=headers)
        response: HTTPResponse = connection.getresponse()
        return response, response.read()

    def said(self, transaction: Transaction, response: Any, body: bytes) -> str:
        """What came back, in the words of the table."""
        kind = response.getheader("Content-Type", "")
        if "soap" not in kind and "multipart" not in kind:
            return str(response.status)
        reply = read_reply(response.status, dict(response.getheaders()), body)
        try:
            if transaction.name == "ITI-44":
                return read_feed_answer(reply).code
            answer = _READERS.get(transaction.name, read_registry_answer)(reply)
        except UnexpectedAnswer:
            if transaction not in RECORD_TRANSACTIONS:
                raise
            return ANSWERED
        except SoapFault as fault:
            return f"fault {fault.subcode if fault.subcode == 'ActionNotSupported' else fault.kind}"
        return answer.status.rpartition(":")[2]


class Messages(Protocol):
    """True messages of a domain."""

    knocker: Knocker

    def fresh(self, transaction: Transaction, holder: str) -> Packed:
        """A message that `holder` may send, and that succeeds once."""

    def any(self, transaction: Transaction) -> Packed:
        """A message that somebody might have sent: for those who are refused before it is understood."""


@dataclass
class DmpMessages:
    """Messages of the DMP, each with the assertion and the seal of its holder."""

    knocker: Knocker
    scene: Any
    document: str
    _kept: dict[Transaction, Packed] = field(default_factory=dict)

    def fresh(self, transaction: Transaction, holder: str) -> Packed:
        if transaction is ITI_41:
            return self.deposit(holder)
        if transaction in RECORD_TRANSACTIONS:
            return self.about_record(transaction, holder)
        if holder.partition(".")[0] not in CATALOGUE.professionals:
            return self.about_own(transaction, holder)
        return self.consult(transaction, holder.partition(".")[0])

    def any(self, transaction: Transaction) -> Packed:
        if transaction not in self._kept:
            self._kept[transaction] = self.fresh(
                transaction, "chu-seine" if transaction in (ITI_41, ITI_57) else "dr-essai"
            )
        return self._kept[transaction]

    def about_record(self, transaction: Transaction, holder: str) -> Packed:
        """A question about the record, or a change of it, which the law answers once the doors let it in."""
        cx, door = self.scene.patient.cx, self.scene.house.doors["consultation"]
        seal = self._seal(holder)

        def vihf() -> Any:
            return build_vihf(signer=seal, patient=cx, now=datetime.now(UTC))

        with closing(RecordsClient(door.url, seal, door.ca, vihf=vihf)) as client:
            if transaction in SERVICE_CALLS:
                service, values = SERVICE_CALLS[transaction]
                called = transaction.action.rpartition(":")[2]
                with_patient = {} if transaction is TD_0_4 else {"patientId": cx}
                envelope = getattr(client, service).envelope(called, **with_patient, **values)
            else:
                interaction = INTERACTIONS[transaction](cx)
                envelope = client.patients.envelope(f"Patients_{etree.QName(interaction).localname}")
                put_in_body(envelope, interaction)
            packed: Packed = client.transport.pack(envelope).encode()
            return packed

    def consult(self, transaction: Transaction, holder: str, *, patient: str = "", document: str = "") -> Packed:
        """A question of the holder of a card. Raises KeyError: an operation that has no message here."""
        with closing(self.scene.consultation(holder)) as client:
            make = {
                ITI_18: lambda: client.query_message(
                    queries.QueryId.FIND_DOCUMENTS, queries.find_documents(patient or self.scene.patient.cx)
                ),
                ITI_43: lambda: client.retrieve_message([(REPOSITORY, document or self.document)]),
                ITI_57: lambda: client.update_message(self._mask(holder)),
            }
            packed: Packed = make[transaction]().encode()
            return packed

    def _mask(self, holder: str) -> XdsSubmission:
        """A change by a professional of a document that was just deposited."""
        content, identifier = vsm(self.scene.patient), f"urn:uuid:{uuid.uuid4()}"
        entry = to_entry(read_header(parse_document(content)), content, entry_uuid=identifier)
        lot = self.scene.lot([(entry, content)])
        assert self.scene.deposit(lot).succeeded
        with closing(self.scene.consultation()) as doctor:
            (registered,) = doctor.get_documents(entry_uuids=[identifier]).document_entries
        signer = self.scene.house.credential(f"{holder}.sign")
        changes = change_lot(signer=signer, patient_id=self.scene.patient.cx, now=datetime.now(UTC))
        return mask(changes, registered)

    def deposit(self, holder: str) -> Packed:
        """A new lot of a structure; the holder of a card seals it himself, and speaks for himself."""
        with closing(self._feeder(IngestClient, holder)) as client:
            return client.message(self._lot(holder, vsm(self.scene.patient))).encode()

    def about_own(self, transaction: Transaction, holder: str) -> Packed:
        """What a structure asks about a document of its own: its entryUUID, or its deletion."""
        content, identifier = vsm(self.scene.patient), f"urn:uuid:{uuid.uuid4()}"
        entry = to_entry(read_header(parse_document(content)), content, entry_uuid=identifier)
        answer = self.scene.deposit(self.scene.lot([(entry, content)], by=(by := holder.partition(".")[0])), by=by)
        assert answer.succeeded, answer.errors
        order = Association(
            entry_uuid="Order01",
            association_type=AssociationType.UPDATE_AVAILABILITY_STATUS,
            source=SUBMISSION_SET,
            target=identifier,
            original_status=AvailabilityStatus.APPROVED,
            new_status=AvailabilityStatus.DELETED,
        )
        deletion = replace(self._lot(holder, content), entries=(), associations=(order,), contents={})
        slots = queries.get_documents(unique_ids=[entry.unique_id])
        with closing(self._feeder(ConsultationClient, holder)) as client:
            make = {
                ITI_18: lambda: client.query_message(queries.QueryId.GET_DOCUMENTS, slots, "ObjectRef"),
                ITI_57: lambda: client.update_message(deletion),
            }
            packed: Packed = make[transaction]().encode()
            return packed

    def _feeder(self, client: Callable[..., Any], holder: str) -> Any:
        """A client of the ingest door, whatever it asks there."""
        house, structure = self.scene.house, holder.partition(".")[0]
        door, seal, patient = house.doors["ingest"], self._seal(holder), self.scene.patient

        def vihf() -> Any:
            return build_vihf(signer=seal, patient=patient.cx, now=datetime.now(UTC))

        return client(door.url, house.credential(f"{structure}.auth"), door.ca, vihf=vihf)

    def _lot(self, holder: str, content: bytes) -> Submission:
        seal = self._seal(holder)
        sender = replace(Sender.of(seal), person_id=seal.national_id) if holder.endswith(".cpe") else None
        cx = self.scene.patient.cx
        return build_submission([content], signer=seal, now=datetime.now(UTC), patient_id=cx, sender=sender)

    def _seal(self, holder: str) -> Any:
        structure, _, card = holder.partition(".")
        return self.scene.house.credential(f"{structure}.cpe-sign" if card == "cpe" else f"{structure}.sign")


@dataclass
class IheMessages:
    """Messages of a generic domain: whoever sends them, they are the same."""

    knocker: Knocker
    _kept: dict[Transaction, Packed] = field(default_factory=dict)

    def fresh(self, transaction: Transaction, holder: str) -> Packed:
        return self._made(transaction)

    def any(self, transaction: Transaction) -> Packed:
        if transaction not in self._kept:
            self._kept[transaction] = self._made(transaction)
        return self._kept[transaction]

    def _made(self, transaction: Transaction) -> Packed:
        if transaction.name == "ITI-44":
            return self._announcement(transaction)
        house = self.knocker.house
        with closing(house.source("chu-seine")) as source, closing(house.consumer("dr-essai")) as consumer:
            make: dict[str, Callable[[], Any]] = {
                "ITI-41": lambda: source.message(one_document(new_patient())),
                "ITI-42": lambda: source.register_message(one_document(new_patient()).in_repository(ELSEWHERE)),
                "ITI-61": lambda: source.register_message(_on_demand(new_patient()), on_demand=True),
                "ITI-18": lambda: _question(consumer, multi_patient=False),
                "ITI-51": lambda: _question(consumer, multi_patient=True),
                "ITI-43": lambda: consumer.retrieve_message([(REPOSITORY, _deposited(source)[1])]),
                "ITI-57": lambda: _amendment(source, consumer),
                "ITI-62": lambda: consumer.remove_metadata_message(_all_of(source, consumer)),
                "ITI-86": lambda: consumer.remove_documents_message([(REPOSITORY, _deposited(source)[1])]),
            }
            packed: Packed = make[transaction.name]().encode()
            return packed

    def _announcement(self, transaction: Transaction) -> Packed:
        event = {"PRPA_IN201301UV02": "add", "PRPA_IN201302UV02": "revise", "PRPA_IN201304UV02": "merge"}
        name = event[transaction.action.rpartition(":")[2]]
        survivor, subsumed = ((f"M{uuid.uuid4().hex[:12]}", new_patient().authority) for _ in range(2))
        if name != "merge":
            body = interaction(name, survivor)
        else:
            with closing(self.knocker.house.source("chu-seine")) as source:
                for identifier, authority in (survivor, subsumed):
                    named = DomainPatient(identifier=identifier, authority=authority)
                    assert source.provide_and_register(one_document(named)).succeeded
            body = interaction(name, survivor, subsumed=(subsumed,))
        return content_type(body), envelope(body)


def _question(consumer: Any, *, multi_patient: bool) -> Any:
    if not multi_patient:
        return consumer.query_message(queries.QueryId.FIND_DOCUMENTS, queries.find_documents(new_patient().cx))
    query = queries.QueryId.FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS
    slots = queries.build(query, patient_id=[new_patient().cx], status=queries.APPROVED)
    return consumer.query_message(query, slots, multi_patient=True)


def _on_demand(patient: DomainPatient) -> Any:
    return new_submission(patient).add_entry(on_demand_entry(patient, ELSEWHERE))


def _deposited(source: Any) -> tuple[DomainPatient, str]:
    patient = new_patient()
    lot = one_document(patient, text_document(f"Of {patient.identifier}."))
    assert source.provide_and_register(lot).succeeded
    return patient, lot.unique_ids[0]


def _amendment(source: Any, consumer: Any) -> Any:
    patient, unique_id = _deposited(source)
    (registered,) = consumer.get_documents(unique_ids=[unique_id]).document_entries
    return consumer.update_message(update_entry(new_submission(patient), registered, title="Better"))


def _all_of(source: Any, consumer: Any) -> list[str]:
    patient, _ = _deposited(source)
    ids: list[str] = consumer.get_all(patient.cx, return_type="ObjectRef").ids
    return ids


@pytest.fixture(scope="package")
def dmp(house: Rehearsal, new_scene: Callable[[Rehearsal], Any]) -> DmpMessages:
    """A record on which every professional is authorised, with one document deposited."""
    scene = new_scene(house)
    with closing(house.owner()) as connection:
        for name in CATALOGUE.professionals:
            if name != "dr-essai":
                records.authorise(connection, scene.patient.cx, house.credential(f"{name}.auth").national_id)
    lot = scene.lot([vsm(scene.patient)])
    answer = scene.deposit(lot)
    assert answer.succeeded, answer.errors
    return DmpMessages(Knocker(house), scene, str(lot.unique_ids[0]))


@pytest.fixture(scope="package")
def ihe() -> Iterator[IheMessages]:
    """A generic domain that opens a record for whoever is named."""
    with Rehearsal({"ECLUSE_IHE_PATIENTS": "accept_all"}, domain="ihe") as opened:
        yield IheMessages(Knocker(opened))


@pytest.fixture
def messages(domain: str, request: pytest.FixtureRequest) -> Messages:
    """The messages of the domain that a test is about."""
    found: Messages = request.getfixturevalue(domain)
    return found


@pytest.fixture(scope="package")
def knocker(dmp: DmpMessages) -> Knocker:
    """Knocks at the doors of the DMP."""
    return dmp.knocker

"""What the doors of a generic domain publish of themselves is enough to speak with them (WSDL 1.1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from gateway.cli.rehearsal import Rehearsal
from gateway.consultation import app as consultation_app
from gateway.ingest import app as ingest_app
from gateway.soap_door import SERVICES
from samples.client.client import ConsultationClient, IngestClient
from samples.client.description import Service
from samples.client.transport import MtomTransport, open_session
from samples.xds.patients import DomainPatient
from samples.xds.submission import new_submission, one_document
from samples.xds.updates import update_entry

REPOSITORY = "1.2.250.1.213.4.1.1.1.2"
OFFERS = {"ingest": ingest_app.OFFER["ihe"], "consultation": consultation_app.OFFER["ihe"]}
HOLDERS = {"ingest": "chu-seine.auth", "consultation": "dr-essai.auth"}
PUBLISHED = [(door, service) for door, offer in OFFERS.items() for service in offer]


@pytest.fixture
def publishing(generic_house: Rehearsal) -> Iterator[Any]:
    """A zeep client of one service, made of nothing but what its door publishes."""
    sessions = []

    def read(door: str, service: str) -> Service:
        address, holder = generic_house.doors[door], generic_house.credential(HOLDERS[door])
        sessions.append(open_session(holder, address.ca))
        place = f"{address.url}{SERVICES}/{service}"
        return Service(f"{place}?wsdl", place, MtomTransport(sessions[-1], timeout=30.0), [])

    yield read
    for session in sessions:
        session.close()


@pytest.mark.parametrize(("door", "service"), PUBLISHED, ids=["-".join(names) for names in PUBLISHED])
def test_every_operation_of_a_service_is_in_the_description_that_it_publishes(
    door: str, service: str, publishing: Any
) -> None:
    (binding,) = publishing(door, service).zeep.wsdl.bindings.values()
    published = [operation.abstract.wsa_action for operation in binding.all().values()]
    assert sorted(published) == sorted(transaction.action for transaction in OFFERS[door][service])


def test_a_client_that_knows_only_what_the_doors_publish_provides_finds_and_updates(
    generic_house: Rehearsal, patient: DomainPatient
) -> None:
    ingest, consultation = generic_house.doors["ingest"], generic_house.doors["consultation"]
    lot = one_document(patient)
    with closing(
        IngestClient(
            ingest.url,
            generic_house.credential("chu-seine.auth"),
            ingest.ca,
            wsdl=f"{ingest.url}{SERVICES}/repository?wsdl",
        )
    ) as source:
        assert source.provide_and_register(lot).succeeded
    with closing(
        ConsultationClient(
            consultation.url,
            generic_house.credential("dr-essai.auth"),
            consultation.ca,
            registry_wsdl=f"{consultation.url}{SERVICES}/registry?wsdl",
            repository_wsdl=f"{consultation.url}{SERVICES}/repository?wsdl",
        )
    ) as consumer:
        (entry,) = consumer.find_documents(patient.cx).document_entries
        assert consumer.update(update_entry(new_submission(patient), entry, title="Another")).succeeded
        (found,) = consumer.find_documents(patient.cx).document_entries
        assert (found.title, found.version) == ("Another", 2)
        assert consumer.remove_documents([(REPOSITORY, lot.unique_ids[0])]).succeeded

"""ITI-18, ITI-51 and ITI-43 at the consultation door of a generic domain: no assertion, no rights, one registry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from lxml import etree

from gateway.consultation import iti18, iti51
from gateway.consultation.registry_stored_query import RegistryStoredQuery
from gateway.consultation.retrieve_document_set import RetrieveDocumentSet
from gateway.database.pool import open_pool
from gateway.soap_door import Operation
from gateway.wire.soap import Packaging, SoapMessage
from gateway.witness import Witness
from samples.client.queries import APPROVED, QueryId, build
from security.at_rest.record_keys import create_kek
from security.audit.trail import AuditTrail
from security.xml import parse
from xds.ebrim.constants import QUERY, RIM
from xds.errors import Refusal
from xds.messages import DocumentRequest, ResponseStatus
from xds.registry.reader import RegistryReader
from xds.repository.reader import RepositoryReader

from .conftest import HAS_MEMBER, REPOSITORY, House, a_document, a_folder, a_set, link, next_folder, oid, update_of

HOME = "urn:oid:1.3.6.1.4.1.21367.99"
NS = {"rim": RIM, "query": QUERY}


@dataclass(frozen=True)
class Desk:
    """The three operations of reading."""

    stored_query: Operation
    multi_patient: Operation
    retrieve: RetrieveDocumentSet


@pytest.fixture(scope="module")
def desk(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    pool = open_pool(house.database.layout.consultation_url, size=2, name="test-queries")
    registry, audit, witness = RegistryReader(pool), AuditTrail(pool), Witness("consultation", bytes(32))
    query = RegistryStoredQuery(registry=registry, audit=audit, witness=witness, law=None, home=HOME)
    yield Desk(
        iti18.operation(query),
        iti51.operation(query),
        RetrieveDocumentSet(
            registry=registry,
            repository=RepositoryReader(house.blobs),
            kek=create_kek(tmp_path_factory.mktemp("kek") / "kek"),
            audit=audit,
            witness=witness,
            repository_unique_id=REPOSITORY,
            law=None,
        ),
    )
    pool.close()


def ask(
    operation: Operation, house: House, query_id: QueryId, return_type: str = "LeafClass", **parameters: Any
) -> etree._Element:
    """Put a query to an operation, as a message; return the body of its answer, good or bad."""
    slots = "".join(
        f'<rim:Slot name="{name}"><rim:ValueList>'
        + "".join(f"<rim:Value>{value.replace('&', '&amp;')}</rim:Value>" for value in values)
        + "</rim:ValueList></rim:Slot>"
        for name, values in build(query_id, **parameters)
    )
    body = parse(
        f'<query:AdhocQueryRequest xmlns:query="{QUERY}" xmlns:rim="{RIM}"><query:ResponseOption'
        f' returnType="{return_type}" returnComposedObjects="true"/><rim:AdhocQuery id="{query_id}">{slots}'
        "</rim:AdhocQuery></query:AdhocQueryRequest>".encode()
    )
    message = SoapMessage(
        action=operation.transaction.action,
        message_id="urn:x",
        to=None,
        security=None,
        body=body,
        parts={},
        packaging=Packaging.SIMPLE,
    )
    try:
        return parse(operation.handle(message, house.caller).body)
    except Refusal as refusal:
        return parse(operation.refuse(refusal.errors))


def ids(answer: etree._Element, name: str = "*") -> list[str]:
    assert answer.get("status") == ResponseStatus.SUCCESS
    found = answer.xpath(f"rim:RegistryObjectList/rim:{name}/@id", namespaces=NS)
    assert isinstance(found, list)
    return [str(value) for value in found]


def codes(answer: etree._Element) -> list[str]:
    assert answer.get("status") == ResponseStatus.FAILURE
    assert answer.find("rim:RegistryObjectList", NS) is not None
    found = answer.xpath("//@errorCode")
    assert isinstance(found, list)
    return [str(value) for value in found]


def test_a_query_needs_no_assertion_and_its_answer_names_the_community(house: House, desk: Desk) -> None:
    patient_id = house.a_patient()
    document = a_document(patient_id)
    house.register(patient_id, document)
    answer = ask(desk.stored_query, house, QueryId.FIND_DOCUMENTS, patient_id=patient_id, status=APPROVED)
    assert ids(answer) == [document.entry_uuid]
    assert answer.xpath("rim:RegistryObjectList/*/@home", namespaces=NS) == [HOME]
    event = house.last_event()
    assert (event["transaction"], event["objects"]) == ("ITI-18", [document.unique_id])
    assert event["patient"]


def test_an_unknown_patient_is_an_empty_success(house: House, desk: Desk) -> None:
    for query_id in (QueryId.FIND_DOCUMENTS, QueryId.FIND_FOLDERS, QueryId.FIND_SUBMISSION_SETS):
        answer = ask(desk.stored_query, house, query_id, patient_id="404^^^&1.2.3&ISO", status=APPROVED)
        assert ids(answer) == []


def test_objects_are_found_by_id_whoever_they_are_about_one_patient_at_a_time(house: House, desk: Desk) -> None:
    ann, bob = house.a_patient(), house.a_patient()
    documents = [a_document(ann), a_document(bob)]
    house.register(ann, documents[0])
    house.register(bob, documents[1])
    uuids = tuple(item.entry_uuid for item in documents)
    for uuid in uuids:
        assert ids(ask(desk.stored_query, house, QueryId.GET_DOCUMENTS, entry_uuid=(uuid,))) == [uuid]
    both = ask(desk.stored_query, house, QueryId.GET_DOCUMENTS, entry_uuid=uuids)
    assert codes(both) == ["XDSResultNotSinglePatient"]
    references = ask(desk.stored_query, house, QueryId.GET_DOCUMENTS, "ObjectRef", entry_uuid=uuids)
    assert set(ids(references, "ObjectRef")) == set(uuids)


def test_a_query_over_several_patients_has_its_own_action(house: House, desk: Desk) -> None:
    ann, bob = house.a_patient(), house.a_patient()
    documents = [a_document(ann), a_document(bob)]
    house.register(ann, documents[0], a_folder(ann))
    house.register(bob, documents[1], a_folder(bob))
    how: dict[str, Any] = {"patient_id": (ann, bob), "status": APPROVED}
    found = ask(desk.multi_patient, house, QueryId.FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS, **how)
    assert set(ids(found)) == {item.entry_uuid for item in documents}
    event = house.last_event()
    assert (event["transaction"], event.get("patient", ""), len(event["objects"])) == ("ITI-51", "", 2)
    folders = ask(desk.multi_patient, house, QueryId.FIND_FOLDERS_FOR_MULTIPLE_PATIENTS, **how)
    assert len(ids(folders, "RegistryPackage")) == 2
    for query_id in (QueryId.FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS, QueryId.FIND_FOLDERS_FOR_MULTIPLE_PATIENTS):
        assert codes(ask(desk.stored_query, house, query_id, **how)) == ["XDSUnknownStoredQuery"]
    other = ask(desk.multi_patient, house, QueryId.FIND_DOCUMENTS, patient_id=ann, status=APPROVED)
    assert codes(other) == ["XDSUnknownStoredQuery"]


def test_versions_of_a_folder_after_an_update(house: House, desk: Desk) -> None:
    """The newest version and its members, or every version with its own (Metadata Update)."""
    patient_id = house.a_patient()
    document, folder = a_document(patient_id), a_folder(patient_id)
    house.register(patient_id, document, folder, links=[link(HAS_MEMBER, folder.entry_uuid, document.entry_uuid)])
    house.update(update_of(a_set(patient_id), next_folder(folder)))
    newest = house.latest("folders", folder.entry_uuid)

    def ask_for(**how: Any) -> etree._Element:
        return ask(desk.stored_query, house, QueryId.GET_FOLDER_AND_CONTENTS, unique_id=folder.unique_id, **how)

    first = ask_for()
    assert ids(first, "RegistryPackage") == [newest]
    assert ids(first, "ExtrinsicObject") == [document.entry_uuid]
    assert len(ids(first, "Association")) == 1
    both = (APPROVED, APPROVED.replace("Approved", "Deprecated"))
    every = ask_for(metadata_level=2, association_status=both)
    assert set(ids(every, "RegistryPackage")) == {newest, folder.entry_uuid}
    assert ids(every, "ExtrinsicObject") == [document.entry_uuid]
    assert len(ids(every, "Association")) == 2


def test_a_document_whose_bytes_are_elsewhere_is_not_available(house: House, desk: Desk) -> None:
    patient_id = house.a_patient()
    document = a_document(patient_id)
    house.register(patient_id, document, bytes_here=False)
    wanted = (DocumentRequest(REPOSITORY, document.unique_id), DocumentRequest(REPOSITORY, oid()))
    answer = desk.retrieve(wanted, house.caller)
    assert answer.status is ResponseStatus.FAILURE
    assert [error.code for error in answer.errors] == ["XDSDocumentUniqueIdError"] * 2

"""ITI-57, ITI-62 and ITI-86 from the body of a message to the body of its answer."""

from __future__ import annotations

from lxml import etree

from gateway.consultation import iti57, iti62, iti86
from gateway.soap_door import Operation
from gateway.wire.soap import Packaging, SoapMessage
from security.xml import parse
from xds.ebrim import constants as c
from xds.ebrim.writer import write_submit_objects
from xds.errors import Refusal
from xds.metadata.association import AssociationType

from .conftest import (
    HAS_MEMBER,
    REPOSITORY,
    House,
    a_document,
    a_folder,
    a_set,
    link,
    next_folder,
    next_version,
    status_order,
    submitted,
    update_of,
    urn,
)

SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
FAILURE = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"


def answer(operation: Operation, body: bytes, house: House) -> etree._Element:
    """What the wire answers, refusals included, as the door would send it."""
    message = SoapMessage(
        action=operation.transaction.action,
        message_id="urn:uuid:1",
        to=None,
        security=None,
        body=parse(body),
        parts={},
        packaging=Packaging.SIMPLE,
    )
    assert message.body.tag == operation.transaction.body
    try:
        return parse(operation.handle(message, house.caller).body)
    except Refusal as refusal:
        return parse(operation.refuse(refusal.errors))


def codes(response: etree._Element) -> list[str]:
    return [error.get("errorCode", "") for error in response.iter(f"{{{c.RS}}}RegistryError")]


def removal(*ids: str) -> bytes:
    refs = "".join(f'<rim:ObjectRef id="{one}"/>' for one in ids)
    return (
        f'<lcm:RemoveObjectsRequest xmlns:lcm="{c.LCM}" xmlns:rim="{c.RIM}">'
        f"<rim:ObjectRefList>{refs}</rim:ObjectRefList></lcm:RemoveObjectsRequest>"
    ).encode()


def removal_of_documents(*unique_ids: str) -> bytes:
    items = "".join(
        f"<xds:DocumentRequest><xds:RepositoryUniqueId>{REPOSITORY}</xds:RepositoryUniqueId>"
        f"<xds:DocumentUniqueId>{one}</xds:DocumentUniqueId></xds:DocumentRequest>"
        for one in unique_ids
    )
    name = "rmd:RemoveDocumentsRequest"
    return f'<{name} xmlns:rmd="{c.RMD}" xmlns:xds="{c.XDS}">{items}</{name}>'.encode()


def test_an_update_of_every_kind_goes_through_in_one_message(house: House) -> None:
    patient = house.a_patient()
    documents = [a_document(patient) for _ in range(4)]
    folder = a_folder(patient)
    relationship = link(AssociationType.APND, documents[2].entry_uuid, documents[3].entry_uuid)
    house.register(patient, *documents, folder, links=[relationship])
    lot = a_set(patient)
    membership = link(HAS_MEMBER, folder.entry_uuid, documents[2].entry_uuid)
    request = update_of(
        lot,
        next_version(documents[0]),
        links=[
            status_order(lot, documents[1].entry_uuid),
            status_order(lot, relationship.entry_uuid),
            *submitted(lot, membership),
        ],
    )
    body = write_submit_objects(lot, request.entries, request.associations)
    response = answer(iti57.operation(house.updates), body, house)
    assert (response.get("status"), codes(response)) == (SUCCESS, [])
    assert len(house.versions("document_entries", documents[0].entry_uuid)) == 2
    assert house.row("document_entries", documents[1].entry_uuid, "status") == ("DEPRECATED",)
    assert house.row("associations", relationship.entry_uuid, "status") == ("DEPRECATED",)
    assert house.row("associations", membership.entry_uuid, "status") == ("APPROVED",)

    second = a_set(patient)
    request = update_of(second, next_folder(folder))
    body = write_submit_objects(second, (), request.associations, request.folders)
    assert answer(iti57.operation(house.updates), body, house).get("status") == SUCCESS
    assert len(house.versions("folders", folder.entry_uuid)) == 2


def test_faults_of_reading_are_told_with_the_others(house: House) -> None:
    patient = house.a_patient()
    document = a_document(patient)
    house.register(patient, document)
    lot = a_set(patient)
    request = update_of(lot, next_version(document, type_code=None), previous="9")
    body = write_submit_objects(lot, request.entries, request.associations)
    response = answer(iti57.operation(house.updates), body, house)
    assert response.get("status") == FAILURE
    assert sorted(codes(response)) == ["XDSMetadataVersionError", "XDSRegistryMetadataError"]


def test_an_association_has_no_versions(house: House) -> None:
    patient = house.a_patient()
    documents = [a_document(patient) for _ in range(2)]
    house.register(patient, *documents)
    lot = a_set(patient)
    relationship = link(AssociationType.APND, documents[0].entry_uuid, documents[1].entry_uuid)
    body = write_submit_objects(lot, (), submitted(lot, relationship))
    body = body.replace(f'lid="{relationship.entry_uuid}"'.encode(), f'lid="{urn()}"'.encode())
    response = answer(iti57.operation(house.updates), body, house)
    assert (response.get("status"), codes(response)) == (FAILURE, ["XDSRegistryMetadataError"])


def test_a_message_without_submission_set_is_refused(house: House) -> None:
    name = "lcm:SubmitObjectsRequest"
    body = f'<{name} xmlns:lcm="{c.LCM}" xmlns:rim="{c.RIM}"><rim:RegistryObjectList/></{name}>'
    response = answer(iti57.operation(house.updates), body.encode(), house)
    assert (response.get("status"), codes(response)) == (FAILURE, ["XDSRegistryMetadataError"])


def test_metadata_are_removed_by_message(house: House) -> None:
    patient = house.a_patient()
    document = a_document(patient)
    lot = house.register(patient, document)
    row = house.owner.execute(
        "SELECT 'urn:uuid:' || entry_uuid FROM associations WHERE source = %s", (lot.entry_uuid[9:],)
    ).fetchone()
    assert row is not None
    operation = iti62.operation(house.removals)
    assert codes(answer(operation, removal(document.entry_uuid), house)) == ["ReferencesExistException"]
    assert codes(answer(operation, removal(urn()), house)) == ["UnresolvedReferenceException"]
    assert codes(answer(operation, removal(), house)) == ["XDSRegistryError"]
    assert answer(operation, removal(document.entry_uuid, lot.entry_uuid, row[0]), house).get("status") == SUCCESS


def test_documents_are_removed_by_message(house: House) -> None:
    patient = house.a_patient()
    document, other = a_document(patient), a_document(patient)
    house.register(patient, document, other)
    operation = iti86.operation(house.document_removals)
    body = removal_of_documents(document.unique_id, other.unique_id)
    assert answer(operation, body, house).get("status") == SUCCESS
    assert codes(answer(operation, body, house)) == ["XDSDocumentUniqueIdError"] * 2

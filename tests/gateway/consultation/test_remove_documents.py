"""Every rule of Remove Documents, and what a removal leaves (ITI TF-2 §3.86)."""

from __future__ import annotations

import pytest

from xds.errors import Refusal
from xds.messages import DocumentRequest
from xds.repository.address import BlobAddress

from .conftest import (
    DEPRECATED,
    REPOSITORY,
    House,
    a_document,
    a_set,
    next_version,
    oid,
    update_of,
)


def address_of(house: House, entry_uuid: str) -> BlobAddress:
    row = house.row("document_entries", entry_uuid, "blob_address")
    assert row is not None
    return BlobAddress(bytes(row[0]))


def test_a_document_goes_with_all_its_versions_and_copies_and_its_metadata_stay(house: House) -> None:
    patient = house.a_patient()
    document = a_document(patient)
    copy = a_document(patient, unique_id=document.unique_id)
    bystander = a_document(patient)
    house.register(patient, document, copy, bystander)
    house.update(update_of(a_set(patient), next_version(document)))
    addresses = [address_of(house, one.entry_uuid) for one in (document, copy)]

    house.remove_documents(document.unique_id)

    bytes_left = house.owner.execute(
        "SELECT count(*) FILTER (WHERE blob_address IS NOT NULL OR key_id IS NOT NULL), count(*)"
        " FROM document_entries WHERE unique_id = %s",
        (document.unique_id,),
    ).fetchone()
    assert bytes_left == (0, 3)
    assert not any(address.path(house.blobs).exists() for address in addresses)
    assert address_of(house, bystander.entry_uuid).path(house.blobs).exists()
    event = house.last_event()
    assert (event["transaction"], event["objects"]) == ("ITI-86", [document.unique_id])


def test_several_documents_of_several_patients_go_together(house: House) -> None:
    first, second = house.a_patient(), house.a_patient()
    documents = [a_document(first), a_document(second, availability_status=DEPRECATED)]
    house.register(first, documents[0])
    house.register(second, documents[1])
    addresses = [address_of(house, one.entry_uuid) for one in documents]
    house.remove_documents(*(one.unique_id for one in documents), documents[0].unique_id)
    assert not any(address.path(house.blobs).exists() for address in addresses)


UNKNOWN, ELSEWHERE = "XDSDocumentUniqueIdError", "XDSUnknownRepositoryId"


@pytest.mark.parametrize(
    "case", ["never registered", "of another repository", "in another repository", "removed already"]
)
def test_one_document_that_cannot_go_keeps_all_of_them(house: House, case: str) -> None:
    patient = house.a_patient()
    document, other = a_document(patient), a_document(patient)
    house.register(patient, document)
    house.register(patient, other, bytes_here=case != "in another repository")
    wanted = oid() if case == "never registered" else other.unique_id
    if case == "removed already":
        house.remove_documents(wanted)
    before = house.everything()
    asked = [DocumentRequest(REPOSITORY, document.unique_id), DocumentRequest(REPOSITORY, wanted)]
    if case == "of another repository":
        asked[1] = DocumentRequest("1.2.3.4", wanted)
    with pytest.raises(Refusal) as refused:
        house.document_removals(tuple(asked), house.caller)
    expected = ELSEWHERE if case == "of another repository" else UNKNOWN
    assert [str(error.code) for error in refused.value.errors] == [expected]
    assert house.everything() == before
    assert address_of(house, document.entry_uuid).path(house.blobs).exists()


def test_bytes_that_the_disk_would_not_let_go_are_said_before_anything_is_removed(house: House) -> None:
    patient = house.a_patient()
    document, stuck = a_document(patient), a_document(patient)
    house.register(patient, document, stuck)
    path = address_of(house, stuck.entry_uuid).path(house.blobs)
    path.unlink()
    path.mkdir()
    before = house.everything()
    with pytest.raises(Refusal) as refused:
        house.remove_documents(document.unique_id, stuck.unique_id)
    assert [str(error.code) for error in refused.value.errors] == ["XDSRemoveDocumentsError"]
    assert stuck.unique_id in refused.value.errors[0].context
    assert house.everything() == before
    path.rmdir()
    house.remove_documents(document.unique_id, stuck.unique_id)

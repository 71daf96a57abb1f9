"""Submissions of a generic domain: right as they come, and what their methods change."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from samples.xds import updates
from samples.xds.documents import cda_document, pdf_document, text_document
from samples.xds.entries import new_folder, on_demand_entry
from samples.xds.patients import new_patient
from samples.xds.submission import folder_of, new_submission, one_document
from xds.ebrim.reader import read_provide_and_register, read_submit_objects
from xds.metadata.association import AssociationType
from xds.metadata.document_entry import ON_DEMAND, AvailabilityStatus

SCHEMA = etree.XMLSchema(file=str(Path(__file__).parents[3] / "gateway" / "wire" / "wsdl" / "lcm.xsd"))
REPOSITORY = "1.2.250.1.213.4.1.1.1.2"
ROBIN = new_patient()
REGISTERED = one_document(ROBIN).assigned()
ORDERS = {
    "a new version": lambda lot: updates.update_entry(lot, REGISTERED.entries[0], title="Corrected"),
    "a new folder": lambda lot: updates.update_folder(lot, folder_of(ROBIN, 0).assigned().folders[0]),
    "a status": lambda lot: updates.update_status(lot, REGISTERED.entries[0].entry_uuid),
    "an association": lambda lot: updates.submit_association(
        lot, AssociationType.APND, REGISTERED.entries[0].entry_uuid, REGISTERED.entries[0].entry_uuid
    ),
}


@pytest.mark.parametrize(
    "lot",
    [
        one_document(ROBIN),
        one_document(ROBIN, pdf_document()),
        one_document(ROBIN, cda_document(ROBIN)),
        folder_of(ROBIN, 2),
        folder_of(ROBIN, 2).assigned(),
        new_submission(ROBIN).add_entry(on_demand_entry(ROBIN, REPOSITORY)),
        *(order(new_submission(ROBIN)) for order in ORDERS.values()),
    ],
    ids=["text", "pdf", "cda", "folder", "folder with uuids", "on demand", *ORDERS],
)
def test_a_submission_fits_the_schema_and_reads_as_it_was_meant(lot):
    SCHEMA.assertValid(lot.xml)
    read = read_submit_objects(lot.xml, update=True)
    assert read.errors == ()
    assert read.submission_set == lot.submission_set
    assert [entry.unique_id for entry in read.entries] == list(lot.unique_ids)
    assert [folder.unique_id for folder in read.folders] == [folder.unique_id for folder in lot.folders]
    assert [(item.association_type, item.source, item.target) for item in read.associations] == [
        (item.association_type, item.source, item.target) for item in lot.associations
    ]


@pytest.mark.parametrize("document", [text_document(), pdf_document(), cda_document(ROBIN)], ids=["text", "pdf", "cda"])
def test_hash_and_size_are_those_of_the_bytes(document):
    lot = one_document(ROBIN, document)
    assert lot.entries[0].size == len(document.content)
    assert [content for _, _, content in lot.documents.values()] == [document.content]
    assert lot.entries[0].mime_type == document.mime_type


def test_a_folder_of_two_documents_has_seven_associations():
    assert len(folder_of(ROBIN, 2).associations) == 7
    assert len(folder_of(ROBIN, 1).associations) == 4


def test_assigned_ids_are_uuids_everywhere_and_documents_follow():
    lot = folder_of(ROBIN, 2).assigned()
    ends = {end for item in lot.associations for end in (item.source, item.target)}
    assert all(name.startswith("urn:uuid:") for name in (*lot.ids, *ends))
    assert ends <= set(lot.ids)
    assert list(lot.contents) == [entry.entry_uuid for entry in lot.entries]


def test_an_update_names_the_logical_id_and_the_version_it_replaces():
    lot = updates.update_entry(new_submission(ROBIN), REGISTERED.entries[0], previous_version="3")
    assert lot.entries[0].logical_id == REGISTERED.entries[0].entry_uuid
    assert (lot.entries[0].entry_uuid, lot.associations[0].previous_version) == ("Document01", "3")


def test_a_status_names_what_was_and_what_shall_be():
    order = updates.update_status(new_submission(ROBIN), "urn:uuid:1").associations[0]
    assert (order.original_status, order.new_status) == (AvailabilityStatus.APPROVED, AvailabilityStatus.DEPRECATED)


def test_an_on_demand_entry_has_nothing_of_a_document_that_does_not_exist_yet():
    entry = on_demand_entry(ROBIN, REPOSITORY)
    assert (entry.object_type, entry.hash, entry.size, entry.creation_time) == (ON_DEMAND, None, None, "")


def test_the_same_once_more_has_new_unique_ids_except_for_its_documents():
    lot = folder_of(ROBIN)
    again = lot.again()
    assert again.submission_set.unique_id != lot.submission_set.unique_id
    assert again.folders[0].unique_id != lot.folders[0].unique_id
    assert again.unique_ids == lot.unique_ids


def test_two_patients_are_never_the_same():
    assert new_patient().cx != new_patient().cx
    assert new_folder(ROBIN).patient_id == ROBIN.cx


def test_a_provided_submission_is_read_with_its_bytes():
    lot = one_document(ROBIN)
    request = etree.Element("{urn:ihe:iti:xds-b:2007}ProvideAndRegisterDocumentSetRequest")
    request.append(lot.xml)
    document = etree.SubElement(request, "{urn:ihe:iti:xds-b:2007}Document", id="Document01")
    etree.SubElement(document, "{http://www.w3.org/2004/08/xop/include}Include", href="cid:part1%40lot.ecluse")
    read = read_provide_and_register(request, {"part1@lot.ecluse": lot.contents["Document01"]})
    assert read.errors == ()
    assert read.documents == dict(lot.contents)

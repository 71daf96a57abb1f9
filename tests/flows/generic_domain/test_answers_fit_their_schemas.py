"""What the doors answer is valid against the schemas they publish, after all that can happen to an object."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from samples.client.objects import Kind
from samples.client.queries import QueryId
from samples.client.transport import Reply
from samples.feed import MllpClient, adt
from samples.xds.documents import text_document
from samples.xds.patients import DomainPatient, new_patient
from samples.xds.submission import folder_of, new_submission, one_document
from samples.xds.updates import update_entry, update_folder, update_status
from xds.ebrim.constants import RIM, XOP
from xds.metadata.association import AssociationType

SCHEMAS = Path(__file__).parents[3] / "gateway" / "wire" / "wsdl"
REPOSITORY = "1.2.250.1.213.4.1.1.1.2"
EVERY = [f"urn:oasis:names:tc:ebxml-regrep:StatusType:{status}" for status in ("Approved", "Deprecated")]
EXTRA = (("urn:example:colour", ("rouge", "bleu")),)


def body_of(reply: Reply) -> etree._Element:
    (body,) = reply.root[-1]
    return body


def assert_valid(body: etree._Element, name: str) -> None:
    schema = etree.XMLSchema(file=str(SCHEMAS / f"{name}.xsd"))
    for include in list(body.iter(f"{{{XOP}}}Include")):
        # A schema describes the message before XOP takes its bytes out.
        parent = include.getparent()
        assert parent is not None
        parent.remove(include)
        parent.text = "YQ=="
    document = etree.fromstring(etree.tostring(body))
    assert schema.validate(document), schema.error_log


def everything_of(consumer: Any, patient_id: str, return_type: str) -> etree._Element:
    slots = {
        "$patientId": f"'{patient_id}'",
        **{
            f"${name}Status": f"('{EVERY[0]}','{EVERY[1]}')"
            for name in ("XDSDocumentEntry", "XDSSubmissionSet", "XDSFolder", "XDSAssociation")
        },
    }
    message = consumer.query_message(QueryId.GET_ALL, slots, return_type)
    return body_of(consumer.transport.exchange(consumer.registry.address, message))


def test_objects_are_valid_and_complete_after_replacement_update_deprecation_and_merge(
    generic_house: Any, source: Any, consumer: Any, patient: DomainPatient, feed_of: Any
) -> None:
    lot = folder_of(patient, 2).with_entry(0, extra=EXTRA, comments="É & <b>").with_folder(0, extra=EXTRA)
    assert source.provide_and_register(lot.with_association(0, extra=EXTRA).with_submission_set(extra=EXTRA)).succeeded
    entries = consumer.get_documents(unique_ids=lot.unique_ids[:2]).document_entries
    new = one_document(patient, text_document("Nouveau."))
    replacement = new.relate(AssociationType.RPLC, new.entries[0].entry_uuid, entries[0].entry_uuid)
    assert source.provide_and_register(replacement).succeeded
    assert consumer.update(update_entry(new_submission(patient), entries[1], title="Autre")).succeeded
    folders = consumer.query(QueryId.GET_FOLDERS, unique_id=lot.folders[0].unique_id).of_kind(Kind.FOLDER)
    assert consumer.update(update_status(new_submission(patient), folders[0].id)).succeeded
    survivor = new_patient()
    with feed_of(generic_house) as feed:
        assert isinstance(feed, MllpClient)
        feed.send(adt("A04", survivor.cx))
        assert b"MSA|AA" in feed.send(adt("A40", survivor.cx, subsumed=patient.cx))

    whole = everything_of(consumer, survivor.cx, "LeafClass")
    references = everything_of(consumer, survivor.cx, "ObjectRef")
    assert_valid(whole, "query")
    assert_valid(references, "query")
    objects = list(whole[-1])
    kinds = Counter(etree.QName(item).localname for item in objects)
    assert kinds == {"RegistryPackage": 5, "ExtrinsicObject": 4, "Association": kinds["Association"]}
    assert kinds["Association"] >= 10
    assert sorted(item.get("id", "") for item in objects) == sorted(item.get("id", "") for item in references[-1])
    assert all(item.get("status") in EVERY and item.get("objectType") for item in objects)
    for item in objects:
        parts = [*item.iter(f"{{{RIM}}}Classification"), *item.iter(f"{{{RIM}}}ExternalIdentifier")]
        assert all(part.get("objectType") and part.get("id", "").startswith("urn:uuid:") for part in parts)
        if item.tag != f"{{{RIM}}}Association":
            assert item.get("lid", "").startswith("urn:uuid:")
            assert item.find(f"{{{RIM}}}VersionInfo") is not None
    assert patient.cx not in [identifier.get("value") for identifier in whole.iter(f"{{{RIM}}}ExternalIdentifier")]
    assert len([slot for slot in whole.iter(f"{{{RIM}}}Slot") if slot.get("name") == EXTRA[0][0]]) >= 4


@pytest.mark.parametrize("known", [True, False], ids=["given", "refused"])
def test_answers_of_the_repository_are_valid(known: bool, source: Any, consumer: Any, patient: DomainPatient) -> None:
    lot = one_document(patient)
    reply = source.transport.exchange(source.repository.address, source.message(lot))
    assert_valid(body_of(reply), "rs")
    again = source.transport.exchange(source.repository.address, source.message(lot))
    assert_valid(body_of(again), "rs")
    message = consumer.retrieve_message([(REPOSITORY, lot.unique_ids[0] if known else "1.2.3.404"), ("1.2.3", "1.2.4")])
    assert_valid(body_of(consumer.transport.exchange(consumer.repository.address, message)), "xds")


def test_answers_to_updates_and_removals_are_valid(source: Any, consumer: Any, patient: DomainPatient) -> None:
    lot = folder_of(patient)
    assert source.provide_and_register(lot).succeeded
    folder = consumer.query(QueryId.GET_FOLDERS, unique_id=lot.folders[0].unique_id).of_kind(Kind.FOLDER)[0]
    renamed = update_folder(new_submission(patient), lot.folders[0], logical_id=folder.id, title="Renommé")
    for message in (
        consumer.update_message(renamed),
        consumer.update_message(renamed),
        consumer.remove_metadata_message([folder.id]),
    ):
        assert_valid(body_of(consumer.transport.exchange(consumer.registry.address, message)), "rs")
    removal = consumer.remove_documents_message([(REPOSITORY, lot.unique_ids[0])])
    assert_valid(body_of(consumer.transport.exchange(consumer.repository.address, removal)), "rs")

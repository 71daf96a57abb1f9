"""A generic client of XDS.b does everything the standard knows, at the real doors (ITI TF-2 §3.41 to §3.86)."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from gateway.cli.rehearsal import Rehearsal
from samples.client.objects import Kind
from samples.client.queries import QueryId
from samples.xds.documents import text_document
from samples.xds.patients import DomainPatient
from samples.xds.submission import folder_of, new_submission, one_document
from samples.xds.updates import submit_association, update_entry, update_status
from xds.metadata.association import AssociationType
from xds.metadata.document_entry import AvailabilityStatus

REPOSITORY = "1.2.250.1.213.4.1.1.1.2"
ELSEWHERE = "1.2.3.4.5.6.7"
EVERY = [str(AvailabilityStatus.APPROVED), str(AvailabilityStatus.DEPRECATED)]
FRENCH = "Rien à signaler."


def entry_of(consumer: Any, unique_id: str) -> Any:
    (entry,) = consumer.get_documents(unique_ids=[unique_id]).document_entries
    return entry


def all_of(consumer: Any, patient: DomainPatient) -> list[str]:
    """Every object of a patient, whatever its status."""
    answer = consumer.query(
        QueryId.GET_ALL,
        patient_id=patient.cx,
        entry_status=EVERY,
        submission_set_status=EVERY,
        folder_status=EVERY,
        association_status=EVERY,
        return_type="ObjectRef",
    )
    return list(answer.ids)


def statuses(consumer: Any, *unique_ids: str) -> list[AvailabilityStatus]:
    return [entry_of(consumer, unique_id).availability_status for unique_id in unique_ids]


def test_a_document_is_provided_found_retrieved_replaced_updated_and_removed(
    source: Any, consumer: Any, patient: DomainPatient
) -> None:
    first = one_document(patient)
    assert source.provide_and_register(first).succeeded
    assert consumer.find_documents(patient.cx).unique_ids == list(first.unique_ids)
    (given,) = consumer.retrieve([(REPOSITORY, first.unique_ids[0])]).documents
    assert [given.content] == list(first.contents.values())

    registered = entry_of(consumer, first.unique_ids[0])
    lot = one_document(patient, text_document(FRENCH))
    second = lot.relate(AssociationType.RPLC, lot.entries[0].entry_uuid, registered.entry_uuid)
    assert source.provide_and_register(second).succeeded
    assert statuses(consumer, *first.unique_ids, *second.unique_ids) == [
        AvailabilityStatus.DEPRECATED,
        AvailabilityStatus.APPROVED,
    ]

    current = entry_of(consumer, second.unique_ids[0])
    assert consumer.update(update_entry(new_submission(patient), current, title="A better title")).succeeded
    (found,) = consumer.find_documents(patient.cx).document_entries
    assert (found.title, found.version, found.logical_id) == ("A better title", 2, current.logical_id)
    (given,) = consumer.retrieve([(REPOSITORY, second.unique_ids[0])]).documents
    assert [given.content] == list(second.contents.values())

    assert consumer.remove_documents([(REPOSITORY, second.unique_ids[0])]).succeeded
    assert consumer.retrieve([(REPOSITORY, second.unique_ids[0])]).error_codes == ["XDSDocumentUniqueIdError"]
    everything = all_of(consumer, patient)
    assert consumer.remove_metadata(everything).succeeded
    assert all_of(consumer, patient) == []


def test_a_document_of_another_repository_is_registered_and_found_but_not_here(
    source: Any, consumer: Any, patient: DomainPatient
) -> None:
    lot = one_document(patient).in_repository(ELSEWHERE)
    assert source.register(lot).succeeded
    assert consumer.find_documents(patient.cx).unique_ids == list(lot.unique_ids)
    assert consumer.retrieve([(ELSEWHERE, lot.unique_ids[0])]).error_codes == ["XDSUnknownRepositoryId"]
    assert consumer.retrieve([(REPOSITORY, lot.unique_ids[0])]).error_codes == ["XDSDocumentUniqueIdError"]


def test_registering_as_ours_what_we_did_not_receive_is_refused(
    source: Any, consumer: Any, patient: DomainPatient
) -> None:
    answer = source.register(one_document(patient).in_repository(REPOSITORY))
    assert answer.error_codes == ["XDSRegistryMetadataError"]
    assert "repositoryUniqueId" in answer.errors[0].context
    assert consumer.find_documents(patient.cx).unique_ids == []


def test_a_folder_goes_with_the_document_that_takes_the_place_of_its_member(
    source: Any, consumer: Any, patient: DomainPatient
) -> None:
    lot = folder_of(patient)
    assert source.provide_and_register(lot).succeeded
    old = entry_of(consumer, lot.unique_ids[0])
    new = one_document(patient, text_document(FRENCH))
    replacement = new.relate(AssociationType.RPLC, new.entries[0].entry_uuid, old.entry_uuid)
    assert source.provide_and_register(replacement).succeeded
    answer = consumer.query(QueryId.GET_FOLDER_AND_CONTENTS, unique_id=lot.folders[0].unique_id)
    assert answer.counts == Counter({Kind.ENTRY: 2, Kind.ASSOCIATION: 2, Kind.FOLDER: 1})


def test_an_association_is_submitted_and_its_status_changed(source: Any, consumer: Any, patient: DomainPatient) -> None:
    lot = one_document(patient).add_document(patient, text_document(FRENCH))
    assert source.provide_and_register(lot).succeeded
    one, other = (entry_of(consumer, unique_id).entry_uuid for unique_id in lot.unique_ids)
    addition = submit_association(new_submission(patient), AssociationType.APND, one, other)
    assert consumer.update(addition).succeeded
    related = {"entry_uuid": one, "association_type": [str(AssociationType.APND)]}
    (link,) = consumer.query(QueryId.GET_RELATED_DOCUMENTS, **related).of_kind(Kind.ASSOCIATION)
    assert consumer.update(update_status(new_submission(patient), link.id)).succeeded
    assert consumer.query(QueryId.GET_RELATED_DOCUMENTS, **related).ids == []


def test_of_several_replacements_at_once_one_wins_and_the_others_are_told(
    generic_house: Rehearsal, source: Any, consumer: Any, patient: DomainPatient
) -> None:
    first = one_document(patient)
    assert source.provide_and_register(first).succeeded
    target = entry_of(consumer, first.unique_ids[0]).entry_uuid

    def replace(rank: int) -> list[str]:
        lot = one_document(patient, text_document(f"Version {rank}."))
        with closing(generic_house.source("chu-seine")) as client:
            answer = client.provide_and_register(lot.relate(AssociationType.RPLC, lot.entries[0].entry_uuid, target))
        return list(answer.error_codes)

    with ThreadPoolExecutor(6) as pool:
        codes = sorted(pool.map(replace, range(6)))
    assert codes == [[], *[["XDSRegistryDeprecatedDocumentError"]] * 5]
    assert len(consumer.find_documents(patient.cx).unique_ids) == 1

"""What the ingest door may ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import psycopg
import pytest

from xds.dmp.record import EmergencyConsents, RecordStatus
from xds.errors import Refusal, XdsErrorCode
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import ON_DEMAND, STABLE
from xds.metadata.document_entry import AvailabilityStatus as Status
from xds.registry.facts import ObjectKind, RegisteredUniqueId

from .conftest import (
    BOTH_DOMAINS,
    DOCTOR,
    HOSPITAL,
    IHE,
    NOON,
    OTHER_HOSPITAL,
    Registry,
    a_folder,
    a_set,
    an_entry,
    another_version,
    has_member,
    link,
    oid,
    urn,
)


@BOTH_DOMAINS
def test_a_receipt_tells_the_record_and_its_public_key(registry: Registry) -> None:
    patient_id, record = registry.a_record()
    receipt = registry.receipts.ask(patient_id=patient_id, structure_id=HOSPITAL)
    assert receipt.record == replace(record, revision=registry.revision(patient_id))
    assert receipt.record is not None
    assert receipt.record.status is RecordStatus.OPEN
    assert receipt.public_key
    assert (receipt.objects, receipt.unique_ids, receipt.revision) == ({}, {}, registry.revision(patient_id))


@BOTH_DOMAINS
def test_an_unknown_patient_has_no_record_and_no_key(registry: Registry) -> None:
    unknown = "888888888888888^^^&1.2.250.1.213.1.4.10&ISO^NH"
    receipt = registry.receipts.ask(patient_id=unknown, structure_id=HOSPITAL, ids=[urn()])
    assert (receipt.record, receipt.public_key, receipt.objects) == (None, b"", {})


@BOTH_DOMAINS
def test_a_merged_patient_has_no_record_any_more(registry: Registry) -> None:
    (merged, old), (_, survivor) = registry.a_record(), registry.a_record()
    registry.owner.execute(
        "UPDATE ecluse.records SET status = 'MERGED', closed_at = now(), merged_into = %s WHERE patient_key = %s",
        (survivor.patient_key, old.patient_key),
    )
    receipt = registry.receipts.ask(patient_id=merged, structure_id=HOSPITAL)
    assert (receipt.record, receipt.public_key) == (None, b"")
    with pytest.raises(Refusal) as refusal:
        registry.deposit(merged, [an_entry(merged)], record=old)
    assert [error.code for error in refusal.value.errors] == [XdsErrorCode.UNKNOWN_PATIENT_ID]


def test_in_the_dmp_a_taken_unique_id_is_told_whoever_took_it_and_nothing_more(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    entry = an_entry(patient_id)
    lot = registry.deposit(patient_id, [entry], structure_id=OTHER_HOSPITAL)
    asked = [entry.unique_id, oid(), lot.unique_id]
    receipts = [
        registry.receipts.ask(patient_id=patient_id, structure_id=structure_id, unique_ids=asked)
        for structure_id in (HOSPITAL, OTHER_HOSPITAL)
    ]
    taken = {
        entry.unique_id: RegisteredUniqueId(unique_id=entry.unique_id, kind=ObjectKind.DOCUMENT_ENTRY),
        lot.unique_id: RegisteredUniqueId(unique_id=lot.unique_id, kind=ObjectKind.SUBMISSION_SET),
    }
    assert receipts[0].unique_ids == receipts[1].unique_ids == taken


@IHE
def test_elsewhere_a_taken_unique_id_is_told_with_hash_in_lower_case_and_size(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    entry, folder = an_entry(patient_id, hash="AB" * 20, size=77), a_folder(patient_id)
    registry.deposit(patient_id, [entry], folders=[folder], structure_id=OTHER_HOSPITAL)
    receipt = registry.receipts.ask(
        patient_id=patient_id, structure_id=HOSPITAL, unique_ids=[entry.unique_id, folder.unique_id]
    )
    document = receipt.unique_ids[entry.unique_id]
    assert (document.kind, document.hash, document.size) == (ObjectKind.DOCUMENT_ENTRY, "ab" * 20, 77)
    assert receipt.unique_ids[folder.unique_id].kind is ObjectKind.FOLDER


def test_in_the_dmp_an_object_of_another_structure_looks_like_no_object(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    mine, replaced, foreign = (an_entry(patient_id) for _ in range(3))
    lot = registry.deposit(patient_id, [mine, replaced])
    folder = a_folder(patient_id)
    registry.deposit(patient_id, [foreign], folders=[folder], structure_id=OTHER_HOSPITAL)
    new = an_entry(patient_id)
    registry.deposit(patient_id, [new], links=[link(AssociationType.RPLC, new, replaced.entry_uuid)])
    other_patient, _ = registry.a_record()
    elsewhere = an_entry(other_patient)
    registry.deposit(other_patient, [elsewhere])
    asked = [mine, replaced, foreign, elsewhere, lot, folder]
    receipt = registry.receipts.ask(
        patient_id=patient_id, structure_id=HOSPITAL, ids=[*(item.entry_uuid for item in asked), urn(), "Document07"]
    )
    assert {item.entry_uuid: (item.unique_id, item.status) for item in receipt.objects.values()} == {
        mine.entry_uuid: (mine.unique_id, Status.APPROVED),
        replaced.entry_uuid: (replaced.unique_id, Status.DEPRECATED),
    }


@IHE
def test_elsewhere_objects_of_the_four_kinds_are_told_whoever_registered_them(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    other_patient, _ = registry.a_record()
    entry, transformed, folder = an_entry(patient_id), an_entry(patient_id), a_folder(patient_id)
    foreign = an_entry(other_patient, object_type=ON_DEMAND)
    membership = has_member(folder.entry_uuid, entry.entry_uuid)
    lot = registry.deposit(patient_id, [entry], folders=[folder], links=[membership], structure_id=OTHER_HOSPITAL)
    transformation = link(AssociationType.XFRM, transformed, entry.entry_uuid)
    registry.deposit(patient_id, [transformed], links=[transformation])
    registry.deposit(other_patient, [foreign])
    asked = [entry, transformed, foreign, lot, folder, membership]
    receipt = registry.receipts.ask(
        patient_id=patient_id, structure_id=HOSPITAL, ids=[*(item.entry_uuid for item in asked), urn(), "folder01"]
    )
    told = [receipt.objects[item.entry_uuid] for item in asked]
    assert len(receipt.objects) == len(asked)
    assert [item.kind for item in told] == [
        *([ObjectKind.DOCUMENT_ENTRY] * 3),
        ObjectKind.SUBMISSION_SET,
        ObjectKind.FOLDER,
        ObjectKind.ASSOCIATION,
    ]
    assert [item.same_patient for item in told] == [True, True, False, True, True, True]
    assert [item.is_transformation for item in told] == [False, True, False, False, False, False]
    assert [item.object_type for item in told] == [STABLE, STABLE, ON_DEMAND, "", "", ""]
    assert [item.folders for item in told] == [(folder.entry_uuid,), (), (), (), (), ()]
    assert {item.status for item in told} == {Status.APPROVED}


@IHE
@pytest.mark.parametrize("gone", ["folders", "associations"])
def test_a_folder_or_a_membership_that_is_deprecated_does_not_hold_its_document(registry: Registry, gone: str) -> None:
    patient_id, _ = registry.a_record()
    entry, folder = an_entry(patient_id), a_folder(patient_id)
    registry.deposit(patient_id, [entry], folders=[folder], links=[has_member(folder.entry_uuid, entry.entry_uuid)])
    statement = {
        "folders": "UPDATE ecluse.folders SET status = 'DEPRECATED' WHERE entry_uuid = %s",
        "associations": "UPDATE ecluse.associations SET status = 'DEPRECATED' WHERE source = %s",
    }[gone]
    registry.owner.execute(statement, (folder.entry_uuid.removeprefix("urn:uuid:"),))
    receipt = registry.receipts.ask(patient_id=patient_id, structure_id=HOSPITAL, ids=[entry.entry_uuid])
    assert receipt.objects[entry.entry_uuid].folders == ()


def named(lot_source: str, target: str) -> tuple[Association, ...]:
    return (has_member(lot_source, target, "Reference"),)


@BOTH_DOMAINS
def test_the_revision_grows_only_when_something_registered_is_named(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    entry, again = an_entry(patient_id), a_set(patient_id)
    start = registry.revision(patient_id)
    registry.deposit(patient_id, [entry])
    assert registry.revision(patient_id) == start
    registry.deposit(patient_id, [an_entry(patient_id)])
    assert registry.revision(patient_id) == start
    registry.deposit(patient_id, lot=again, links=named(again.entry_uuid, entry.entry_uuid))
    assert registry.revision(patient_id) == start + 1
    receipt = registry.receipts.ask(patient_id=patient_id, structure_id=HOSPITAL)
    assert receipt.revision == start + 1


def test_ids_are_answered_as_they_were_asked(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    entry = an_entry(patient_id)
    registry.deposit(patient_id, [entry])
    shouted = "urn:uuid:" + entry.entry_uuid.removeprefix("urn:uuid:").upper()
    receipt = registry.receipts.ask(patient_id=patient_id, structure_id=HOSPITAL, ids=[shouted, "urn:uuid:Document01"])
    assert receipt.objects == {
        shouted: replace(receipt.objects[shouted], entry_uuid=entry.entry_uuid, unique_id=entry.unique_id)
    }


def test_a_registry_that_does_not_answer_is_a_standard_refusal(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    with registry.owner.transaction():
        registry.owner.execute("LOCK TABLE ecluse.patients IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Refusal) as refusal:
            registry.receipts.ask(patient_id=patient_id, structure_id=HOSPITAL)
    assert [error.code for error in refusal.value.errors] == [XdsErrorCode.REGISTRY_BUSY]


def test_a_receipt_tells_all_that_the_law_decides_on(registry: Registry) -> None:
    patient_id, record = registry.a_record()
    registry.owner.execute(
        "UPDATE ecluse.records SET birth_date = '2012-05-05', default_masking = true, btg = false, masked = true,"
        " attached_to_ens = false WHERE patient_key = %s",
        (record.patient_key,),
    )

    told = registry.receipts.ask(patient_id=patient_id, structure_id=HOSPITAL).record

    assert told == replace(
        record,
        revision=registry.revision(patient_id),
        birth_date=date(2012, 5, 5),
        default_masking=True,
        emergency=EmergencyConsents(btg=False),
        attached_to_ens=False,
    )


@pytest.mark.parametrize(
    ("columns", "status"),
    [("status = 'SUSPENDED', suspended_at = now()", "SUSPENDED"), ("status = 'CLOSED', closed_at = now()", "CLOSED")],
)
def test_a_record_that_is_not_open_is_told_with_its_status(registry: Registry, columns: str, status: str) -> None:
    patient_id, record = registry.a_record()
    registry.owner.execute(
        f"UPDATE ecluse.records SET {columns} WHERE patient_key = %s",  # noqa: S608
        (record.patient_key,),
    )

    told = registry.receipts.ask(patient_id=patient_id, structure_id=HOSPITAL).record

    assert told is not None
    assert told.status is RecordStatus(status)


def test_ones_own_documents_are_told_by_unique_id_in_their_last_version_and_by_id_in_any(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    mine, theirs = an_entry(patient_id), an_entry(patient_id)
    registry.deposit(patient_id, [mine])
    registry.deposit(patient_id, [theirs], structure_id=OTHER_HOSPITAL)
    second = another_version(registry, mine.entry_uuid)

    by_name = registry.receipts.own_documents(
        patient_id=patient_id, structure_id=HOSPITAL, unique_ids=[mine.unique_id, theirs.unique_id, oid()]
    )
    by_id = registry.receipts.own_documents(
        patient_id=patient_id, structure_id=HOSPITAL, ids=[mine.entry_uuid, second, theirs.entry_uuid, urn(), "Doc01"]
    )

    assert [(one.entry_uuid, one.status) for one in by_name.documents] == [(second, Status.APPROVED)]
    assert {one.entry_uuid for one in by_id.documents} == {mine.entry_uuid, second}
    assert {one.unique_id for one in by_id.documents} == {mine.unique_id}


def test_a_person_who_acts_for_himself_has_the_documents_he_is_an_author_of(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    entry = an_entry(patient_id)
    registry.deposit(patient_id, [entry])

    found = {
        person: registry.receipts.own_documents(
            patient_id=patient_id, structure_id=HOSPITAL, person_id=person, unique_ids=[entry.unique_id]
        ).documents
        for person in (DOCTOR, "810000000002")
    }

    assert [len(documents) for documents in found.values()] == [1, 0]


def test_an_unknown_patient_has_no_documents_and_no_record(registry: Registry) -> None:
    unknown = "888888888888888^^^&1.2.250.1.213.1.4.10&ISO^NH"

    own = registry.receipts.own_documents(patient_id=unknown, structure_id=HOSPITAL, unique_ids=[oid()])

    assert (own.record, own.documents) == (None, ())
    assert registry.receipts.existence(unknown) is None


def test_whoever_feeds_learns_that_a_record_exists_and_why_it_was_closed(registry: Registry) -> None:
    patient_id, record = registry.a_record()
    opened = registry.receipts.existence(patient_id)
    registry.owner.execute(
        "UPDATE ecluse.records SET status = 'CLOSED', closed_at = %s, closing_motive = 'FERMETURE_DEMANDE_PATIENT',"
        " closing_reason = 'souhait' WHERE patient_key = %s",
        (NOON, record.patient_key),
    )
    closed = registry.receipts.existence(patient_id)

    assert opened is not None
    assert (opened.record.status, opened.closed_at, opened.account_open) == (RecordStatus.OPEN, None, False)
    assert closed is not None
    assert (closed.record.status, closed.closed_at) == (RecordStatus.CLOSED, NOON)
    assert (closed.closing_motive, closed.closing_reason) == ("FERMETURE_DEMANDE_PATIENT", "souhait")


@IHE
def test_elsewhere_nobody_asks_for_ones_own_documents_nor_for_existence(registry: Registry) -> None:
    patient_id, _ = registry.a_record()

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        registry.receipts.own_documents(patient_id=patient_id, structure_id=HOSPITAL, unique_ids=[oid()])
    assert registry.receipts.existence(patient_id) is None

"""What the ingest door may ask."""

from __future__ import annotations

import pytest

from xds.dmp.record import RecordStatus
from xds.errors import Refusal, XdsErrorCode
from xds.metadata.association import AssociationType

from .conftest import HOSPITAL, OTHER_HOSPITAL, Registry, an_entry, link, oid, urn


def test_a_receipt_tells_the_record_and_its_public_key(registry: Registry) -> None:
    patient_id, record = registry.a_record()
    receipt = registry.receipts.ask(patient_id=patient_id, structure_id=HOSPITAL)
    assert receipt.record == record
    assert receipt.record is not None
    assert receipt.record.status is RecordStatus.OPEN
    assert receipt.public_key
    assert receipt.errors() == ()


def test_an_unknown_patient_has_no_record_and_no_key(registry: Registry) -> None:
    target = urn()
    unknown = "888888888888888^^^&1.2.250.1.213.1.4.10&ISO^NH"
    receipt = registry.receipts.ask(patient_id=unknown, structure_id=HOSPITAL, targets=[target])
    assert (receipt.record, receipt.public_key, receipt.unresolved) == (None, b"", (target,))


def test_a_taken_unique_id_is_told_whoever_took_it(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    entry = an_entry(patient_id)
    lot = registry.deposit(patient_id, [entry], structure_id=OTHER_HOSPITAL)
    asked = [entry.unique_id, oid(), lot.unique_id]
    receipts = [
        registry.receipts.ask(patient_id=patient_id, structure_id=structure_id, unique_ids=asked)
        for structure_id in (HOSPITAL, OTHER_HOSPITAL)
    ]
    assert receipts[0].taken == receipts[1].taken == tuple(sorted((entry.unique_id, lot.unique_id)))
    assert {error.code for error in receipts[0].errors()} == {XdsErrorCode.DUPLICATE_UNIQUE_ID_IN_REGISTRY}


def test_a_target_of_another_structure_looks_like_no_document(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    mine, replaced, foreign = (an_entry(patient_id) for _ in range(3))
    registry.deposit(patient_id, [mine, replaced])
    registry.deposit(patient_id, [foreign], structure_id=OTHER_HOSPITAL)
    new = an_entry(patient_id)
    registry.deposit(patient_id, [new], links=[link(AssociationType.RPLC, new, replaced.entry_uuid)])
    absent = urn()
    receipt = registry.receipts.ask(
        patient_id=patient_id,
        structure_id=HOSPITAL,
        targets=[mine.entry_uuid, replaced.entry_uuid, foreign.entry_uuid, absent, "Document07"],
    )
    assert set(receipt.unresolved) == {foreign.entry_uuid, absent, "Document07"}
    assert receipt.deprecated == (replaced.entry_uuid,)
    assert receipt.own == {entry.entry_uuid: entry.unique_id for entry in (mine, replaced)}


def test_a_registry_that_does_not_answer_is_a_standard_refusal(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    with registry.owner.transaction():
        registry.owner.execute("LOCK TABLE ecluse.patients IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Refusal) as refusal:
            registry.receipts.ask(patient_id=patient_id, structure_id=HOSPITAL)
    assert [error.code for error in refusal.value.errors] == [XdsErrorCode.REGISTRY_BUSY]

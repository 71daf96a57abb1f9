"""Registering submissions on the real server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from uuid import uuid4

import psycopg
import pytest

from gateway.records import close_record
from security.audit.event import AuditEvent, Outcome
from xds.dmp.operations import Operation
from xds.dmp.traces import Actor, ActorKind, Notice, NoticeKind, Trace
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.metadata.association import AssociationType
from xds.metadata.document_entry import AvailabilityStatus as Status
from xds.registry.availability import ChangedMeanwhile
from xds.registry.facts import Receipt
from xds.registry.rows import NewEntry

from .conftest import HOSPITAL, NOON, OTHER_HOSPITAL, Registry, a_set, an_entry, link, oid, urn


def codes_of(refusal: pytest.ExceptionInfo[Refusal]) -> list[str]:
    return [str(error.code) for error in refusal.value.errors]


def test_a_submission_is_kept_whole_with_its_audit_event(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    lot = registry.deposit(patient_id, [an_entry(patient_id), an_entry(patient_id)])
    assert registry.counts(patient_id) == (3, 1, 2, 2)
    assert registry.events(lot.unique_id) == 1


def test_a_unique_id_is_registered_once_whoever_comes_back_with_it(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    other_patient, _ = registry.a_record()
    known = an_entry(patient_id)
    registry.deposit(patient_id, [known])
    answers = []
    for structure_id, patient in ((HOSPITAL, patient_id), (OTHER_HOSPITAL, other_patient)):
        again = replace(known, entry_uuid=urn(), patient_id=patient)
        with pytest.raises(Refusal) as refusal:
            registry.deposit(patient, [again], structure_id=structure_id)
        answers.append(refusal.value.errors)
    assert answers[0] == answers[1]
    assert [error.code for error in answers[0]] == [XdsErrorCode.DUPLICATE_UNIQUE_ID_IN_REGISTRY]
    assert known.unique_id in answers[0][0].context


def test_a_refused_submission_leaves_nothing_not_even_its_audit_event(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    known = an_entry(patient_id)
    registry.deposit(patient_id, [known])
    before = registry.counts(patient_id)
    lot_id = oid()
    with pytest.raises(Refusal) as refusal:
        registry.deposit(
            patient_id, [an_entry(patient_id), an_entry(patient_id, unique_id=known.unique_id)], unique_id=lot_id
        )
    assert codes_of(refusal) == ["XDSDuplicateUniqueIdInRegistry"]
    assert registry.counts(patient_id) == before
    assert registry.events(lot_id) == 0


def test_an_entry_that_the_database_refuses_takes_the_whole_submission_with_it(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    known = an_entry(patient_id)
    registry.deposit(patient_id, [known])
    before = registry.counts(patient_id)
    with pytest.raises(Refusal) as refusal:
        registry.deposit(patient_id, [an_entry(patient_id), an_entry(patient_id, entry_uuid=known.entry_uuid)])
    assert codes_of(refusal) == ["XDSRegistryMetadataError"]
    assert registry.counts(patient_id) == before


@pytest.mark.parametrize("round_number", range(8))
def test_of_two_lots_at_once_with_one_unique_id_exactly_one_is_kept(registry: Registry, round_number: int) -> None:
    patient_id, record = registry.a_record()
    other_patient, other_record = registry.a_record()
    shared, barrier = sorted((oid(), oid())), Barrier(2)

    def deposit(patient: str, reverse: bool) -> str:
        entries = [an_entry(patient, unique_id=unique_id) for unique_id in (shared[::-1] if reverse else shared)]
        barrier.wait()
        try:
            registry.deposit(patient, entries, record=record if patient == patient_id else other_record)
        except Refusal as refusal:
            return ",".join(error.code for error in refusal.errors)
        return "kept"

    second = other_patient if round_number % 2 else patient_id
    with ThreadPoolExecutor(2) as threads:
        answers = sorted(threads.map(deposit, (patient_id, second), (False, True)))
    assert answers == ["XDSDuplicateUniqueIdInRegistry,XDSDuplicateUniqueIdInRegistry", "kept"]
    kept = [registry.counts(patient) for patient in (patient_id, other_patient)]
    assert sorted(kept) == [(0, 0, 0, 0), (3, 1, 2, 2)]


def test_a_replaced_document_becomes_deprecated_with_its_addenda_at_every_depth(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    old, addendum, translation, stranger = (an_entry(patient_id) for _ in range(4))
    registry.deposit(patient_id, [old, stranger])
    registry.deposit(patient_id, [addendum], links=[link(AssociationType.APND, addendum, old.entry_uuid)])
    registry.deposit(patient_id, [translation], links=[link(AssociationType.XFRM, translation, addendum.entry_uuid)])
    new = an_entry(patient_id)
    registry.deposit(patient_id, [new], links=[link(AssociationType.RPLC, new, old.entry_uuid)])
    assert registry.statuses(patient_id) == {
        old.entry_uuid: Status.DEPRECATED,
        addendum.entry_uuid: Status.DEPRECATED,
        translation.entry_uuid: Status.DEPRECATED,
        stranger.entry_uuid: Status.APPROVED,
        new.entry_uuid: Status.APPROVED,
    }


def test_replacing_a_document_already_replaced_is_refused(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    old, new, late = (an_entry(patient_id) for _ in range(3))
    registry.deposit(patient_id, [old])
    registry.deposit(patient_id, [new], links=[link(AssociationType.RPLC, new, old.entry_uuid)])
    with pytest.raises(Refusal) as refusal:
        registry.deposit(patient_id, [late], links=[link(AssociationType.RPLC, late, old.entry_uuid)])
    assert codes_of(refusal) == ["XDSRegistryDeprecatedDocumentError"]


def test_of_two_replacements_at_once_one_is_kept(registry: Registry) -> None:
    patient_id, record = registry.a_record()
    old = an_entry(patient_id)
    registry.deposit(patient_id, [old])
    barrier = Barrier(2)

    def replace_it(_: int) -> str:
        new = an_entry(patient_id)
        barrier.wait()
        try:
            registry.deposit(patient_id, [new], links=[link(AssociationType.RPLC, new, old.entry_uuid)], record=record)
        except Refusal as refusal:
            return str(refusal.errors[0].code)
        return "kept"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(replace_it, range(2))) == ["XDSRegistryDeprecatedDocumentError", "kept"]


@pytest.mark.parametrize("kind", [AssociationType.RPLC, AssociationType.APND, AssociationType.XFRM])
def test_a_document_of_another_structure_and_no_document_give_the_same_answer(
    registry: Registry, kind: AssociationType
) -> None:
    patient_id, _ = registry.a_record()
    foreign = an_entry(patient_id)
    registry.deposit(patient_id, [foreign], structure_id=OTHER_HOSPITAL)
    contexts = []
    for target in (foreign.entry_uuid, urn()):
        new = an_entry(patient_id)
        with pytest.raises(Refusal) as refusal:
            registry.deposit(patient_id, [new], links=[link(kind, new, target)])
        assert codes_of(refusal) == ["UnresolvedReferenceException"]
        contexts.append(refusal.value.errors[0].context.replace(target, "…"))
    assert contexts[0] == contexts[1]
    assert registry.statuses(patient_id)[foreign.entry_uuid] is Status.APPROVED


def test_every_fault_of_a_submission_is_reported_at_once(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    known = an_entry(patient_id)
    registry.deposit(patient_id, [known])
    again = an_entry(patient_id, unique_id=known.unique_id)
    with pytest.raises(Refusal) as refusal:
        registry.deposit(patient_id, [again], links=[link(AssociationType.RPLC, again, urn())])
    assert codes_of(refusal) == ["XDSDuplicateUniqueIdInRegistry", "UnresolvedReferenceException"]


def test_nothing_is_added_to_a_closed_or_unknown_record(registry: Registry) -> None:
    patient_id, record = registry.a_record()
    close_record(registry.owner, patient_id)
    with pytest.raises(Refusal) as closed:
        registry.deposit(patient_id, [an_entry(patient_id)])
    assert codes_of(closed) == ["DMPClosed"]
    stranger = "299999999999999^^^&1.2.250.1.213.1.4.10&ISO^NH"
    with pytest.raises(Refusal) as unknown:
        registry.deposit(stranger, [an_entry(stranger)], record=record)
    assert codes_of(unknown) == ["XDSUnknownPatientId"]


def test_a_document_sealed_to_a_key_that_is_no_longer_the_record_s_is_refused(registry: Registry) -> None:
    patient_id, record = registry.a_record()
    with pytest.raises(Refusal) as refusal:
        registry.deposit(patient_id, [an_entry(patient_id)], record=replace(record, key_id=uuid4()))
    assert codes_of(refusal) == ["XDSRegistryBusy"]


def test_a_lock_held_too_long_is_answered_busy(registry: Registry) -> None:
    patient_id, record = registry.a_record()
    with registry.owner.transaction():
        registry.owner.execute("SELECT FROM ecluse.records WHERE patient_key = %s FOR UPDATE", (record.patient_key,))
        with pytest.raises(Refusal) as refusal:
            registry.deposit(patient_id, [an_entry(patient_id)], record=record)
    assert codes_of(refusal) == ["XDSRegistryBusy"]


def test_a_deposit_judged_before_the_patient_wanted_masks_is_judged_again(registry: Registry) -> None:
    patient_id, record = registry.a_record()
    receipt = registry.receipts.ask(patient_id=patient_id, structure_id=HOSPITAL)
    registry.owner.execute(
        "UPDATE ecluse.records SET default_masking = true WHERE patient_key = %s", (record.patient_key,)
    )

    with pytest.raises(ChangedMeanwhile):
        registry.register(patient_id, receipt, lot=a_set(patient_id), entries=[an_entry(patient_id)])

    assert registry.counts(patient_id) == (0, 0, 0, 0)


NO_LONGER = [
    ("status = 'CLOSED', closed_at = now()", "DMPClosed", "5-RECORD-CLOSED"),
    ("status = 'SUSPENDED', suspended_at = now()", "SBX_RECORD_SUSPENDED", "5-RECORD-SUSPENDED"),
]


@pytest.mark.parametrize(("columns", "code", "rule"), NO_LONGER)
def test_a_record_that_is_no_longer_open_at_registration_answers_what_the_law_answers(
    registry: Registry, columns: str, code: str, rule: str
) -> None:
    patient_id, record = registry.a_record()

    def meanwhile(_: Receipt) -> tuple[RegistryError, ...]:
        registry.owner.execute(
            f"UPDATE ecluse.records SET {columns}, revision = revision + 1 WHERE patient_key = %s",  # noqa: S608
            (record.patient_key,),
        )
        return ()

    with pytest.raises(Refusal) as refusal:
        registry.deposit(patient_id, [an_entry(patient_id)], judge=meanwhile)

    assert (codes_of(refusal), refusal.value.decided_by) == ([code], rule)
    assert registry.counts(patient_id) == (0, 0, 0, 0)


def test_a_trace_is_that_of_the_deposit_and_announces_its_documents_alone(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    other, _ = registry.a_record()
    entry, lot = an_entry(patient_id), a_set(patient_id)
    receipt = registry.receipts.ask(patient_id=patient_id, structure_id=HOSPITAL)
    assert receipt.record is not None
    forged = Trace(
        patient_id=other,
        operation=Operation.FEED,
        outcome="success",
        actor=Actor(kind=ActorKind.FACILITY, id="x", structure=OTHER_HOSPITAL),
        request_id="r",
        documents=(entry.unique_id, "1.2.3"),
        notices=(
            Notice(NoticeKind.DOCUMENT_ADDED, entry.unique_id),
            Notice(NoticeKind.DOCUMENT_ADDED, "1.2.3"),
            Notice(NoticeKind.RECORD_CLOSED, entry.unique_id),
        ),
    )

    def register(trace: Trace) -> None:
        assert receipt.record is not None
        registry.writer.register(
            record=receipt.record,
            revision=receipt.revision,
            patient_id=patient_id,
            structure_id=HOSPITAL,
            submission_set=lot,
            entries=[NewEntry(entry=entry, blob_address=b"x" * 32)],
            associations=[],
            now=NOON,
            event=AuditEvent(door="ingest", time=NOON, transaction="ITI-41", outcome=Outcome.SUCCESS, request_id="r"),
            trace=trace,
        )

    for changes in ({"operation": Operation.READ}, {"outcome": "refused"}, {"actor": Actor(kind=ActorKind.PATIENT)}):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            register(replace(forged, **changes))  # type: ignore[arg-type]
    register(forged)

    kept = registry.owner.execute(
        "SELECT p.patient_id, t.actor_structure, t.documents FROM ecluse.traces t JOIN ecluse.patients p USING"
        " (patient_key) WHERE t.request_id = 'r' AND t.operation = 'TD2.1'"
    ).fetchall()
    assert kept == [(patient_id, HOSPITAL, [entry.unique_id])]
    told = registry.owner.execute(
        "SELECT kind, subject FROM ecluse.outbox JOIN ecluse.patients USING (patient_key)"
        " WHERE patient_id = ANY (%s) AND kind <> 'RECORD_CREATED'",
        ([patient_id, other],),
    ).fetchall()
    assert told == [("DOCUMENT_ADDED", entry.unique_id)]

"""Identifiers and references of submissions, as the database judges them under its locks (rules M6, P5 to P11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from gateway.records import close_record
from xds.errors import Refusal, RegistryError
from xds.metadata.association import AssociationType
from xds.metadata.document_entry import ON_DEMAND
from xds.metadata.document_entry import AvailabilityStatus as Status
from xds.registry.availability import ChangedMeanwhile

from .conftest import (
    BOTH_DOMAINS,
    HOSPITAL,
    IHE,
    OTHER_HOSPITAL,
    Registry,
    a_folder,
    a_set,
    an_entry,
    has_member,
    link,
    oid,
    urn,
)

DUPLICATE, HASH, SIZE = "XDSDuplicateUniqueIdInRegistry", "XDSNonIdenticalHash", "XDSNonIdenticalSize"


def refused(act: Callable[[], Any]) -> list[tuple[str, str]]:
    """Code and rule of every error of a refusal; nothing when there is none."""
    try:
        act()
    except Refusal as refusal:
        return [(str(error.code), error.rule) for error in refusal.errors]
    return []


# rule, kind of what is registered, kind of what comes with the same uniqueId, what differs, codes by domain
UNIQUE_IDS: Sequence[tuple[str, str, str, dict[str, Any], list[str], list[str]]] = (
    ("P6", "SS", "SS", {}, [DUPLICATE], [DUPLICATE]),
    ("P6", "DE", "SS", {}, [DUPLICATE], [DUPLICATE]),
    ("P6", "FD", "SS", {}, [DUPLICATE], [DUPLICATE]),
    ("P7", "FD", "FD", {}, [DUPLICATE], [DUPLICATE]),
    ("P7", "SS", "FD", {}, [DUPLICATE], [DUPLICATE]),
    ("P7", "DE", "FD", {}, [DUPLICATE], [DUPLICATE]),
    ("P8", "DE", "DE", {"hash": "b" * 40}, [HASH], [DUPLICATE]),
    ("P9", "DE", "DE", {"size": 1235}, [SIZE], [DUPLICATE]),
    ("P8-P9", "DE", "DE", {"hash": "b" * 40, "size": 1235}, [HASH, SIZE], [DUPLICATE]),
    ("P10", "DE", "DE", {}, [], [DUPLICATE]),
    ("P10", "DE", "DE", {"hash": "A" * 40}, [], [DUPLICATE]),
    ("P11", "SS", "DE", {}, [DUPLICATE], [DUPLICATE]),
    ("P11", "FD", "DE", {}, [DUPLICATE], [DUPLICATE]),
)


@BOTH_DOMAINS
@pytest.mark.parametrize("same_patient", [True, False], ids=["same-patient", "other-patient"])
@pytest.mark.parametrize(
    ("rule", "first", "second", "changes", "ihe", "dmp"),
    UNIQUE_IDS,
    ids=[f"{rule}-{first}-{second}-{'-'.join(changes)}" for rule, first, second, changes, _, _ in UNIQUE_IDS],
)
def test_a_unique_id_that_comes_again(
    registry: Registry,
    domain: str,
    same_patient: bool,
    rule: str,
    first: str,
    second: str,
    changes: dict[str, Any],
    ihe: list[str],
    dmp: list[str],
) -> None:
    unique_id = oid()

    def submit(patient_id: str, kind: str, **differing: Any) -> None:
        registry.deposit(
            patient_id,
            [an_entry(patient_id, unique_id=unique_id, **differing)] if kind == "DE" else [],
            folders=[a_folder(patient_id, unique_id=unique_id)] if kind == "FD" else [],
            unique_id=unique_id if kind == "SS" else None,
        )

    patient_id, _ = registry.a_record()
    other, _ = registry.a_record()
    submit(patient_id, first)
    second_patient = patient_id if same_patient else other
    before = registry.counts(second_patient)
    codes = [code for code, _ in refused(lambda: submit(second_patient, second, **changes))]
    assert codes == (ihe if domain == "ihe" else dmp), rule
    assert (registry.counts(second_patient) == before) is bool(codes)


@IHE
def test_p10_the_first_document_keeps_the_unique_id(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    first = an_entry(patient_id)
    second = replace(first, entry_uuid=urn())
    registry.deposit(patient_id, [first])
    registry.deposit(patient_id, [second])
    rows = registry.owner.execute(
        "SELECT 'urn:uuid:' || entry_uuid FROM ecluse.unique_ids WHERE unique_id = %s", (first.unique_id,)
    ).fetchall()
    assert rows == [(first.entry_uuid,)]
    assert registry.statuses(patient_id) == {first.entry_uuid: Status.APPROVED, second.entry_uuid: Status.APPROVED}


@IHE
@pytest.mark.parametrize("round_number", range(4))
@pytest.mark.parametrize(("digests", "kept"), [(("a" * 40, "a" * 40), 2), (("a" * 40, "b" * 40), 1)])
def test_p8_p10_two_documents_with_one_unique_id_at_once(
    registry: Registry, round_number: int, digests: tuple[str, str], kept: int
) -> None:
    patients = [registry.a_record()[0] for _ in range(2)]
    unique_id, barrier = oid(), Barrier(2)

    def deposit(patient_id: str, digest: str) -> list[tuple[str, str]]:
        entry = an_entry(patient_id, unique_id=unique_id, hash=digest)
        barrier.wait()
        return refused(lambda: registry.deposit(patient_id, [entry]))

    with ThreadPoolExecutor(2) as threads:
        answers = sorted(threads.map(deposit, patients, digests))
    assert answers == ([[], []] if kept == 2 else [[], [(HASH, "P8")]])


KINDS = ("DE", "SS", "FD", "AS")


@BOTH_DOMAINS
@pytest.mark.parametrize("second", KINDS)
@pytest.mark.parametrize("first", KINDS)
def test_m6_an_id_that_is_registered_for_whatever_object_is_refused(
    registry: Registry, first: str, second: str
) -> None:
    entry_uuid = urn()

    def submit(structure_id: str, kind: str) -> None:
        patient_id, _ = registry.a_record()
        entry = an_entry(patient_id, **({"entry_uuid": entry_uuid} if kind == "DE" else {}))
        lot = a_set(patient_id, **({"entry_uuid": entry_uuid} if kind == "SS" else {}))
        folders = [a_folder(patient_id, entry_uuid=entry_uuid)] if kind == "FD" else []
        addendum = an_entry(patient_id)
        relationship = link(AssociationType.APND, addendum, entry.entry_uuid)
        links = [replace(relationship, entry_uuid=entry_uuid)] if kind == "AS" else []
        registry.deposit(
            patient_id, [entry, addendum], folders=folders, lot=lot, links=links, structure_id=structure_id
        )

    submit(OTHER_HOSPITAL, first)
    with pytest.raises(Refusal) as refusal:
        submit(HOSPITAL, second)
    errors: tuple[RegistryError, ...] = refusal.value.errors
    assert [(str(error.code), error.rule) for error in errors] == [("XDSRegistryMetadataError", "M6")]
    assert entry_uuid in errors[0].context


@IHE
def test_p5_a_reference_reaches_the_document_of_another_patient_and_holds_its_record(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    other_patient, _ = registry.a_record()
    entry = an_entry(other_patient)
    registry.deposit(other_patient, [entry])
    lot = a_set(patient_id)
    registry.deposit(patient_id, lot=lot, links=[has_member(lot.entry_uuid, entry.entry_uuid, "Reference")])
    assert registry.counts(patient_id) == (1, 1, 0, 1)
    assert (registry.revision(patient_id), registry.revision(other_patient)) == (1, 1)


@IHE
def test_p5_references_across_two_patients_at_once_never_deadlock(registry: Registry) -> None:
    patients = [registry.a_record()[0] for _ in range(2)]
    entries = [an_entry(patient_id) for patient_id in patients]
    for patient_id, entry in zip(patients, entries, strict=True):
        registry.deposit(patient_id, [entry])
    barrier = Barrier(2)

    def refer(number: int) -> list[tuple[str, str]]:
        patient_id, target, answers = patients[number], entries[1 - number].entry_uuid, []
        barrier.wait()
        for _ in range(8):
            lot = a_set(patient_id)
            links = [has_member(lot.entry_uuid, target, "Reference")]
            answers += refused(lambda: registry.deposit(patient_id, lot=lot, links=links))  # noqa: B023
        return answers

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(refer, range(2))) == [[], []]
    assert [registry.revision(patient_id) for patient_id in patients] == [16, 16]


@IHE
def test_a2_what_is_removed_meanwhile_is_unresolved_and_nothing_is_kept(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    new, absent = an_entry(patient_id), urn()
    answer = refused(lambda: registry.deposit(patient_id, [new], links=[link(AssociationType.APND, new, absent)]))
    assert answer == [("UnresolvedReferenceException", "A2")]
    assert registry.counts(patient_id) == (0, 0, 0, 0)


@BOTH_DOMAINS
def test_a_verdict_on_an_older_revision_is_not_registered(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    entry = an_entry(patient_id)
    registry.deposit(patient_id, [entry])
    stale = registry.receipts.ask(patient_id=patient_id, structure_id=HOSPITAL, ids=[entry.entry_uuid])
    addendum = an_entry(patient_id)
    registry.deposit(patient_id, [addendum], links=[link(AssociationType.APND, addendum, entry.entry_uuid)])
    before, lot, late = registry.counts(patient_id), a_set(patient_id), an_entry(patient_id)
    with pytest.raises(ChangedMeanwhile):
        registry.register(
            patient_id,
            stale,
            lot=lot,
            entries=[late],
            associations=[link(AssociationType.APND, late, entry.entry_uuid)],
        )
    assert registry.counts(patient_id) == before
    registry.register(patient_id, stale, lot=lot, entries=[late])
    assert late.entry_uuid in registry.statuses(patient_id)


@IHE
def test_the_objects_of_another_structure_may_be_named(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    old, new = an_entry(patient_id), an_entry(patient_id)
    registry.deposit(patient_id, [old], structure_id=OTHER_HOSPITAL)
    registry.deposit(patient_id, [new], links=[link(AssociationType.RPLC, new, old.entry_uuid)])
    assert registry.statuses(patient_id) == {old.entry_uuid: Status.DEPRECATED, new.entry_uuid: Status.APPROVED}


@IHE
def test_p1_a_closed_record_is_that_of_an_unknown_patient(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    close_record(registry.owner, patient_id)
    assert refused(lambda: registry.deposit(patient_id, [an_entry(patient_id)])) == [("XDSUnknownPatientId", "")]


@IHE
def test_a_document_elsewhere_is_registered_without_bytes_time_hash_or_size(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    references = ("2026-17^^^&1.2.3.4&ISO^urn:ihe:iti:xds:2013:order",)
    entry = an_entry(
        patient_id, object_type=ON_DEMAND, creation_time="", hash=None, size=None, reference_ids=references
    )
    registry.deposit(patient_id, [entry], bytes_here=False)
    row = registry.owner.execute(
        "SELECT blob_address, key_id, creation_time, hash, size, reference_ids, document_availability"
        " FROM ecluse.document_entries WHERE unique_id = %s",
        (entry.unique_id,),
    ).fetchone()
    online = "urn:ihe:iti:2010:DocumentAvailability:Online"
    assert row == (None, None, None, None, None, list(references), online)

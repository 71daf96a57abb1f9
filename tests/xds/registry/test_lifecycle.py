"""What a submission does to what is registered (ITI TF-3 §4.2.2.2; ITI TF-2 §3.42.4.1.3.5, §3.42.4.1.3.6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier

import psycopg
import pytest

from xds.errors import Refusal, RegistryError
from xds.metadata.association import RELATIONSHIPS, REPLACEMENTS, Association, AssociationType
from xds.metadata.document_entry import AvailabilityStatus as Status
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.times import format_dtm
from xds.registry.facts import Receipt
from xds.registry.refusals import deprecated_document

from .conftest import BOTH_DOMAINS, IHE, NOON, Judge, Registry, a_folder, a_set, an_entry, has_member, link

APND, XFRM, RPLC, SIGNS = AssociationType.APND, AssociationType.XFRM, AssociationType.RPLC, AssociationType.SIGNS
LATER = NOON + timedelta(hours=1)
A, D = Status.APPROVED, Status.DEPRECATED


def folder_times(registry: Registry, patient_id: str) -> dict[str, str]:
    rows = registry.owner.execute(
        "SELECT 'urn:uuid:' || f.entry_uuid, f.last_update_time FROM ecluse.folders f"
        " JOIN ecluse.patients p USING (patient_key) WHERE p.patient_id = %s",
        (patient_id,),
    ).fetchall()
    return dict(rows)


def associations(registry: Registry, patient_id: str, lot: str) -> set[tuple[str, str, str | None]]:
    """Source, target and SubmissionSetStatus of what a submission registered; the ids of associations as `type`."""
    rows = registry.owner.execute(
        "SELECT 'urn:uuid:' || a.entry_uuid, 'urn:uuid:' || a.source, 'urn:uuid:' || a.target, a.submission_set_status"
        " FROM ecluse.associations a JOIN ecluse.patients p USING (patient_key)"
        " WHERE p.patient_id = %s AND a.submission_set = %s AND a.association_type LIKE '%%:HasMember'",
        (patient_id, lot.removeprefix("urn:uuid:")),
    ).fetchall()
    ends = {entry_uuid: (source, target) for entry_uuid, source, target, _ in rows}
    return {(source, " -> ".join(ends.get(target, (target,))), status) for _, source, target, status in rows}


@dataclass(frozen=True)
class Scene:
    """A document in a folder, and another folder of its patient that does not hold it. The DMP keeps no folders."""

    patient_id: str
    old: DocumentEntry
    holding: str
    other: str


@pytest.fixture
def scene(registry: Registry, domain: str) -> Scene:
    patient_id, _ = registry.a_record()
    old, holding, other = an_entry(patient_id), a_folder(patient_id), a_folder(patient_id)
    if domain == "dmp":
        registry.deposit(patient_id, [old])
    else:
        membership = has_member(holding.entry_uuid, old.entry_uuid)
        registry.deposit(patient_id, [old], folders=[holding, other], links=[membership])
    return Scene(patient_id, old, holding.entry_uuid, other.entry_uuid)


@IHE
@pytest.mark.parametrize("kind", sorted(RELATIONSHIPS))
def test_each_relationship_has_its_effect_and_no_other(registry: Registry, scene: Scene, kind: AssociationType) -> None:
    new = an_entry(scene.patient_id)
    lot = registry.deposit(scene.patient_id, [new], links=[link(kind, new, scene.old.entry_uuid)], now=LATER).entry_uuid
    replaces = kind in REPLACEMENTS
    assert registry.statuses(scene.patient_id) == {
        scene.old.entry_uuid: D if replaces else A,
        new.entry_uuid: A,
    }
    copied = {
        (scene.holding, new.entry_uuid, None),
        (lot, f"{scene.holding} -> {new.entry_uuid}", None),
    }
    member = {(lot, new.entry_uuid, "Original")}
    assert associations(registry, scene.patient_id, lot) == member | (copied if replaces else set())
    assert folder_times(registry, scene.patient_id) == {
        scene.holding: format_dtm(LATER if replaces else NOON),
        scene.other: format_dtm(NOON),
    }
    assert registry.revision(scene.patient_id) == 1


@IHE
def test_the_old_membership_stays(registry: Registry, scene: Scene) -> None:
    new = an_entry(scene.patient_id)
    registry.deposit(scene.patient_id, [new], links=[link(RPLC, new, scene.old.entry_uuid)])
    rows = registry.owner.execute(
        "SELECT 'urn:uuid:' || target, status FROM ecluse.associations WHERE source = %s",
        (scene.holding.removeprefix("urn:uuid:"),),
    ).fetchall()
    assert set(rows) == {(scene.old.entry_uuid, "APPROVED"), (new.entry_uuid, "APPROVED")}


@IHE
def test_a_document_takes_its_place_in_every_folder_once(registry: Registry, scene: Scene) -> None:
    registry.deposit(scene.patient_id, links=[has_member(scene.other, scene.old.entry_uuid)], now=LATER)
    assert folder_times(registry, scene.patient_id)[scene.other] == format_dtm(LATER)
    new, lot = an_entry(scene.patient_id), a_set(scene.patient_id)
    links = [link(RPLC, new, scene.old.entry_uuid), has_member(scene.other, new.entry_uuid)]
    registry.deposit(scene.patient_id, [new], lot=lot, links=links, now=LATER + timedelta(hours=1))
    assert associations(registry, scene.patient_id, lot.entry_uuid) == {
        (lot.entry_uuid, new.entry_uuid, "Original"),
        *((folder, new.entry_uuid, None) for folder in (scene.holding, scene.other)),
        *((lot.entry_uuid, f"{folder} -> {new.entry_uuid}", None) for folder in (scene.holding, scene.other)),
    }
    assert set(folder_times(registry, scene.patient_id).values()) == {format_dtm(LATER + timedelta(hours=1))}


@IHE
def test_a_folder_that_gains_a_member_is_touched_and_never_goes_back_in_time(registry: Registry, scene: Scene) -> None:
    new = an_entry(scene.patient_id)
    registry.deposit(scene.patient_id, [new], links=[has_member(scene.other, new.entry_uuid)], now=LATER)
    assert folder_times(registry, scene.patient_id) == {
        scene.holding: format_dtm(NOON),
        scene.other: format_dtm(LATER),
    }
    late = an_entry(scene.patient_id)
    registry.deposit(scene.patient_id, [late], links=[has_member(scene.other, late.entry_uuid)], now=NOON)
    assert folder_times(registry, scene.patient_id)[scene.other] == format_dtm(LATER)


@IHE
def test_a_new_folder_is_kept_with_the_time_of_its_registration(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    folder = a_folder(patient_id, last_update_time="19990101000000")
    registry.deposit(patient_id, folders=[folder], now=LATER)
    row = registry.owner.execute(
        "SELECT status, version, logical_id = entry_uuid, codes, fragment FROM ecluse.folders WHERE entry_uuid = %s",
        (folder.entry_uuid.removeprefix("urn:uuid:"),),
    ).fetchone()
    assert row is not None
    assert row[:4] == ("APPROVED", 1, True, {"codeList": ["FOLDER-1^^1.2.250.1.213.2.99"]})
    assert format_dtm(LATER).encode() in row[4]
    assert b"19990101000000" not in row[4]


# From the replaced document outwards: who refers to whom, and what becomes of the one who does.
CHAINS: Sequence[tuple[tuple[AssociationType, ...], tuple[Status, ...]]] = (
    ((APND,), (D,)),
    ((XFRM,), (D,)),
    ((SIGNS,), (A,)),
    ((XFRM, APND), (D, D)),
    ((APND, XFRM), (D, D)),
    ((APND, APND, XFRM, APND), (D, D, D, D)),
    ((APND, SIGNS), (D, A)),
    ((SIGNS, APND), (A, A)),
)


@BOTH_DOMAINS
@pytest.mark.parametrize(
    ("kinds", "expected"), CHAINS, ids=["-".join(kind.name for kind in kinds) for kinds, _ in CHAINS]
)
@pytest.mark.parametrize("replacement", sorted(REPLACEMENTS))
def test_addenda_and_transformations_follow_the_replaced_document_at_every_depth(
    registry: Registry,
    scene: Scene,
    replacement: AssociationType,
    kinds: tuple[AssociationType, ...],
    expected: tuple[Status, ...],
) -> None:
    chain = [scene.old]
    for kind in kinds:
        follower = an_entry(scene.patient_id)
        registry.deposit(scene.patient_id, [follower], links=[link(kind, follower, chain[-1].entry_uuid)])
        chain.append(follower)
    new = an_entry(scene.patient_id)
    registry.deposit(scene.patient_id, [new], links=[link(replacement, new, scene.old.entry_uuid)])
    statuses = registry.statuses(scene.patient_id)
    assert [statuses[entry.entry_uuid] for entry in chain] == [D, *expected]
    assert statuses[new.entry_uuid] is A


def test_an_addendum_whose_association_is_deprecated_does_not_follow(registry: Registry, scene: Scene) -> None:
    addendum = an_entry(scene.patient_id)
    tie = link(APND, addendum, scene.old.entry_uuid)
    registry.deposit(scene.patient_id, [addendum], links=[tie])
    registry.owner.execute(
        "UPDATE ecluse.associations SET status = 'DEPRECATED' WHERE entry_uuid = %s",
        (tie.entry_uuid.removeprefix("urn:uuid:"),),
    )
    new = an_entry(scene.patient_id)
    registry.deposit(scene.patient_id, [new], links=[link(RPLC, new, scene.old.entry_uuid)])
    assert registry.statuses(scene.patient_id)[addendum.entry_uuid] is A


def targets_are_approved(links: Sequence[Association]) -> Judge:
    """Rule A10 alone."""

    def judge(receipt: Receipt) -> Iterable[RegistryError]:
        for item in links:
            if receipt.objects[item.target].status is not Status.APPROVED:
                yield deprecated_document(item.target)

    return judge


@BOTH_DOMAINS
@pytest.mark.parametrize("round_number", range(4))
def test_a10_of_many_replacements_at_once_exactly_one_is_kept(
    registry: Registry, scene: Scene, round_number: int
) -> None:
    hands = 4
    barrier = Barrier(hands)

    def replace_it(_: int) -> str:
        new = an_entry(scene.patient_id)
        links = [link(RPLC, new, scene.old.entry_uuid)]
        barrier.wait()
        try:
            registry.deposit(scene.patient_id, [new], links=links, judge=targets_are_approved(links))
        except Refusal as refusal:
            return ",".join(error.code for error in refusal.errors)
        return "kept"

    with ThreadPoolExecutor(hands) as threads:
        answers = sorted(threads.map(replace_it, range(hands)))
    assert answers == [*(["XDSRegistryDeprecatedDocumentError"] * (hands - 1)), "kept"]
    assert sorted(registry.statuses(scene.patient_id).values()) == [A, D]
    assert registry.revision(scene.patient_id) == 1


@IHE
def test_additions_to_one_folder_at_once_are_all_kept_after_asking_again(registry: Registry, scene: Scene) -> None:
    hands = 4
    barrier = Barrier(hands)

    def add(_: int) -> None:
        new = an_entry(scene.patient_id)
        barrier.wait()
        registry.deposit(scene.patient_id, [new], links=[has_member(scene.other, new.entry_uuid)])

    with ThreadPoolExecutor(hands) as threads:
        list(threads.map(add, range(hands)))
    assert registry.revision(scene.patient_id) == hands
    assert len(registry.statuses(scene.patient_id)) == hands + 1


@BOTH_DOMAINS
def test_a_failure_of_the_last_step_leaves_nothing(registry: Registry, scene: Scene) -> None:
    new = an_entry(scene.patient_id)
    before = registry.counts(scene.patient_id)
    registry.owner.execute("ALTER TABLE ecluse.audit_events ADD CONSTRAINT full_up CHECK (false) NOT VALID")
    try:
        with pytest.raises(psycopg.errors.CheckViolation):
            registry.deposit(scene.patient_id, [new], links=[link(RPLC, new, scene.old.entry_uuid)], now=LATER)
    finally:
        registry.owner.execute("ALTER TABLE ecluse.audit_events DROP CONSTRAINT full_up")
    assert registry.counts(scene.patient_id) == before
    assert registry.statuses(scene.patient_id) == {scene.old.entry_uuid: A}
    assert set(folder_times(registry, scene.patient_id).values()) <= {format_dtm(NOON)}
    assert registry.revision(scene.patient_id) == 0

"""Every rule of Remove Metadata, and what a removal leaves (ITI TF-2 §3.62)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from conformance.checks.removal import RULES
from xds.errors import Refusal
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet

from .conftest import (
    HAS_MEMBER,
    House,
    a_document,
    a_folder,
    a_set,
    codes_of,
    link,
    next_version,
    submitted,
    update_of,
    urn,
)

REFERENCES = "ReferencesExistException"
UNREFERENCED = "XDSUnreferencedObjectException"
MODEL = "XDSMetadataModelException"


@dataclass(frozen=True, kw_only=True)
class World:
    """A document with an addendum of its own submission, and a folder that holds the document."""

    house: House
    patient: str
    document: DocumentEntry
    addendum: DocumentEntry
    folder: Folder
    relationship: Association
    membership: Association
    first: SubmissionSet
    second: SubmissionSet
    third: SubmissionSet

    def member(self, submission_set: SubmissionSet, target: str) -> str:
        """The id of the association by which a submission set names an object."""
        row = self.house.owner.execute(
            "SELECT 'urn:uuid:' || entry_uuid FROM associations WHERE source = %s AND target = %s",
            (submission_set.entry_uuid.removeprefix("urn:uuid:"), target.removeprefix("urn:uuid:")),
        ).fetchone()
        assert row is not None
        identifier: str = row[0]
        return identifier

    def lot_of_addendum(self) -> tuple[str, ...]:
        """Everything of the second submission."""
        return (
            self.second.entry_uuid,
            self.addendum.entry_uuid,
            self.member(self.second, self.addendum.entry_uuid),
            self.relationship.entry_uuid,
        )

    def memberships(self) -> tuple[str, ...]:
        """The document's place in the folder."""
        return self.membership.entry_uuid, self.member(self.third, self.membership.entry_uuid)


@pytest.fixture
def world(house: House) -> World:
    patient = house.a_patient()
    document, addendum, folder = a_document(patient), a_document(patient), a_folder(patient)
    relationship = link(AssociationType.APND, addendum.entry_uuid, document.entry_uuid)
    membership = link(HAS_MEMBER, folder.entry_uuid, document.entry_uuid)
    return World(
        house=house,
        patient=patient,
        document=document,
        addendum=addendum,
        folder=folder,
        relationship=relationship,
        membership=membership,
        first=house.register(patient, document),
        second=house.register(patient, addendum, links=[relationship]),
        third=house.register(patient, folder, links=[membership]),
    )


CASES: list[tuple[str, str, str, Callable[[World], tuple[str, ...]]]] = [
    ("R1", "XDSRegistryError", "nothing to remove", lambda w: ()),
    ("R2", "UnresolvedReferenceException", "an id nobody has", lambda w: (urn(), *w.memberships())),
    ("R2", "UnresolvedReferenceException", "a symbolic id", lambda w: ("Document01", *w.memberships())),
    ("R3", REFERENCES, "a document alone", lambda w: (w.document.entry_uuid,)),
    ("R3", REFERENCES, "a submission set alone", lambda w: (w.second.entry_uuid,)),
    ("R3", REFERENCES, "a folder alone", lambda w: (w.folder.entry_uuid,)),
    ("R3", REFERENCES, "a membership without that of its submission", lambda w: (w.membership.entry_uuid,)),
    (
        "R3",
        REFERENCES,
        "a lot to which an addendum points",
        lambda w: (
            w.first.entry_uuid,
            w.document.entry_uuid,
            w.member(w.first, w.document.entry_uuid),
            *w.memberships(),
        ),
    ),
    (
        "R4",
        UNREFERENCED,
        "a submission set and a document left alone",
        lambda w: (w.member(w.second, w.addendum.entry_uuid), w.relationship.entry_uuid),
    ),
    (
        "R4",
        UNREFERENCED,
        "a document left alone",
        lambda w: (w.second.entry_uuid, w.member(w.second, w.addendum.entry_uuid), w.relationship.entry_uuid),
    ),
    (
        "R4",
        UNREFERENCED,
        "a membership without its submission's",
        lambda w: (w.member(w.third, w.membership.entry_uuid),),
    ),
    (
        "R5",
        MODEL,
        "a document without its submission",
        lambda w: (w.first.entry_uuid, w.member(w.first, w.document.entry_uuid)),
    ),
]


@pytest.mark.parametrize(
    ("rule", "code", "choose"),
    [(rule, code, choose) for rule, code, _, choose in CASES],
    ids=[f"{rule} {what}" for rule, _, what, _ in CASES],
)
def test_a_removal_that_breaks_a_rule_removes_nothing(
    world: World, rule: str, code: str, choose: Callable[[World], tuple[str, ...]]
) -> None:
    ids = choose(world)
    before = world.house.everything()
    with pytest.raises(Refusal) as refused:
        world.house.remove(*ids)
    assert codes_of(refused.value) == {(rule, code)}
    assert world.house.everything() == before


def test_every_rule_has_a_fault() -> None:
    assert {rule.id for rule in RULES} == {rule for rule, _, _, _ in CASES}


def test_all_faults_are_told_at_once(world: World) -> None:
    with pytest.raises(Refusal) as refused:
        world.house.remove(urn(), world.document.entry_uuid, world.second.entry_uuid)
    assert [rule for rule, _ in sorted(codes_of(refused.value))] == ["R2", "R3"]
    assert len(refused.value.errors) == 3


def test_a_submission_is_removed_whole_and_its_names_are_free_again(world: World) -> None:
    ids = world.lot_of_addendum()
    address = world.house.row("document_entries", world.addendum.entry_uuid, "blob_address")
    world.house.remove(*ids)
    assert [
        world.house.row(table, one, "status")
        for table, one in zip(("submission_sets", "document_entries", "associations", "associations"), ids, strict=True)
    ] == [None] * 4
    taken = world.house.owner.execute(
        "SELECT count(*) FROM unique_ids WHERE unique_id = ANY (%s)",
        ([world.second.unique_id, world.addendum.unique_id],),
    ).fetchone()
    assert taken == (0,)
    assert address is not None
    assert any(path.name == bytes(address[0]).hex() for path in world.house.blobs.rglob("*"))
    event = world.house.last_event()
    assert (event["transaction"], event["objects"]) == ("ITI-62", list(ids))
    assert world.house.row("document_entries", world.document.entry_uuid, "status") == ("APPROVED",)
    world.house.register(world.patient, replace(world.addendum))


def test_an_association_that_an_update_submitted_goes_with_its_order(world: World) -> None:
    other = a_document(world.patient)
    world.house.register(world.patient, other)
    lot = a_set(world.patient)
    order, relationship = submitted(lot, link(AssociationType.APND, other.entry_uuid, world.document.entry_uuid))
    world.house.update(update_of(lot, links=[order, relationship]))
    with pytest.raises(Refusal) as refused:
        world.house.remove(lot.entry_uuid, order.entry_uuid)
    assert codes_of(refused.value) == {("R4", UNREFERENCED)}
    world.house.remove(lot.entry_uuid, order.entry_uuid, relationship.entry_uuid)
    assert world.house.row("submission_sets", lot.entry_uuid, "status") is None


@pytest.mark.parametrize("what", ["relationship", "memberships"])
def test_an_association_may_go_while_its_ends_stay_in_their_submissions(world: World, what: str) -> None:
    ids = (world.relationship.entry_uuid,) if what == "relationship" else world.memberships()
    world.house.remove(*ids)
    assert [world.house.row("associations", one, "status") for one in ids] == [None] * len(ids)


def test_ids_of_several_records_are_removed_together(world: World) -> None:
    other = world.house.a_patient()
    document = a_document(other)
    lot = world.house.register(other, document)
    member = world.member(lot, document.entry_uuid)
    world.house.remove(*world.lot_of_addendum(), lot.entry_uuid, document.entry_uuid, member)
    assert world.house.row("document_entries", document.entry_uuid, "status") is None
    assert "patient" not in world.house.last_event()


def test_a_reference_from_the_record_of_another_patient_counts(world: World) -> None:
    other = world.house.a_patient()
    reference = link(HAS_MEMBER, urn(), world.addendum.entry_uuid, submission_set_status="Reference")
    document = a_document(other)
    lot = world.house.register(other, document)
    world.house.owner.execute(
        "INSERT INTO associations (patient_key, entry_uuid, association_type, source, target, submission_set, fragment)"
        " SELECT s.patient_key, %s, %s, s.entry_uuid, %s, s.entry_uuid, ''"
        " FROM submission_sets s WHERE s.entry_uuid = %s",
        (
            reference.entry_uuid.removeprefix("urn:uuid:"),
            str(reference.association_type),
            world.addendum.entry_uuid.removeprefix("urn:uuid:"),
            lot.entry_uuid.removeprefix("urn:uuid:"),
        ),
    )
    with pytest.raises(Refusal) as refused:
        world.house.remove(*world.lot_of_addendum())
    assert codes_of(refused.value) == {("R3", REFERENCES)}


def test_a_uniqueid_stays_with_the_version_that_still_bears_it(world: World) -> None:
    submission_set = a_set(world.patient)
    world.house.update(update_of(submission_set, next_version(world.addendum, hash="e" * 40), propagation="no"))
    new = world.house.latest("document_entries", world.addendum.entry_uuid)
    world.house.remove(submission_set.entry_uuid, new, world.member(submission_set, new))
    row = world.house.owner.execute(
        "SELECT 'urn:uuid:' || entry_uuid, hash FROM unique_ids WHERE unique_id = %s", (world.addendum.unique_id,)
    ).fetchone()
    assert row == (world.addendum.entry_uuid, world.addendum.hash)
    assert world.house.versions("document_entries", world.addendum.entry_uuid) == [
        (1, "DEPRECATED", world.addendum.entry_uuid)
    ]

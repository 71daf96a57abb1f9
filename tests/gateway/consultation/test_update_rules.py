"""Every rule of Update Document Set refuses its own fault, all faults are told, nothing is kept (ITI TF-2 §3.57)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from conformance.checks.update import RULES
from xds.errors import Refusal
from xds.messages import SubmitObjectsRequest
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import ON_DEMAND, DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet

from .conftest import (
    APPROVED,
    DEPRECATED,
    HAS_MEMBER,
    House,
    a_document,
    a_folder,
    a_set,
    codes_of,
    link,
    next_folder,
    next_version,
    status_order,
    submitted,
    update_of,
    urn,
)

GENERAL = "XDSMetadataUpdateError"
OPERATION = "XDSMetadataUpdateOperationError"
VERSION = "XDSMetadataVersionError"
PATIENTS = "XDSPatientIDReconciliationError"
METADATA = "XDSRegistryMetadataError"
APND, RPLC, XFRM = AssociationType.APND, AssociationType.RPLC, AssociationType.XFRM


@dataclass(frozen=True, kw_only=True)
class World:
    """One patient's record and what is in it; a stranger's beside it.

    `held` lies in `folder`; `addendum` is one of `document`; `old` is deprecated, `second` has two versions.
    """

    house: House
    patient: str
    stranger: str
    lot: SubmissionSet
    document: DocumentEntry
    held: DocumentEntry
    addendum: DocumentEntry
    transformation: DocumentEntry
    old: DocumentEntry
    first: DocumentEntry
    second: DocumentEntry
    alien: DocumentEntry
    folder: Folder
    closed: Folder
    membership: Association
    relationship: Association
    original: SubmissionSet

    def update(self, *objects: DocumentEntry | Folder, **more: object) -> SubmitObjectsRequest:
        return update_of(self.lot, *objects, **more)  # type: ignore[arg-type]

    def order(
        self, target: str, old: str | None = APPROVED, new: str | None = DEPRECATED, **changes: object
    ) -> SubmitObjectsRequest:
        return update_of(self.lot, links=[status_order(self.lot, target, old, new, **changes)])

    def submit(self, kind: AssociationType, source: str, target: str) -> SubmitObjectsRequest:
        return update_of(self.lot, links=submitted(self.lot, link(kind, source, target)))


@pytest.fixture
def world(house: House) -> World:
    patient, stranger = house.a_patient(), house.a_patient()
    document, held, addendum, transformation = (a_document(patient) for _ in range(4))
    old, first = (a_document(patient, availability_status=DEPRECATED) for _ in range(2))
    second = replace(first, entry_uuid=urn(), version=2, availability_status=APPROVED)
    folder, closed = a_folder(patient), a_folder(patient, availability_status=DEPRECATED)
    membership = link(HAS_MEMBER, folder.entry_uuid, held.entry_uuid)
    relationship = link(APND, addendum.entry_uuid, document.entry_uuid)
    original = house.register(
        patient,
        document,
        held,
        addendum,
        transformation,
        old,
        first,
        second,
        folder,
        closed,
        links=[membership, relationship, link(XFRM, transformation.entry_uuid, document.entry_uuid)],
    )
    alien = a_document(stranger)
    house.register(stranger, alien)
    return World(
        house=house,
        patient=patient,
        stranger=stranger,
        lot=a_set(patient),
        document=document,
        held=held,
        addendum=addendum,
        transformation=transformation,
        old=old,
        first=first,
        second=second,
        alien=alien,
        folder=folder,
        closed=closed,
        membership=membership,
        relationship=relationship,
        original=original,
    )


def twins(w: World, **changes: object) -> SubmitObjectsRequest:
    """An update of a document whose uniqueId another document entry bears."""
    w.house.register(w.patient, a_document(w.patient, unique_id=w.document.unique_id))
    return w.update(next_version(w.document, **changes))


def other_member(w: World) -> SubmitObjectsRequest:
    request = w.update(next_version(w.document))
    again = replace(request.associations[0], entry_uuid="again")
    return replace(request, associations=(*request.associations, again))


def two_orders(w: World) -> SubmitObjectsRequest:
    orders = [status_order(w.lot, w.held.entry_uuid), status_order(w.lot, w.held.entry_uuid)]
    return w.update(links=orders)


def changed_and_associated(w: World) -> SubmitObjectsRequest:
    association = link(APND, w.held.entry_uuid, w.document.entry_uuid)
    return w.update(next_version(w.held), links=submitted(w.lot, association))


def replaced_with_an_updated_addendum(w: World) -> SubmitObjectsRequest:
    association = link(RPLC, w.held.entry_uuid, w.document.entry_uuid)
    return w.update(next_version(w.addendum), links=submitted(w.lot, association))


def related_version(w: World, propagation: str | None) -> SubmitObjectsRequest:
    new = next_version(w.held)
    association = link(APND, new.entry_uuid, w.document.entry_uuid)
    return w.update(new, links=submitted(w.lot, association), propagation=propagation)


def replaced_version(w: World) -> SubmitObjectsRequest:
    new = next_version(w.held)
    association = link(RPLC, w.document.entry_uuid, new.entry_uuid)
    return w.update(new, links=submitted(w.lot, association), propagation="no")


def version_and_order(w: World) -> SubmitObjectsRequest:
    new = next_version(w.held)
    return w.update(new, links=[status_order(w.lot, new.entry_uuid, DEPRECATED, APPROVED)])


CASES: list[tuple[str, str, str, Callable[[World], SubmitObjectsRequest]]] = [
    # rule, code, what is wrong, how
    ("U1", OPERATION, "nothing ordered", lambda w: w.update()),
    (
        "U1",
        OPERATION,
        "an association that no order submits",
        lambda w: w.update(links=[link(APND, w.held.entry_uuid, w.document.entry_uuid)]),
    ),
    (
        "U1",
        OPERATION,
        "a reference to a registered document",
        lambda w: w.update(
            links=[link(HAS_MEMBER, w.lot.entry_uuid, w.document.entry_uuid, submission_set_status="Reference")]
        ),
    ),
    (
        "U2",
        OPERATION,
        "NonVersioningUpdate",
        lambda w: w.update(
            links=[link(AssociationType.NON_VERSIONING_UPDATE, w.lot.entry_uuid, w.document.entry_uuid)]
        ),
    ),
    (
        "U3",
        GENERAL,
        "two new versions of one document",
        lambda w: w.update(next_version(w.document), next_version(w.document)),
    ),
    ("U3", GENERAL, "two orders on one document", two_orders),
    (
        "U3",
        GENERAL,
        "a new version and a status",
        lambda w: w.update(next_version(w.held), links=[status_order(w.lot, w.held.entry_uuid)]),
    ),
    (
        "U4",
        PATIENTS,
        "a document of another patient than the set",
        lambda w: w.update(next_version(w.held, patient_id=w.stranger)),
    ),
    ("U4", PATIENTS, "the status of another patient's document", lambda w: w.order(w.alien.entry_uuid)),
    (
        "M6",
        METADATA,
        "a new version under the old id",
        lambda w: w.update(next_version(w.document, entry_uuid=w.held.entry_uuid)),
    ),
    (
        "M6",
        METADATA,
        "the set under a registered id",
        lambda w: update_of(replace(w.lot, entry_uuid=w.original.entry_uuid), next_version(w.held)),
    ),
    (
        "P6",
        "XDSDuplicateUniqueIdInRegistry",
        "a uniqueId used again",
        lambda w: update_of(replace(w.lot, unique_id=w.original.unique_id), next_version(w.held)),
    ),
    (
        "P6",
        "XDSDuplicateUniqueIdInRegistry",
        "the uniqueId of a document",
        lambda w: update_of(replace(w.lot, unique_id=w.held.unique_id), next_version(w.held)),
    ),
    (
        "P1",
        "XDSUnknownPatientId",
        "a patient nobody knows",
        lambda w: update_of(replace(w.lot, patient_id="0^^^&1.9&ISO"), next_version(w.held, patient_id="0^^^&1.9&ISO")),
    ),
    ("U10", GENERAL, "no logicalID", lambda w: w.update(next_version(w.document, logical_id=None))),
    (
        "U10",
        GENERAL,
        "a logicalID that is the id",
        lambda w: w.update(next_version(w.document, entry_uuid="same", logical_id="same")),
    ),
    ("U10", GENERAL, "a folder sent as an initial version", lambda w: w.update(next_folder(w.folder, logical_id=None))),
    ("U11", GENERAL, "two memberships", other_member),
    ("U11", GENERAL, "no SubmissionSetStatus", lambda w: w.update(next_version(w.document), status=None)),
    ("U11", GENERAL, "Reference", lambda w: w.update(next_version(w.document), status="Reference")),
    ("U11", GENERAL, "a folder by Reference", lambda w: w.update(next_folder(w.folder), status="Reference")),
    ("U12", VERSION, "no PreviousVersion", lambda w: w.update(next_version(w.document), previous=None)),
    (
        "U12",
        VERSION,
        "a PreviousVersion that is no number",
        lambda w: w.update(next_version(w.document), previous="one"),
    ),
    ("U12", VERSION, "a version to come", lambda w: w.update(next_version(w.document), previous="2")),
    (
        "U12",
        VERSION,
        "a version of the past",
        lambda w: w.update(next_version(w.second, logical_id=w.first.logical_id), previous="1"),
    ),
    ("U12", VERSION, "an unknown logicalID", lambda w: w.update(next_version(w.document, logical_id=urn()))),
    (
        "U12",
        VERSION,
        "the logicalID of a folder",
        lambda w: w.update(next_version(w.document, logical_id=w.folder.logical_id)),
    ),
    ("U12", VERSION, "a wrong version of a folder", lambda w: w.update(next_folder(w.folder), previous="3")),
    ("U13", GENERAL, "a deprecated document", lambda w: w.update(next_version(w.old, availability_status=APPROVED))),
    ("U13", GENERAL, "a deprecated folder", lambda w: w.update(next_folder(w.closed))),
    ("U14", GENERAL, "another uniqueId", lambda w: w.update(next_version(w.document, unique_id="1.2.3.4"))),
    (
        "U14",
        GENERAL,
        "another objectType",
        lambda w: w.update(next_version(w.document, object_type=ON_DEMAND, hash=None, size=None, creation_time="")),
    ),
    (
        "U14",
        GENERAL,
        "another repository",
        lambda w: w.update(next_version(w.document, repository_unique_id="1.2.3.4")),
    ),
    ("U14", GENERAL, "another uniqueId of a folder", lambda w: w.update(next_folder(w.folder, unique_id="1.2.3.4"))),
    ("U15", GENERAL, "AssociationPropagation maybe", lambda w: w.update(next_version(w.document), propagation="maybe")),
    (
        "U16",
        PATIENTS,
        "another patient, with its folder",
        lambda w: update_of(a_set(w.stranger), next_version(w.held, patient_id=w.stranger)),
    ),
    (
        "U16",
        PATIENTS,
        "another patient, with its addendum",
        lambda w: update_of(a_set(w.stranger), next_version(w.document, patient_id=w.stranger)),
    ),
    (
        "U16",
        PATIENTS,
        "another patient for a folder, with its documents",
        lambda w: update_of(a_set(w.stranger), next_folder(w.folder, patient_id=w.stranger)),
    ),
    ("U37", OPERATION, "a new version with what propagates to it", lambda w: related_version(w, None)),
    ("U31", GENERAL, "a new version that is replaced at once", replaced_version),
    ("U22", GENERAL, "not the status of the new version", version_and_order),
    (
        "P8",
        "XDSNonIdenticalHash",
        "a hash that another entry of the uniqueId denies",
        lambda w: twins(w, hash="c" * 40),
    ),
    ("P9", "XDSNonIdenticalSize", "a size that another entry of the uniqueId denies", lambda w: twins(w, size=11)),
    (
        "U20",
        OPERATION,
        "an order that the set does not give",
        lambda w: w.order(w.document.entry_uuid, source=w.original.entry_uuid),
    ),
    ("U20", OPERATION, "no OriginalStatus", lambda w: w.order(w.document.entry_uuid, None)),
    ("U20", OPERATION, "no NewStatus", lambda w: w.order(w.document.entry_uuid, APPROVED, None)),
    ("U20", OPERATION, "a status that does not exist", lambda w: w.order(w.document.entry_uuid, APPROVED, "Withdrawn")),
    ("U20", OPERATION, "the same status twice", lambda w: w.order(w.document.entry_uuid, APPROVED, APPROVED)),
    ("U20", OPERATION, "PreviousVersion beside", lambda w: w.order(w.document.entry_uuid, previous_version="1")),
    ("U20", OPERATION, "an extra slot", lambda w: w.order(w.document.entry_uuid, extra=(("urn:x:y", ("1",)),))),
    ("U21", GENERAL, "nothing registered", lambda w: w.order(urn())),
    ("U21", GENERAL, "a submission set", lambda w: w.order(w.original.entry_uuid)),
    ("U22", GENERAL, "not its status", lambda w: w.order(w.document.entry_uuid, DEPRECATED, APPROVED)),
    ("U22", GENERAL, "not the status of a folder", lambda w: w.order(w.closed.entry_uuid)),
    (
        "U22",
        GENERAL,
        "not the status of an association",
        lambda w: w.order(w.relationship.entry_uuid, DEPRECATED, APPROVED),
    ),
    ("U23", GENERAL, "a version of the past", lambda w: w.order(w.first.entry_uuid, DEPRECATED, APPROVED)),
    (
        "U30",
        OPERATION,
        "an order that submits nothing",
        lambda w: w.update(links=[link(AssociationType.SUBMIT_ASSOCIATION, w.lot.entry_uuid, urn())]),
    ),
    (
        "U30",
        OPERATION,
        "an order that the set does not give",
        lambda w: w.update(
            links=[
                replace(one, source=w.original.entry_uuid)
                if one.association_type is AssociationType.SUBMIT_ASSOCIATION
                else one
                for one in submitted(w.lot, link(APND, w.held.entry_uuid, w.document.entry_uuid))
            ]
        ),
    ),
    ("U31", GENERAL, "an end that is not registered", lambda w: w.submit(APND, w.held.entry_uuid, urn())),
    ("U31", GENERAL, "a symbolic end", lambda w: w.submit(APND, "held", w.document.entry_uuid)),
    (
        "U31",
        GENERAL,
        "a submission set at one end",
        lambda w: w.submit(APND, w.document.entry_uuid, w.original.entry_uuid),
    ),
    ("U31", GENERAL, "a document with itself", lambda w: w.submit(APND, w.held.entry_uuid, w.held.entry_uuid)),
    (
        "U32",
        GENERAL,
        "a document that holds a document",
        lambda w: w.submit(HAS_MEMBER, w.held.entry_uuid, w.document.entry_uuid),
    ),
    ("U32", GENERAL, "an addendum to a folder", lambda w: w.submit(APND, w.document.entry_uuid, w.folder.entry_uuid)),
    (
        "U32",
        GENERAL,
        "a snapshot of a stable document",
        lambda w: w.submit(AssociationType.IS_SNAPSHOT_OF, w.held.entry_uuid, w.document.entry_uuid),
    ),
    ("U33", GENERAL, "a deprecated target", lambda w: w.submit(APND, w.document.entry_uuid, w.old.entry_uuid)),
    ("U33", GENERAL, "a deprecated folder", lambda w: w.submit(HAS_MEMBER, w.closed.entry_uuid, w.document.entry_uuid)),
    ("U34", PATIENTS, "documents of two patients", lambda w: w.submit(APND, w.alien.entry_uuid, w.document.entry_uuid)),
    (
        "U35",
        GENERAL,
        "a second association of a pair",
        lambda w: w.submit(AssociationType.SIGNS, w.addendum.entry_uuid, w.document.entry_uuid),
    ),
    (
        "U35",
        GENERAL,
        "the same association twice",
        lambda w: w.update(
            links=submitted(w.lot, *(link(APND, w.held.entry_uuid, w.document.entry_uuid) for _ in range(2)))
        ),
    ),
    ("U36", GENERAL, "an end that gets a new version", changed_and_associated),
    ("U36", GENERAL, "an addendum that goes with what is replaced", replaced_with_an_updated_addendum),
    (
        "A13",
        METADATA,
        "an addendum to a transformation",
        lambda w: w.submit(APND, w.held.entry_uuid, w.transformation.entry_uuid),
    ),
    ("O1", METADATA, "no hash", lambda w: w.update(next_version(w.document, hash=None))),
    ("O1", METADATA, "a folder without codes", lambda w: w.update(next_folder(w.folder, codes=()))),
    ("O3", METADATA, "a hash that is none", lambda w: w.update(next_version(w.document, hash="12"))),
    ("O10", METADATA, "a title too long", lambda w: w.update(next_version(w.document, title="x" * 129))),
    (
        "M8",
        METADATA,
        "an extra slot of IHE's",
        lambda w: w.update(next_version(w.document, extra=(("urn:ihe:iti:own", ("1",)),))),
    ),
]


@pytest.mark.parametrize(
    ("rule", "code", "make"),
    [(rule, code, make) for rule, code, _, make in CASES],
    ids=[f"{rule} {what}" for rule, _, what, _ in CASES],
)
def test_a_fault_is_refused_by_its_rule_alone_and_nothing_is_kept(
    world: World, rule: str, code: str, make: Callable[[World], SubmitObjectsRequest]
) -> None:
    request = make(world)
    before = world.house.everything()
    with pytest.raises(Refusal) as refused:
        world.house.update(request)
    assert codes_of(refused.value) == {(rule, code)}
    assert all(error.location and error.context for error in refused.value.errors)
    assert world.house.everything() == before


def test_every_rule_has_a_fault() -> None:
    assert {rule.id for rule in RULES} <= {rule for rule, _, _, _ in CASES}


def test_an_association_of_a_submission_set_keeps_its_status(world: World) -> None:
    row = world.house.owner.execute(
        "SELECT 'urn:uuid:' || entry_uuid FROM associations WHERE source = %s LIMIT 1",
        (world.original.entry_uuid.removeprefix("urn:uuid:"),),
    ).fetchone()
    assert row is not None
    with pytest.raises(Refusal) as refused:
        world.house.update(world.order(row[0]))
    assert codes_of(refused.value) == {("U21", GENERAL)}


def test_all_faults_of_a_message_are_told_at_once(world: World) -> None:
    request = world.update(
        next_version(world.document, unique_id="1.2.3.4", title="x" * 129),
        links=[
            status_order(world.lot, world.closed.entry_uuid),
            link(APND, world.held.entry_uuid, world.old.entry_uuid),
        ],
        previous="7",
        propagation="maybe",
    )
    with pytest.raises(Refusal) as refused:
        world.house.update(request)
    assert {rule for rule, _ in codes_of(refused.value)} == {"O10", "U1", "U12", "U14", "U15", "U22"}


@pytest.mark.parametrize("status", ["CLOSED"])
def test_a_record_that_is_not_open_has_no_updates(house: House, status: str) -> None:
    patient = house.a_patient(status)
    document = a_document(patient)
    house.register(patient, document)
    with pytest.raises(Refusal) as refused:
        house.update(update_of(a_set(patient), next_version(document)))
    assert codes_of(refused.value) == {("P1", "XDSUnknownPatientId")}


def test_a_submission_may_name_what_it_submits_as_its_member(world: World) -> None:
    membership = link(HAS_MEMBER, world.folder.entry_uuid, world.document.entry_uuid)
    own = link(HAS_MEMBER, world.lot.entry_uuid, membership.entry_uuid)
    world.house.update(world.update(links=[*submitted(world.lot, membership), own]))
    assert world.house.row("associations", membership.entry_uuid, "status") == ("APPROVED",)


def test_an_earlier_hash_of_the_same_document_forbids_nothing(world: World) -> None:
    world.house.update(world.update(next_version(world.document, hash="c" * 40, size=7)))
    again = next_version(world.document, hash="d" * 40, size=8)
    world.house.update(update_of(a_set(world.patient), again, previous="2"))
    assert [row[0] for row in world.house.versions("document_entries", world.document.entry_uuid)] == [1, 2, 3]


def test_a_new_version_to_which_nothing_propagates_may_be_associated_at_once(world: World) -> None:
    world.house.update(related_version(world, "no"))
    new = world.house.latest("document_entries", world.held.entry_uuid)
    assert world.house.links(source=new) == {("APND", new, world.document.entry_uuid, "APPROVED")}


def test_a_new_version_may_be_deprecated_at_once(world: World) -> None:
    new = next_folder(world.folder)
    world.house.update(world.update(new, links=[status_order(world.lot, new.entry_uuid)]))
    assert [row[:2] for row in world.house.versions("folders", world.folder.entry_uuid)] == [
        (1, "DEPRECATED"),
        (2, "DEPRECATED"),
    ]


def test_a_folder_may_go_to_another_patient_without_its_documents(world: World) -> None:
    moved = next_folder(world.folder, patient_id=world.stranger)
    world.house.update(update_of(a_set(world.stranger), moved, propagation="no"))
    new = world.house.latest("folders", world.folder.entry_uuid)
    assert world.house.row("folders", new, "patient_key") == (world.house.key_of(world.stranger),)
    assert world.house.links(source=new) == set()


def test_an_association_may_be_submitted_and_deprecated_at_once(world: World) -> None:
    relationship = link(APND, world.held.entry_uuid, world.document.entry_uuid)
    orders = [*submitted(world.lot, relationship), status_order(world.lot, relationship.entry_uuid)]
    world.house.update(world.update(links=orders))
    assert world.house.row("associations", relationship.entry_uuid, "status") == ("DEPRECATED",)


def test_what_is_submitted_is_approved_first(world: World) -> None:
    relationship = link(APND, world.held.entry_uuid, world.document.entry_uuid)
    order = status_order(world.lot, relationship.entry_uuid, DEPRECATED, APPROVED)
    with pytest.raises(Refusal) as refused:
        world.house.update(world.update(links=[*submitted(world.lot, relationship), order]))
    assert codes_of(refused.value) == {("U22", GENERAL)}

"""What an Update Document Set does, in the tables (ITI TF-2 §3.57)."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from security.xml import parse
from xds.ebrim.objects import read_association, read_entry, read_folder
from xds.metadata.association import AssociationType
from xds.metadata.codes import Code
from xds.metadata.document_entry import ON_DEMAND
from xds.mhd.document_reference import write_lasting

from .conftest import (
    APPROVED,
    DEPRECATED,
    HAS_MEMBER,
    NOW_TEXT,
    House,
    a_document,
    a_folder,
    a_set,
    link,
    next_folder,
    next_version,
    status_order,
    submitted,
    update_of,
)

RPLC, APND, XFRM = AssociationType.RPLC, AssociationType.APND, AssociationType.XFRM


def test_a_new_version_keeps_lid_uniqueid_and_bytes_and_deprecates_the_one_before(house: House) -> None:
    patient = house.a_patient()
    document = a_document(patient)
    house.register(patient, document)
    before = house.row("document_entries", document.entry_uuid, "blob_address", "key_id", "unique_id", "depositor_id")

    house.update(
        update_of(a_set(patient), next_version(document, reference_ids=("7^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:order",)))
    )

    first, second = house.versions("document_entries", document.entry_uuid)
    assert first[:2] == (1, "DEPRECATED")
    assert second[:2] == (2, "APPROVED")
    assert house.row("document_entries", second[2], "blob_address", "key_id", "unique_id", "depositor_id") == before
    row = house.row("document_entries", second[2], "fragment", "reference_ids")
    assert row is not None
    written = read_entry(parse(bytes(row[0])))
    assert (written.entry_uuid, written.logical_id, written.version) == (second[2], document.entry_uuid, 2)
    assert written.title == "Second title"
    assert row[1] == ["7^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:order"]
    assert house.row("entry_resources", second[2], "resource") == (orjson.dumps(write_lasting(written)),)


def test_versions_follow_one_another(house: House) -> None:
    patient = house.a_patient()
    document = a_document(patient)
    house.register(patient, document)
    for previous in ("1", "2", "3"):
        house.update(update_of(a_set(patient), next_version(document), previous=previous))
    assert [row[:2] for row in house.versions("document_entries", document.entry_uuid)] == [
        (1, "DEPRECATED"),
        (2, "DEPRECATED"),
        (3, "DEPRECATED"),
        (4, "APPROVED"),
    ]


def test_hash_and_size_may_be_corrected_and_the_uniqueid_follows(house: House) -> None:
    patient = house.a_patient()
    document = a_document(patient)
    house.register(patient, document)
    house.update(update_of(a_set(patient), next_version(document, hash="B" * 40, size=99)))
    row = house.owner.execute(
        "SELECT hash, size, 'urn:uuid:' || entry_uuid FROM unique_ids WHERE unique_id = %s", (document.unique_id,)
    ).fetchone()
    assert row == ("b" * 40, 99, house.latest("document_entries", document.entry_uuid))


def test_an_on_demand_document_gets_a_new_version_without_hash_and_size(house: House) -> None:
    patient = house.a_patient()
    document = a_document(patient, object_type=ON_DEMAND, creation_time="", hash=None, size=None)
    house.register(patient, document, bytes_here=False)
    house.update(update_of(a_set(patient), next_version(document)))
    new = house.latest("document_entries", document.entry_uuid)
    assert house.row("document_entries", new, "version", "hash", "size", "blob_address") == (2, None, None, None)


def test_a_document_assembled_late_gets_its_hash_and_size(house: House) -> None:
    """ITI TF-2 §3.42: size 0 with the SHA-1 of nothing says that the document is still to come."""
    patient = house.a_patient()
    nothing = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
    document = a_document(patient, hash=nothing, size=0)
    house.register(patient, document, bytes_here=False)
    house.update(update_of(a_set(patient), next_version(document, hash="f" * 40, size=123)))
    new = house.latest("document_entries", document.entry_uuid)
    assert house.row("document_entries", new, "hash", "size") == ("f" * 40, 123)


def test_associations_go_over_to_the_new_version_and_its_folders_are_touched(house: House) -> None:
    patient = house.a_patient()
    document, other, folder = a_document(patient), a_document(patient), a_folder(patient)
    documentation = Code("fr", "1.2.3", "Translation")
    addendum = replace(link(APND, other.entry_uuid, document.entry_uuid), documentation=documentation)
    membership = link(HAS_MEMBER, folder.entry_uuid, document.entry_uuid)
    house.register(patient, document, other, folder, links=[addendum, membership])

    submission_set = a_set(patient)
    house.update(update_of(submission_set, next_version(document)))

    new = house.latest("document_entries", document.entry_uuid)
    assert house.links(target=document.entry_uuid) == {
        ("APND", other.entry_uuid, document.entry_uuid, "DEPRECATED"),
        ("HasMember", folder.entry_uuid, document.entry_uuid, "DEPRECATED"),
    }
    assert house.links(target=new) == {
        ("APND", other.entry_uuid, new, "APPROVED"),
        ("HasMember", folder.entry_uuid, new, "APPROVED"),
    }
    assert house.row("folders", folder.entry_uuid, "last_update_time", "status") == (NOW_TEXT, "APPROVED")
    row = house.owner.execute(
        "SELECT fragment FROM associations WHERE target = %s AND association_type LIKE '%%APND'",
        (new.removeprefix("urn:uuid:"),),
    ).fetchone()
    assert row is not None
    copied = read_association(parse(bytes(row[0])))
    assert copied is not None
    assert (copied.documentation, copied.source, copied.target) == (documentation, other.entry_uuid, new)
    assert copied.entry_uuid != addendum.entry_uuid
    from_sets = house.owner.execute(
        "SELECT source FROM associations JOIN submission_sets s ON s.entry_uuid = source WHERE target = %s",
        (new.removeprefix("urn:uuid:"),),
    ).fetchall()
    assert [str(one) for (one,) in from_sets] == [submission_set.entry_uuid.removeprefix("urn:uuid:")]


def test_propagation_no_leaves_associations_with_the_old_version(house: House) -> None:
    patient = house.a_patient()
    document, folder = a_document(patient), a_folder(patient)
    house.register(patient, document, folder, links=[link(HAS_MEMBER, folder.entry_uuid, document.entry_uuid)])
    house.update(update_of(a_set(patient), next_version(document), propagation="no"))
    assert house.links(source=folder.entry_uuid) == {("HasMember", folder.entry_uuid, document.entry_uuid, "APPROVED")}
    assert house.row("folders", folder.entry_uuid, "last_update_time") == ("20260101000000",)


def test_a_deprecated_association_stays_behind(house: House) -> None:
    patient = house.a_patient()
    document, folder = a_document(patient), a_folder(patient)
    old = replace(link(HAS_MEMBER, folder.entry_uuid, document.entry_uuid), availability_status=DEPRECATED)
    house.register(patient, document, folder, links=[old])
    house.update(update_of(a_set(patient), next_version(document)))
    assert house.links(target=house.latest("document_entries", document.entry_uuid)) == set()


def test_a_new_version_of_a_folder_takes_the_members_over(house: House) -> None:
    patient = house.a_patient()
    document, folder = a_document(patient), a_folder(patient)
    house.register(patient, document, folder, links=[link(HAS_MEMBER, folder.entry_uuid, document.entry_uuid)])
    house.update(update_of(a_set(patient), next_folder(folder)))
    first, second = house.versions("folders", folder.entry_uuid)
    assert (first[:2], second[:2]) == ((1, "DEPRECATED"), (2, "APPROVED"))
    assert house.links(target=document.entry_uuid) == {
        ("HasMember", folder.entry_uuid, document.entry_uuid, "DEPRECATED"),
        ("HasMember", second[2], document.entry_uuid, "APPROVED"),
    }
    row = house.row("folders", second[2], "last_update_time", "fragment", "unique_id")
    assert row is not None
    written = read_folder(parse(bytes(row[1])))
    assert (row[0], written.last_update_time, written.version) == (NOW_TEXT, NOW_TEXT, 2)
    assert row[2] == folder.unique_id


def test_without_propagation_the_new_version_of_a_folder_is_empty(house: House) -> None:
    patient = house.a_patient()
    document, folder = a_document(patient), a_folder(patient)
    house.register(patient, document, folder, links=[link(HAS_MEMBER, folder.entry_uuid, document.entry_uuid)])
    house.update(update_of(a_set(patient), next_folder(folder), propagation="no"))
    assert house.links(source=house.latest("folders", folder.entry_uuid)) == set()
    assert house.links(source=folder.entry_uuid) == {("HasMember", folder.entry_uuid, document.entry_uuid, "APPROVED")}


def test_a_document_and_its_folder_updated_together_stay_together(house: House) -> None:
    patient = house.a_patient()
    document, folder = a_document(patient), a_folder(patient)
    house.register(patient, document, folder, links=[link(HAS_MEMBER, folder.entry_uuid, document.entry_uuid)])
    house.update(update_of(a_set(patient), next_version(document), next_folder(folder)))
    new_document = house.latest("document_entries", document.entry_uuid)
    new_folder = house.latest("folders", folder.entry_uuid)
    assert house.links(source=folder.entry_uuid) == {
        ("HasMember", folder.entry_uuid, document.entry_uuid, "DEPRECATED")
    }
    assert house.links(source=new_folder) == {("HasMember", new_folder, new_document, "APPROVED")}


def test_a_document_may_go_to_another_patient_alone(house: House) -> None:
    patient, other = house.a_patient(), house.a_patient()
    document, folder = a_document(patient), a_folder(patient)
    house.register(patient, document, folder, links=[link(HAS_MEMBER, folder.entry_uuid, document.entry_uuid)])
    house.update(update_of(a_set(other), next_version(document, patient_id=other), propagation="no"))
    first, second = house.versions("document_entries", document.entry_uuid)
    assert house.row("document_entries", first[2], "patient_key", "status") == (house.key_of(patient), "DEPRECATED")
    assert house.row("document_entries", second[2], "patient_key", "status") == (house.key_of(other), "APPROVED")
    assert house.row("document_entries", second[2], "key_id") == house.row("document_entries", first[2], "key_id")


@pytest.mark.parametrize(
    ("old", "new"), [(APPROVED, DEPRECATED), (DEPRECATED, APPROVED)], ids=["deprecate", "approve again"]
)
@pytest.mark.parametrize("kind", ["document", "folder", "membership", "relationship"])
def test_the_status_of_an_object_changes_and_nothing_else(house: House, kind: str, old: str, new: str) -> None:
    patient = house.a_patient()
    status = APPROVED if old == APPROVED else DEPRECATED
    document, other, folder = a_document(patient), a_document(patient), a_folder(patient)
    membership = link(HAS_MEMBER, folder.entry_uuid, other.entry_uuid)
    relationship = link(APND, other.entry_uuid, document.entry_uuid)
    table, target = {
        "document": ("document_entries", document.entry_uuid),
        "folder": ("folders", folder.entry_uuid),
        "membership": ("associations", membership.entry_uuid),
        "relationship": ("associations", relationship.entry_uuid),
    }[kind]
    objects = [
        replace(one, availability_status=status) if one.entry_uuid == target else one for one in (document, folder)
    ]
    links = [
        replace(one, availability_status=status) if one.entry_uuid == target else one
        for one in (membership, relationship)
    ]
    house.register(patient, other, *objects, links=links)
    submission_set = a_set(patient)
    house.update(update_of(submission_set, links=[status_order(submission_set, target, old, new)]))
    assert house.row(table, target, "status") == (new.rpartition(":")[2].upper(),)
    if kind == "document":
        assert house.links(target=target) == {("APND", other.entry_uuid, target, "APPROVED")}
        assert len(house.versions(table, target)) == 1


def test_a_submitted_membership_touches_its_folder(house: House) -> None:
    patient = house.a_patient()
    document, folder = a_document(patient), a_folder(patient)
    house.register(patient, document, folder)
    submission_set = a_set(patient)
    membership = link(HAS_MEMBER, folder.entry_uuid, document.entry_uuid)
    house.update(update_of(submission_set, links=submitted(submission_set, membership)))
    assert house.links(source=folder.entry_uuid) == {("HasMember", folder.entry_uuid, document.entry_uuid, "APPROVED")}
    assert house.row("folders", folder.entry_uuid, "last_update_time") == (NOW_TEXT,)


def test_a_submitted_replacement_deprecates_at_every_depth_and_takes_the_place_in_folders(house: House) -> None:
    patient = house.a_patient()
    old, new = a_document(patient), a_document(patient)
    transformation, addendum, bystander = a_document(patient), a_document(patient), a_document(patient)
    folder, closed = a_folder(patient), a_folder(patient, availability_status=DEPRECATED)
    house.register(
        patient,
        old,
        new,
        transformation,
        addendum,
        bystander,
        folder,
        closed,
        links=[
            link(XFRM, transformation.entry_uuid, old.entry_uuid),
            link(APND, addendum.entry_uuid, transformation.entry_uuid),
            link(AssociationType.SIGNS, bystander.entry_uuid, old.entry_uuid),
            link(HAS_MEMBER, folder.entry_uuid, old.entry_uuid),
            link(HAS_MEMBER, closed.entry_uuid, old.entry_uuid),
        ],
    )
    submission_set = a_set(patient)
    replacement = link(RPLC, new.entry_uuid, old.entry_uuid)
    house.update(update_of(submission_set, links=submitted(submission_set, replacement)))
    expected = {
        old: "DEPRECATED",
        transformation: "DEPRECATED",
        addendum: "DEPRECATED",
        new: "APPROVED",
        bystander: "APPROVED",
    }
    assert {one: house.row("document_entries", one.entry_uuid, "status") for one in expected} == {
        one: (status,) for one, status in expected.items()
    }
    assert house.links(source=folder.entry_uuid) == {
        ("HasMember", folder.entry_uuid, old.entry_uuid, "APPROVED"),
        ("HasMember", folder.entry_uuid, new.entry_uuid, "APPROVED"),
    }
    assert house.links(source=closed.entry_uuid) == {("HasMember", closed.entry_uuid, old.entry_uuid, "APPROVED")}
    assert house.row("folders", folder.entry_uuid, "last_update_time") == (NOW_TEXT,)
    members = house.owner.execute(
        "SELECT count(*) FROM associations m JOIN associations a ON a.entry_uuid = m.target"
        " WHERE m.source = %s AND a.source = %s",
        (submission_set.entry_uuid.removeprefix("urn:uuid:"), folder.entry_uuid.removeprefix("urn:uuid:")),
    ).fetchone()
    assert members == (1,)


def test_one_event_tells_what_was_updated_and_the_revision_grows(house: House) -> None:
    patient = house.a_patient()
    document = a_document(patient)
    house.register(patient, document)
    submission_set = a_set(patient)
    house.update(update_of(submission_set, next_version(document)))
    event = house.last_event()
    assert (event["transaction"], event["outcome"]) == ("ITI-57", "success")
    assert event["objects"] == [submission_set.unique_id, document.unique_id]
    revision = house.owner.execute(
        "SELECT revision FROM records WHERE patient_key = %s", (house.key_of(patient),)
    ).fetchone()
    assert revision == (1,)

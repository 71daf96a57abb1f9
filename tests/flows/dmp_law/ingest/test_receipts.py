"""What an establishment may ask and undo: the entryUUID of its own document, and its deletion (DMP TD3.1b, TD3.3c)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from samples.client import queries
from samples.documents.laboratory_report import laboratory_report
from samples.documents.vsm import vsm
from samples.submission import INVISIBLE_PATIENT
from xds.metadata.document_entry import AvailabilityStatus

from .conftest import HOSPITAL, OTHER, SECRETARY, Desk

DENIED = "DMPAccessDeniedByRightsService"
QUERIES = queries.QueryId


def test_an_establishment_finds_the_id_of_its_own_document_by_its_unique_id(desk: Desk) -> None:
    lot = desk.deposited(vsm(desk.patient), laboratory_report(desk.patient))

    answer = desk.reference(*lot.unique_ids)

    assert answer.succeeded
    assert sorted(answer.ids) == sorted(desk.entry(unique_id)["entry_uuid"] for unique_id in lot.unique_ids)
    assert answer.entries == ()
    *said, documents, secret = desk.traces()[-1]
    assert said == ["TD3.1b", "success", "", "GRANTED"]
    assert (sorted(documents), secret) == (sorted(lot.unique_ids), False)


def test_a_document_of_another_structure_one_of_another_patient_and_none_look_the_same(
    desk: Desk, new_scene: Any
) -> None:
    (theirs,) = desk.deposited(who=OTHER).unique_ids
    (elsewhere,) = Desk(new_scene(desk.house)).deposited().unique_ids

    answers = [desk.reference(unique_id) for unique_id in (theirs, elsewhere, f"2.25.{uuid4().int}")]

    assert {(answer.status, tuple(answer.ids), tuple(answer.error_codes)) for answer in answers} == {
        (answers[0].status, (), ())
    }
    assert answers[0].succeeded
    assert [row[4] for row in desk.traces() if row[0] == "TD3.1b"] == [[], [], []]


def test_staff_and_system_of_one_structure_share_its_documents(desk: Desk) -> None:
    (by_system,), (by_staff,) = desk.deposited().unique_ids, desk.deposited(who=SECRETARY).unique_ids

    found = desk.reference(by_system, by_staff, who=SECRETARY)

    assert sorted(found.ids) == sorted(desk.entry(one)["entry_uuid"] for one in (by_system, by_staff))
    assert sorted(desk.reference(by_system, by_staff).ids) == sorted(found.ids)


OTHER_QUERIES = [
    ("whole entries", QUERIES.GET_DOCUMENTS, "LeafClass", lambda lot, cx: queries.get_documents(unique_ids=lot)),
    ("a list of documents", QUERIES.FIND_DOCUMENTS, "ObjectRef", lambda lot, cx: queries.find_documents(cx)),
    ("everything", QUERIES.GET_ALL, "ObjectRef", lambda lot, cx: queries.get_all(cx)),
    (
        "by entryUUID",
        QUERIES.GET_DOCUMENTS,
        "ObjectRef",
        lambda lot, cx: queries.get_documents(entry_uuids=["urn:uuid:" + str(uuid4())]),
    ),
]


@pytest.mark.parametrize(
    ("query", "kind", "slots"), [row[1:] for row in OTHER_QUERIES], ids=[r[0] for r in OTHER_QUERIES]
)
def test_every_other_query_is_refused_at_this_door(desk: Desk, query: Any, kind: str, slots: Any) -> None:
    lot = desk.deposited()

    def ask() -> Any:
        with desk.registry() as client:
            return client.stored_query(query, slots(lot.unique_ids, desk.patient.cx), kind)

    answer = desk.refused(ask, DENIED, operation="TD3.1b", rule="D-050-CHANNEL")
    assert answer.ids == []


def test_an_establishment_deletes_its_own_document_and_nobody_finds_it_any_more(desk: Desk) -> None:
    lot = desk.deposited(vsm(desk.patient), laboratory_report(desk.patient))
    gone, kept = lot.unique_ids
    entry = desk.entry(gone)

    answer = desk.update(desk.deletion(entry["entry_uuid"]))

    assert answer.succeeded, answer.errors
    assert desk.entry(gone)["status"] == "DELETED"
    assert desk.scene.found() == [kept]
    assert [row[:5] for row in desk.traces() if row[0] == "TD3.3c"] == [("TD3.3c", "success", "", "GRANTED", [gone])]
    assert ("DOCUMENT_DELETED", gone) in desk.told()


def test_staff_deletes_what_its_structure_deposited(desk: Desk) -> None:
    (unique_id,) = desk.deposited().unique_ids

    answer = desk.update(desk.deletion(desk.entry(unique_id)["entry_uuid"], who=SECRETARY), SECRETARY)

    assert answer.succeeded, answer.errors
    assert desk.entry(unique_id)["status"] == "DELETED"


def test_an_obsolete_version_is_deleted_as_well(desk: Desk) -> None:
    (old,) = desk.deposited().unique_ids
    entry = desk.entry(old)
    desk.deposited(vsm(desk.patient, replaces=old, version=2), replaces={0: entry["entry_uuid"]})

    answer = desk.update(desk.deletion(entry["entry_uuid"], original=AvailabilityStatus.DEPRECATED))

    assert answer.succeeded, answer.errors
    assert desk.entry(old)["status"] == "DELETED"


def test_the_patient_is_not_told_of_the_deletion_of_what_was_hidden_from_him(desk: Desk) -> None:
    (hidden,) = desk.deposited(laboratory_report(desk.patient), confidentiality=[INVISIBLE_PATIENT]).unique_ids

    assert desk.update(desk.deletion(desk.entry(hidden)["entry_uuid"])).succeeded

    assert desk.told() == []


def test_a_document_of_another_structure_and_none_are_refused_alike(desk: Desk) -> None:
    (theirs,) = desk.deposited(who=OTHER).unique_ids
    target, nothing = desk.entry(theirs)["entry_uuid"], f"urn:uuid:{uuid4()}"

    answers = [
        desk.refused(
            lambda one=one: desk.update(desk.deletion(one)), "UnresolvedReferenceException", operation="TD3.3c"
        )
        for one in (target, nothing)
    ]

    texts = {
        tuple((error.code, error.context.replace(one, "…"), error.location) for error in answer.errors)
        for answer, one in zip(answers, (target, nothing), strict=True)
    }
    assert len(texts) == 1
    assert desk.entry(theirs)["status"] == "APPROVED"


def test_what_is_deleted_is_not_deleted_twice(desk: Desk) -> None:
    (unique_id,) = desk.deposited().unique_ids
    target = desk.entry(unique_id)["entry_uuid"]
    assert desk.update(desk.deletion(target)).succeeded

    desk.refused(lambda: desk.update(desk.deletion(target)), "XDSMetadataUpdateError", operation="TD3.3c")


CHANGES = [
    ("archives", {"new": AvailabilityStatus.ARCHIVED}),
    ("deprecates", {"new": AvailabilityStatus.DEPRECATED}),
]


@pytest.mark.parametrize("change", [row[1] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_an_indirect_system_changes_no_other_status(desk: Desk, change: dict[str, Any]) -> None:
    (unique_id,) = desk.deposited().unique_ids
    message = desk.deletion(desk.entry(unique_id)["entry_uuid"], **change)

    desk.refused(lambda: desk.update(message), DENIED, operation="TD3.3c", rule="D-050-CHANNEL")


def test_an_indirect_system_sends_no_new_version_of_an_entry(desk: Desk) -> None:
    lot = desk.deposited()

    desk.refused(lambda: desk.update(desk.lot([vsm(desk.patient)])), DENIED, operation="TD3.3c")

    assert desk.entry(lot.unique_ids[0])["codes"] == ["N"]


SPOILED = [
    ("a wrong status of now", {"original": AvailabilityStatus.DEPRECATED}, ("XDSMetadataUpdateError",)),
    ("no new status", {"new": None}, ("XDSMetadataUpdateOperationError",)),
    ("no author", {"authors": ()}, ("XDSRegistryMetadataError", "XDSRegistryMetadataError")),
    ("another source than an OID", {"source_id": "software"}, ("XDSRegistryMetadataError",)),
]


@pytest.mark.parametrize(("change", "codes"), [row[1:] for row in SPOILED], ids=[row[0] for row in SPOILED])
def test_a_spoiled_deletion_is_refused_with_every_error(desk: Desk, change: dict[str, Any], codes: Any) -> None:
    (unique_id,) = desk.deposited().unique_ids
    message = desk.deletion(desk.entry(unique_id)["entry_uuid"], **change)

    desk.refused(lambda: desk.update(message), *codes, operation="TD3.3c")


def test_the_unique_id_of_a_deletion_is_new_as_well(desk: Desk) -> None:
    lot = desk.deposited()
    message = desk.deletion(desk.entry(lot.unique_ids[0])["entry_uuid"], unique_id=lot.submission_set.unique_id)

    desk.refused(lambda: desk.update(message), "XDSDuplicateUniqueIdInRegistry", operation="TD3.3c")


def test_one_order_is_enough_for_one_document(desk: Desk) -> None:
    (unique_id,) = desk.deposited().unique_ids
    target = desk.entry(unique_id)["entry_uuid"]
    message = desk.deletion(target, target.replace("urn:uuid:", "urn:uuid:").lower())

    desk.refused(lambda: desk.update(message), "XDSMetadataUpdateError", "XDSMetadataUpdateError", operation="TD3.3c")


def test_a_closed_record_is_not_searched_and_loses_nothing(desk: Desk) -> None:
    (unique_id,) = desk.deposited().unique_ids
    message = desk.deletion(desk.entry(unique_id)["entry_uuid"])
    desk.set_record(status="CLOSED", closed_at="2026-01-01T00:00:00Z")

    desk.refused(lambda: desk.reference(unique_id), "DMPClosed", operation="TD3.1b", rule="5-RECORD-CLOSED")
    desk.refused(lambda: desk.update(message), "DMPClosed", operation="TD3.3c", rule="5-RECORD-CLOSED")


def test_a_search_without_a_patient_in_its_assertion_is_refused(desk: Desk) -> None:
    answer = desk.reference("2.25.1", patient=None)

    assert answer.error_codes == ["XDSPatientIdDoesNotMatch"]


def test_a_deletion_in_another_record_than_that_of_the_assertion_is_refused(desk: Desk, new_scene: Any) -> None:
    other = Desk(new_scene(desk.house))
    (unique_id,) = other.deposited().unique_ids
    message = other.deletion(other.entry(unique_id)["entry_uuid"])

    answer = desk.update(message, HOSPITAL)

    assert "XDSPatientIdDoesNotMatch" in answer.error_codes
    assert other.entry(unique_id)["status"] == "APPROVED"

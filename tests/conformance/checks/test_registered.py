"""Each rule against the past catches its own fault and no other, starting from one good submission and receipt."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from conformance.checks.metadata import check_metadata
from conformance.checks.registered import RULES, check_registered
from profiles.affinity import load_affinity_domain
from profiles.codes import load_domain
from samples.xds.entries import on_demand_entry
from samples.xds.patients import RED, new_patient
from samples.xds.submission import XdsSubmission, folder_of, new_submission
from xds.dmp.record import Record, RecordStatus
from xds.messages import ProvideAndRegisterRequest, SubmitObjectsRequest
from xds.metadata.association import AssociationType
from xds.metadata.document_entry import ON_DEMAND, STABLE, AvailabilityStatus
from xds.registry.facts import ObjectKind, Receipt, RegisteredObject, RegisteredUniqueId

A = AssociationType
K = ObjectKind
DOMAIN = load_affinity_domain("any", "")
DMP = load_domain()
PATIENT = new_patient()
RECORD = Record(patient_key=UUID(int=1), status=RecordStatus.OPEN, key_id=UUID(int=2))
DOCUMENT, OLD_FOLDER, OLD_SET, OLD_LINK, STRANGER, NOTHING = (f"urn:uuid:{UUID(int=rank)}" for rank in range(10, 16))
SET, FIRST, FOLDER = "SubmissionSet01", "Document01", "Folder01"
TAKEN = "1.2.3.4"


def registered(identifier: str, kind: ObjectKind = K.DOCUMENT_ENTRY, **changes: Any) -> RegisteredObject:
    known = RegisteredObject(
        entry_uuid=identifier,
        kind=kind,
        status=AvailabilityStatus.APPROVED,
        same_patient=True,
        unique_id="1.2.3",
        object_type=STABLE if kind is K.DOCUMENT_ENTRY else "",
    )
    return replace(known, **changes)


PAST = (
    registered(DOCUMENT),
    registered(OLD_FOLDER, K.FOLDER),
    registered(OLD_SET, K.SUBMISSION_SET),
    registered(OLD_LINK, K.ASSOCIATION),
    registered(STRANGER, same_patient=False),
)


def receipt(
    *changed: RegisteredObject, taken: Iterable[RegisteredUniqueId] = (), record: Record | None = RECORD
) -> Receipt:
    return Receipt(
        record=record,
        public_key=b"",
        revision=1,
        objects={one.entry_uuid: one for one in (*PAST, *changed)},
        unique_ids={one.unique_id: one for one in taken},
    )


def request_of(lot: XdsSubmission) -> ProvideAndRegisterRequest:
    return ProvideAndRegisterRequest(
        submission_set=lot.submission_set,
        entries=lot.entries,
        folders=lot.folders,
        associations=lot.associations,
        documents=lot.contents,
    )


def taken(kind: ObjectKind, **facts: Any) -> Receipt:
    return receipt(taken=[RegisteredUniqueId(unique_id=TAKEN, kind=kind, **facts)])


GOOD = folder_of(PATIENT)
HASH, SIZE = str(GOOD.entries[0].hash), GOOD.entries[0].size
COPY = GOOD.with_entry(0, unique_id=TAKEN)
NOW = receipt()
DEPRECATED = receipt(registered(DOCUMENT, status=AvailabilityStatus.DEPRECATED))
CLOSED_FOLDER = receipt(registered(OLD_FOLDER, K.FOLDER, status=AvailabilityStatus.DEPRECATED))
METADATA, UNRESOLVED = "XDSRegistryMetadataError", "UnresolvedReferenceException"
MISMATCH, DUPLICATE = "XDSPatientIdDoesNotMatch", "XDSDuplicateUniqueIdInRegistry"
UNKNOWN, GONE = "XDSUnknownPatientId", "XDSRegistryDeprecatedDocumentError"

TWINS: dict[str, tuple[XdsSubmission, Receipt, str, str]] = {
    "an unknown patient": (GOOD, receipt(record=None), "P1", UNKNOWN),
    "a patient who is not active": (
        GOOD, receipt(record=replace(RECORD, status=RecordStatus.CLOSED)), "P1", UNKNOWN),
    "an old document of another patient, filed": (GOOD.file(FOLDER, STRANGER), NOW, "P3", MISMATCH),
    "an old folder of another patient": (
        GOOD.file(OLD_FOLDER, FIRST), receipt(registered(OLD_FOLDER, K.FOLDER, same_patient=False)), "P3", MISMATCH),
    "a replacement of another patient's document": (GOOD.relate(A.RPLC, FIRST, STRANGER), NOW, "P4", MISMATCH),
    "an addendum to another patient's document": (GOOD.relate(A.APND, FIRST, STRANGER), NOW, "P4", MISMATCH),
    "a lot of a document's uniqueId": (
        GOOD.with_submission_set(unique_id=TAKEN), taken(K.DOCUMENT_ENTRY, hash=HASH, size=SIZE), "P6", DUPLICATE),
    "a lot twice": (GOOD.with_submission_set(unique_id=TAKEN), taken(K.SUBMISSION_SET), "P6", DUPLICATE),
    "a folder twice": (GOOD.with_folder(0, unique_id=TAKEN), taken(K.FOLDER), "P7", DUPLICATE),
    "other bytes of the same size": (
        COPY, taken(K.DOCUMENT_ENTRY, hash="0" * 40, size=SIZE), "P8", "XDSNonIdenticalHash"),
    "other bytes, without declaring them": (
        COPY.with_entry(0, hash=None, size=None),
        taken(K.DOCUMENT_ENTRY, hash="0" * 40, size=SIZE), "P8", "XDSNonIdenticalHash"),
    "bytes for an on-demand document": (COPY, taken(K.DOCUMENT_ENTRY), "P8", "XDSNonIdenticalHash"),
    "another size": (COPY, taken(K.DOCUMENT_ENTRY, hash=HASH, size=1), "P9", "XDSNonIdenticalSize"),
    "a document of a lot's uniqueId": (COPY, taken(K.SUBMISSION_SET), "P11", DUPLICATE),
    "a document of a folder's uniqueId": (COPY, taken(K.FOLDER), "P11", DUPLICATE),
    "an id of a registered document": (
        new_submission(PATIENT, entry_uuid=DOCUMENT), NOW, "M6", METADATA),
    "an association of a registered id": (
        GOOD.with_association(0, entry_uuid=OLD_LINK), NOW, "M6", METADATA),
    "a lot in a lot": (GOOD.add_member(OLD_SET), NOW, "M9", METADATA),
    "a reference to nothing": (GOOD.refer_to(NOTHING), NOW, "A2", UNRESOLVED),
    "a folder that is nothing": (GOOD.file(NOTHING, FIRST), NOW, "A2", UNRESOLVED),
    "a filed document that is nothing": (GOOD.file(FOLDER, NOTHING), NOW, "A2", UNRESOLVED),
    "an old document without status": (GOOD.add_member(DOCUMENT), NOW, "A4", METADATA),
    "a folder by reference": (GOOD.refer_to(OLD_FOLDER), NOW, "A4", METADATA),
    "an old deprecated document, filed": (GOOD.file(FOLDER, DOCUMENT), DEPRECATED, "A6", GONE),
    "a deprecated folder": (GOOD.file(OLD_FOLDER, FIRST), CLOSED_FOLDER, "A6", METADATA),
    "a replacement of nothing": (GOOD.relate(A.RPLC, FIRST, NOTHING), NOW, "A8", UNRESOLVED),
    "a snapshot of nothing": (GOOD.relate(A.IS_SNAPSHOT_OF, FIRST, NOTHING), NOW, "A8", UNRESOLVED),
    "an addendum to nothing": (GOOD.relate(A.APND, FIRST, NOTHING), NOW, "A9", UNRESOLVED),
    "a signature of nothing": (GOOD.relate(A.SIGNS, FIRST, NOTHING), NOW, "A9", UNRESOLVED),
    "a second replacement": (GOOD.relate(A.RPLC, FIRST, DOCUMENT), DEPRECATED, "A10", GONE),
    "a transformation of what was replaced": (GOOD.relate(A.XFRM, FIRST, DOCUMENT), DEPRECATED, "A10", GONE),
    "a snapshot of a stable document": (GOOD.relate(A.IS_SNAPSHOT_OF, FIRST, DOCUMENT), NOW, "A11", METADATA),
    "a replacement in another patient's folder": (
        GOOD.relate(A.RPLC, FIRST, STRANGER),
        receipt(registered(STRANGER, same_patient=False, folders=(OLD_FOLDER + "0",))), "A12", MISMATCH),
    "a replacement in a folder that is another patient's": (
        GOOD.relate(A.XFRM_RPLC, FIRST, DOCUMENT),
        receipt(
            registered(DOCUMENT, folders=(OLD_FOLDER,)),
            registered(OLD_FOLDER, K.FOLDER, same_patient=False)), "A12", MISMATCH),
    "an addendum to an old transformation": (
        GOOD.relate(A.APND, FIRST, DOCUMENT), receipt(registered(DOCUMENT, is_transformation=True)), "A13", METADATA),
    "an old document that holds": (GOOD.file(DOCUMENT, FIRST), NOW, "A15", METADATA),
    "an old lot that holds": (GOOD.file(OLD_SET, FIRST), NOW, "A15", METADATA),
    "a folder that holds an old folder": (GOOD.file(FOLDER, OLD_FOLDER), NOW, "A15", METADATA),
    "a folder that holds an old lot": (GOOD.file(FOLDER, OLD_SET), NOW, "A15", METADATA),
    "an old association in the lot": (GOOD.add_member(OLD_LINK), NOW, "A15", METADATA),
    "a replacement of an old folder": (GOOD.relate(A.RPLC, FIRST, OLD_FOLDER), NOW, "A16", METADATA),
    "an addendum to an old lot": (GOOD.relate(A.APND, FIRST, OLD_SET), NOW, "A16", METADATA),
}  # fmt: skip
FINE: dict[str, tuple[XdsSubmission, Receipt]] = {
    "as it is": (GOOD, NOW),
    "nothing but an association": (new_submission(PATIENT).file(OLD_FOLDER, DOCUMENT), NOW),
    "a replacement": (GOOD.relate(A.RPLC, FIRST, DOCUMENT), receipt(registered(DOCUMENT, folders=(OLD_FOLDER,)))),
    "an addendum": (GOOD.relate(A.APND, FIRST, DOCUMENT), NOW),
    "a snapshot": (
        GOOD.relate(A.IS_SNAPSHOT_OF, FIRST, DOCUMENT), receipt(registered(DOCUMENT, object_type=ON_DEMAND))),
    "a replacement of a transformation": (
        GOOD.relate(A.RPLC, FIRST, DOCUMENT), receipt(registered(DOCUMENT, is_transformation=True))),
    "a reference": (GOOD.refer_to(DOCUMENT), NOW),
    "a reference to what was replaced": (GOOD.refer_to(DOCUMENT), DEPRECATED),
    "a reference to another patient's document": (GOOD.refer_to(STRANGER), NOW),
    "a document in an old folder": (GOOD.file(OLD_FOLDER, FIRST), NOW),
    "an old document in a new folder": (GOOD.file(FOLDER, DOCUMENT), NOW),
    "an old folder in the lot": (GOOD.add_member(OLD_FOLDER), NOW),
    "the same bytes again": (COPY, taken(K.DOCUMENT_ENTRY, hash=HASH.upper(), size=SIZE)),
    "the same bytes again, without declaring them": (
        COPY.with_entry(0, hash=None, size=None), taken(K.DOCUMENT_ENTRY, hash=HASH, size=SIZE)),
}  # fmt: skip
PERMISSIONS = {"P5": "a reference to another patient's document", "P10": "the same bytes again"}


@pytest.mark.parametrize("name", TWINS)
def test_each_rule_catches_its_own_fault_and_no_other(name: str) -> None:
    submission, past, rule, code = TWINS[name]
    request = request_of(submission)
    assert {(one.rule, str(one.code)) for one in check_registered(request, past, DOMAIN)} == {(rule, code)}
    assert check_metadata(request, DOMAIN) == ()


@pytest.mark.parametrize("name", FINE)
def test_a_good_submission_breaks_no_rule(name: str) -> None:
    submission, past = FINE[name]
    assert check_registered(request_of(submission), past, DOMAIN) == ()
    assert check_metadata(request_of(submission), DOMAIN) == ()


def test_every_rule_has_its_twin() -> None:
    assert {rule.id for rule in RULES} == {rule for _, _, rule, _ in TWINS.values()}
    assert set(PERMISSIONS.values()) <= set(FINE)


def test_two_on_demand_documents_may_share_a_unique_id() -> None:
    submission = new_submission(PATIENT).add_entry(on_demand_entry(PATIENT, "1.2", unique_id=TAKEN))
    assert check_registered(request_of(submission), taken(K.DOCUMENT_ENTRY), DOMAIN) == ()


def test_a_registration_without_documents_is_judged_on_what_it_declares() -> None:
    request = SubmitObjectsRequest(
        submission_set=COPY.submission_set,
        entries=COPY.entries,
        folders=COPY.folders,
        associations=COPY.associations,
    )
    errors = check_registered(request, taken(K.DOCUMENT_ENTRY, hash="0" * 40, size=1), DOMAIN)
    assert [one.rule for one in errors] == ["P8", "P9"]


def test_an_unknown_patient_is_named() -> None:
    (error,) = check_registered(request_of(GOOD), receipt(record=None), DOMAIN)
    assert error.location == "RegistryPackage[SubmissionSet01]/patientId"
    assert PATIENT.cx in error.context


@pytest.mark.parametrize("authorities", ["1.2.3", f"1.2.3 {RED}"])
def test_an_unknown_patient_is_said_once(authorities: str) -> None:
    domain = load_affinity_domain("any", authorities)
    request = request_of(new_submission(PATIENT))
    errors = (*check_metadata(request, domain), *check_registered(request, receipt(record=None), domain))
    assert [one.rule for one in errors] == ["P1"]


def test_for_an_unknown_patient_nothing_is_said_of_other_patients() -> None:
    submission = GOOD.relate(A.RPLC, FIRST, STRANGER).file(FOLDER, STRANGER)
    errors = check_registered(request_of(submission), receipt(record=None), DOMAIN)
    assert [one.rule for one in errors] == ["P1"]


def test_every_fault_is_found_at_once() -> None:
    submission = COPY.with_submission_set(unique_id=TAKEN).relate(A.RPLC, FIRST, NOTHING).refer_to(NOTHING)
    errors = check_registered(request_of(submission), taken(K.DOCUMENT_ENTRY, hash="0" * 40, size=SIZE), DOMAIN)
    assert [one.rule for one in errors] == ["P6", "P8", "A2", "A8"]


def test_a_fault_says_where_what_and_what_instead() -> None:
    submission, past, _, _ = TWINS["a second replacement"]
    (error,) = check_registered(request_of(submission), past, DOMAIN)
    assert error.location == f"Association[{submission.associations[-1].entry_uuid}]/@targetObject"
    assert error.context == f"{error.location}: found {DOCUMENT}, which is Deprecated, expected an Approved document"


def in_the_dmp(submission: XdsSubmission, past: Receipt) -> list[tuple[str, str]]:
    return [(one.rule, one.context) for one in check_registered(request_of(submission), past, DMP)]


ALONE = new_submission(PATIENT).add_document(PATIENT, unique_id=TAKEN)


@pytest.mark.parametrize("kind", [K.DOCUMENT_ENTRY, K.SUBMISSION_SET, K.FOLDER])
def test_in_the_dmp_a_unique_id_is_taken_whatever_it_names(kind: ObjectKind) -> None:
    expected = f"uniqueId {TAKEN} is already registered; every document and submission set has its own"
    assert in_the_dmp(ALONE, taken(kind)) == [("P6", expected)]


@pytest.mark.parametrize("target", [NOTHING, STRANGER, OLD_FOLDER, OLD_SET])
@pytest.mark.parametrize("kind", [A.RPLC, A.APND, A.HAS_MEMBER])
def test_in_the_dmp_what_is_not_the_sender_s_and_what_is_not_there_are_one(target: str, kind: A) -> None:
    submission = ALONE.refer_to(target) if kind is A.HAS_MEMBER else ALONE.relate(kind, FIRST, target)
    expected = f"association target {target} is not a document of the sender in this record"
    assert in_the_dmp(submission, NOW) == [("A2", expected)]


def test_in_the_dmp_a_replaced_document_is_not_pointed_at() -> None:
    expected = f"association target {DOCUMENT} is not Approved any more"
    assert in_the_dmp(ALONE.relate(A.RPLC, FIRST, DOCUMENT), DEPRECATED) == [("A10", expected)]


def test_in_the_dmp_the_record_is_the_law_s_matter() -> None:
    assert in_the_dmp(ALONE, receipt(record=None)) == []


def test_in_the_dmp_a_good_lot_breaks_no_rule() -> None:
    assert in_the_dmp(ALONE.relate(A.RPLC, FIRST, DOCUMENT).refer_to(DOCUMENT), NOW) == []

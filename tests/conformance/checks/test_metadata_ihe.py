"""Each rule of IHE catches its own fault and no other in a generic domain, starting from one good submission."""

from dataclasses import replace
from typing import Any

import pytest

from conformance.checks.metadata import RULES, check_metadata, check_registration
from conformance.checks.metadata_rule import DMP, IHE
from profiles.affinity import load_affinity_domain
from profiles.codes import Domain
from samples.xds import codes
from samples.xds.entries import on_demand_entry
from samples.xds.patients import RED, new_patient
from samples.xds.submission import XdsSubmission, folder_of, new_submission
from xds.ebrim.reader import read_submit_objects
from xds.errors import RegistryError, Severity
from xds.messages import ProvideAndRegisterRequest, SubmitObjectsRequest
from xds.metadata.association import AssociationType
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.document_entry import ON_DEMAND

A = AssociationType
ANY = load_affinity_domain("any", "")
LISTED = load_affinity_domain("connectathon", RED)
PATIENT, OTHER = new_patient(), new_patient()
REGISTERED = "urn:uuid:0f5d2a54-6a3c-4c6f-9f7e-2b1c3d4e5f60"
REPOSITORY = "1.3.6.1.4.1.21367.13.20.2000"
UNKNOWN = Code("99", "1.2.3", "?")
# Document01 and Document02 are in Folder01; Association01, 02, 03: their memberships and that of the folder;
# Association04, 06: FD-DE; Association05, 07: their SS-HM.
GOOD = folder_of(PATIENT, 2)
SET, FIRST, SECOND, FOLDER = "SubmissionSet01", "Document01", "Document02", "Folder01"


def request_of(lot: XdsSubmission) -> ProvideAndRegisterRequest:
    return ProvideAndRegisterRequest(
        submission_set=lot.submission_set,
        entries=lot.entries,
        folders=lot.folders,
        associations=lot.associations,
        documents=lot.contents,
    )


def registration_of(lot: XdsSubmission) -> SubmitObjectsRequest:
    held = lot.in_repository(REPOSITORY)
    return SubmitObjectsRequest(
        submission_set=held.submission_set,
        entries=held.entries,
        folders=held.folders,
        associations=held.associations,
    )


def on_demand(**changes: Any) -> XdsSubmission:
    return new_submission(PATIENT).add_entry(on_demand_entry(PATIENT, REPOSITORY, **changes))


def rules(errors: tuple[RegistryError, ...]) -> set[tuple[str, str]]:
    return {(error.rule, str(error.code)) for error in errors}


METADATA, UNRESOLVED = "XDSRegistryMetadataError", "UnresolvedReferenceException"
REPOSITORY_ERROR, MISMATCH = "XDSRepositoryMetadataError", "XDSPatientIdDoesNotMatch"
TWICE = "XDSRegistryDuplicateUniqueIdInMessage"

entry, folder, lot, link = GOOD.with_entry, GOOD.with_folder, GOOD.with_submission_set, GOOD.with_association

TWINS: dict[str, tuple[XdsSubmission, str, str]] = {
    "a folder of a document's uniqueId": (entry(0, unique_id=GOOD.folders[0].unique_id), "M5", TWICE),
    "a lot of a folder's uniqueId": (lot(unique_id=GOOD.folders[0].unique_id), "M5", TWICE),
    "a logical id of a folder": (folder(0, logical_id=REGISTERED), "M6", METADATA),
    "an extra slot of a folder": (folder(0, extra=(("colour", ("red",)),)), "M8", METADATA),
    "an extra slot of IHE on an association": (link(0, extra=(("urn:ihe:iti:x", ("1",)),)), "M8", METADATA),
    "an order of ITI-57": (GOOD.associate(A.UPDATE_AVAILABILITY_STATUS, SET, REGISTERED), "M9", METADATA),
    "a submitted association": (GOOD.associate(A.SUBMIT_ASSOCIATION, SET, "Association04"), "M9", METADATA),
    "a previous version": (link(0, previous_version="1"), "M9", METADATA),
    "a propagation": (link(0, association_propagation="no"), "M9", METADATA),
    "a new status": (link(0, new_status="urn:x"), "M9", METADATA),
    "a lot in itself": (GOOD.add_member(SET), "M9", METADATA),
    "a folder of another patient": (folder(0, patient_id=OTHER.cx), "P2", MISMATCH),
    "a document of another patient": (entry(0, patient_id=OTHER.cx), "P2", MISMATCH),
    "another hash": (entry(0, hash="0" * 40), "HASH", REPOSITORY_ERROR),
    "another size": (entry(0, size=1), "SIZE", REPOSITORY_ERROR),
    "a folder without title": (folder(0, title=None), "O1", METADATA),
    "a folder without code": (folder(0, codes=()), "O1", METADATA),
    "limited metadata": (entry(0, limited_metadata=True), "O1", METADATA),
    "two values of PID-8 in one": (entry(0, source_patient_info=("PID-8|F~M",)), "O2", METADATA),
    "a folder's uniqueId that is no OID": (folder(0, unique_id="urn:x:1"), "O3", METADATA),
    "a lot's uniqueId that is no OID": (lot(unique_id="1.02"), "O3", METADATA),
    "a source that is no OID": (lot(source_id="me"), "O3", METADATA),
    "a folder's id in upper case": (
        replace(GOOD, folders=(replace(GOOD.folders[0], entry_uuid="urn:uuid:A"),), associations=tuple(
            replace(
                one,
                source="urn:uuid:A" if one.source == FOLDER else one.source,
                target="urn:uuid:A" if one.target == FOLDER else one.target)
            for one in GOOD.associations)),
        "O3", METADATA),
    "a patient id with a type": (entry(0, source_patient_id="7^^^&1.2.3&ISO^PI"), "O3", METADATA),
    "a long URI": (entry(0, uri="x" * 257), "O3", METADATA),
    "a language that is no tag": (entry(0, language_code="english!"), "O3", METADATA),
    "an on-demand document": (entry(0, object_type=ON_DEMAND), "O8", METADATA),
    "a stop before the start": (entry(0, service_start_time="2025", service_stop_time="20240305"), "O9", METADATA),
    "a long title": (entry(0, title="x" * 129), "O10", METADATA),
    "a long title of a folder": (folder(0, title="x" * 257), "O10", METADATA),
    "an author of roles only": (lot(authors=(Author(roles=("10",)),)), "O11", METADATA),
    "an end that is nothing": (GOOD.associate(A.HAS_MEMBER, SET, "nothing"), "A2", UNRESOLVED),
    "a replacement of nothing": (GOOD.relate(A.RPLC, FIRST, "nothing"), "A2", UNRESOLVED),
    "a document outside the lot": (
        folder_of(PATIENT, 1).add_document(PATIENT).without_association(4), "A3", METADATA),
    "a folder outside the lot": (GOOD.without_association(2), "A3", METADATA),
    "a folder twice in the lot": (GOOD.add_member(FOLDER), "A3", METADATA),
    "a new document by reference": (link(0, submission_set_status="Reference"), "A4", METADATA),
    "a folder by reference": (link(2, submission_set_status="Reference"), "A4", METADATA),
    "a membership by reference": (link(4, submission_set_status="Reference"), "A4", METADATA),
    "an old document as original": (GOOD.add_member(REGISTERED, submission_set_status="Original"), "A4", METADATA),
    "a filed document outside the lot": (GOOD.without_association(6), "A5", METADATA),
    "an old document filed outside the lot": (GOOD.associate(A.HAS_MEMBER, FOLDER, REGISTERED), "A5", METADATA),
    "a document filed in an old folder outside the lot": (
        GOOD.associate(A.HAS_MEMBER, REGISTERED, FIRST), "A5", METADATA),
    "a relationship of an old document": (GOOD.relate(A.APND, REGISTERED, FIRST), "A7", UNRESOLVED),
    "a replacement of a new document": (GOOD.relate(A.RPLC, FIRST, SECOND), "A8", UNRESOLVED),
    "a transformation that replaces a new document": (GOOD.relate(A.XFRM_RPLC, FIRST, SECOND), "A8", UNRESOLVED),
    "an addendum to nothing": (GOOD.relate(A.APND, FIRST, "nothing"), "A9", UNRESOLVED),
    "a signature of nothing": (GOOD.relate(A.SIGNS, FIRST, "nothing"), "A9", UNRESOLVED),
    "an addendum to a transformation": (
        GOOD.relate(A.XFRM, FIRST, REGISTERED).relate(A.APND, SECOND, FIRST), "A13", METADATA),
    "a documented member": (link(0, documentation=codes.ADDITIONAL_INFORMATION), "A14", METADATA),
    "a member of a document": (
        GOOD.associate(A.HAS_MEMBER, FIRST, SECOND), "A15", METADATA),
    "a folder in a folder": (
        GOOD.file(FOLDER, FOLDER), "A15", METADATA),
    "the membership of a membership": (GOOD.add_member("Association01"), "A15", METADATA),
    "a signature of the lot": (GOOD.relate(A.SIGNS, FIRST, SET), "A16", METADATA),
    "a replacement of a folder": (GOOD.relate(A.APND, FIRST, FOLDER), "A16", METADATA),
    "an addendum that is a folder": (GOOD.relate(A.APND, FOLDER, FIRST), "A16", METADATA),
}  # fmt: skip
LISTED_TWINS: dict[str, tuple[XdsSubmission, str, str]] = {
    "an unknown class": (entry(0, class_code=UNKNOWN), "O6", METADATA),
    "an unknown type": (entry(0, type_code=UNKNOWN), "O6", METADATA),
    "an unknown format": (entry(0, format_code=UNKNOWN), "O6", METADATA),
    "an unknown facility": (entry(0, healthcare_facility_type_code=UNKNOWN), "O6", METADATA),
    "an unknown practice": (entry(0, practice_setting_code=UNKNOWN), "O6", METADATA),
    "an unknown confidentiality": (entry(0, confidentiality_codes=(UNKNOWN,)), "O6", METADATA),
    "an unknown event": (entry(0, event_codes=(UNKNOWN,)), "O6", METADATA),
    "an unknown content": (lot(content_type_code=UNKNOWN), "O6", METADATA),
    "an unknown code of a folder": (folder(0, codes=(codes.REFERRALS, UNKNOWN)), "O6", METADATA),
    "a right code of a wrong scheme": (entry(0, class_code=Code("REPORTS", "1.2.3", "x")), "O6", METADATA),
    "an unknown language": (entry(0, language_code="tlh"), "O6", METADATA),
    "an unknown media type": (entry(0, mime_type="video/mp4"), "O7", METADATA),
    "an unknown documentation": (GOOD.relate(A.APND, FIRST, REGISTERED, UNKNOWN), "A14", METADATA),
}
FINE: dict[str, XdsSubmission] = {
    "as it is": GOOD,
    "nothing but a folder": folder_of(PATIENT, 0),
    "nothing but an association": new_submission(PATIENT).file(REGISTERED, REGISTERED),
    "nothing at all": new_submission(PATIENT),
    "a replacement": GOOD.relate(A.RPLC, FIRST, REGISTERED),
    "an addendum to a new document": GOOD.relate(A.APND, FIRST, SECOND, codes.ADDITIONAL_INFORMATION),
    "an addendum to an old document": GOOD.relate(A.APND, FIRST, REGISTERED),
    "a transformation that replaces": GOOD.relate(A.XFRM_RPLC, FIRST, REGISTERED),
    "a snapshot": GOOD.relate(A.IS_SNAPSHOT_OF, FIRST, REGISTERED),
    "a signature of a document": GOOD.relate(A.SIGNS, FIRST, SECOND),
    "an old document by reference": GOOD.refer_to(REGISTERED),
    "a document in an old folder": GOOD.file(REGISTERED, FIRST),
    "an old document in a new folder": GOOD.file(FOLDER, REGISTERED),
    "a relationship in the lot": GOOD.relate(A.APND, FIRST, SECOND).add_member("Association08"),
    "every membership original": replace(
        GOOD, associations=tuple(replace(one, submission_set_status="Original") for one in GOOD.associations)),
    "extra metadata": folder(0, extra=(("urn:example:colour", ("red",)),)),
    "an upper-case hash": entry(0, hash=str(GOOD.entries[0].hash).upper()),
    "no hash and no size": entry(0, hash=None, size=None),
    "names of one's own for codes": entry(0, class_code=replace(codes.REPORTS, display="whatever")),
    "a language in another case": entry(0, language_code="EN-us"),
    "a first version": folder(0, logical_id=FOLDER),
    "what the registry sets": folder(0, last_update_time="20240101", home_community_id="urn:oid:1.2"),
    "a uniqueId with extension": entry(0, unique_id="1.2.3^4"),
    "several visibilities": entry(0, confidentiality_codes=(codes.NORMAL, codes.VERY_RESTRICTED)),
}  # fmt: skip
PERMISSIONS = {"O12": "what the registry sets"}


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("domain", [ANY, LISTED], ids=["any", "listed"])
def test_each_rule_catches_its_own_fault_and_no_other(name: str, domain: Domain) -> None:
    submission, rule, code = TWINS[name]
    assert rules(check_metadata(request_of(submission), domain)) == {(rule, code)}


@pytest.mark.parametrize("name", LISTED_TWINS)
def test_a_list_restricts_and_no_list_allows_everything(name: str) -> None:
    submission, rule, code = LISTED_TWINS[name]
    assert rules(check_metadata(request_of(submission), LISTED)) == {(rule, code)}
    assert check_metadata(request_of(submission), ANY) == ()


@pytest.mark.parametrize("name", FINE)
@pytest.mark.parametrize("domain", [ANY, LISTED], ids=["any", "listed"])
def test_a_good_submission_breaks_no_rule(name: str, domain: Domain) -> None:
    assert check_metadata(request_of(FINE[name]), domain) == ()
    if all(one.hash for one in FINE[name].entries):
        assert check_registration(registration_of(FINE[name]), domain) == ()


REGISTRATIONS: dict[str, tuple[SubmitObjectsRequest, bool, str]] = {
    "no hash": (registration_of(entry(0, hash=None)), False, "O1"),
    "no size": (registration_of(entry(0, size=None)), False, "O1"),
    "no repository": (
        replace(registration_of(GOOD), entries=GOOD.entries), False, "O1"),
    "an on-demand document in ITI-42": (registration_of(entry(0, object_type=ON_DEMAND)), False, "O8"),
    "a stable document in ITI-61": (
        registration_of(new_submission(PATIENT).add_entry(replace(
            GOOD.entries[0], hash=None, size=None, creation_time=""))), True, "O8"),
    "a creation time in ITI-61": (registration_of(on_demand(creation_time="2024")), True, "O1"),
    "a hash in ITI-61": (registration_of(on_demand(hash="0" * 40)), True, "O1"),
    "a size in ITI-61": (registration_of(on_demand(size=1)), True, "O1"),
    "a snapshot that is on-demand": (
        registration_of(on_demand().relate(A.IS_SNAPSHOT_OF, FIRST, REGISTERED)), True, "A11"),
}  # fmt: skip


@pytest.mark.parametrize("name", REGISTRATIONS)
def test_each_transaction_has_its_own_column(name: str) -> None:
    request, is_on_demand, rule = REGISTRATIONS[name]
    assert {one.rule for one in check_registration(request, ANY, on_demand=is_on_demand)} == {rule}


def test_an_on_demand_entry_is_registered_without_what_it_cannot_have() -> None:
    assert check_registration(registration_of(on_demand()), ANY, on_demand=True) == ()


def test_a_number_of_bytes_that_is_nought_is_given() -> None:
    request = registration_of(entry(0, size=0))
    assert check_registration(request, ANY) == ()


def test_what_the_reader_reported_is_not_said_again() -> None:
    found = RegistryError(METADATA, "", "RegistryPackage[Folder01]/Name", rule="O1")  # type: ignore[arg-type]
    request = replace(request_of(folder(0, title=None)), errors=(found,))
    assert check_metadata(request, ANY) == ()


@pytest.mark.parametrize("field", ["PID-2|x", "PID-4|x", "PID-12|x", "PID-19|x"])
def test_a_withdrawn_field_of_the_patient_is_a_warning(field: str) -> None:
    (error,) = check_metadata(request_of(entry(0, source_patient_info=(field,))), ANY)
    assert (error.rule, error.severity) == ("O3-PID", Severity.WARNING)


def test_times_are_compared_at_their_common_precision() -> None:
    request = request_of(entry(0, service_start_time="20240305101112", service_stop_time="202403"))
    assert check_metadata(request, ANY) == ()


def test_a_patient_of_another_authority_is_unknown_wherever_it_stands() -> None:
    domain = load_affinity_domain("any", "1.2.3 1.2.4")
    errors = check_metadata(request_of(GOOD), domain)
    assert rules(errors) == {("P1", "XDSUnknownPatientId")}
    assert len(errors) == 4
    assert "1.2.3 or 1.2.4" in errors[0].context


def test_two_patients_are_two_patients_even_if_nobody_knows_them() -> None:
    request = request_of(entry(0, patient_id=OTHER.cx))
    (error,) = check_metadata(request, ANY)
    assert (error.rule, error.location) == ("P2", "ExtrinsicObject[Document01]/patientId")
    assert OTHER.cx in error.context


def test_the_text_names_the_domain_that_speaks() -> None:
    (error,) = check_metadata(request_of(folder(0, codes=(UNKNOWN,))), LISTED)
    assert error.location == "RegistryPackage[Folder01]/codeList"
    assert error.context.endswith(": found 99^^1.2.3, expected a code that the affinity domain allows in codeList")


def test_every_fault_is_found_at_once() -> None:
    submission = entry(0, title="x" * 129, size=4).with_folder(0, title=None, patient_id=OTHER.cx).add_member(SET)
    found = {one.rule for one in check_metadata(request_of(submission), ANY)}
    assert found == {"O10", "SIZE", "O1", "P2", "M9"}


def test_every_rule_of_ihe_has_its_twin() -> None:
    tested = {rule for _, rule, _ in (*TWINS.values(), *LISTED_TWINS.values())}
    tested |= {rule for _, _, rule in REGISTRATIONS.values()} | {"O3-PID", "P1"}
    assert {rule.id for rule in RULES if rule.domains != DMP} == tested
    assert {rule.id for rule in RULES if rule.domains == IHE} >= {"P1", "O3-PID"}


TOLD_BY_BOTH = [
    "a folder without title",
    "a folder without code",
    "limited metadata",
    "an order of ITI-57",
    "a previous version",
    "a propagation",
    "a new status",
]


@pytest.mark.parametrize("name", TOLD_BY_BOTH)
def test_reader_and_rules_together_tell_a_fault_once(name: str) -> None:
    submission, rule, _ = TWINS[name]
    request = read_submit_objects(submission.in_repository(REPOSITORY).xml)
    errors = (*request.errors, *check_registration(request, ANY))
    assert len(errors) == 1
    assert errors[0].rule in (rule, "O4")


@pytest.mark.parametrize("name", FINE)
def test_what_is_read_from_ebrim_breaks_no_rule(name: str) -> None:
    if all(one.hash for one in FINE[name].entries):
        request = read_submit_objects(FINE[name].in_repository(REPOSITORY).xml)
        assert (*request.errors, *check_registration(request, LISTED)) == ()


@pytest.mark.timeout(60)
def test_a_submission_of_ten_thousand_folders_without_anything_is_judged_to_the_end() -> None:
    nothing = replace(GOOD.folders[0], title=None, codes=())
    folders = tuple(replace(nothing, entry_uuid=f"f{rank}", unique_id=f"1.2.{rank}") for rank in range(10_000))
    request = replace(request_of(GOOD), folders=folders, associations=())
    told = check_metadata(request, ANY)
    assert len(check_metadata(replace(request, errors=told), ANY)) > 10_000

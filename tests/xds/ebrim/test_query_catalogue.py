"""Every stored query and its parameters (ITI TF-2 §3.18.4.1.2.3.7, §3.51.4.1.2.3)."""

from __future__ import annotations

from typing import Any

import pytest

from xds.ebrim import query as ids
from xds.ebrim.query import read_multi_patient_query, read_query
from xds.errors import Refusal, RegistryError
from xds.messages import AdhocQueryRequest
from xds.metadata.codes import Code
from xds.metadata.document_entry import ON_DEMAND, STABLE
from xds.metadata.document_entry import AvailabilityStatus as Status
from xds.queries import (
    FindDocuments,
    FindDocumentsByReferenceId,
    FindDocumentsForMultiplePatients,
    FindFolders,
    FindFoldersForMultiplePatients,
    FindSubmissionSets,
    GetAll,
    GetAssociations,
    GetDocuments,
    GetDocumentsAndAssociations,
    GetFolderAndContents,
    GetFolders,
    GetFoldersForDocument,
    GetRelatedDocuments,
    GetSubmissionSetAndContents,
    GetSubmissionSets,
    Query,
    ReturnType,
    TimeRange,
)

A, B = "279035121518989^^^&1.2.250.1.213.1.4.10&ISO", "123^^^&1.2.3&ISO"
U, V = "urn:uuid:0f5d2a54-6a3c-4c6f-9f7e-2b1c3d4e5f60", "urn:uuid:0f5d2a54-6a3c-4c6f-9f7e-2b1c3d4e5f61"
BOTH = (Status.APPROVED, Status.DEPRECATED)
STATUSES = f"('{Status.APPROVED}','{Status.DEPRECATED}')"
RPLC = "urn:ihe:iti:2007:AssociationType:RPLC"
MISSING, NUMBER, OTHER, UNKNOWN = (
    "XDSStoredQueryMissingParam",
    "XDSStoredQueryParamNumber",
    "XDSRegistryError",
    "XDSUnknownStoredQuery",
)
MULTI_PATIENT = (ids.FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS, ids.FIND_FOLDERS_FOR_MULTIPLE_PATIENTS)

Slots = dict[str, str | tuple[str, ...]]


def read(query_id: str, slots: Slots, return_type: str = "LeafClass", more: Slots | None = None) -> Query:
    """Read a query; `more` repeats slots."""
    spelled = tuple(
        (name, (values,) if isinstance(values, str) else values)
        for name, values in (*slots.items(), *(more or {}).items())
    )
    request = AdhocQueryRequest(query_id=query_id, return_type=return_type, slots=spelled)
    return read_multi_patient_query(request) if query_id in MULTI_PATIENT else read_query(request)


def faults(query_id: str, slots: Slots, more: Slots | None = None) -> list[RegistryError]:
    with pytest.raises(Refusal) as caught:
        read(query_id, slots, more=more)
    return list(caught.value.errors)


CONTENTS: Slots = {
    "$XDSDocumentEntryFormatCode": "('f^^1')",
    "$XDSDocumentEntryConfidentialityCode": "('N^^2','R^^2')",
    "$XDSDocumentEntryType": f"('{STABLE}','{ON_DEMAND}')",
}
CONTENTS_READ: dict[str, Any] = {
    "format_codes": (Code("f", "1"),),
    "confidentiality_codes": ((Code("N", "2"), Code("R", "2")),),
    "object_types": (STABLE, ON_DEMAND),
}
QUERIES: list[tuple[str, Slots, Query]] = [
    (
        ids.FIND_DOCUMENTS_BY_REFERENCE_ID,
        {
            "$XDSDocumentEntryPatientId": f"'{A}'",
            "$XDSDocumentEntryStatus": STATUSES,
            "$XDSDocumentEntryReferenceIdList": "('a^^^&1.2&ISO^urn:x')",
            "$XDSDocumentEntryDocumentAvailability": "('urn:ihe:iti:2010:DocumentAvailability:Offline')",
        },
        FindDocumentsByReferenceId(
            patient_id=A,
            statuses=BOTH,
            reference_ids=(("a^^^&1.2&ISO^urn:x",),),
            document_availabilities=("urn:ihe:iti:2010:DocumentAvailability:Offline",),
        ),
    ),
    (
        ids.FIND_SUBMISSION_SETS,
        {
            "$XDSSubmissionSetPatientId": f"'{A}'",
            "$XDSSubmissionSetStatus": STATUSES,
            "$XDSSubmissionSetSourceId": "('1.2','1.3')",
            "$XDSSubmissionSetSubmissionTimeFrom": "'2004'",
            "$XDSSubmissionSetSubmissionTimeTo": "'200506'",
            "$XDSSubmissionSetAuthorPerson": "'%DUPONT%'",
            "$XDSSubmissionSetContentType": "('c^^1','d^^1')",
        },
        FindSubmissionSets(
            patient_id=A,
            statuses=BOTH,
            source_ids=("1.2", "1.3"),
            submission_time=TimeRange("20040101000000", "20050601000000"),
            author_person="%DUPONT%",
            content_type_codes=(Code("c", "1"), Code("d", "1")),
        ),
    ),
    (
        ids.FIND_FOLDERS,
        {
            "$XDSFolderPatientId": f"'{A}'",
            "$XDSFolderStatus": STATUSES,
            "$XDSFolderLastUpdateTimeFrom": "'2004'",
            "$XDSFolderLastUpdateTimeTo": "2005",
            "$XDSFolderCodeList": "('c^^1','d^^1')",
        },
        FindFolders(
            patient_id=A,
            statuses=BOTH,
            last_update_time=TimeRange("20040101000000", "20050101000000"),
            codes=((Code("c", "1"), Code("d", "1")),),
        ),
    ),
    (
        ids.GET_ALL,
        {
            "$patientId": f"'{A}'",
            "$XDSDocumentEntryStatus": STATUSES,
            "$XDSSubmissionSetStatus": f"('{Status.APPROVED}')",
            "$XDSFolderStatus": f"('{Status.DEPRECATED}')",
            "$XDSAssociationStatus": STATUSES,
            **CONTENTS,
        },
        GetAll(
            patient_id=A,
            statuses=BOTH,
            submission_set_statuses=(Status.APPROVED,),
            folder_statuses=(Status.DEPRECATED,),
            association_statuses=BOTH,
            **CONTENTS_READ,
        ),
    ),
    (ids.GET_DOCUMENTS, {"$XDSDocumentEntryLogicalID": f"('{U}')"}, GetDocuments(logical_ids=(U,))),
    (ids.GET_FOLDERS, {"$XDSFolderEntryUUID": f"('{U}','{V}')"}, GetFolders(entry_uuids=(U, V))),
    (ids.GET_FOLDERS, {"$XDSFolderUniqueId": ("('1.2')", "('1.3')")}, GetFolders(unique_ids=("1.2", "1.3"))),
    (ids.GET_FOLDERS, {"$XDSFolderLogicalID": f"('{U}')"}, GetFolders(logical_ids=(U,))),
    (ids.GET_ASSOCIATIONS, {"$uuid": f"('{U}', '{V}')"}, GetAssociations(entry_uuids=(U, V))),
    (
        ids.GET_ASSOCIATIONS,
        {"$uuid": f"('{U}')", "$XDSAssociationStatus": STATUSES},
        GetAssociations(entry_uuids=(U,), association_statuses=BOTH),
    ),
    (
        ids.GET_DOCUMENTS_AND_ASSOCIATIONS,
        {"$XDSDocumentEntryUniqueId": "('1.2','1.3')"},
        GetDocumentsAndAssociations(unique_ids=("1.2", "1.3")),
    ),
    (ids.GET_SUBMISSION_SETS, {"$uuid": f"('{U}')"}, GetSubmissionSets(entry_uuids=(U,))),
    (
        ids.GET_SUBMISSION_SET_AND_CONTENTS,
        {"$XDSSubmissionSetUniqueId": "'1.2'", **CONTENTS},
        GetSubmissionSetAndContents(unique_ids=("1.2",), **CONTENTS_READ),
    ),
    (
        ids.GET_FOLDER_AND_CONTENTS,
        {"$XDSFolderEntryUUID": f"('{U}')", "$MetadataLevel": "2", **CONTENTS},
        GetFolderAndContents(entry_uuids=(U,), every_version=True, **CONTENTS_READ),
    ),
    (ids.GET_FOLDERS_FOR_DOCUMENT, {"$XDSDocumentEntryUniqueId": "'1.2'"}, GetFoldersForDocument(unique_ids=("1.2",))),
    (
        ids.GET_RELATED_DOCUMENTS,
        {"$XDSDocumentEntryEntryUUID": f"'{U}'", "$AssociationTypes": f"('{RPLC}')"},
        GetRelatedDocuments(entry_uuids=(U,), association_types=(RPLC,)),
    ),
    (
        ids.FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS,
        {"$XDSDocumentEntryPatientId": f"('{A}','{B}')", "$XDSDocumentEntryStatus": STATUSES},
        FindDocumentsForMultiplePatients(patient_ids=(A, B), statuses=BOTH),
    ),
    (
        ids.FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS,
        {"$XDSDocumentEntryEventCodeList": "('e^^1')", "$XDSDocumentEntryStatus": STATUSES},
        FindDocumentsForMultiplePatients(event_codes=((Code("e", "1"),),), statuses=BOTH),
    ),
    (
        ids.FIND_FOLDERS_FOR_MULTIPLE_PATIENTS,
        {"$XDSFolderCodeList": "('c^^1')", "$XDSFolderStatus": STATUSES},
        FindFoldersForMultiplePatients(codes=((Code("c", "1"),),), statuses=BOTH),
    ),
]


@pytest.mark.parametrize(("query_id", "slots", "expected"), QUERIES, ids=[type(row[2]).__name__ for row in QUERIES])
def test_every_query_is_read_with_its_parameters(query_id: str, slots: Slots, expected: Query) -> None:
    assert read(query_id, slots) == expected


@pytest.mark.parametrize("row", QUERIES, ids=[type(row[2]).__name__ for row in QUERIES])
def test_every_query_answers_references_on_request_and_ignores_what_it_does_not_know(
    row: tuple[str, Slots, Query],
) -> None:
    query_id, slots, _ = row
    retired: Slots = {"$XDSDocumentEntryClassCodeScheme": "x", "$Unheard": ("('a'", "'")}
    assert read(query_id, slots, "ObjectRef", more=retired).return_type is ReturnType.OBJECT_REF


ID_QUERIES = {
    ids.GET_DOCUMENTS: ("$XDSDocumentEntry", False),
    ids.GET_FOLDERS: ("$XDSFolder", False),
    ids.GET_DOCUMENTS_AND_ASSOCIATIONS: ("$XDSDocumentEntry", False),
    ids.GET_SUBMISSION_SET_AND_CONTENTS: ("$XDSSubmissionSet", True),
    ids.GET_FOLDER_AND_CONTENTS: ("$XDSFolder", True),
    ids.GET_FOLDERS_FOR_DOCUMENT: ("$XDSDocumentEntry", True),
    ids.GET_RELATED_DOCUMENTS: ("$XDSDocumentEntry", True),
}


@pytest.mark.parametrize(("query_id", "how"), ID_QUERIES.items(), ids=str)
def test_a_query_by_id_takes_exactly_one_kind_of_id(query_id: str, how: tuple[str, bool]) -> None:
    prefix, single = how
    more: Slots = {"$AssociationTypes": f"('{RPLC}')"} if query_id == ids.GET_RELATED_DOCUMENTS else {}
    uuid, unique_id = f"{prefix}EntryUUID", f"{prefix}UniqueId"
    [none] = faults(query_id, more)
    assert (none.code, uuid in none.context, unique_id in none.context) == (MISSING, True, True)
    [both] = faults(query_id, {**more, uuid: f"('{U}')", unique_id: "('1.2')"})
    assert (both.code, uuid in both.context, unique_id in both.context) == (NUMBER, True, True)
    two: list[Slots] = [{**more, uuid: f"('{U}','{V}')"}, {**more, unique_id: "('1.2','1.3')"}]
    for slots in two:
        if single:
            assert [error.code for error in faults(query_id, slots)] == [NUMBER]
        else:
            read(query_id, slots)
    assert [error.code for error in faults(query_id, {**more, unique_id: "('1')"}, {unique_id: "('2')"})] == [NUMBER]


@pytest.mark.parametrize("query_id", ID_QUERIES, ids=str)
def test_an_id_that_is_no_uuid_is_refused(query_id: str) -> None:
    more: Slots = {"$AssociationTypes": f"('{RPLC}')"} if query_id == ids.GET_RELATED_DOCUMENTS else {}
    [error] = faults(query_id, {**more, f"{ID_QUERIES[query_id][0]}EntryUUID": "'Document01'"})
    assert (error.code, "Document01" in error.context) == (OTHER, True)


REQUIRED: list[tuple[str, Slots, list[str]]] = [
    (ids.FIND_DOCUMENTS_BY_REFERENCE_ID, {}, ["PatientId", "Status", "ReferenceIdList"]),
    (ids.FIND_SUBMISSION_SETS, {}, ["PatientId", "Status"]),
    (ids.FIND_FOLDERS, {}, ["PatientId", "Status"]),
    (ids.GET_ALL, {}, ["$patientId", "DocumentEntryStatus", "SubmissionSetStatus", "FolderStatus"]),
    (ids.GET_ASSOCIATIONS, {}, ["$uuid"]),
    (ids.GET_SUBMISSION_SETS, {}, ["$uuid"]),
    (ids.GET_RELATED_DOCUMENTS, {}, ["EntryUUID", "$AssociationTypes"]),
    (
        ids.FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS,
        {"$XDSDocumentEntryStatus": STATUSES, "$XDSDocumentEntryTypeCode": "('t^^1')"},
        ["PatientId or"],
    ),
    (ids.FIND_FOLDERS_FOR_MULTIPLE_PATIENTS, {"$XDSFolderStatus": STATUSES}, ["PatientId or $XDSFolderCodeList"]),
    (ids.FIND_FOLDERS_FOR_MULTIPLE_PATIENTS, {"$XDSFolderCodeList": "('c^^1')"}, ["Status"]),
]


@pytest.mark.parametrize(("query_id", "slots", "named"), REQUIRED, ids=[f"{row[0]}-{row[2][-1]}" for row in REQUIRED])
def test_a_required_parameter_that_is_missing_is_named(query_id: str, slots: Slots, named: list[str]) -> None:
    found = faults(query_id, slots)
    assert [error.code for error in found] == [MISSING] * len(named)
    for error, name in zip(found, named, strict=True):
        assert name in error.context


FIND_DOCUMENTS: Slots = {"$XDSDocumentEntryPatientId": f"'{A}'", "$XDSDocumentEntryStatus": STATUSES}
FIND_FOLDERS: Slots = {"$XDSFolderPatientId": f"'{A}'", "$XDSFolderStatus": STATUSES}
AND_OR = {
    "$XDSDocumentEntryEventCodeList": (ids.FIND_DOCUMENTS, FIND_DOCUMENTS),
    "$XDSDocumentEntryConfidentialityCode": (ids.FIND_DOCUMENTS, FIND_DOCUMENTS),
    "$XDSFolderCodeList": (ids.FIND_FOLDERS, FIND_FOLDERS),
    "$XDSDocumentEntryReferenceIdList": (ids.FIND_DOCUMENTS_BY_REFERENCE_ID, FIND_DOCUMENTS),
}


@pytest.mark.parametrize("name", AND_OR)
def test_a_slot_that_comes_twice_means_and(name: str) -> None:
    query_id, slots = AND_OR[name]
    query = read(query_id, {**slots, name: ("('a^^1')", "('b^^1')")}, more={name: "('c^^1')"})
    groups = [
        getattr(query, field)
        for field in ("event_codes", "confidentiality_codes", "codes", "reference_ids")
        if hasattr(query, field) and getattr(query, field)
    ]
    assert [[len(group) for group in found] for found in groups] == [[2, 1]]


@pytest.mark.parametrize(
    "name",
    ["ClassCode", "TypeCode", "PracticeSettingCode", "HealthcareFacilityTypeCode", "FormatCode", "AuthorPerson",
     "Status", "Type", "PatientId", "CreationTimeFrom", "DocumentAvailability"],
)  # fmt: skip
def test_any_other_slot_that_comes_twice_is_refused(name: str) -> None:
    name = f"$XDSDocumentEntry{name}"
    values = {"$XDSDocumentEntryType": f"('{STABLE}')", "$XDSDocumentEntryCreationTimeFrom": "'2004'"}
    value = values.get(name) or FIND_DOCUMENTS.get(name, "('a^^1')")
    found = faults(ids.FIND_DOCUMENTS, {**FIND_DOCUMENTS, name: value}, more={name: value})
    assert [error.code for error in found] == [NUMBER]
    assert name in found[0].context


SINGLE: list[tuple[str, Slots, str, str]] = [
    (ids.FIND_SUBMISSION_SETS, {}, "$XDSSubmissionSetAuthorPerson", "('a','b')"),
    (ids.FIND_SUBMISSION_SETS, {}, "$XDSSubmissionSetSubmissionTimeTo", "('2004','2005')"),
    (ids.GET_FOLDER_AND_CONTENTS, {"$XDSFolderUniqueId": "'1.2'"}, "$MetadataLevel", "(1,2)"),
]


@pytest.mark.parametrize(("query_id", "slots", "name", "value"), SINGLE, ids=[row[2] for row in SINGLE])
def test_two_values_where_one_goes_are_refused(query_id: str, slots: Slots, name: str, value: str) -> None:
    if query_id == ids.FIND_SUBMISSION_SETS:
        slots = {"$XDSSubmissionSetPatientId": f"'{A}'", "$XDSSubmissionSetStatus": STATUSES}
    assert [error.code for error in faults(query_id, {**slots, name: value})] == [NUMBER]


@pytest.mark.parametrize("level", ["3", "'x'", "0"])
def test_a_metadata_level_is_one_or_two(level: str) -> None:
    [error] = faults(ids.GET_FOLDER_AND_CONTENTS, {"$XDSFolderUniqueId": "'1.2'", "$MetadataLevel": level})
    assert (error.code, "1 or 2" in error.context) == (OTHER, True)


def test_documents_are_asked_for_by_their_space() -> None:
    query = read(ids.FIND_DOCUMENTS, {**FIND_DOCUMENTS, "$EcluseSpace": "('BIOLOGY','IMAGING')"})
    assert isinstance(query, FindDocuments)
    assert query.spaces == ("BIOLOGY", "IMAGING")


def test_a_space_that_nobody_knows_is_refused_with_those_that_are_known() -> None:
    [error] = faults(ids.FIND_DOCUMENTS, {**FIND_DOCUMENTS, "$EcluseSpace": "('BIOLOGIE')"})
    assert (error.code, "BIOLOGIE" in error.context, "BIOLOGY" in error.context) == (OTHER, True, True)


def test_unknown_association_statuses_are_ignored() -> None:
    query = read(ids.GET_ASSOCIATIONS, {"$uuid": f"('{U}')", "$XDSAssociationStatus": "('urn:x')"})
    assert query == GetAssociations(entry_uuids=(U,))


@pytest.mark.parametrize("query_id", MULTI_PATIENT)
def test_a_query_over_several_patients_belongs_to_iti_51(query_id: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_query(AdhocQueryRequest(query_id=query_id, return_type="LeafClass", slots=()))
    [error] = caught.value.errors
    assert (error.code, "ITI-51" in error.context) == (UNKNOWN, True)


@pytest.mark.parametrize("query_id", [ids.FIND_DOCUMENTS, ids.GET_ALL, "urn:uuid:0"])
def test_iti_51_answers_nothing_else(query_id: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_multi_patient_query(AdhocQueryRequest(query_id=query_id, return_type="LeafClass", slots=()))
    [error] = caught.value.errors
    assert (error.code, "ITI-18" in error.context) == (UNKNOWN, query_id != "urn:uuid:0")

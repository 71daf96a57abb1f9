"""Stored queries read into typed requests (ITI TF-2 §3.18.4.1.2.3.7)."""

from __future__ import annotations

from collections.abc import Callable

from xds.ebrim.faults import Faults
from xds.ebrim.parameters import Parameters
from xds.errors import Refusal, XdsErrorCode
from xds.messages import AdhocQueryRequest, FindDocuments, GetAll, GetDocuments, ReturnType, StoredQuery

FIND_DOCUMENTS = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
GET_DOCUMENTS = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"
GET_ALL = "urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3"

NOT_OFFERED = {
    "urn:uuid:12941a89-e02e-4be5-967c-ce4bfc8fe492": "FindDocumentsByReferenceId",
    "urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9": "FindSubmissionSets",
    "urn:uuid:958f3006-baad-4929-a4de-ff1114824431": "FindFolders",
    "urn:uuid:5737b14c-8a1a-4539-b659-e03a34a5e1e4": "GetFolders",
    "urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155": "GetAssociations",
    "urn:uuid:bab9529a-4a10-40b3-a01f-f68a615d247a": "GetDocumentsAndAssociations",
    "urn:uuid:51224314-5390-4169-9b91-b1980040715a": "GetSubmissionSets",
    "urn:uuid:e8e3cb2c-e39c-46b9-99e4-c12f57260b83": "GetSubmissionSetAndContents",
    "urn:uuid:b909a503-523d-4517-8acf-8e5834dfc4c7": "GetFolderAndContents",
    "urn:uuid:10cae35a-c7f9-4cf5-b61e-fc3278ffb578": "GetFoldersForDocument",
    "urn:uuid:d90e5407-b356-4d91-a89f-873917b4b0e6": "GetRelatedDocuments",
    "urn:uuid:3d1bdb10-39a2-11de-89c2-2f44d94eaa9f": "FindDocumentsForMultiplePatients",
    "urn:uuid:50d3f5ac-39a2-11de-a1ca-b366239e58df": "FindFoldersForMultiplePatients",
}
"""Queries of the standard that this registry does not answer: it says so by name."""


def read_query(request: AdhocQueryRequest) -> StoredQuery:
    """Read the parameters of a stored query.

    Raises Refusal, with every fault found: XDSUnknownStoredQuery, XDSStoredQueryMissingParam,
    XDSStoredQueryParamNumber, or XDSRegistryError for a value or a returnType that cannot be read.
    """
    faults = Faults()
    query_id = request.query_id.lower()
    read = _QUERIES.get(query_id)
    if read is None:
        name = NOT_OFFERED.get(query_id)
        found = f"{name} ({query_id}), which is not offered" if name else request.query_id or "no id"
        offered = ", ".join((f"FindDocuments {FIND_DOCUMENTS}", f"GetDocuments {GET_DOCUMENTS}", f"GetAll {GET_ALL}"))
        faults.add("QUERY", "AdhocQuery/@id", found, offered, XdsErrorCode.UNKNOWN_STORED_QUERY)
        raise Refusal(faults.found)
    parameters = Parameters(request, faults)
    query = read(parameters, parameters.return_type(request.return_type))
    if faults.found:
        raise Refusal(faults.found)
    return query


def _find_documents(parameters: Parameters, return_type: ReturnType) -> FindDocuments:
    return FindDocuments(
        patient_id=parameters.patient_id("$XDSDocumentEntryPatientId"),
        statuses=parameters.statuses("$XDSDocumentEntryStatus"),
        class_codes=parameters.codes("$XDSDocumentEntryClassCode"),
        type_codes=parameters.codes("$XDSDocumentEntryTypeCode"),
        practice_setting_codes=parameters.codes("$XDSDocumentEntryPracticeSettingCode"),
        healthcare_facility_type_codes=parameters.codes("$XDSDocumentEntryHealthcareFacilityTypeCode"),
        format_codes=parameters.codes("$XDSDocumentEntryFormatCode"),
        event_codes=parameters.code_groups("$XDSDocumentEntryEventCodeList"),
        confidentiality_codes=parameters.code_groups("$XDSDocumentEntryConfidentialityCode"),
        creation_time=parameters.times("$XDSDocumentEntryCreationTime"),
        service_start_time=parameters.times("$XDSDocumentEntryServiceStartTime"),
        service_stop_time=parameters.times("$XDSDocumentEntryServiceStopTime"),
        author_persons=parameters.values("$XDSDocumentEntryAuthorPerson"),
        object_types=parameters.object_types("$XDSDocumentEntryType"),
        return_type=return_type,
    )


def _get_documents(parameters: Parameters, return_type: ReturnType) -> GetDocuments:
    query = GetDocuments(
        entry_uuids=parameters.uuids("$XDSDocumentEntryEntryUUID"),
        unique_ids=parameters.values("$XDSDocumentEntryUniqueId"),
        return_type=return_type,
    )
    if query.entry_uuids and query.unique_ids:
        parameters.faults.add(
            "QUERY",
            "AdhocQuery",
            "$XDSDocumentEntryEntryUUID and $XDSDocumentEntryUniqueId",
            "one of the two",
            XdsErrorCode.STORED_QUERY_PARAM_NUMBER,
        )
    elif not query.entry_uuids and not query.unique_ids:
        parameters.missing("$XDSDocumentEntryEntryUUID or $XDSDocumentEntryUniqueId")
    return query


def _get_all(parameters: Parameters, return_type: ReturnType) -> GetAll:
    return GetAll(
        patient_id=parameters.patient_id("$patientId"),
        statuses=parameters.statuses("$XDSDocumentEntryStatus"),
        submission_set_statuses=parameters.statuses("$XDSSubmissionSetStatus"),
        folder_statuses=parameters.statuses("$XDSFolderStatus"),
        format_codes=parameters.codes("$XDSDocumentEntryFormatCode"),
        confidentiality_codes=parameters.code_groups("$XDSDocumentEntryConfidentialityCode"),
        object_types=parameters.object_types("$XDSDocumentEntryType"),
        return_type=return_type,
    )


_QUERIES: dict[str, Callable[[Parameters, ReturnType], StoredQuery]] = {
    FIND_DOCUMENTS: _find_documents,
    GET_DOCUMENTS: _get_documents,
    GET_ALL: _get_all,
}

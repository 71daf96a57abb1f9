"""Stored queries read into typed requests (ITI TF-2 §3.18.4.1.2.3.7, §3.51.4.1.2.3)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final, TypeVar

from xds.ebrim import searches
from xds.ebrim.faults import Faults
from xds.ebrim.parameters import Parameters
from xds.errors import Refusal, XdsErrorCode
from xds.messages import AdhocQueryRequest
from xds.queries import (
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
    MultiPatientQuery,
    Query,
    StoredQuery,
)

FIND_DOCUMENTS: Final = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
FIND_DOCUMENTS_BY_REFERENCE_ID: Final = "urn:uuid:12941a89-e02e-4be5-967c-ce4bfc8fe492"
FIND_SUBMISSION_SETS: Final = "urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9"
FIND_FOLDERS: Final = "urn:uuid:958f3006-baad-4929-a4de-ff1114824431"
GET_ALL: Final = "urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3"
GET_DOCUMENTS: Final = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"
GET_FOLDERS: Final = "urn:uuid:5737b14c-8a1a-4539-b659-e03a34a5e1e4"
GET_ASSOCIATIONS: Final = "urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155"
GET_DOCUMENTS_AND_ASSOCIATIONS: Final = "urn:uuid:bab9529a-4a10-40b3-a01f-f68a615d247a"
GET_SUBMISSION_SETS: Final = "urn:uuid:51224314-5390-4169-9b91-b1980040715a"
GET_SUBMISSION_SET_AND_CONTENTS: Final = "urn:uuid:e8e3cb2c-e39c-46b9-99e4-c12f57260b83"
GET_FOLDER_AND_CONTENTS: Final = "urn:uuid:b909a503-523d-4517-8acf-8e5834dfc4c7"
GET_FOLDERS_FOR_DOCUMENT: Final = "urn:uuid:10cae35a-c7f9-4cf5-b61e-fc3278ffb578"
GET_RELATED_DOCUMENTS: Final = "urn:uuid:d90e5407-b356-4d91-a89f-873917b4b0e6"
FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS: Final = "urn:uuid:3d1bdb10-39a2-11de-89c2-2f44d94eaa9f"
FIND_FOLDERS_FOR_MULTIPLE_PATIENTS: Final = "urn:uuid:50d3f5ac-39a2-11de-a1ca-b366239e58df"

_Q = TypeVar("_Q", bound=Query)


def read_query(request: AdhocQueryRequest) -> StoredQuery:
    """Read a stored query of ITI-18.

    Raises Refusal, with every fault found: XDSUnknownStoredQuery, XDSStoredQueryMissingParam,
    XDSStoredQueryParamNumber, or XDSRegistryError for a value or a returnType that cannot be read.
    """
    return _read(request, _STORED, _MULTI_PATIENT, "ITI-51, Multi-Patient Stored Query")


def read_multi_patient_query(request: AdhocQueryRequest) -> MultiPatientQuery:
    """Read a query of ITI-51. Raises Refusal as `read_query` (ITI TF-2 §3.51.4.1.2.3)."""
    return _read(request, _MULTI_PATIENT, _STORED, "ITI-18, Registry Stored Query")


def _read(
    request: AdhocQueryRequest,
    known: Mapping[str, Callable[[Parameters], _Q]],
    elsewhere: Collection[str],
    transaction: str,
) -> _Q:
    faults = Faults()
    query_id = request.query_id.lower()
    if query_id not in known:
        found, expected = request.query_id or "no id", "a stored query of this transaction"
        if query_id in elsewhere:
            expected = f"this query in the transaction it belongs to, {transaction}"
        faults.add("QUERY", "AdhocQuery/@id", found, expected, XdsErrorCode.UNKNOWN_STORED_QUERY)
        raise Refusal(faults.found)
    query = known[query_id](Parameters(request, faults))
    if faults.found:
        raise Refusal(faults.found)
    return query


def _get_all(parameters: Parameters) -> GetAll:
    return GetAll(
        patient_id=parameters.patient_id("$patientId"),
        statuses=parameters.statuses("$XDSDocumentEntryStatus"),
        submission_set_statuses=parameters.statuses("$XDSSubmissionSetStatus"),
        folder_statuses=parameters.statuses("$XDSFolderStatus"),
        association_statuses=parameters.association_statuses(),
        **searches.contents(parameters),
    )


def _get_documents(parameters: Parameters) -> GetDocuments:
    return GetDocuments(return_type=parameters.return_type(), **parameters.ids("$XDSDocumentEntry", logical=True))


def _get_folders(parameters: Parameters) -> GetFolders:
    return GetFolders(return_type=parameters.return_type(), **parameters.ids("$XDSFolder", logical=True))


def _get_associations(parameters: Parameters) -> GetAssociations:
    return GetAssociations(
        return_type=parameters.return_type(),
        entry_uuids=parameters.required_uuids("$uuid"),
        association_statuses=parameters.association_statuses(),
    )


def _get_documents_and_associations(parameters: Parameters) -> GetDocumentsAndAssociations:
    return GetDocumentsAndAssociations(
        return_type=parameters.return_type(),
        association_statuses=parameters.association_statuses(),
        **parameters.ids("$XDSDocumentEntry"),
    )


def _get_submission_sets(parameters: Parameters) -> GetSubmissionSets:
    return GetSubmissionSets(
        return_type=parameters.return_type(),
        entry_uuids=parameters.required_uuids("$uuid"),
        association_statuses=parameters.association_statuses(),
    )


def _get_submission_set_and_contents(parameters: Parameters) -> GetSubmissionSetAndContents:
    return GetSubmissionSetAndContents(
        association_statuses=parameters.association_statuses(),
        **parameters.ids("$XDSSubmissionSet", single=True),
        **searches.contents(parameters),
    )


def _get_folder_and_contents(parameters: Parameters) -> GetFolderAndContents:
    return GetFolderAndContents(
        every_version=parameters.metadata_level() > 1,
        association_statuses=parameters.association_statuses(),
        **parameters.ids("$XDSFolder", single=True),
        **searches.contents(parameters),
    )


def _get_folders_for_document(parameters: Parameters) -> GetFoldersForDocument:
    return GetFoldersForDocument(
        return_type=parameters.return_type(),
        association_statuses=parameters.association_statuses(),
        **parameters.ids("$XDSDocumentEntry", single=True),
    )


def _get_related_documents(parameters: Parameters) -> GetRelatedDocuments:
    name = "$AssociationTypes"
    ids = parameters.ids("$XDSDocumentEntry", single=True)
    association_types = parameters.values(name)
    if not association_types:
        parameters.missing(name)
    return GetRelatedDocuments(
        return_type=parameters.return_type(),
        association_types=association_types,
        object_types=parameters.object_types("$XDSDocumentEntryType"),
        association_statuses=parameters.association_statuses(),
        **ids,
    )


_STORED: Final[Mapping[str, Callable[[Parameters], StoredQuery]]] = {
    FIND_DOCUMENTS: searches.find_documents,
    FIND_DOCUMENTS_BY_REFERENCE_ID: searches.find_documents_by_reference_id,
    FIND_SUBMISSION_SETS: searches.find_submission_sets,
    FIND_FOLDERS: searches.find_folders,
    GET_ALL: _get_all,
    GET_DOCUMENTS: _get_documents,
    GET_FOLDERS: _get_folders,
    GET_ASSOCIATIONS: _get_associations,
    GET_DOCUMENTS_AND_ASSOCIATIONS: _get_documents_and_associations,
    GET_SUBMISSION_SETS: _get_submission_sets,
    GET_SUBMISSION_SET_AND_CONTENTS: _get_submission_set_and_contents,
    GET_FOLDER_AND_CONTENTS: _get_folder_and_contents,
    GET_FOLDERS_FOR_DOCUMENT: _get_folders_for_document,
    GET_RELATED_DOCUMENTS: _get_related_documents,
}
_MULTI_PATIENT: Final[Mapping[str, Callable[[Parameters], MultiPatientQuery]]] = {
    FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS: searches.find_documents_for_multiple_patients,
    FIND_FOLDERS_FOR_MULTIPLE_PATIENTS: searches.find_folders_for_multiple_patients,
}

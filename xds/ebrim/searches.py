"""Searches: stored queries that describe what they want, with the filters of documents (ITI TF-2 §3.18.4.1.2.3.7)."""

from __future__ import annotations

from typing import Any

from profiles.dmp.spaces import Space
from xds.ebrim.parameters import Parameters
from xds.queries import (
    FindDocuments,
    FindDocumentsByReferenceId,
    FindDocumentsForMultiplePatients,
    FindFolders,
    FindFoldersForMultiplePatients,
    FindSubmissionSets,
)


def contents(parameters: Parameters) -> dict[str, Any]:
    """What `Contents` has: the filters on documents that most queries take."""
    return {
        "return_type": parameters.return_type(),
        "format_codes": parameters.codes("$XDSDocumentEntryFormatCode"),
        "confidentiality_codes": parameters.code_groups("$XDSDocumentEntryConfidentialityCode"),
        "object_types": parameters.object_types("$XDSDocumentEntryType"),
    }


def _document_search(parameters: Parameters) -> dict[str, Any]:
    return {
        **contents(parameters),
        "statuses": parameters.statuses("$XDSDocumentEntryStatus"),
        "class_codes": parameters.codes("$XDSDocumentEntryClassCode"),
        "type_codes": parameters.codes("$XDSDocumentEntryTypeCode"),
        "practice_setting_codes": parameters.codes("$XDSDocumentEntryPracticeSettingCode"),
        "healthcare_facility_type_codes": parameters.codes("$XDSDocumentEntryHealthcareFacilityTypeCode"),
        "event_codes": parameters.code_groups("$XDSDocumentEntryEventCodeList"),
        "creation_time": parameters.times("$XDSDocumentEntryCreationTime"),
        "service_start_time": parameters.times("$XDSDocumentEntryServiceStartTime"),
        "service_stop_time": parameters.times("$XDSDocumentEntryServiceStopTime"),
        "author_persons": parameters.values("$XDSDocumentEntryAuthorPerson"),
        "document_availabilities": parameters.values("$XDSDocumentEntryDocumentAvailability"),
    }


def _folder_search(parameters: Parameters) -> dict[str, Any]:
    return {
        "return_type": parameters.return_type(),
        "statuses": parameters.statuses("$XDSFolderStatus"),
        "last_update_time": parameters.times("$XDSFolderLastUpdateTime"),
        "codes": parameters.code_groups("$XDSFolderCodeList"),
    }


def find_documents(parameters: Parameters) -> FindDocuments:
    patient_id = parameters.patient_id("$XDSDocumentEntryPatientId")
    spaces = parameters.among("$EcluseSpace", tuple(Space))
    return FindDocuments(patient_id=patient_id, spaces=spaces, **_document_search(parameters))


def find_documents_by_reference_id(parameters: Parameters) -> FindDocumentsByReferenceId:
    name = "$XDSDocumentEntryReferenceIdList"
    patient_id = parameters.patient_id("$XDSDocumentEntryPatientId")
    search = _document_search(parameters)
    reference_ids = parameters.groups(name)
    if not reference_ids:
        parameters.missing(name)
    return FindDocumentsByReferenceId(patient_id=patient_id, reference_ids=reference_ids, **search)


def find_documents_for_multiple_patients(parameters: Parameters) -> FindDocumentsForMultiplePatients:
    names = tuple(
        f"$XDSDocumentEntry{n}" for n in ("PatientId", "ClassCode", "EventCodeList", "HealthcareFacilityTypeCode")
    )
    patient_ids = parameters.patient_ids(names[0])
    query = FindDocumentsForMultiplePatients(patient_ids=patient_ids, **_document_search(parameters))
    parameters.at_least_one(names)
    return query


def find_submission_sets(parameters: Parameters) -> FindSubmissionSets:
    return FindSubmissionSets(
        return_type=parameters.return_type(),
        patient_id=parameters.patient_id("$XDSSubmissionSetPatientId"),
        statuses=parameters.statuses("$XDSSubmissionSetStatus"),
        source_ids=parameters.values("$XDSSubmissionSetSourceId"),
        submission_time=parameters.times("$XDSSubmissionSetSubmissionTime"),
        author_person=parameters.single("$XDSSubmissionSetAuthorPerson"),
        content_type_codes=parameters.codes("$XDSSubmissionSetContentType"),
    )


def find_folders(parameters: Parameters) -> FindFolders:
    return FindFolders(patient_id=parameters.patient_id("$XDSFolderPatientId"), **_folder_search(parameters))


def find_folders_for_multiple_patients(parameters: Parameters) -> FindFoldersForMultiplePatients:
    names = ("$XDSFolderPatientId", "$XDSFolderCodeList")
    query = FindFoldersForMultiplePatients(patient_ids=parameters.patient_ids(names[0]), **_folder_search(parameters))
    parameters.at_least_one(names)
    return query

"""What a new version of a document of the DMP says otherwise than the registered one (DMP TD3.3; ITI TF-3 §4.2.3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry

_COMPARED: Mapping[str, str] = {
    "@mimeType": "mime_type",
    "@objectType": "object_type",
    "uniqueId": "unique_id",
    "languageCode": "language_code",
    "creationTime": "creation_time",
    "serviceStartTime": "service_start_time",
    "serviceStopTime": "service_stop_time",
    "size": "size",
    "repositoryUniqueId": "repository_unique_id",
    "classCode": "class_code",
    "typeCode": "type_code",
    "formatCode": "format_code",
    "healthcareFacilityTypeCode": "healthcare_facility_type_code",
    "practiceSettingCode": "practice_setting_code",
    "eventCodeList": "event_codes",
    "author": "authors",
    "title": "title",
    "comments": "comments",
    "legalAuthenticator": "legal_authenticator",
    "documentAvailability": "document_availability",
    "referenceIdList": "reference_ids",
    "sourcePatientInfo": "source_patient_info",
    "URI": "uri",
    "limitedMetadata": "limited_metadata",
    "extra slots": "extra",
}


def differences(sent: DocumentEntry, registered: DocumentEntry) -> Iterator[tuple[str, str, str]]:
    """Attributes that differ, by their IHE names, with what was sent and what is registered.

    Left out: confidentialityCode, what the registry sets (ids, version, home) and names of codes, which no code is
    compared by (ITI TF-3 §4.2.3.1.2). An availabilityStatus that is repeated is that of now, or Approved.
    """
    for name, attribute in _COMPARED.items():
        found, expected = _plain(getattr(sent, attribute)), _plain(getattr(registered, attribute))
        if found != expected:
            yield name, _shown(found), _shown(expected)
    if (sent.hash or "").lower() != (registered.hash or "").lower():
        yield "hash", sent.hash or "nothing", registered.hash or "nothing"
    if sent.availability_status not in (AvailabilityStatus.APPROVED, registered.availability_status):
        yield "@status", sent.availability_status, registered.availability_status


def _plain(value: Any) -> Any:
    if isinstance(value, Code):
        return f"{value.code}^^{value.scheme}"
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return value or None


def _shown(value: Any) -> str:
    # Patients are named in no answer: whoever may see the document has its metadata.
    return "nothing" if value in (None, ()) else "another value" if isinstance(value, tuple) else str(value)

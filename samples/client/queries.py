"""Parameters of stored queries, spelled as ITI TF-2 §3.18.4.1.2.3.5 wants them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, TypeAlias

from xds.metadata.codes import Code

Slots: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]

APPROVED: Final = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"


class QueryId(StrEnum):
    """Stored queries by name (ITI TF-2 §3.18.4.1.2.4)."""

    FIND_DOCUMENTS = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
    FIND_SUBMISSION_SETS = "urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9"
    GET_ALL = "urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3"
    GET_DOCUMENTS = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"
    GET_ASSOCIATIONS = "urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155"


SINGLE: Final = {
    "creation_time_from": "$XDSDocumentEntryCreationTimeFrom",
    "creation_time_to": "$XDSDocumentEntryCreationTimeTo",
    "service_start_time_from": "$XDSDocumentEntryServiceStartTimeFrom",
    "service_start_time_to": "$XDSDocumentEntryServiceStartTimeTo",
    "service_stop_time_from": "$XDSDocumentEntryServiceStopTimeFrom",
    "service_stop_time_to": "$XDSDocumentEntryServiceStopTimeTo",
}
"""Filters of FindDocuments with one value: DTM, UTC; `from` is included, `to` is not."""

MULTIPLE: Final = {
    "class_code": "$XDSDocumentEntryClassCode",
    "type_code": "$XDSDocumentEntryTypeCode",
    "practice_setting_code": "$XDSDocumentEntryPracticeSettingCode",
    "healthcare_facility_type_code": "$XDSDocumentEntryHealthcareFacilityTypeCode",
    "event_code": "$XDSDocumentEntryEventCodeList",
    "confidentiality_code": "$XDSDocumentEntryConfidentialityCode",
    "format_code": "$XDSDocumentEntryFormatCode",
    "author_person": "$XDSDocumentEntryAuthorPerson",
    "object_type": "$XDSDocumentEntryType",
}
"""Filters of FindDocuments with any number of values, of which one must match."""

Filter: TypeAlias = str | Code | Iterable[str | Code]


def quoted(value: str | Code) -> str:
    """Return `value` in quotes; a code as `code^^scheme`."""
    text = f"{value.code}^^{value.scheme}" if isinstance(value, Code) else value
    return "'" + text.replace("'", "''") + "'"


def one_of(values: Filter) -> str:
    """Return the parenthesised list of the values, one or several."""
    several = (values,) if isinstance(values, str | Code) else tuple(values)
    return f"({','.join(quoted(value) for value in several)})"


def find_documents(patient_id: str, status: Filter = APPROVED, **filters: Filter) -> Slots:
    """Return the slots of FindDocuments; `filters` are the keys of `SINGLE` and `MULTIPLE`.

    Raises TypeError: an unknown filter, or several values for one that takes one.
    """
    slots = [("$XDSDocumentEntryPatientId", quoted(patient_id)), ("$XDSDocumentEntryStatus", one_of(status))]
    for name, value in filters.items():
        if name in MULTIPLE:
            slots.append((MULTIPLE[name], one_of(value)))
        elif name in SINGLE and isinstance(value, str):
            slots.append((SINGLE[name], quoted(value)))
        else:
            raise TypeError(f"FindDocuments has no filter {name!r} of this form")
    return tuple((name, (value,)) for name, value in slots)


def get_documents(*, entry_uuids: Iterable[str] = (), unique_ids: Iterable[str] = ()) -> Slots:
    """Return the slots of GetDocuments, by entryUUID or by uniqueId (a registry refuses both at once)."""
    by_id = {"$XDSDocumentEntryEntryUUID": tuple(entry_uuids), "$XDSDocumentEntryUniqueId": tuple(unique_ids)}
    return tuple((name, (one_of(values),)) for name, values in by_id.items() if values)


def get_all(patient_id: str, status: Filter = APPROVED) -> Slots:
    """Return the slots of GetAll, with one status for every kind of object."""
    kinds = ("$XDSDocumentEntryStatus", "$XDSSubmissionSetStatus", "$XDSFolderStatus")
    return (("$patientId", (quoted(patient_id),)), *((kind, (one_of(status),)) for kind in kinds))


def slots_of(slots: Mapping[str, str | Iterable[str]] | Iterable[tuple[str, str | Iterable[str]]]) -> Slots:
    """Return slots given as a mapping or as pairs, values as they will stand in `rim:Value`."""
    pairs = slots.items() if isinstance(slots, Mapping) else slots
    return tuple((name, (values,) if isinstance(values, str) else tuple(values)) for name, values in pairs)

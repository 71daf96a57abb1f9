"""Stored queries by name, and their parameters spelled as ITI TF-2 §3.18.4.1.2.3.5 wants them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from xds.metadata.codes import Code

Slots: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
AnySlots: TypeAlias = Mapping[str, str | Iterable[str]] | Iterable[tuple[str, str | Iterable[str]]]
Filter: TypeAlias = str | Code | Iterable[str | Code]

APPROVED: Final = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
DEPRECATED: Final = "urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated"


class QueryId(StrEnum):
    """Stored queries by name (ITI TF-2 §3.18.4.1.2.4, §3.51.4.1.2.3)."""

    FIND_DOCUMENTS = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
    FIND_DOCUMENTS_BY_REFERENCE_ID = "urn:uuid:12941a89-e02e-4be5-967c-ce4bfc8fe492"
    FIND_SUBMISSION_SETS = "urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9"
    FIND_FOLDERS = "urn:uuid:958f3006-baad-4929-a4de-ff1114824431"
    GET_ALL = "urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3"
    GET_DOCUMENTS = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"
    GET_FOLDERS = "urn:uuid:5737b14c-8a1a-4539-b659-e03a34a5e1e4"
    GET_ASSOCIATIONS = "urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155"
    GET_DOCUMENTS_AND_ASSOCIATIONS = "urn:uuid:bab9529a-4a10-40b3-a01f-f68a615d247a"
    GET_SUBMISSION_SETS = "urn:uuid:51224314-5390-4169-9b91-b1980040715a"
    GET_SUBMISSION_SET_AND_CONTENTS = "urn:uuid:e8e3cb2c-e39c-46b9-99e4-c12f57260b83"
    GET_FOLDER_AND_CONTENTS = "urn:uuid:b909a503-523d-4517-8acf-8e5834dfc4c7"
    GET_FOLDERS_FOR_DOCUMENT = "urn:uuid:10cae35a-c7f9-4cf5-b61e-fc3278ffb578"
    GET_RELATED_DOCUMENTS = "urn:uuid:d90e5407-b356-4d91-a89f-873917b4b0e6"
    FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS = "urn:uuid:3d1bdb10-39a2-11de-89c2-2f44d94eaa9f"
    FIND_FOLDERS_FOR_MULTIPLE_PATIENTS = "urn:uuid:50d3f5ac-39a2-11de-a1ca-b366239e58df"


MULTI_PATIENT: Final = frozenset(
    (QueryId.FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS, QueryId.FIND_FOLDERS_FOR_MULTIPLE_PATIENTS)
)
"""The queries that are asked by ITI-51."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Groups that must all be met, each a list of alternatives: the slot is repeated (ITI TF-2 §3.18.4.1.2.3.5)."""

    groups: tuple[Filter, ...]


Parameter: TypeAlias = Filter | AllOf | int

_ENTRY: Final = "$XDSDocumentEntry"
SINGLE: Final = {
    "creation_time_from": f"{_ENTRY}CreationTimeFrom",
    "creation_time_to": f"{_ENTRY}CreationTimeTo",
    "service_start_time_from": f"{_ENTRY}ServiceStartTimeFrom",
    "service_start_time_to": f"{_ENTRY}ServiceStartTimeTo",
    "service_stop_time_from": f"{_ENTRY}ServiceStopTimeFrom",
    "service_stop_time_to": f"{_ENTRY}ServiceStopTimeTo",
}
"""Filters of FindDocuments with one value: DTM, UTC; `from` is included, `to` is not."""

MULTIPLE: Final = {
    "class_code": f"{_ENTRY}ClassCode",
    "type_code": f"{_ENTRY}TypeCode",
    "practice_setting_code": f"{_ENTRY}PracticeSettingCode",
    "healthcare_facility_type_code": f"{_ENTRY}HealthcareFacilityTypeCode",
    "event_code": f"{_ENTRY}EventCodeList",
    "confidentiality_code": f"{_ENTRY}ConfidentialityCode",
    "format_code": f"{_ENTRY}FormatCode",
    "author_person": f"{_ENTRY}AuthorPerson",
    "object_type": f"{_ENTRY}Type",
    "document_availability": f"{_ENTRY}DocumentAvailability",
}
"""Filters of FindDocuments with any number of values, of which one must match."""

_FILTERED = {name: MULTIPLE[name] for name in ("format_code", "confidentiality_code", "object_type")}
_ONE_ENTRY = {"entry_uuid": f"{_ENTRY}EntryUUID", "unique_id": f"{_ENTRY}UniqueId"}
_FOLDER_TIMES = {
    "last_update_time_from": "$XDSFolderLastUpdateTimeFrom",
    "last_update_time_to": "$XDSFolderLastUpdateTimeTo",
}
_FIND_DOCUMENTS = {"status": f"{_ENTRY}Status", **MULTIPLE}
_UPDATES = {"association_status": "$XDSAssociationStatus", "metadata_level": "$MetadataLevel"}
_PATIENT = {"patient_id": f"{_ENTRY}PatientId"}
_FOLDERS = {"status": "$XDSFolderStatus", "code_list": "$XDSFolderCodeList"}

CATALOGUE: Final[Mapping[QueryId, tuple[Mapping[str, str], Mapping[str, str]]]] = {
    QueryId.FIND_DOCUMENTS: ({**_PATIENT, **SINGLE}, _FIND_DOCUMENTS),
    QueryId.FIND_DOCUMENTS_BY_REFERENCE_ID: (
        {**_PATIENT, **SINGLE},
        {**_FIND_DOCUMENTS, "reference_id": f"{_ENTRY}ReferenceIdList"},
    ),
    QueryId.FIND_SUBMISSION_SETS: (
        {
            "patient_id": "$XDSSubmissionSetPatientId",
            "submission_time_from": "$XDSSubmissionSetSubmissionTimeFrom",
            "submission_time_to": "$XDSSubmissionSetSubmissionTimeTo",
            "author_person": "$XDSSubmissionSetAuthorPerson",
        },
        {
            "status": "$XDSSubmissionSetStatus",
            "source_id": "$XDSSubmissionSetSourceId",
            "content_type": "$XDSSubmissionSetContentType",
        },
    ),
    QueryId.FIND_FOLDERS: ({"patient_id": "$XDSFolderPatientId", **_FOLDER_TIMES}, _FOLDERS),
    QueryId.GET_ALL: (
        {"patient_id": "$patientId"},
        {
            "entry_status": f"{_ENTRY}Status",
            "submission_set_status": "$XDSSubmissionSetStatus",
            "folder_status": "$XDSFolderStatus",
            **_FILTERED,
        },
    ),
    QueryId.GET_DOCUMENTS: ({}, {**_ONE_ENTRY, "logical_id": f"{_ENTRY}LogicalID"}),
    QueryId.GET_FOLDERS: (
        {},
        {
            "entry_uuid": "$XDSFolderEntryUUID",
            "unique_id": "$XDSFolderUniqueId",
            "logical_id": "$XDSFolderLogicalID",
        },
    ),
    QueryId.GET_ASSOCIATIONS: ({}, {"uuid": "$uuid"}),
    QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS: ({}, _ONE_ENTRY),
    QueryId.GET_SUBMISSION_SETS: ({}, {"uuid": "$uuid"}),
    QueryId.GET_SUBMISSION_SET_AND_CONTENTS: (
        {"entry_uuid": "$XDSSubmissionSetEntryUUID", "unique_id": "$XDSSubmissionSetUniqueId"},
        _FILTERED,
    ),
    QueryId.GET_FOLDER_AND_CONTENTS: (
        {"entry_uuid": "$XDSFolderEntryUUID", "unique_id": "$XDSFolderUniqueId"},
        _FILTERED,
    ),
    QueryId.GET_FOLDERS_FOR_DOCUMENT: (_ONE_ENTRY, {}),
    QueryId.GET_RELATED_DOCUMENTS: (
        _ONE_ENTRY,
        {"association_type": "$AssociationTypes", "object_type": MULTIPLE["object_type"]},
    ),
    QueryId.FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS: (SINGLE, {**_PATIENT, **_FIND_DOCUMENTS}),
    QueryId.FIND_FOLDERS_FOR_MULTIPLE_PATIENTS: (_FOLDER_TIMES, {"patient_id": "$XDSFolderPatientId", **_FOLDERS}),
}
"""By query: its parameters with one value, then those with any number of values (ITI TF-2 §3.18.4.1.2.3.7)."""


def build(query_id: QueryId, **parameters: Parameter) -> Slots:
    """Return the slots of a query of the catalogue; every query takes `association_status` and `metadata_level` too.

    Raises TypeError: an unknown parameter, or several values for one that takes one.
    """
    single, multiple = CATALOGUE[query_id]
    slots: list[tuple[str, str]] = []
    for name, value in parameters.items():
        groups = value.groups if isinstance(value, AllOf) else (value,)
        if isinstance(value, int) and name in _UPDATES:
            slots.append((_UPDATES[name], str(value)))
        elif isinstance(value, str | Code) and name in single:
            slots.append((single[name], quoted(value)))
        elif not isinstance(value, int) and (slot := {**multiple, **_UPDATES}.get(name)):
            slots += [(slot, one_of(group)) for group in groups if not isinstance(group, int)]
        else:
            raise TypeError(f"{query_id.name} has no parameter {name!r} of this form")
    return tuple((name, (value,)) for name, value in slots)


def quoted(value: str | Code) -> str:
    """Return `value` in quotes; a code as `code^^scheme`."""
    text = f"{value.code}^^{value.scheme}" if isinstance(value, Code) else value
    return "'" + text.replace("'", "''") + "'"


def one_of(values: Filter) -> str:
    """Return the parenthesised list of the values, one or several."""
    several = (values,) if isinstance(values, str | Code) else tuple(values)
    return f"({','.join(quoted(value) for value in several)})"


def find_documents(patient_id: str, status: Parameter = APPROVED, **filters: Parameter) -> Slots:
    """Return the slots of FindDocuments; `filters` are the keys of `SINGLE` and `MULTIPLE`.

    Raises TypeError: an unknown filter, or several values for one that takes one.
    """
    return build(QueryId.FIND_DOCUMENTS, patient_id=patient_id, status=status, **filters)


def get_documents(*, entry_uuids: Iterable[str] = (), unique_ids: Iterable[str] = ()) -> Slots:
    """Return the slots of GetDocuments, by entryUUID or by uniqueId (a registry refuses both at once)."""
    by_id = {"entry_uuid": tuple(entry_uuids), "unique_id": tuple(unique_ids)}
    return build(QueryId.GET_DOCUMENTS, **{name: values for name, values in by_id.items() if values})


def get_all(patient_id: str, status: Parameter = APPROVED, **filters: Parameter) -> Slots:
    """Return the slots of GetAll, with one status for every kind of object."""
    kinds = {"entry_status": status, "submission_set_status": status, "folder_status": status}
    return build(QueryId.GET_ALL, patient_id=patient_id, **kinds, **filters)


def slots_of(slots: AnySlots) -> Slots:
    """Return slots given as a mapping or as pairs, values as they will stand in `rim:Value`."""
    pairs = slots.items() if isinstance(slots, Mapping) else slots
    return tuple((name, (values,) if isinstance(values, str) else tuple(values)) for name, values in pairs)

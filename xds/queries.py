"""Stored queries by name, their parameters typed (ITI TF-2 §3.18.4.1.2.3.7, §3.51.4.1.2.3).

In all of them tuples are alternatives, and an empty one is no filter. Groups, a tuple of tuples, must each be met.
Codes have no display name. LIKE patterns know `%` and `_`, have no escape character, and are compared with case. Ids
are `urn:uuid:` in lower case. `association_statuses` are those of the associations answered or followed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xds.metadata.codes import Code
from xds.metadata.document_entry import STABLE, AvailabilityStatus

_APPROVED = (AvailabilityStatus.APPROVED,)


class ReturnType(StrEnum):
    """`query:ResponseOption/@returnType` (ITI TF-2 §3.18.4.1.2.6)."""

    LEAF_CLASS = "LeafClass"
    OBJECT_REF = "ObjectRef"


@dataclass(frozen=True, slots=True)
class TimeRange:
    """`start <= value < stop`: 14-digit UTC texts, None where unbounded (ITI TF-2 §3.18.4.1.2.3.3)."""

    start: str | None = None
    stop: str | None = None

    def __bool__(self) -> bool:
        return self.start is not None or self.stop is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What every stored query has."""

    return_type: ReturnType = ReturnType.LEAF_CLASS


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents(Query):
    """The documents wanted among the contents of a submission set, a folder or a record."""

    format_codes: tuple[Code, ...] = ()
    confidentiality_codes: tuple[tuple[Code, ...], ...] = ()
    object_types: tuple[str, ...] = (STABLE,)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSearch(Contents):
    """What searches of documents share. An entry without a service time meets any range on it.

    `statuses` are required; `reference_ids` are groups of LIKE patterns on referenceIdList; an on-demand entry meets
    any range of creation time.
    """

    statuses: tuple[AvailabilityStatus, ...]
    class_codes: tuple[Code, ...] = ()
    type_codes: tuple[Code, ...] = ()
    practice_setting_codes: tuple[Code, ...] = ()
    healthcare_facility_type_codes: tuple[Code, ...] = ()
    event_codes: tuple[tuple[Code, ...], ...] = ()
    creation_time: TimeRange = TimeRange()
    service_start_time: TimeRange = TimeRange()
    service_stop_time: TimeRange = TimeRange()
    author_persons: tuple[str, ...] = ()
    reference_ids: tuple[tuple[str, ...], ...] = ()
    document_availabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FindDocuments(DocumentSearch):
    """Documents of one patient (ITI TF-2 §3.18.4.1.2.3.7.1); `spaces`, ours, are those of the DMP where they stand."""

    patient_id: str
    spaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FindDocumentsByReferenceId(FindDocuments):
    """Documents of one patient by referenceIdList, which is required (ITI TF-2 §3.18.4.1.2.3.7.14)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindDocumentsForMultiplePatients(DocumentSearch):
    """Documents of the patients named, or of all of them (ITI TF-2 §3.51.4.1.2.3.1)."""

    patient_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FindSubmissionSets(Query):
    """Submission sets of one patient; `author_person` is a LIKE pattern (ITI TF-2 §3.18.4.1.2.3.7.2)."""

    patient_id: str
    statuses: tuple[AvailabilityStatus, ...]
    source_ids: tuple[str, ...] = ()
    submission_time: TimeRange = TimeRange()
    author_person: str | None = None
    content_type_codes: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSearch(Query):
    """What searches of folders share."""

    statuses: tuple[AvailabilityStatus, ...]
    last_update_time: TimeRange = TimeRange()
    codes: tuple[tuple[Code, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FindFolders(FolderSearch):
    """Folders of one patient (ITI TF-2 §3.18.4.1.2.3.7.3)."""

    patient_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindFoldersForMultiplePatients(FolderSearch):
    """Folders of the patients named, or of all of them (ITI TF-2 §3.51.4.1.2.3.2)."""

    patient_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GetAll(Contents):
    """Everything of one patient (ITI TF-2 §3.18.4.1.2.3.7.4). `statuses` are those of document entries."""

    patient_id: str
    statuses: tuple[AvailabilityStatus, ...]
    submission_set_statuses: tuple[AvailabilityStatus, ...]
    folder_statuses: tuple[AvailabilityStatus, ...]
    association_statuses: tuple[AvailabilityStatus, ...] = _APPROVED


@dataclass(frozen=True, slots=True, kw_only=True)
class ById(Query):
    """Objects by one kind of id, whatever their status: one of the three is filled.

    A query whose parameters take a single id has one value there.
    """

    entry_uuids: tuple[str, ...] = ()
    unique_ids: tuple[str, ...] = ()
    logical_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GetDocuments(ById):
    """Documents by id (ITI TF-2 §3.18.4.1.2.3.7.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetFolders(ById):
    """Folders by id (ITI TF-2 §3.18.4.1.2.3.7.6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetAssociations(Query):
    """Associations with one of these ids at an end (ITI TF-2 §3.18.4.1.2.3.7.7)."""

    entry_uuids: tuple[str, ...]
    association_statuses: tuple[AvailabilityStatus, ...] = _APPROVED


@dataclass(frozen=True, slots=True, kw_only=True)
class GetDocumentsAndAssociations(ById):
    """Documents by id, and the associations that touch them (ITI TF-2 §3.18.4.1.2.3.7.8)."""

    association_statuses: tuple[AvailabilityStatus, ...] = _APPROVED


@dataclass(frozen=True, slots=True, kw_only=True)
class GetSubmissionSets(Query):
    """Submission sets that hold these documents or folders, and the memberships (ITI TF-2 §3.18.4.1.2.3.7.9)."""

    entry_uuids: tuple[str, ...]
    association_statuses: tuple[AvailabilityStatus, ...] = _APPROVED


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageAndContents(Contents):
    """A package by one id, and its contents: one of the two is filled."""

    entry_uuids: tuple[str, ...] = ()
    unique_ids: tuple[str, ...] = ()
    association_statuses: tuple[AvailabilityStatus, ...] = _APPROVED


@dataclass(frozen=True, slots=True, kw_only=True)
class GetSubmissionSetAndContents(PackageAndContents):
    """One submission set and what it brought (ITI TF-2 §3.18.4.1.2.3.7.10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetFolderAndContents(PackageAndContents):
    """One folder and its documents (ITI TF-2 §3.18.4.1.2.3.7.11).

    By uniqueId only the newest version is answered, unless `every_version` (`$MetadataLevel` 2) asks for all.
    """

    every_version: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GetFoldersForDocument(ById):
    """The folders that hold one document (ITI TF-2 §3.18.4.1.2.3.7.12)."""

    association_statuses: tuple[AvailabilityStatus, ...] = _APPROVED


@dataclass(frozen=True, slots=True, kw_only=True)
class GetRelatedDocuments(ById):
    """One document and those related to it, with the relations (ITI TF-2 §3.18.4.1.2.3.7.13)."""

    association_types: tuple[str, ...]
    object_types: tuple[str, ...] = (STABLE,)
    association_statuses: tuple[AvailabilityStatus, ...] = _APPROVED


PatientQuery = FindDocuments | FindSubmissionSets | FindFolders | GetAll
"""Queries that name their patient."""
StoredQuery = (
    PatientQuery
    | GetDocuments
    | GetFolders
    | GetAssociations
    | GetDocumentsAndAssociations
    | GetSubmissionSets
    | GetSubmissionSetAndContents
    | GetFolderAndContents
    | GetFoldersForDocument
    | GetRelatedDocuments
)
"""Queries of ITI-18."""
MultiPatientQuery = FindDocumentsForMultiplePatients | FindFoldersForMultiplePatients
"""Queries of ITI-51."""

"""Requests and responses by transaction name: what the wires read and the use cases answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from xds.errors import RegistryError, Severity
from xds.metadata.association import Association
from xds.metadata.codes import Code
from xds.metadata.document_entry import STABLE, AvailabilityStatus, DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet


class ResponseStatus(StrEnum):
    """Status of a response (ITI TF-3 §4.2.4). PartialSuccess is in IHE's namespace, the two others in OASIS's."""

    SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
    FAILURE = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"
    PARTIAL_SUCCESS = "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitObjectsRequest:
    """`lcm:SubmitObjectsRequest` as read: the body of ITI-42, ITI-57 and ITI-61 (ITI TF-2 §3.42.4.1.2).

    `errors` are the faults of reading: the rest is still there, so that every fault of a submission is found in one
    go. `submission_set` is None when there is not exactly one.
    """

    submission_set: SubmissionSet | None
    entries: tuple[DocumentEntry, ...]
    folders: tuple[Folder, ...] = ()
    associations: tuple[Association, ...]
    errors: tuple[RegistryError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvideAndRegisterRequest(SubmitObjectsRequest):
    """ITI-41 as read: a submission and its documents (ITI TF-2 §3.41.4.1.2).

    `documents` maps an entry's `entry_uuid`, as sent, to its bytes as received.
    """

    documents: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class RemoveObjectsRequest:
    """ITI-62 as read: ids of registered objects, in order, each once (ITI TF-2 §3.62.4.1.2)."""

    ids: tuple[str, ...]
    errors: tuple[RegistryError, ...] = ()


@dataclass(frozen=True, slots=True)
class RegistryResponse:
    """`rs:RegistryResponse` (ITI TF-3 §4.2.4)."""

    status: ResponseStatus
    errors: tuple[RegistryError, ...] = ()

    @classmethod
    def of(cls, errors: tuple[RegistryError, ...] = ()) -> RegistryResponse:
        """Success, or Failure as soon as one error is more than a warning."""
        failed = any(error.severity is Severity.ERROR for error in errors)
        return cls(ResponseStatus.FAILURE if failed else ResponseStatus.SUCCESS, errors)


class ReturnType(StrEnum):
    """`query:ResponseOption/@returnType` (ITI TF-2 §3.18.4.1.2.6)."""

    LEAF_CLASS = "LeafClass"
    OBJECT_REF = "ObjectRef"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdhocQueryRequest:
    """ITI-18 as read: `slots` in message order, a name may be repeated; values are the raw texts of `rim:Value`."""

    query_id: str
    return_type: str
    slots: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class TimeRange:
    """`start <= value < stop`: 14-digit UTC texts, None where unbounded (ITI TF-2 §3.18.4.1.2.3.3)."""

    start: str | None = None
    stop: str | None = None

    def __bool__(self) -> bool:
        return self.start is not None or self.stop is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindDocuments:
    """Stored query FindDocuments (ITI TF-2 §3.18.4.1.2.3.7.1).

    Tuples are alternatives, an empty one is no filter. `event_codes` and `confidentiality_codes` are groups of
    alternatives: every group must be met. An entry without a service time meets any range on it. `author_persons`
    are LIKE patterns (`%`, `_`, no escape character), compared with case. Codes have no display name.
    """

    patient_id: str
    statuses: tuple[AvailabilityStatus, ...]
    class_codes: tuple[Code, ...] = ()
    type_codes: tuple[Code, ...] = ()
    practice_setting_codes: tuple[Code, ...] = ()
    healthcare_facility_type_codes: tuple[Code, ...] = ()
    format_codes: tuple[Code, ...] = ()
    event_codes: tuple[tuple[Code, ...], ...] = ()
    confidentiality_codes: tuple[tuple[Code, ...], ...] = ()
    creation_time: TimeRange = TimeRange()
    service_start_time: TimeRange = TimeRange()
    service_stop_time: TimeRange = TimeRange()
    author_persons: tuple[str, ...] = ()
    object_types: tuple[str, ...] = (STABLE,)
    return_type: ReturnType = ReturnType.LEAF_CLASS


@dataclass(frozen=True, slots=True, kw_only=True)
class GetDocuments:
    """Stored query GetDocuments, whatever the status; one of the two is filled (ITI TF-2 §3.18.4.1.2.3.7.5)."""

    entry_uuids: tuple[str, ...] = ()
    unique_ids: tuple[str, ...] = ()
    return_type: ReturnType = ReturnType.LEAF_CLASS


@dataclass(frozen=True, slots=True, kw_only=True)
class GetAll:
    """Stored query GetAll (ITI TF-2 §3.18.4.1.2.3.7.4). `statuses` are those of document entries."""

    patient_id: str
    statuses: tuple[AvailabilityStatus, ...]
    submission_set_statuses: tuple[AvailabilityStatus, ...]
    folder_statuses: tuple[AvailabilityStatus, ...]
    format_codes: tuple[Code, ...] = ()
    confidentiality_codes: tuple[tuple[Code, ...], ...] = ()
    object_types: tuple[str, ...] = (STABLE,)
    return_type: ReturnType = ReturnType.LEAF_CLASS


StoredQuery = FindDocuments | GetDocuments | GetAll


@dataclass(frozen=True, slots=True)
class AdhocQueryResponse:
    """ITI-18 answer: `objects` are ebRIM fragments rendered at registration, in order (ITI TF-2 §3.18.4.1.3)."""

    status: ResponseStatus
    objects: tuple[bytes, ...] = ()
    errors: tuple[RegistryError, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """One item of ITI-43 (ITI TF-2 §3.43.4.1.2)."""

    repository_unique_id: str
    document_unique_id: str
    home_community_id: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentResponse:
    """One document of an ITI-43 answer."""

    request: DocumentRequest
    mime_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class RetrieveDocumentSetResponse:
    """ITI-43 answer (ITI TF-2 §3.43.4.2)."""

    status: ResponseStatus
    documents: tuple[DocumentResponse, ...] = ()
    errors: tuple[RegistryError, ...] = ()

"""Requests and responses by transaction name: what the wires read and the use cases answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from xds.errors import RegistryError, Severity
from xds.metadata.association import Association
from xds.metadata.document_entry import DocumentEntry
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AdhocQueryRequest:
    """ITI-18 or ITI-51 as read.

    `slots` are in message order, a name may be repeated; values are the raw texts of `rim:Value`.
    """

    query_id: str
    return_type: str
    slots: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class AdhocQueryResponse:
    """ITI-18 or ITI-51 answer: `objects` are ebRIM fragments, in order (ITI TF-2 §3.18.4.1.3)."""

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

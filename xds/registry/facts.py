"""What the registry says about the past when a submission is judged: facts, no metadata (ITI TF-2 §3.42.4.1.3).

In the DMP a structure learns of its own documents only: an object of another structure is not in `objects`, and a taken
uniqueId tells nothing of its hash. Pure values: the rules that read them open no store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from xds.dmp.record import Record
from xds.metadata.document_entry import AvailabilityStatus


class ObjectKind(StrEnum):
    """Kinds of registered objects, by their short names in IHE texts."""

    DOCUMENT_ENTRY = "DE"
    SUBMISSION_SET = "SS"
    FOLDER = "FD"
    ASSOCIATION = "AS"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredObject:
    """One registered object that the submission names by its UUID.

    `same_patient`: it belongs to the patient of the submission. `object_type` is that of a document, empty otherwise.
    `is_transformation`: an XFRM starts from it. `folders` are the Approved folders that hold it.
    """

    entry_uuid: str
    kind: ObjectKind
    status: AvailabilityStatus
    same_patient: bool
    unique_id: str = ""
    object_type: str = ""
    is_transformation: bool = False
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredUniqueId:
    """A uniqueId already registered. In the DMP `hash` and `size` are None: nothing is told of another's document."""

    unique_id: str
    kind: ObjectKind
    hash: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The answer. `record` is None for an unknown or merged patient; `public_key` is its sealing key, else empty.

    `revision` is the record's: what was decided on this receipt holds as long as it does not change. `objects` maps
    entryUUIDs, `unique_ids` uniqueIds; what was asked and is not there is not registered, or not to be told.
    """

    record: Record | None
    public_key: bytes
    revision: int
    objects: Mapping[str, RegisteredObject]
    unique_ids: Mapping[str, RegisteredUniqueId]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDocument:
    """A document that the structure deposited: no metadata but its ids and its status."""

    entry_uuid: str
    logical_id: str
    unique_id: str
    status: AvailabilityStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDocuments:
    """The structure's own documents of one record, among those asked about; None: no record, or a merged one."""

    record: Record | None
    documents: tuple[OwnDocument, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Existence:
    """What whoever feeds may know of a record (DMP TD0.2): nobody's authorisation. `closed_at` is law time."""

    record: Record
    closed_at: datetime | None
    closing_motive: str
    closing_reason: str
    account_open: bool

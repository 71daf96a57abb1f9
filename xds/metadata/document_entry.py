"""DocumentEntry: what is known of one document (ITI TF-3 §4.2.3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xds.metadata.author import Author
from xds.metadata.codes import Code


class AvailabilityStatus(StrEnum):
    """Status of a registered object (ITI TF-3 §4.2.3.2.2; Archived and Deleted: CI-SIS, DMP)."""

    APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
    DEPRECATED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated"
    ARCHIVED = "urn:asip:ci-sis:2010:StatusType:Archived"
    DELETED = "urn:asip:ci-sis:2010:StatusType:Deleted"


STABLE = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
ON_DEMAND = "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentEntry:
    """Metadata of one document (ITI TF-3 §4.2.3.2).

    `entry_uuid` is the id as sent: symbolic or `urn:uuid:`. `patient_id`, `source_patient_id` are CX; times are
    DTM text, UTC, to the precision sent; `hash` is the SHA-1 of the stored bytes, 40 hexadecimal digits, `size` in
    bytes. A source may leave hash, size and repositoryUniqueId out; the repository fills them in. An attribute that
    was missing although required is the empty string or None: the reader has then reported it.
    """

    entry_uuid: str
    unique_id: str
    patient_id: str
    source_patient_id: str
    mime_type: str
    language_code: str
    creation_time: str
    class_code: Code | None
    type_code: Code | None
    format_code: Code | None
    healthcare_facility_type_code: Code | None
    practice_setting_code: Code | None
    confidentiality_codes: tuple[Code, ...]
    object_type: str = STABLE
    authors: tuple[Author, ...] = ()
    event_codes: tuple[Code, ...] = ()
    availability_status: AvailabilityStatus = AvailabilityStatus.APPROVED
    comments: str | None = None
    document_availability: str | None = None
    hash: str | None = None
    size: int | None = None
    home_community_id: str | None = None
    legal_authenticator: str | None = None
    limited_metadata: bool = False
    logical_id: str | None = None
    reference_ids: tuple[str, ...] = ()
    repository_unique_id: str | None = None
    service_start_time: str | None = None
    service_stop_time: str | None = None
    source_patient_info: tuple[str, ...] = ()
    title: str | None = None
    uri: str | None = None
    version: int = 1
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()

"""Folder: documents that belong together (ITI TF-3 §4.2.3.4)."""

from __future__ import annotations

from dataclasses import dataclass

from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder (ITI TF-3 §4.2.3.4). `unique_id` is an OID; `last_update_time` is a DTM of 14 digits, UTC.

    The registry sets `last_update_time`, `availability_status`, `logical_id` and `version`; what a submission says of
    them is ignored, a `logical_id` that is not its own id apart (ITI TF-2 §3.57).
    """

    entry_uuid: str
    unique_id: str
    patient_id: str
    codes: tuple[Code, ...]
    title: str | None = None
    comments: str | None = None
    availability_status: AvailabilityStatus = AvailabilityStatus.APPROVED
    home_community_id: str | None = None
    last_update_time: str | None = None
    limited_metadata: bool = False
    logical_id: str | None = None
    version: int = 1
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()

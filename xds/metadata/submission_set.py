"""SubmissionSet: the lot (ITI TF-3 §4.2.3.3)."""

from __future__ import annotations

from dataclasses import dataclass

from xds.metadata.author import Author
from xds.metadata.codes import Code


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionSet:
    """The lot: who sent what, when, for which patient (ITI TF-3 §4.2.3.3). `source_id` and `unique_id` are OIDs."""

    entry_uuid: str
    unique_id: str
    patient_id: str
    source_id: str
    submission_time: str
    content_type_code: Code | None
    authors: tuple[Author, ...] = ()
    comments: str | None = None
    home_community_id: str | None = None
    intended_recipients: tuple[str, ...] = ()
    limited_metadata: bool = False
    title: str | None = None
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()

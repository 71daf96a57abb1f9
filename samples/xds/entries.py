"""Entries, folders and submission sets of a generic domain, complete and right (ITI TF-3 §4.3.1)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from samples.documents.elements import new_oid
from samples.xds import codes
from samples.xds.documents import SampleDocument, text_document
from samples.xds.patients import DomainPatient
from xds.metadata.author import Author
from xds.metadata.datatypes import format_dtm
from xds.metadata.document_entry import ON_DEMAND, DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet

SOURCE = "1.3.6.1.4.1.21367.13.20.9996"
"""The sourceId of the sample software."""
HEALER = Author(
    person="D-12^Healer^Alex^^^Dr^^^&1.3.6.1.4.1.21367.13.20.9998&ISO",
    institutions=("Sample Hospital^^^^^^^^^1.3.6.1.4.1.21367.13.20.9997",),
    roles=("Attending",),
    specialties=("Cardiology",),
)


def new_entry(patient: DomainPatient, document: SampleDocument | None = None, **changes: Any) -> DocumentEntry:
    """The entry of a document, hash and size included, under the symbolic id `Document01` until it joins a lot."""
    document = document or text_document()
    entry = DocumentEntry(
        entry_uuid="Document01",
        unique_id=document.unique_id,
        patient_id=patient.cx,
        source_patient_id=patient.source_cx,
        source_patient_info=(
            f"PID-3|{patient.source_cx}",
            f"PID-5|{patient.family}^{patient.given}^^^",
            f"PID-7|{patient.born}",
            f"PID-8|{patient.gender}",
        ),
        mime_type=document.mime_type,
        language_code="en-US",
        creation_time="20240305101500",
        service_start_time="20240305090000",
        service_stop_time="20240305100000",
        class_code=codes.REPORTS,
        type_code=codes.CONSULTATION_NOTE,
        format_code=document.format_code,
        healthcare_facility_type_code=codes.HOSPITAL,
        practice_setting_code=codes.CARDIOLOGY,
        confidentiality_codes=(codes.NORMAL,),
        authors=(HEALER,),
        title="Consultation",
        hash=hashlib.sha1(document.content, usedforsecurity=False).hexdigest(),
        size=len(document.content),
    )
    return replace(entry, **changes)


def on_demand_entry(patient: DomainPatient, repository_unique_id: str, **changes: Any) -> DocumentEntry:
    """The entry of a document that is made when it is asked for: no creationTime, hash or size (ITI TF-3 §4.3.1)."""
    nothing_yet = {"creation_time": "", "hash": None, "size": None, "object_type": ON_DEMAND}
    return new_entry(patient, **{**nothing_yet, "repository_unique_id": repository_unique_id, **changes})


def new_folder(patient: DomainPatient, **changes: Any) -> Folder:
    """An empty folder, under the symbolic id `Folder01` until it joins a lot."""
    folder = Folder(
        entry_uuid="Folder01",
        unique_id=new_oid(),
        patient_id=patient.cx,
        codes=(codes.REFERRALS,),
        title="Referrals",
        comments="What was asked of others",
    )
    return replace(folder, **changes)


def new_submission_set(patient: DomainPatient, now: datetime | None = None, **changes: Any) -> SubmissionSet:
    """A SubmissionSet with the symbolic id `SubmissionSet01`, sent at `now`."""
    submission_set = SubmissionSet(
        entry_uuid="SubmissionSet01",
        unique_id=new_oid(),
        patient_id=patient.cx,
        source_id=SOURCE,
        submission_time=format_dtm((now or datetime.now(UTC)).astimezone(UTC)),
        content_type_code=codes.HOSPITAL,
        authors=(HEALER,),
        title="What was sent",
    )
    return replace(submission_set, **changes)

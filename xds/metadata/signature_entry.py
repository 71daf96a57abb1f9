"""The entry of the document that signs a lot, in the shape of the DMP (DMP TD2.1; IHE ITI DSG)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Final

from xds.metadata.codes import Code
from xds.metadata.datatypes import format_dtm
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.submission_set import SubmissionSet

_VISIBILITY: Final = "1.2.250.1.213.1.1.4.13"
_HIDDEN: Final = (
    Code("N", "2.16.840.1.113883.5.25", "Normal"),
    Code("INVISIBLE_PATIENT", _VISIBILITY, "Non visible par le patient"),
    Code("MASQUE_PS", _VISIBILITY, "Masqué aux professionnels de santé"),
)


def signature_entry(
    signature: bytes,
    submission_set: SubmissionSet,
    first: DocumentEntry,
    *,
    entry_uuid: str,
    unique_id: str,
    now: datetime,
) -> DocumentEntry:
    """The entry of `signature`: its author is that of the lot; its setting that of `first`, a document it signs."""
    authors = submission_set.authors[:1]
    made = format_dtm(now.astimezone(UTC))
    return DocumentEntry(
        entry_uuid=entry_uuid,
        unique_id=unique_id,
        patient_id=submission_set.patient_id,
        source_patient_id=first.source_patient_id,
        source_patient_info=first.source_patient_info,
        mime_type="text/xml",
        language_code="art",
        creation_time=made,
        service_start_time=made,
        class_code=Code("urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1", "URN", "Digital Signature"),
        type_code=Code("E1762", "ASTM", "Full Document"),
        format_code=Code("http://www.w3.org/2000/09/xmldsig#", "URN", "Default Signature Style"),
        healthcare_facility_type_code=first.healthcare_facility_type_code,
        practice_setting_code=first.practice_setting_code,
        confidentiality_codes=_HIDDEN,
        event_codes=(Code("1.2.840.10065.1.12.1.14", "1.2.840.10065.1.12", "Source"),),
        authors=authors,
        legal_authenticator=authors[0].person if authors else None,
        title="Source",
        hash=hashlib.sha1(signature, usedforsecurity=False).hexdigest(),
        size=len(signature),
    )

"""Messages that change documents of the DMP: ITI-57 as a professional's software sends it (DMP TD3.3a to DMP TD3.3d).

Each function adds one order to a lot, so that several travel together. To spoil one: the methods of `XdsSubmission`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from samples.documents.elements import new_oid
from samples.pki.credential import Credential
from samples.sender import Sender
from samples.submission import SOFTWARE, SUBMISSION_SET
from samples.xds.submission import XdsSubmission
from samples.xds.updates import update_entry, update_status
from xds.metadata.codes import Code
from xds.metadata.datatypes import format_dtm
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.submission_set import SubmissionSet

_SECTORS = "1.2.250.1.71.4.2.4"
_VISIBILITY = "1.2.250.1.213.1.1.4.13"


def change_lot(*, signer: Credential, patient_id: str, now: datetime, sender: Sender | None = None) -> XdsSubmission:
    """An empty lot of whoever holds `signer`, in the record of a patient (CX)."""
    sender = sender or Sender.of(signer)
    return XdsSubmission(
        submission_set=SubmissionSet(
            entry_uuid=SUBMISSION_SET,
            unique_id=new_oid(),
            patient_id=patient_id,
            source_id=SOFTWARE,
            submission_time=format_dtm(now.astimezone(UTC)),
            content_type_code=Code(sender.sector, _SECTORS, "Secteur d'activité"),
            authors=(sender.author,),
        )
    )


def visibility(
    lot: XdsSubmission,
    registered: DocumentEntry,
    *,
    add: Collection[str] = (),
    remove: Collection[str] = (),
    **changes: Any,
) -> XdsSubmission:
    """Send a new version with other visibility codes (`MASQUE_PS`, …). `changes` are those of `update_entry`."""
    kept = tuple(code for code in registered.confidentiality_codes if code.code not in remove)
    codes = (*kept, *(Code(name, _VISIBILITY, name) for name in add))
    given = {"previous_version": str(registered.version), "confidentiality_codes": codes, **changes}
    return update_entry(lot, registered, **given)


def mask(lot: XdsSubmission, registered: DocumentEntry) -> XdsSubmission:
    """Mask a document from professionals (DMP TD3.3a)."""
    return visibility(lot, registered, add=["MASQUE_PS"])


def unmask(lot: XdsSubmission, registered: DocumentEntry) -> XdsSubmission:
    """Take the mask off (DMP TD3.3a)."""
    return visibility(lot, registered, remove=["MASQUE_PS"])


def make_visible(lot: XdsSubmission, registered: DocumentEntry) -> XdsSubmission:
    """Make a document visible to the patient (DMP TD3.3b)."""
    return visibility(lot, registered, remove=["INVISIBLE_PATIENT"])


def archive(lot: XdsSubmission, entry_uuid: str) -> XdsSubmission:
    """Archive a document (DMP TD3.3d)."""
    return update_status(lot, entry_uuid, new=AvailabilityStatus.ARCHIVED)


def unarchive(lot: XdsSubmission, entry_uuid: str) -> XdsSubmission:
    """Bring an archived document back (DMP TD3.3d)."""
    return update_status(lot, entry_uuid, original=AvailabilityStatus.ARCHIVED, new=AvailabilityStatus.APPROVED)


def delete(
    lot: XdsSubmission, entry_uuid: str, *, original: AvailabilityStatus = AvailabilityStatus.APPROVED
) -> XdsSubmission:
    """Delete a document (DMP TD3.3c)."""
    return update_status(lot, entry_uuid, original=original, new=AvailabilityStatus.DELETED)

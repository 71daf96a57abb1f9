"""Orders of Update Document Set: new versions, statuses, associations (ITI TF-2 §3.57).

Each function adds one order to a submission, so that several can travel together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from samples.xds.submission import XdsSubmission
from xds.metadata.association import AssociationType
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.folder import Folder


def update_entry(
    lot: XdsSubmission,
    registered: DocumentEntry,
    *,
    previous_version: str = "1",
    association_propagation: str | None = None,
    **changes: Any,
) -> XdsSubmission:
    """Send a new version of an entry: what was `registered`, with `changes`.

    The logicalID is that of `registered`, or its entryUUID when that was the first version.
    """
    lid = registered.logical_id or registered.entry_uuid
    return lot.add_entry(
        replace(registered, **{"logical_id": lid, **changes}),
        previous_version=previous_version,
        association_propagation=association_propagation,
    )


def update_folder(
    lot: XdsSubmission,
    registered: Folder,
    *,
    previous_version: str = "1",
    association_propagation: str | None = None,
    **changes: Any,
) -> XdsSubmission:
    """Send a new version of a folder: what was `registered`, with `changes`."""
    lid = registered.logical_id or registered.entry_uuid
    return lot.add_folder(
        replace(registered, **{"logical_id": lid, **changes}),
        submission_set_status="Original",
        previous_version=previous_version,
        association_propagation=association_propagation,
    )


def update_status(
    lot: XdsSubmission,
    target: str,
    *,
    original: str | None = AvailabilityStatus.APPROVED,
    new: str | None = AvailabilityStatus.DEPRECATED,
) -> XdsSubmission:
    """Change the status of a registered object, or of one of this message, from `original` to `new`."""
    return lot.associate(
        AssociationType.UPDATE_AVAILABILITY_STATUS,
        lot.submission_set.entry_uuid,
        target,
        original_status=original,
        new_status=new,
    )


def submit_association(lot: XdsSubmission, kind: AssociationType, source: str, target: str) -> XdsSubmission:
    """Add an association between two registered objects."""
    with_it = lot.associate(kind, source, target)
    return with_it.associate(
        AssociationType.SUBMIT_ASSOCIATION, lot.submission_set.entry_uuid, with_it.associations[-1].entry_uuid
    )

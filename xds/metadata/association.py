"""Associations between registered objects (ITI TF-3 §4.2.2, §4.2.3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus


class AssociationType(StrEnum):
    """Association types by their standard URN (ITI TF-3 §4.2.2)."""

    HAS_MEMBER = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
    RPLC = "urn:ihe:iti:2007:AssociationType:RPLC"
    APND = "urn:ihe:iti:2007:AssociationType:APND"
    XFRM = "urn:ihe:iti:2007:AssociationType:XFRM"
    XFRM_RPLC = "urn:ihe:iti:2007:AssociationType:XFRM_RPLC"
    SIGNS = "urn:ihe:iti:2007:AssociationType:signs"
    IS_SNAPSHOT_OF = "urn:ihe:iti:2010:AssociationType:IsSnapshotOf"
    UPDATE_AVAILABILITY_STATUS = "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus"
    SUBMIT_ASSOCIATION = "urn:ihe:iti:2010:AssociationType:SubmitAssociation"
    NON_VERSIONING_UPDATE = "urn:ihe:iti:2010:AssociationType:NonVersioningUpdate"


RELATIONSHIPS = frozenset(
    (
        AssociationType.RPLC,
        AssociationType.APND,
        AssociationType.XFRM,
        AssociationType.XFRM_RPLC,
        AssociationType.SIGNS,
        AssociationType.IS_SNAPSHOT_OF,
    )
)
"""Associations between two documents (ITI TF-3 §4.2.2.2)."""
REPLACEMENTS = frozenset((AssociationType.RPLC, AssociationType.XFRM_RPLC))
UPDATE_OPERATIONS = frozenset(
    (
        AssociationType.UPDATE_AVAILABILITY_STATUS,
        AssociationType.SUBMIT_ASSOCIATION,
        AssociationType.NON_VERSIONING_UPDATE,
    )
)
"""Associations that are orders of Update Document Set, never of a submission (ITI TF-2 §3.57)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """One association. `source` and `target` are ids as sent, symbolic or `urn:uuid:`.

    `submission_set_status` is `Original`, `Reference` or None. The four attributes after `documentation` are the slots
    of Update Document Set, as sent (ITI TF-2 §3.57); `extra` holds the other slots.
    """

    entry_uuid: str
    association_type: AssociationType
    source: str
    target: str
    submission_set_status: str | None = None
    documentation: Code | None = None
    previous_version: str | None = None
    association_propagation: str | None = None
    original_status: str | None = None
    new_status: str | None = None
    availability_status: AvailabilityStatus = AvailabilityStatus.APPROVED
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()

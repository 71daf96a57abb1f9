"""Associations between registered objects (ITI TF-3 §4.2.2, §4.2.3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xds.metadata.codes import Code


class AssociationType(StrEnum):
    """Association types by their standard URN (ITI TF-3 §4.2.2)."""

    HAS_MEMBER = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
    RPLC = "urn:ihe:iti:2007:AssociationType:RPLC"
    APND = "urn:ihe:iti:2007:AssociationType:APND"
    XFRM = "urn:ihe:iti:2007:AssociationType:XFRM"
    XFRM_RPLC = "urn:ihe:iti:2007:AssociationType:XFRM_RPLC"
    SIGNS = "urn:ihe:iti:2007:AssociationType:signs"
    IS_SNAPSHOT_OF = "urn:ihe:iti:2010:AssociationType:IsSnapshotOf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """One association. `source` and `target` are ids as sent, symbolic or `urn:uuid:`.

    `submission_set_status` is `Original`, `Reference` or None; `extra` holds the other slots.
    """

    entry_uuid: str
    association_type: AssociationType
    source: str
    target: str
    submission_set_status: str | None = None
    documentation: Code | None = None
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()

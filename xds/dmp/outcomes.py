"""What a change makes of a document, or why it cannot: DMP TD3.3a to TD3.3d, once the law said yes to who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from xds.dmp.changes import Change
from xds.dmp.entries import HIDDEN_FROM_GUARDIANS, INVISIBLE, MASKED, ReadableEntry
from xds.dmp.lifecycle import may_follow
from xds.dmp.parameters import Parameters
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.metadata.document_entry import AvailabilityStatus

_STATUSES: Mapping[Change, AvailabilityStatus] = MappingProxyType(
    {
        Change.ARCHIVE: AvailabilityStatus.ARCHIVED,
        Change.UNARCHIVE: AvailabilityStatus.APPROVED,
        Change.DELETE: AvailabilityStatus.DELETED,
    }
)
_ADDS: Mapping[Change, str] = MappingProxyType(
    {
        Change.MASK: MASKED,
        Change.HIDE_AGAIN: INVISIBLE,
        Change.HIDE_FROM_GUARDIANS: HIDDEN_FROM_GUARDIANS,
    }
)
_REMOVES: Mapping[Change, str] = MappingProxyType(
    {
        Change.UNMASK: MASKED,
        Change.MAKE_VISIBLE: INVISIBLE,
        Change.SHOW_TO_GUARDIANS: HIDDEN_FROM_GUARDIANS,
    }
)


class WaitingEntry(ReadableEntry, Protocol):
    """A document as it stands now."""

    @property
    def mask_when_visible(self) -> bool:
        """Whether a mask waits until the patient may see it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a document becomes. Confidentiality codes have no scheme, and are sorted."""

    confidentiality_codes: tuple[str, ...]
    status: AvailabilityStatus
    mask_when_visible: bool


def outcome(change: Change, entry: WaitingEntry, parameters: Parameters) -> Outcome:
    """What the change makes of the document.

    A mask that waited is put on when the patient may see the document. Raises Refusal: the document is so already
    (XDSMetadataUpdateError), its status has no such follower (DMP TD3.3d), MASQUE_PS would stand beside
    INVISIBLE_PATIENT (D-082).
    """
    status = _STATUSES.get(change)
    if status is not None:
        if change is Change.UNARCHIVE and entry.status is not AvailabilityStatus.ARCHIVED:
            raise _impossible(change, entry)
        if not may_follow(entry.status, status, "ITI-57"):
            raise _impossible(change, entry)
        return Outcome(
            confidentiality_codes=tuple(sorted(entry.confidentiality_codes)),
            status=status,
            mask_when_visible=entry.mask_when_visible,
        )
    return _seen_by_others(change, entry, parameters)


def _seen_by_others(change: Change, entry: WaitingEntry, parameters: Parameters) -> Outcome:
    codes = set(entry.confidentiality_codes)
    waits = entry.mask_when_visible
    added, removed = _ADDS.get(change), _REMOVES.get(change)
    if entry.status is AvailabilityStatus.DELETED or added in codes or (removed is not None and removed not in codes):
        raise _impossible(change, entry)
    codes = (codes | {added} if added else codes) - {removed or ""}
    if change is Change.MAKE_VISIBLE and waits:
        codes, waits = codes | {MASKED}, False
    if added and {MASKED, INVISIBLE} <= codes and not parameters.mask_with_invisible:
        text = "found MASQUE_PS beside INVISIBLE_PATIENT, expected one of the two"
        raise Refusal([RegistryError(XdsErrorCode.REGISTRY_METADATA, f"confidentialityCode: {text}", rule="D-082")])
    return Outcome(confidentiality_codes=tuple(sorted(codes)), status=entry.status, mask_when_visible=waits)


def _impossible(change: Change, entry: WaitingEntry) -> Refusal:
    found = f"found {entry.status.name.lower()} with {', '.join(sorted(entry.confidentiality_codes))}"
    text = f"{found}, expected a document that {change.operation.transaction} can change so"
    return Refusal([RegistryError(XdsErrorCode.METADATA_UPDATE, text, rule="DMP-LIFECYCLE")])

"""Symbolic ids of a submission become UUIDs, everywhere at once (ITI TF-3 §4.2.3.1.5, TF-2 §3.42.4.1.3.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

from xds.metadata.association import Association
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet

UUID_URN = "urn:uuid:"


def fresh_uuid() -> str:
    """A new random `urn:uuid:`."""
    return f"{UUID_URN}{uuid4()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A submission with real ids only. `uuids` maps every id of an object of the submission, as sent, to its UUID."""

    submission_set: SubmissionSet
    entries: tuple[DocumentEntry, ...]
    associations: tuple[Association, ...]
    uuids: Mapping[str, str]
    folders: tuple[Folder, ...] = ()


def resolve(
    submission_set: SubmissionSet,
    entries: Iterable[DocumentEntry],
    associations: Iterable[Association],
    new_uuid: Callable[[], str] = fresh_uuid,
    *,
    folders: Iterable[Folder] = (),
    update: bool = False,
) -> Resolved:
    """Replace each symbolic id by a fresh UUID, the same symbol always by the same UUID.

    UUIDs that were sent stay. Entries and folders become first versions: Approved, version 1, logicalID equal to
    entryUUID. The status, the home community and the lastUpdateTime that were sent are ignored (ITI TF-3 §4.2.3.2.2,
    §4.2.3.2.12, §4.2.3.4.7). With `update` a logicalID that was sent stays (ITI TF-2 §3.57); the version is then for
    the registry to set. Ids that belong to no object of the submission stay as they are. Pure, but for `new_uuid`.
    """
    entries, associations, folders = tuple(entries), tuple(associations), tuple(folders)
    sent = [submission_set.entry_uuid]
    for group in (entries, folders, associations):
        sent += [one.entry_uuid for one in group]
    uuids = {old: old if old.startswith(UUID_URN) else new_uuid() for old in dict.fromkeys(sent)}

    def logical_id(one: DocumentEntry | Folder) -> str:
        own = uuids[one.entry_uuid]
        return uuids.get(one.logical_id, one.logical_id) if update and one.logical_id else own

    return Resolved(
        submission_set=replace(submission_set, entry_uuid=uuids[submission_set.entry_uuid], home_community_id=None),
        entries=tuple(
            [
                replace(
                    entry,
                    entry_uuid=uuids[entry.entry_uuid],
                    logical_id=logical_id(entry),
                    version=1,
                    availability_status=AvailabilityStatus.APPROVED,
                    home_community_id=None,
                )
                for entry in entries
            ]
        ),
        folders=tuple(
            [
                replace(
                    folder,
                    entry_uuid=uuids[folder.entry_uuid],
                    logical_id=logical_id(folder),
                    version=1,
                    availability_status=AvailabilityStatus.APPROVED,
                    home_community_id=None,
                    last_update_time=None,
                )
                for folder in folders
            ]
        ),
        associations=tuple(
            [
                replace(
                    association,
                    entry_uuid=uuids[association.entry_uuid],
                    source=uuids.get(association.source, association.source),
                    target=uuids.get(association.target, association.target),
                    availability_status=AvailabilityStatus.APPROVED,
                )
                for association in associations
            ]
        ),
        uuids=uuids,
    )

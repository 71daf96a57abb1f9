"""What an Update Document Set orders: its operations, recognised in the message (ITI TF-2 §3.57.4.1.2). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from xds.messages import SubmitObjectsRequest
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.folder import Folder
from xds.registry.facts import ObjectKind

NO_PROPAGATION = "no"
Versioned = TypeVar("Versioned", DocumentEntry, Folder)
"""What has versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion(Generic[Versioned]):
    """Update DocumentEntry, or Update Folder: new metadata, and the HasMember associations from the submission set.

    A well-formed operation has one `members`.
    """

    kind: ObjectKind
    metadata: Versioned
    members: tuple[Association, ...]

    @property
    def logical_id(self) -> str:
        """The logicalID as sent; empty for an initial version."""
        return self.metadata.logical_id or ""

    @property
    def propagates(self) -> bool:
        """Whether associations of the version before go over to the new one."""
        return all(member.association_propagation != NO_PROPAGATION for member in self.members)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAssociation:
    """Submit Associations: the order, and the association of the message that it submits."""

    order: Association
    association: Association


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """The operations of one message. `strangers` are its associations that belong to none."""

    entries: tuple[NewVersion[DocumentEntry], ...]
    folders: tuple[NewVersion[Folder], ...]
    statuses: tuple[Association, ...]
    associations: tuple[NewAssociation, ...]
    strangers: tuple[Association, ...]

    @property
    def versions(self) -> Iterator[NewVersion[DocumentEntry] | NewVersion[Folder]]:
        """New versions of documents, then of folders."""
        yield from self.entries
        yield from self.folders


def operations_of(request: SubmitObjectsRequest) -> Operations:
    """Find the operations of a message, well-formed or not: every entry and folder of it is meant as a new version."""
    submission_set = request.submission_set.entry_uuid if request.submission_set else ""
    of_type: dict[AssociationType, list[Association]] = {}
    for one in request.associations:
        of_type.setdefault(one.association_type, []).append(one)
    sent = {one.entry_uuid: one for one in request.associations}
    statuses = tuple(of_type.get(AssociationType.UPDATE_AVAILABILITY_STATUS, ()))
    new = tuple(
        NewAssociation(order=order, association=sent[order.target])
        for order in of_type.get(AssociationType.SUBMIT_ASSOCIATION, ())
        if order.target in sent and order.target != order.entry_uuid
    )
    members: dict[str, list[Association]] = {}
    for one in of_type.get(AssociationType.HAS_MEMBER, ()):
        if one.source == submission_set:
            members.setdefault(one.target, []).append(one)
    # The submission set may also name what it submits by a HasMember: that is what makes it a member of a submission.
    versions = {entry.entry_uuid for entry in request.entries} | {folder.entry_uuid for folder in request.folders}
    claimed = {one.entry_uuid for one in statuses}
    claimed |= {identifier for one in new for identifier in (one.order.entry_uuid, one.association.entry_uuid)}
    submitted = {one.association.entry_uuid for one in new}
    for target in versions | submitted:
        claimed |= {one.entry_uuid for one in members.get(target, ())}
    return Operations(
        entries=tuple(
            NewVersion(kind=ObjectKind.DOCUMENT_ENTRY, metadata=entry, members=tuple(members.get(entry.entry_uuid, ())))
            for entry in request.entries
        ),
        folders=tuple(
            NewVersion(kind=ObjectKind.FOLDER, metadata=folder, members=tuple(members.get(folder.entry_uuid, ())))
            for folder in request.folders
        ),
        statuses=statuses,
        associations=new,
        strangers=tuple(one for one in request.associations if one.entry_uuid not in claimed),
    )

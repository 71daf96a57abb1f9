"""What to write so that an Update Document Set is done: new versions, statuses, associations, folder times. Pure.

Decided on facts that no rule refuses (ITI TF-2 §3.57.4.1.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from security.xml import parse
from xds.ebrim.faults import Faults
from xds.ebrim.objects import read_association
from xds.messages import SubmitObjectsRequest
from xds.metadata import symbolic
from xds.metadata.association import REPLACEMENTS, Association, AssociationType
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet
from xds.registry.facts import ObjectKind
from xds.registry.operations import NewVersion, Versioned, operations_of
from xds.registry.registered import Link, Registered, RegisteredFacts

DEPRECATED = AvailabilityStatus.DEPRECATED


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """The status of one registered object becomes another."""

    kind: ObjectKind
    entry_uuid: str
    status: AvailabilityStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePlan:
    """Everything that one update writes; ids are final.

    `entries` and `folders` are new versions, each with the entryUUID of the version it follows, which becomes
    Deprecated. `touched_folders` get a new lastUpdateTime.
    """

    submission_set: SubmissionSet
    entries: tuple[tuple[DocumentEntry, str], ...]
    folders: tuple[tuple[Folder, str], ...]
    associations: tuple[Association, ...]
    statuses: tuple[StatusChange, ...]
    touched_folders: tuple[str, ...]


def plan_update(
    request: SubmitObjectsRequest, facts: RegisteredFacts, new_uuid: Callable[[], str] = symbolic.fresh_uuid
) -> UpdatePlan:
    """Plan an update that keeps every rule. Raises ValueError: the message has no submission set."""
    if request.submission_set is None:
        raise ValueError("an update has a submission set")
    resolved = symbolic.resolve(
        request.submission_set, request.entries, request.associations, new_uuid, folders=request.folders, update=True
    )
    final = replace(
        request,
        submission_set=resolved.submission_set,
        entries=resolved.entries,
        folders=resolved.folders,
        associations=resolved.associations,
    )
    return _Planner(final, facts, new_uuid).plan(resolved.submission_set)


def followed(version: NewVersion[DocumentEntry] | NewVersion[Folder], facts: RegisteredFacts) -> Registered:
    """The registered version that a new one follows. Raises LookupError: there is none."""
    latest = facts.latest(version.logical_id)
    if latest is None:
        raise LookupError("a new version follows a registered one")
    return latest


def propagated(old: str, facts: RegisteredFacts, ordered: frozenset[str]) -> Iterator[Link]:
    """Approved associations of a version to folders and other documents, but for those of `ordered`, which change."""
    for link in (*facts.links_from(old), *facts.links_to(old)):
        if link.is_approved and link.entry_uuid not in ordered and not facts.is_of_submission_set(link.association):
            yield link


class _Planner:
    """Gathers what the operations of one message do."""

    def __init__(self, request: SubmitObjectsRequest, facts: RegisteredFacts, new_uuid: Callable[[], str]) -> None:
        self._facts = facts
        self._new_uuid = new_uuid
        self._operations = operations_of(request)
        self._associations = list(request.associations)
        self._statuses: dict[str, StatusChange] = {}
        self._touched: dict[str, None] = {}

    def plan(self, submission_set: SubmissionSet) -> UpdatePlan:
        entries = tuple(self._next(one) for one in self._operations.entries)
        folders = tuple(self._next(one) for one in self._operations.folders)
        self._order_statuses()
        self._propagate()
        self._submit(submission_set)
        return UpdatePlan(
            submission_set=submission_set,
            entries=entries,
            folders=folders,
            associations=tuple(self._associations),
            statuses=tuple(self._statuses.values()),
            touched_folders=tuple(self._touched),
        )

    def _next(self, one: NewVersion[Versioned]) -> tuple[Versioned, str]:
        latest = followed(one, self._facts)
        return replace(one.metadata, version=latest.version + 1, logical_id=latest.logical_id), latest.entry_uuid

    def _order_statuses(self) -> None:
        new = {one.metadata.entry_uuid: one.kind for one in self._operations.versions}
        new |= {one.association.entry_uuid: ObjectKind.ASSOCIATION for one in self._operations.associations}
        for order in self._operations.statuses:
            kind = new.get(order.target) or self._facts.kind_of(order.target)
            if kind is not None and order.new_status is not None:
                self._change(kind, order.target, AvailabilityStatus(order.new_status))

    def _propagate(self) -> None:
        """Copy what connects a version to folders and documents; both ends may have a new version at once."""
        moved = {
            followed(one, self._facts).entry_uuid: one.metadata.entry_uuid
            for one in self._operations.versions
            if one.propagates
        }
        ordered = frozenset(self._statuses)
        links = {link.entry_uuid: link for old in moved for link in propagated(old, self._facts, ordered)}
        for link in links.values():
            self._change(ObjectKind.ASSOCIATION, link.entry_uuid, DEPRECATED)
            source, target = link.association.source, link.association.target
            copy = replace(
                _whole(link),
                entry_uuid=self._new_uuid(),
                source=moved.get(source, source),
                target=moved.get(target, target),
                availability_status=AvailabilityStatus.APPROVED,
            )
            self._associations.append(copy)
            if self._facts.is_membership(link.association):
                self._touch(copy.source)

    def _submit(self, submission_set: SubmissionSet) -> None:
        for new in self._operations.associations:
            one = new.association
            if self._facts.is_membership(one):
                self._touch(one.source)
            if one.association_type in REPLACEMENTS:
                self._replace(one, submission_set)

    def _replace(self, replacement: Association, submission_set: SubmissionSet) -> None:
        """What a replacement does wherever it comes from (ITI TF-3 §4.2.2.2; TF-2 §3.42.4.1.3.5)."""
        for old in self._facts.replaced_with(replacement.target):
            if old.status is AvailabilityStatus.APPROVED:
                self._change(ObjectKind.DOCUMENT_ENTRY, old.entry_uuid, DEPRECATED)
        already = {link.association.source for link in self._facts.links_to(replacement.source) if link.is_approved} | {
            one.source for one in self._associations if one.target == replacement.source
        }
        for link in self._facts.links_to(replacement.target):
            folder = self._facts.objects.get(link.association.source)
            if folder is None or folder.entry_uuid in already or not _holds(link, folder):
                continue
            membership = self._has_member(folder.entry_uuid, replacement.source)
            self._associations += (membership, self._has_member(submission_set.entry_uuid, membership.entry_uuid))
            self._touch(folder.entry_uuid)

    def _change(self, kind: ObjectKind, entry_uuid: str, status: AvailabilityStatus) -> None:
        self._statuses[entry_uuid] = StatusChange(kind=kind, entry_uuid=entry_uuid, status=status)

    def _touch(self, folder: str) -> None:
        if folder in self._facts.objects:
            self._touched[folder] = None

    def _has_member(self, source: str, target: str) -> Association:
        return Association(
            entry_uuid=self._new_uuid(), association_type=AssociationType.HAS_MEMBER, source=source, target=target
        )


def _holds(link: Link, folder: Registered) -> bool:
    """Whether an association is the valid membership of a valid folder."""
    return (
        link.is_approved
        and link.association.association_type is AssociationType.HAS_MEMBER
        and folder.kind is ObjectKind.FOLDER
        and folder.status is AvailabilityStatus.APPROVED
    )


def _whole(link: Link) -> Association:
    """The association with what only its fragment tells: documentation and extra slots."""
    found = read_association(parse(link.fragment), Faults())
    if found is None:
        raise LookupError("a registered association has a type")
    return found

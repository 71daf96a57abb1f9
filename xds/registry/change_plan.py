"""What to write so that documents of the DMP are seen by others, or have another status (DMP TD3.3). Pure.

Ids are the registry's own: those of a message only tie it together. A change is a submission of its own (ITI TF-2
§3.57.4.1.3): other software finds it by its submission set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from security.xml import parse
from xds.ebrim.faults import Faults
from xds.ebrim.objects import read_association
from xds.metadata import symbolic
from xds.metadata.association import Association, AssociationType
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.submission_set import SubmissionSet
from xds.registry.facts import ObjectKind
from xds.registry.registered import Link, RegisteredFacts
from xds.registry.registered_documents import RegisteredDocument
from xds.registry.update_plan import propagated


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedChange:
    """What one document becomes: other confidentialityCodes, or another status; exactly one of both is given.

    `mask_when_visible`: a mask waits until the patient may see the document.
    """

    document: RegisteredDocument
    confidentiality_codes: tuple[Code, ...] = ()
    status: AvailabilityStatus | None = None
    mask_when_visible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NextVersion:
    """A new version of a document and the id of the one that it follows."""

    entry: DocumentEntry
    previous: str
    mask_when_visible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """One registered object goes from a status to another."""

    kind: ObjectKind
    entry_uuid: str
    original: AvailabilityStatus
    status: AvailabilityStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePlan:
    """Everything that one change writes; ids are final."""

    submission_set: SubmissionSet
    versions: tuple[NextVersion, ...]
    associations: tuple[Association, ...]
    statuses: tuple[StatusChange, ...]


def plan_changes(
    submission_set: SubmissionSet,
    changes: Iterable[WantedChange],
    facts: RegisteredFacts,
    new_uuid: Callable[[], str] = symbolic.fresh_uuid,
) -> ChangePlan:
    """Plan changes that the law allows, each of another document. `facts` has what is associated with them."""
    lot = replace(submission_set, entry_uuid=new_uuid(), home_community_id=None)
    versions: list[NextVersion] = []
    associations: list[Association] = []
    statuses: list[StatusChange] = []
    for change in changes:
        document = change.document
        if change.status is not None:
            statuses.append(_status(document, change.status))
            associations.append(_order(lot.entry_uuid, document, change.status, new_uuid()))
            continue
        entry = replace(
            document.entry,
            entry_uuid=new_uuid(),
            logical_id=document.logical_id,
            version=document.version + 1,
            availability_status=AvailabilityStatus.APPROVED,
            confidentiality_codes=change.confidentiality_codes,
        )
        versions.append(
            NextVersion(entry=entry, previous=document.entry_uuid, mask_when_visible=change.mask_when_visible)
        )
        associations.append(_member(lot.entry_uuid, entry, document.version, new_uuid()))
    moved = {one.previous: one.entry.entry_uuid for one in versions}
    links = {link.entry_uuid: link for old in moved for link in propagated(old, facts, frozenset())}
    for link in links.values():
        associations.append(_copy(link, moved, new_uuid()))
        statuses.append(
            StatusChange(
                kind=ObjectKind.ASSOCIATION,
                entry_uuid=link.entry_uuid,
                original=AvailabilityStatus.APPROVED,
                status=AvailabilityStatus.DEPRECATED,
            )
        )
    return ChangePlan(
        submission_set=lot, versions=tuple(versions), associations=tuple(associations), statuses=tuple(statuses)
    )


def _status(document: RegisteredDocument, status: AvailabilityStatus) -> StatusChange:
    return StatusChange(
        kind=ObjectKind.DOCUMENT_ENTRY, entry_uuid=document.entry_uuid, original=document.status, status=status
    )


def _order(lot: str, document: RegisteredDocument, status: AvailabilityStatus, identifier: str) -> Association:
    return Association(
        entry_uuid=identifier,
        association_type=AssociationType.UPDATE_AVAILABILITY_STATUS,
        source=lot,
        target=document.entry_uuid,
        original_status=document.status,
        new_status=status,
    )


def _member(lot: str, entry: DocumentEntry, previous: int, identifier: str) -> Association:
    return Association(
        entry_uuid=identifier,
        association_type=AssociationType.HAS_MEMBER,
        source=lot,
        target=entry.entry_uuid,
        submission_set_status="Original",
        previous_version=str(previous),
    )


def _copy(link: Link, moved: dict[str, str], identifier: str) -> Association:
    """The association of a version, for the next one; both its ends may have a new version at once."""
    whole = read_association(parse(link.fragment), Faults())
    if whole is None:
        raise LookupError("a registered association has a type")
    return replace(
        whole,
        entry_uuid=identifier,
        source=moved.get(link.association.source, link.association.source),
        target=moved.get(link.association.target, link.association.target),
        availability_status=AvailabilityStatus.APPROVED,
    )

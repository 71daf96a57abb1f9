"""May this object have this status? Rules U20 to U23 (ITI TF-2 §3.57.4.1.3)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.metadata_rule import Fault, MetadataRule, association_path
from conformance.checks.update_rule import UpdateRule, UpdateSubject
from xds.errors import XdsErrorCode
from xds.metadata.association import RELATIONSHIPS, Association
from xds.metadata.document_entry import AvailabilityStatus
from xds.registry.facts import ObjectKind

_LEGAL = (AvailabilityStatus.APPROVED, AvailabilityStatus.DEPRECATED)


def _shapes(subject: UpdateSubject) -> Iterator[Fault]:
    for order in subject.operations.statuses:
        if not subject.is_submission_set(order.source):
            yield Fault(association_path(order, "@sourceObject"), order.source or "nothing", "the SubmissionSet")
        for name, value in (("OriginalStatus", order.original_status), ("NewStatus", order.new_status)):
            if value not in _LEGAL:
                path = association_path(order, f"Slot[{name}]")
                yield Fault(path, value or "nothing", " or ".join(_LEGAL))
        if order.original_status is not None and order.original_status == order.new_status:
            path = association_path(order, "Slot[NewStatus]")
            yield Fault(path, order.new_status, "another status than OriginalStatus")
        for name in _other_slots(order):
            yield Fault(association_path(order, f"Slot[{name}]"), name, "OriginalStatus and NewStatus alone")


def _other_slots(order: Association) -> tuple[str, ...]:
    others = {
        "PreviousVersion": order.previous_version,
        "AssociationPropagation": order.association_propagation,
        "SubmissionSetStatus": order.submission_set_status,
    }
    return (*(name for name, value in others.items() if value is not None), *(name for name, _ in order.extra))


def _targets(subject: UpdateSubject) -> Iterator[Fault]:
    facts = subject.facts
    expected = "a document, folder, membership of a folder or relationship of documents, registered or updated here"
    for order in subject.operations.statuses:
        if order.target in subject.submitted:
            continue
        one_of_message = subject.new_versions.get(order.target)
        kind = one_of_message[1].kind if one_of_message else facts.kind_of(order.target)
        path = association_path(order, "@targetObject")
        if kind is None:
            yield Fault(path, f"{order.target or 'nothing'}, which is not registered", expected)
        elif kind is ObjectKind.SUBMISSION_SET:
            yield Fault(path, f"{order.target}, a SubmissionSet, which is always Approved", expected)
        elif kind is ObjectKind.ASSOCIATION:
            one = facts.links[order.target].association
            if one.association_type not in RELATIONSHIPS and not facts.is_membership(one):
                yield Fault(path, f"{order.target}, an association of a SubmissionSet", expected)


def _current(subject: UpdateSubject) -> Iterator[Fault]:
    facts = subject.facts
    for order in subject.operations.statuses:
        link, one = facts.links.get(order.target), subject.object_of(order.target)
        status = link.association.availability_status if link else one.status if one else None
        if order.target in subject.submitted:
            status = AvailabilityStatus.APPROVED
        if status is not None and order.original_status in _LEGAL and order.original_status != status:
            yield Fault(
                association_path(order, "Slot[OriginalStatus]"), order.original_status or "", f"{status}, its status"
            )


def _last_versions(subject: UpdateSubject) -> Iterator[Fault]:
    facts = subject.facts
    for order in subject.operations.statuses:
        one = facts.objects.get(order.target)
        if one is not None and not facts.is_latest(one):
            found = f"{order.target}, version {one.version} of its document or folder"
            yield Fault(association_path(order, "@targetObject"), found, "the last version")


_SOURCE = "ITI TF-2 §3.57.4.1.3"
RULES: tuple[UpdateRule, ...] = (
    MetadataRule(id="U20", source=_SOURCE, find=_shapes, code=XdsErrorCode.METADATA_UPDATE_OPERATION),
    MetadataRule(id="U21", source=_SOURCE, find=_targets, code=XdsErrorCode.METADATA_UPDATE),
    MetadataRule(id="U22", source=_SOURCE, find=_current, code=XdsErrorCode.METADATA_UPDATE),
    MetadataRule(id="U23", source=_SOURCE, find=_last_versions, code=XdsErrorCode.METADATA_UPDATE),
)

"""May these two registered objects be associated? Rules U30 to U37, A13 (ITI TF-2 §3.57.4.1.3; TF-3 §4.2.2)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.metadata_rule import Fault, MetadataRule, association_path
from conformance.checks.update_rule import UpdateRule, UpdateSubject, is_uuid
from xds.errors import XdsErrorCode
from xds.metadata.association import RELATIONSHIPS, REPLACEMENTS, Association, AssociationType
from xds.metadata.document_entry import ON_DEMAND, STABLE, AvailabilityStatus
from xds.registry.facts import ObjectKind
from xds.registry.registered import Registered


def _orders(subject: UpdateSubject) -> Iterator[Fault]:
    for one in subject.operations.strangers:
        if one.association_type is AssociationType.SUBMIT_ASSOCIATION:
            expected = "the id of an association of the message"
            yield Fault(association_path(one, "@targetObject"), one.target or "nothing", expected)
    for new in subject.operations.associations:
        if not subject.is_submission_set(new.order.source):
            path = association_path(new.order, "@sourceObject")
            yield Fault(path, new.order.source or "nothing", "the SubmissionSet")


def _new(subject: UpdateSubject) -> Iterator[tuple[Association, Registered | None, Registered | None]]:
    """Submitted associations, with what is, or will be, registered at their ends."""
    for new in subject.operations.associations:
        one = new.association
        yield one, subject.object_of(one.source), subject.object_of(one.target)


def _registered_ends(subject: UpdateSubject) -> Iterator[Fault]:
    expected = "the UUID of a registered document or folder, or a new version (not to be replaced)"
    for one, _, _ in _new(subject):
        for name, end in (("@sourceObject", one.source), ("@targetObject", one.target)):
            if end in subject.new_versions and not (name == "@targetObject" and one.association_type in REPLACEMENTS):
                continue
            kind = subject.facts.kind_of(end) if is_uuid(end) else None
            if kind not in (ObjectKind.DOCUMENT_ENTRY, ObjectKind.FOLDER):
                found = "nothing" if not end else f"{end}, {'not registered' if kind is None else f'of kind {kind}'}"
                yield Fault(association_path(one, name), found, expected)
        if one.source == one.target and one.source:
            yield Fault(association_path(one, "@targetObject"), one.target, "another object than the source")


def _shapes(subject: UpdateSubject) -> Iterator[Fault]:
    for one, source, target in _new(subject):
        if source is None or target is None or ObjectKind.SUBMISSION_SET in (source.kind, target.kind):
            continue
        documents = target.kind is ObjectKind.DOCUMENT_ENTRY, source.kind is ObjectKind.DOCUMENT_ENTRY
        if one.association_type is AssociationType.HAS_MEMBER:
            right, expected = documents == (True, False), "HasMember from a folder to a document"
        else:
            right = documents == (True, True) and one.association_type in RELATIONSHIPS
            expected = "a relationship of two documents"
        if right and one.association_type is AssociationType.IS_SNAPSHOT_OF:
            right = (source.object_type, target.object_type) == (STABLE, ON_DEMAND)
            expected = "IsSnapshotOf from a stable document to an on-demand one"
        if not right:
            name = one.association_type.rpartition(":")[2]
            yield Fault(association_path(one), f"{name} from {source.kind} to {target.kind}", expected)


def _approved(subject: UpdateSubject) -> Iterator[Fault]:
    for one, *ends in _new(subject):
        for name, end in zip(("@sourceObject", "@targetObject"), ends, strict=True):
            if end is not None and end.status is not AvailabilityStatus.APPROVED:
                yield Fault(association_path(one, name), f"{end.entry_uuid}, which is Deprecated", "an Approved object")


def _same_patient(subject: UpdateSubject) -> Iterator[Fault]:
    for one, source, target in _new(subject):
        if source is not None and target is not None and source.patient_key != target.patient_key:
            yield Fault(association_path(one), "objects of two patients", "two objects of one patient")


def _first_of_its_pair(subject: UpdateSubject) -> Iterator[Fault]:
    taken = {
        (link.association.source, link.association.target) for link in subject.facts.links.values() if link.is_approved
    }
    for one, _, _ in _new(subject):
        pair = (one.source, one.target)
        if pair in taken:
            expected = "a pair without an Approved association"
            yield Fault(association_path(one), f"a second association from {one.source} to {one.target}", expected)
        taken.add(pair)


def _quiet_ends(subject: UpdateSubject) -> Iterator[Fault]:
    """What the message changes cannot be associated by the same message: which version would it be?"""
    changed = {latest.entry_uuid for _, latest in subject.versions}
    changed |= {order.target for order in subject.operations.statuses}
    for one, _, _ in _new(subject):
        concerned = {one.source, one.target}
        if one.association_type in REPLACEMENTS:
            concerned |= {other.entry_uuid for other in subject.facts.replaced_with(one.target)}
        for end in sorted(concerned & changed):
            found = f"{end}, which another operation of the message changes"
            yield Fault(association_path(one), found, "objects that the message does not change otherwise")


def _still_ends(subject: UpdateSubject) -> Iterator[Fault]:
    """What goes over to a new version is known once it is registered: until then it is associated if nothing does."""
    for one, _, _ in _new(subject):
        for name, end in (("@sourceObject", one.source), ("@targetObject", one.target)):
            version = subject.new_versions.get(end)
            if version is not None and version[0].propagates:
                expected = "a registered object, or a new version whose AssociationPropagation is no"
                yield Fault(association_path(one, name), f"{end}, to which associations propagate", expected)


def _no_addendum_to_a_transformation(subject: UpdateSubject) -> Iterator[Fault]:
    facts = subject.facts
    for one, _, target in _new(subject):
        if one.association_type is AssociationType.APND and target is not None:
            links = facts.links_from(target.entry_uuid)
            if any(link.is_approved and link.association.association_type is AssociationType.XFRM for link in links):
                expected = "a document that is no transformation of another"
                yield Fault(association_path(one, "@targetObject"), f"{one.target}, a transformation", expected)


_SOURCE = "ITI TF-2 §3.57.4.1.3"
RULES: tuple[UpdateRule, ...] = (
    MetadataRule(id="U30", source=_SOURCE, find=_orders, code=XdsErrorCode.METADATA_UPDATE_OPERATION),
    MetadataRule(id="U31", source=_SOURCE, find=_registered_ends, code=XdsErrorCode.METADATA_UPDATE),
    MetadataRule(id="U32", source=_SOURCE, find=_shapes, code=XdsErrorCode.METADATA_UPDATE),
    MetadataRule(id="U33", source=_SOURCE, find=_approved, code=XdsErrorCode.METADATA_UPDATE),
    MetadataRule(id="U34", source=_SOURCE, find=_same_patient, code=XdsErrorCode.PATIENT_ID_RECONCILIATION),
    MetadataRule(id="U35", source=_SOURCE, find=_first_of_its_pair, code=XdsErrorCode.METADATA_UPDATE),
    MetadataRule(id="U36", source=_SOURCE, find=_quiet_ends, code=XdsErrorCode.METADATA_UPDATE),
    MetadataRule(id="U37", source=_SOURCE, find=_still_ends, code=XdsErrorCode.METADATA_UPDATE_OPERATION),
    MetadataRule(id="A13", source="ITI TF-3 §4.2.2.2.1", find=_no_addendum_to_a_transformation),
)

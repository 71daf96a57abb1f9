"""May this become the next version of a document or a folder? Rules U10 to U16, P8, P9 (ITI TF-2 §3.57.4.1.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.checks.metadata_rule import Fault, MetadataRule, association_path
from conformance.checks.update_rule import UpdateRule, UpdateSubject, is_initial, is_uuid, version_path
from xds.errors import XdsErrorCode
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.registry.facts import ObjectKind
from xds.registry.operations import NO_PROPAGATION
from xds.registry.update_plan import propagated

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_PROPAGATION = ("yes", NO_PROPAGATION)


def _logical_ids(subject: UpdateSubject) -> Iterator[Fault]:
    for one in subject.operations.versions:
        path, found = version_path(one, "@lid"), one.logical_id
        if is_initial(one):
            yield Fault(path, found or "nothing", "the logicalID of a registered object: first versions are submitted")
        elif not is_uuid(found):
            yield Fault(path, found, "a UUID: a logicalID is never symbolic")


def _members(subject: UpdateSubject) -> Iterator[Fault]:
    for one in subject.operations.versions:
        if len(one.members) != 1:
            found = f"{len(one.members)} HasMember associations from the SubmissionSet"
            yield Fault(version_path(one, "HasMember"), found, "one")
        allowed = ("Original",) if one.kind is ObjectKind.DOCUMENT_ENTRY else ("Original", None)
        for member in one.members:
            if member.submission_set_status not in allowed:
                path = association_path(member, "Slot[SubmissionSetStatus]")
                yield Fault(path, member.submission_set_status or "nothing", "Original")


def _previous_versions(subject: UpdateSubject) -> Iterator[Fault]:
    for one in subject.operations.versions:
        if is_initial(one):
            continue
        latest = subject.facts.latest(one.logical_id)
        if latest is None or latest.kind is not one.kind:
            yield Fault(version_path(one, "@lid"), one.logical_id, "the logicalID of a registered object of its kind")
            continue
        for member in one.members:
            found = member.previous_version or ""
            if not _NUMBER.fullmatch(found) or int(found) != latest.version:
                path = association_path(member, "Slot[PreviousVersion]")
                yield Fault(path, found or "nothing", f"{latest.version}, the last version")


def _approved(subject: UpdateSubject) -> Iterator[Fault]:
    for one, latest in subject.versions:
        if latest.status is not AvailabilityStatus.APPROVED:
            found = f"{one.logical_id}, whose last version is {latest.status.name.capitalize()}"
            yield Fault(version_path(one, "@lid"), found, "an object whose last version is Approved")


def _unchanged(subject: UpdateSubject) -> Iterator[Fault]:
    for one, latest in subject.versions:
        pairs = [("uniqueId", one.metadata.unique_id, latest.unique_id)]
        if isinstance(one.metadata, DocumentEntry):
            repository = subject.facts.repositories.get(latest.logical_id, "")
            pairs += [
                ("@objectType", one.metadata.object_type, latest.object_type),
                ("repositoryUniqueId", one.metadata.repository_unique_id or "", repository),
            ]
        for name, found, expected in pairs:
            # An absent one is reported as such.
            if found and found != expected:
                yield Fault(version_path(one, name), found, f"{expected}, which no update changes")


def _propagation(subject: UpdateSubject) -> Iterator[Fault]:
    for one in subject.operations.versions:
        for member in one.members:
            found = member.association_propagation
            if found is not None and found not in _PROPAGATION:
                yield Fault(association_path(member, "Slot[AssociationPropagation]"), found, " or ".join(_PROPAGATION))


def _same_patients(subject: UpdateSubject) -> Iterator[Fault]:
    """What changes its patient goes alone: nothing of the former one may go over with it."""
    facts = subject.facts
    record = facts.record_of(subject.patient_id)
    if record is None:
        return
    moved = {latest.entry_uuid for one, latest in subject.versions if one.propagates}
    ordered = frozenset(order.target for order in subject.operations.statuses)
    for one, latest in subject.versions:
        if not one.propagates:
            continue
        for link in propagated(latest.entry_uuid, facts, ordered):
            for end in {link.association.source, link.association.target} - moved:
                other = facts.objects.get(end)
                if other is not None and other.patient_key != record.patient_key:
                    found = f"{link.entry_uuid} would connect it to {end}, of another patient"
                    yield Fault(version_path(one, "patientId"), found, "AssociationPropagation no, or the same patient")


def _others_of_its_name(subject: UpdateSubject) -> Iterator[tuple[DocumentEntry, str | None, int | None]]:
    """Last versions of other documents that share a uniqueId with an updated one."""
    for one, latest in subject.versions:
        if isinstance(one.metadata, DocumentEntry):
            for other in subject.facts.documents_named(latest.unique_id):
                if other.logical_id != latest.logical_id and subject.facts.is_latest(other):
                    yield one.metadata, other.hash, other.size


def _hashes(subject: UpdateSubject) -> Iterator[Fault]:
    for entry, digest, _ in _others_of_its_name(subject):
        if entry.hash and digest and entry.hash.lower() != digest:
            expected = f"{digest}, that of another document entry of this uniqueId"
            yield Fault(f"ExtrinsicObject[{entry.entry_uuid}]/hash", entry.hash, expected)


def _sizes(subject: UpdateSubject) -> Iterator[Fault]:
    for entry, _, size in _others_of_its_name(subject):
        if entry.size is not None and size is not None and entry.size != size:
            expected = f"{size}, that of another document entry of this uniqueId"
            yield Fault(f"ExtrinsicObject[{entry.entry_uuid}]/size", str(entry.size), expected)


_SOURCE = "ITI TF-2 §3.57.4.1.3"
RULES: tuple[UpdateRule, ...] = (
    MetadataRule(id="U10", source=_SOURCE, find=_logical_ids, code=XdsErrorCode.METADATA_UPDATE),
    MetadataRule(id="U11", source=_SOURCE, find=_members, code=XdsErrorCode.METADATA_UPDATE),
    MetadataRule(id="U12", source=_SOURCE, find=_previous_versions, code=XdsErrorCode.METADATA_VERSION),
    MetadataRule(id="U13", source=_SOURCE, find=_approved, code=XdsErrorCode.METADATA_UPDATE),
    MetadataRule(id="U14", source=_SOURCE, find=_unchanged, code=XdsErrorCode.METADATA_UPDATE),
    MetadataRule(id="U15", source=_SOURCE, find=_propagation, code=XdsErrorCode.METADATA_UPDATE),
    MetadataRule(id="U16", source=_SOURCE, find=_same_patients, code=XdsErrorCode.PATIENT_ID_RECONCILIATION),
    MetadataRule(id="P8", source="ITI TF-2 §3.42.4.1.3", find=_hashes, code=XdsErrorCode.NON_IDENTICAL_HASH),
    MetadataRule(id="P9", source="ITI TF-2 §3.42.4.1.3", find=_sizes, code=XdsErrorCode.NON_IDENTICAL_SIZE),
)

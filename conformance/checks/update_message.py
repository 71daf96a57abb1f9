"""Is the message an update, and nothing else? Rules U1 to U4, and M6, P1, P6 of every submission (ITI TF-2 §3.57)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance.checks.metadata_rule import Fault, MetadataRule, association_path, set_path
from conformance.checks.update_rule import UpdateRule, UpdateSubject, each_id, version_path
from xds.errors import XdsErrorCode
from xds.metadata.association import AssociationType
from xds.registry.identifiers import canonical_patient_id

# By U2 and U30.
_SAID_ELSEWHERE = (AssociationType.NON_VERSIONING_UPDATE, AssociationType.SUBMIT_ASSOCIATION)


def _strangers(subject: UpdateSubject) -> Iterator[Fault]:
    operations = subject.operations
    for one in operations.strangers:
        if one.association_type not in _SAID_ELSEWHERE:
            found = f"an association of type {one.association_type.rpartition(':')[2]} that no operation needs"
            yield Fault(association_path(one), found, "objects that belong to an operation of Update Document Set")
    request = subject.request
    if not (request.entries or request.folders or request.associations or request.errors):
        yield Fault("RegistryObjectList", "no operation", "at least one operation of Update Document Set")


def _non_versioning(subject: UpdateSubject) -> Iterator[Fault]:
    for one in subject.operations.strangers:
        if one.association_type is AssociationType.NON_VERSIONING_UPDATE:
            path = association_path(one, "@associationType")
            yield Fault(path, "NonVersioningUpdate", "an update that makes a new version: no other is offered")


def _one_operation_an_object(subject: UpdateSubject) -> Iterator[Fault]:
    facts, operations = subject.facts, subject.operations
    places: list[tuple[str, str]] = [
        (one.logical_id, version_path(one, "@lid")) for one in operations.versions if one.logical_id
    ]
    for order in operations.statuses:
        target = facts.objects.get(order.target)
        logical_id = target.logical_id if target is not None and target.logical_id else order.target
        places.append((logical_id, association_path(order, "@targetObject")))
    # What is submitted may be deprecated at once, as a new version may: the second order finds what the first one made.
    places += [
        (f"new {new.order.target}", association_path(new.order, "@targetObject")) for new in operations.associations
    ]
    counts = Counter(logical_id for logical_id, _ in places)
    for logical_id, path in places:
        if logical_id and counts[logical_id] > 1:
            found = f"{logical_id.removeprefix('new ')}, concerned by {counts[logical_id]} operations"
            yield Fault(path, found, "at most one operation on each logical object")


def _new_ids(subject: UpdateSubject) -> Iterator[Fault]:
    for path, identifier in each_id(subject):
        if subject.facts.knows(identifier):
            yield Fault(path, f"{identifier}, which is registered", "a new id: a new version has its own")


def _new_unique_id(subject: UpdateSubject) -> Iterator[Fault]:
    for one in subject.submission_sets:
        if one.unique_id in subject.facts.taken:
            yield Fault(set_path(one, "uniqueId"), f"{one.unique_id}, which is registered", "a new uniqueId")


def _known_patient(subject: UpdateSubject) -> Iterator[Fault]:
    for one in subject.submission_sets:
        if one.patient_id and subject.facts.record_of(one.patient_id) is None:
            # The value stays out: logs and answers name no patient that is not theirs.
            yield Fault(set_path(one, "patientId"), "a patient unknown here, or merged", "a known patient")


def _one_patient(subject: UpdateSubject) -> Iterator[Fault]:
    """Everything new is registered in the record of the submission set, and what it orders concerns that record."""
    facts, operations = subject.facts, subject.operations
    record = facts.record_of(subject.patient_id)
    expected = "the patient of the SubmissionSet"
    wanted = canonical_patient_id(subject.patient_id)
    for one in operations.versions:
        if one.metadata.patient_id and canonical_patient_id(one.metadata.patient_id) != wanted:
            yield Fault(version_path(one, "patientId"), "another patient", expected)
    if record is None:
        return
    ends = [(order, order.target) for order in operations.statuses]
    ends += [(new.association, new.association.target) for new in operations.associations]
    for association, identifier in ends:
        found = facts.objects.get(identifier) or facts.links.get(identifier)
        if found is not None and found.patient_key != record.patient_key:
            yield Fault(association_path(association, "@targetObject"), f"{identifier}, of another patient", expected)


RULES: tuple[UpdateRule, ...] = (
    MetadataRule(id="U1", source="ITI TF-2 §3.57.4.1.2", find=_strangers, code=XdsErrorCode.METADATA_UPDATE_OPERATION),
    MetadataRule(
        id="U2", source="ITI TF-2 §3.57.4.1.2", find=_non_versioning, code=XdsErrorCode.METADATA_UPDATE_OPERATION
    ),
    MetadataRule(
        id="U3", source="ITI TF-2 §3.57.4.1.2", find=_one_operation_an_object, code=XdsErrorCode.METADATA_UPDATE
    ),
    MetadataRule(
        id="U4", source="ITI TF-2 §3.57.4.1.3", find=_one_patient, code=XdsErrorCode.PATIENT_ID_RECONCILIATION
    ),
    MetadataRule(id="M6", source="ITI TF-2 §3.42.4.1.3.7", find=_new_ids),
    MetadataRule(
        id="P6",
        source="ITI TF-2 §3.42.4.1.3",
        find=_new_unique_id,
        code=XdsErrorCode.DUPLICATE_UNIQUE_ID_IN_REGISTRY,
    ),
    MetadataRule(id="P1", source="ITI TF-2 §3.42.4.1.3", find=_known_patient, code=XdsErrorCode.UNKNOWN_PATIENT_ID),
)

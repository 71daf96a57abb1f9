"""Does the message agree with itself? Identifiers, patient, bytes: rules M5 to M9, P2, HASH, SIZE."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from conformance.checks.metadata_rule import (
    Fault,
    MetadataRule,
    Subject,
    association_path,
    entry_path,
    set_path,
)
from xds.errors import XdsErrorCode
from xds.metadata.association import AssociationType
from xds.metadata.datatypes import Cx, parse_sha1, parse_urn

_UPDATE_SLOTS = frozenset(("PreviousVersion", "AssociationPropagation", "OriginalStatus", "NewStatus"))


def _unique_ids(subject: Subject) -> Iterator[Fault]:
    owners = [(entry.unique_id, entry_path(entry, "uniqueId")) for entry in subject.request.entries]
    owners += [(one.unique_id, set_path(one, "uniqueId")) for one in subject.submission_sets]
    counts = Counter(unique_id for unique_id, _ in owners if unique_id)
    for unique_id, path in owners:
        if counts[unique_id] > 1:
            yield Fault(path, f"{unique_id}, {counts[unique_id]} times in the message", "each uniqueId once")


def _logical_ids(subject: Subject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        if entry.logical_id is not None and entry.logical_id != entry.entry_uuid:
            expected = "no lid, or that of a first version, equal to the id"
            yield Fault(entry_path(entry, "@lid"), entry.logical_id, expected)


def _extra_slots(subject: Subject) -> Iterator[Fault]:
    request = subject.request
    owners = [(entry.extra, entry_path(entry, "Slot")) for entry in request.entries]
    owners += [(one.extra, set_path(one, "Slot")) for one in subject.submission_sets]
    owners += [(one.extra, association_path(one, "Slot")) for one in request.associations]
    for extra, path in owners:
        for name, _ in extra:
            if name not in _UPDATE_SLOTS and not _may_be_extra(name):
                yield Fault(f"{path}[{name}]", name, "an attribute of IHE, or a URN outside urn:ihe:")


def _may_be_extra(name: str) -> bool:
    try:
        parse_urn(name)
    except ValueError:
        return False
    return not name.lower().startswith("urn:ihe:")


def _updates(subject: Subject) -> Iterator[Fault]:
    expected = "no order of Update Document Set (ITI-57) in a submission"
    for one in subject.request.associations:
        for name, _ in one.extra:
            if name in _UPDATE_SLOTS:
                yield Fault(association_path(one, f"Slot[{name}]"), name, expected)
        member = one.association_type is AssociationType.HAS_MEMBER
        if member and subject.is_submission_set(one.source) and subject.is_submission_set(one.target):
            yield Fault(association_path(one), "an association of the SubmissionSet with itself", expected)


def _same_patient(subject: Subject) -> Iterator[Fault]:
    for submission_set in subject.submission_sets:
        expected = submission_set.patient_id
        for entry in subject.request.entries:
            if entry.patient_id and expected and _patient(entry.patient_id) != _patient(expected):
                text = f"{expected}, the patient of the SubmissionSet"
                yield Fault(entry_path(entry, "patientId"), entry.patient_id, text)


def _patient(text: str) -> tuple[str, str]:
    try:
        patient = Cx.parse(text)
    except ValueError:
        return (text, "")
    return (patient.identifier, patient.authority)


def _hashes(subject: Subject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        content = subject.request.documents.get(entry.entry_uuid)
        if not entry.hash or content is None:
            continue
        try:
            declared = parse_sha1(entry.hash)
        except ValueError:
            continue
        computed = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        if declared != computed:
            text = f"{computed}, the SHA-1 of the bytes received"
            yield Fault(entry_path(entry, "hash"), entry.hash, text)


def _sizes(subject: Subject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        content = subject.request.documents.get(entry.entry_uuid)
        if entry.size is not None and content is not None and entry.size != len(content):
            yield Fault(entry_path(entry, "size"), str(entry.size), f"{len(content)}, the bytes received")


RULES = (
    MetadataRule(
        id="M5",
        source="ITI TF-3 §4.2.4.1",
        find=_unique_ids,
        code=XdsErrorCode.DUPLICATE_UNIQUE_ID_IN_MESSAGE,
    ),
    MetadataRule(id="M6", source="ITI TF-2 §3.42.4.1.3.7", find=_logical_ids),
    MetadataRule(id="M8", source="ITI TF-3 §4.2.3.1.6", find=_extra_slots),
    MetadataRule(id="M9", source="ITI TF-2 §3.57", find=_updates),
    MetadataRule(
        id="P2",
        source="ITI TF-2 §3.42.4.1.3",
        find=_same_patient,
        code=XdsErrorCode.PATIENT_ID_DOES_NOT_MATCH,
    ),
    MetadataRule(
        id="HASH",
        source="ITI TF-2 §3.41.4.1.3",
        find=_hashes,
        code=XdsErrorCode.REPOSITORY_METADATA,
    ),
    MetadataRule(
        id="SIZE",
        source="ITI TF-2 §3.41.4.1.3",
        find=_sizes,
        code=XdsErrorCode.REPOSITORY_METADATA,
    ),
)

"""Does the message agree with itself? Identifiers, patient, bytes: rules M5 to M9, P1, P2, HASH, SIZE."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from conformance.checks.metadata_rule import (
    IHE,
    Fault,
    MetadataRule,
    Subject,
    association_path,
    entry_path,
    folder_path,
    set_path,
)
from xds.errors import XdsErrorCode
from xds.metadata.association import UPDATE_OPERATIONS, AssociationType
from xds.metadata.datatypes import Cx, parse_sha1, parse_urn


def _unique_ids(subject: Subject) -> Iterator[Fault]:
    owners = [(entry.unique_id, entry_path(entry, "uniqueId")) for entry in subject.request.entries]
    owners += [(folder.unique_id, folder_path(folder, "uniqueId")) for folder in subject.request.folders]
    owners += [(one.unique_id, set_path(one, "uniqueId")) for one in subject.submission_sets]
    counts = Counter(unique_id for unique_id, _ in owners if unique_id)
    for unique_id, path in owners:
        if counts[unique_id] > 1:
            yield Fault(path, f"{unique_id}, {counts[unique_id]} times in the message", "each uniqueId once")


def _logical_ids(subject: Subject) -> Iterator[Fault]:
    request = subject.request
    owners = [(one.logical_id, one.entry_uuid, entry_path(one, "@lid")) for one in request.entries]
    owners += [(one.logical_id, one.entry_uuid, folder_path(one, "@lid")) for one in request.folders]
    for logical_id, identifier, path in owners:
        if logical_id is not None and logical_id != identifier:
            yield Fault(path, logical_id, "no lid, or that of a first version, equal to the id")


def _extra_slots(subject: Subject) -> Iterator[Fault]:
    request = subject.request
    owners = [(entry.extra, entry_path(entry, "Slot")) for entry in request.entries]
    owners += [(folder.extra, folder_path(folder, "Slot")) for folder in request.folders]
    owners += [(one.extra, set_path(one, "Slot")) for one in subject.submission_sets]
    owners += [(one.extra, association_path(one, "Slot")) for one in request.associations]
    for extra, path in owners:
        for name, _ in extra:
            if not _may_be_extra(name):
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
        if one.association_type in UPDATE_OPERATIONS:
            path = association_path(one, "@associationType")
            if path not in subject.reported:
                yield Fault(path, one.association_type, expected)
            continue
        slots = (
            ("PreviousVersion", one.previous_version),
            ("AssociationPropagation", one.association_propagation),
            ("OriginalStatus", one.original_status),
            ("NewStatus", one.new_status),
        )
        for name, value in slots:
            path = association_path(one, f"Slot[{name}]")
            if value is not None and path not in subject.reported:
                yield Fault(path, value, expected)
        member = one.association_type is AssociationType.HAS_MEMBER
        if member and subject.is_submission_set(one.source) and subject.is_submission_set(one.target):
            yield Fault(association_path(one), "an association of the SubmissionSet with itself", expected)


def _patients(subject: Subject) -> Iterator[tuple[str, str]]:
    """PatientId of every object that has one, and where it stands; the submission set first."""
    yield from ((one.patient_id, set_path(one, "patientId")) for one in subject.submission_sets)
    yield from ((one.patient_id, entry_path(one, "patientId")) for one in subject.request.entries)
    yield from ((one.patient_id, folder_path(one, "patientId")) for one in subject.request.folders)


def _authorities(subject: Subject) -> Iterator[Fault]:
    allowed = subject.domain.patient_authorities
    for text, path in _patients(subject) if allowed else ():
        try:
            authority = Cx.parse(text).authority
        except ValueError:
            continue
        if authority not in allowed:
            yield Fault(
                path, f"the authority {authority}", f"an authority of the domain: {' or '.join(sorted(allowed))}"
            )


def _same_patient(subject: Subject) -> Iterator[Fault]:
    for submission_set in subject.submission_sets:
        expected = submission_set.patient_id
        for patient_id, path in _patients(subject):
            if patient_id and expected and _patient(patient_id) != _patient(expected):
                yield Fault(path, patient_id, f"{expected}, the patient of the SubmissionSet")


def _patient(text: str) -> tuple[str, str]:
    try:
        patient = Cx.parse(text)
    except ValueError:
        return (text, "")
    return (patient.identifier, patient.authority)


def _hashes(subject: Subject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        content = subject.documents.get(entry.entry_uuid)
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
        content = subject.documents.get(entry.entry_uuid)
        if entry.size is not None and content is not None and entry.size != len(content):
            yield Fault(entry_path(entry, "size"), str(entry.size), f"{len(content)}, the bytes received")


RULES: tuple[MetadataRule[Subject], ...] = (
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
    # Of the DMP's authorities DMP-AUTHORITY speaks.
    MetadataRule(
        id="P1",
        source="ITI TF-2 §3.42.4.1.3",
        find=_authorities,
        code=XdsErrorCode.UNKNOWN_PATIENT_ID,
        domains=IHE,
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

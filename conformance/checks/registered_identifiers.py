"""Are the patient known and the identifiers free? Rules P1, P6 to P11, M6 (ITI TF-2 §3.42.4.1.3)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.metadata_rule import (
    IHE,
    Fault,
    MetadataRule,
    association_path,
    entry_path,
    folder_path,
    set_path,
)
from conformance.checks.registered_subject import KIND_NAMES, RegisteredSubject
from xds.errors import XdsErrorCode
from xds.metadata.datatypes import Cx
from xds.metadata.document_entry import STABLE, DocumentEntry
from xds.registry.facts import ObjectKind, RegisteredUniqueId

_DUPLICATE = XdsErrorCode.DUPLICATE_UNIQUE_ID_IN_REGISTRY


def _known_patient(subject: RegisteredSubject) -> Iterator[Fault]:
    for submission_set in subject.submission_sets:
        patient_id = submission_set.patient_id
        if patient_id and not subject.knows_patient and _is_of_the_domain(subject, patient_id):
            expected = "a patient known from the identity feed, and not merged into another"
            yield Fault(set_path(submission_set, "patientId"), patient_id, expected)


def _is_of_the_domain(subject: RegisteredSubject, patient_id: str) -> bool:
    """Whether a patient id is one: of another authority, or of another form, it was refused already."""
    try:
        authority = Cx.parse(patient_id).authority
    except ValueError:
        return False
    return not subject.domain.patient_authorities or authority in subject.domain.patient_authorities


def _registered(known: RegisteredUniqueId) -> str:
    return f"{known.unique_id}, that of a registered {KIND_NAMES[known.kind]}"


def _submission_set(subject: RegisteredSubject) -> Iterator[Fault]:
    for one in subject.submission_sets:
        known = subject.receipt.unique_ids.get(one.unique_id)
        if known is not None:
            yield Fault(set_path(one, "uniqueId"), _registered(known), "a uniqueId of its own")


def _folders(subject: RegisteredSubject) -> Iterator[Fault]:
    for folder in subject.request.folders:
        known = subject.receipt.unique_ids.get(folder.unique_id)
        if known is not None:
            yield Fault(folder_path(folder, "uniqueId"), _registered(known), "a uniqueId of its own")


def _entries_as_others(subject: RegisteredSubject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        known = subject.receipt.unique_ids.get(entry.unique_id)
        if known is not None and known.kind is not ObjectKind.DOCUMENT_ENTRY:
            yield Fault(entry_path(entry, "uniqueId"), _registered(known), "a uniqueId of its own")


def _copies(subject: RegisteredSubject) -> Iterator[tuple[DocumentEntry, RegisteredUniqueId]]:
    """Entries whose uniqueId is that of a registered document: a right that only the same bytes have."""
    for entry in subject.request.entries:
        known = subject.receipt.unique_ids.get(entry.unique_id)
        if known is not None and known.kind is ObjectKind.DOCUMENT_ENTRY:
            yield entry, known


def _hashes(subject: RegisteredSubject) -> Iterator[Fault]:
    for entry, known in _copies(subject):
        found, _ = subject.fingerprint(entry)
        registered = known.hash.lower() if known.hash else None
        if found is None and entry.object_type == STABLE:
            continue  # it is missing, which another rule says
        # Of two on-demand documents neither has a hash; one of them and a stable document are never the same.
        if found != registered:
            expected = f"{registered or 'no hash'}, that of the registered document of uniqueId {known.unique_id}"
            yield Fault(entry_path(entry, "hash"), found or "nothing", expected)


def _sizes(subject: RegisteredSubject) -> Iterator[Fault]:
    for entry, known in _copies(subject):
        _, found = subject.fingerprint(entry)
        if found is not None and known.size is not None and found != known.size:
            expected = f"{known.size}, that of the registered document of uniqueId {known.unique_id}"
            yield Fault(entry_path(entry, "size"), str(found), expected)


def _object_ids(subject: RegisteredSubject) -> Iterator[Fault]:
    request = subject.request
    owners = [(one.entry_uuid, entry_path(one, "@id")) for one in request.entries]
    owners += [(one.entry_uuid, folder_path(one, "@id")) for one in request.folders]
    owners += [(one.entry_uuid, association_path(one, "@id")) for one in request.associations]
    owners += [(one.entry_uuid, set_path(one, "@id")) for one in subject.submission_sets]
    for identifier, path in owners:
        known = subject.receipt.objects.get(identifier)
        if known is not None:
            found = f"{identifier}, that of a registered {KIND_NAMES[known.kind]}"
            yield Fault(path, found, "a symbolic id, or a UUID of its own")


RULES: tuple[MetadataRule[RegisteredSubject], ...] = (
    # In the DMP the law speaks of the record (`rights.decide`).
    MetadataRule(
        id="P1",
        source="ITI TF-2 §3.42.4.1.3",
        find=_known_patient,
        code=XdsErrorCode.UNKNOWN_PATIENT_ID,
        domains=IHE,
    ),
    MetadataRule(id="P6", source="ITI TF-3 §4.2.3.3.12", find=_submission_set, code=_DUPLICATE, domains=IHE),
    MetadataRule(id="P7", source="ITI TF-3 §4.2.3.4.9", find=_folders, code=_DUPLICATE, domains=IHE),
    MetadataRule(
        id="P8", source="ITI TF-3 §4.2.3.2.26", find=_hashes, code=XdsErrorCode.NON_IDENTICAL_HASH, domains=IHE
    ),
    MetadataRule(
        id="P9", source="ITI TF-3 §4.2.3.2.26", find=_sizes, code=XdsErrorCode.NON_IDENTICAL_SIZE, domains=IHE
    ),
    MetadataRule(id="P11", source="ITI TF-3 §4.2.3.2.26", find=_entries_as_others, code=_DUPLICATE, domains=IHE),
    MetadataRule(id="M6", source="ITI TF-2 §3.42.4.1.3.7", find=_object_ids),
)

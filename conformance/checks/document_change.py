"""May this Update Document Set change documents of the DMP? Every rule but those of rights (DMP TD3.3; ITI TF-2 §3.57).

A document that the sender may not see is not among the facts: what is said of it is what is said of one that is not
registered. Rules U40 to U48 are the DMP's; the others are those of every update.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from conformance.checks import (
    metadata_codes,
    metadata_dmp,
    metadata_formats,
    metadata_message,
    metadata_objects,
    update_message,
    update_versions,
)
from conformance.checks.document_differences import differences
from conformance.checks.metadata_rule import (
    Column,
    Fault,
    MetadataRule,
    Subject,
    association_path,
    entry_path,
    folder_path,
)
from conformance.checks.update_rule import UpdateSubject
from profiles.codes import Domain
from xds.dmp.changes import Change, changes_between
from xds.dmp.entries import is_lot_signature
from xds.errors import RegistryError, XdsErrorCode
from xds.messages import SubmitObjectsRequest
from xds.metadata.association import Association
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.registry.identifiers import canonical_patient_id
from xds.registry.operations import NO_PROPAGATION
from xds.registry.registered import RegisteredFacts
from xds.registry.registered_documents import RegisteredDocument

STATUSES: Mapping[tuple[str | None, str | None], Change] = {
    (AvailabilityStatus.APPROVED, AvailabilityStatus.ARCHIVED): Change.ARCHIVE,
    (AvailabilityStatus.ARCHIVED, AvailabilityStatus.APPROVED): Change.UNARCHIVE,
    (AvailabilityStatus.APPROVED, AvailabilityStatus.DELETED): Change.DELETE,
    (AvailabilityStatus.ARCHIVED, AvailabilityStatus.DELETED): Change.DELETE,
    (AvailabilityStatus.DEPRECATED, AvailabilityStatus.DELETED): Change.DELETE,
}
"""What an order changes, by the OriginalStatus and the NewStatus it names."""


@dataclass(frozen=True, kw_only=True)
class ChangeSubject(UpdateSubject):
    """One message and the documents it concerns, by logicalID: those that its sender sees."""

    registered: Mapping[str, RegisteredDocument]

    def document_of(self, entry_uuid: str) -> RegisteredDocument | None:
        """The document that a version belongs to."""
        one = self.facts.objects.get(entry_uuid)
        return self.registered.get(one.logical_id) if one is not None else None

    def new_versions_of_documents(self) -> Iterator[tuple[DocumentEntry, RegisteredDocument]]:
        """Each entry of the message with the document it is a new version of."""
        for one in self.operations.entries:
            document = self.registered.get(one.logical_id)
            if document is not None:
                yield one.metadata, document


def _documents_only(subject: ChangeSubject) -> Iterator[Fault]:
    expected = "new versions and statuses of documents alone"
    for folder in subject.request.folders:
        yield Fault(folder_path(folder), "a Folder", expected)
    for new in subject.operations.associations:
        yield Fault(association_path(new.order), "SubmitAssociation", expected)
    for one in subject.operations.entries:
        for member in one.members:
            if member.association_propagation == NO_PROPAGATION:
                path = association_path(member, "Slot[AssociationPropagation]")
                yield Fault(path, NO_PROPAGATION, "yes: what is associated with a document stays with it")


def _status_orders(subject: ChangeSubject) -> Iterator[Fault]:
    for order in subject.operations.statuses:
        if not subject.is_submission_set(order.source):
            yield Fault(association_path(order, "@sourceObject"), order.source or "nothing", "the SubmissionSet")
        if (order.original_status, order.new_status) not in STATUSES:
            found = f"{order.original_status or 'nothing'} to {order.new_status or 'nothing'}"
            expected = "Approved to Archived or back, or Approved, Archived or Deprecated to Deleted"
            yield Fault(association_path(order, "Slot[NewStatus]"), found, expected)
        for name in _other_slots(order):
            yield Fault(association_path(order, f"Slot[{name}]"), name, "OriginalStatus and NewStatus alone")


def _other_slots(order: Association) -> Iterator[str]:
    others = {
        "PreviousVersion": order.previous_version,
        "AssociationPropagation": order.association_propagation,
        "SubmissionSetStatus": order.submission_set_status,
    }
    yield from (name for name, value in others.items() if value is not None)
    yield from (name for name, _ in order.extra)


def _registered(subject: ChangeSubject) -> Iterator[Fault]:
    for order in subject.operations.statuses:
        if subject.document_of(order.target) is None:
            path = association_path(order, "@targetObject")
            yield Fault(path, f"{order.target or 'nothing'}, which is not registered", "a document of this record")


def _names_any_version(order: Association) -> bool:
    """A document is deleted by the id of its last version or of a former one alike (DMP TD3.3c)."""
    return STATUSES.get((order.original_status, order.new_status)) is Change.DELETE


def _last_versions(subject: ChangeSubject) -> Iterator[Fault]:
    for order in subject.operations.statuses:
        one = subject.facts.objects.get(order.target)
        if one is not None and not subject.facts.is_latest(one) and not _names_any_version(order):
            found = f"{order.target}, version {one.version} of its document"
            yield Fault(association_path(order, "@targetObject"), found, "the last version")


def _current_status(subject: ChangeSubject) -> Iterator[Fault]:
    for order in subject.operations.statuses:
        one = subject.facts.objects.get(order.target)
        if one is None or not (subject.facts.is_latest(one) or _names_any_version(order)):
            continue
        if order.original_status != one.status:
            path = association_path(order, "Slot[OriginalStatus]")
            yield Fault(path, order.original_status or "nothing", f"{one.status}, its status")


def _not_deleted(subject: ChangeSubject) -> Iterator[Fault]:
    for entry, document in subject.new_versions_of_documents():
        if document.status is AvailabilityStatus.DELETED:
            yield Fault(
                entry_path(entry, "@lid"), f"{document.logical_id}, which is deleted", "a document that is there"
            )


def _nothing_else(subject: ChangeSubject) -> Iterator[Fault]:
    for entry, document in subject.new_versions_of_documents():
        for name, found, expected in differences(entry, document.entry):
            yield Fault(entry_path(entry, name), found, f"{expected}: confidentialityCode alone may change")


def _one_change(subject: ChangeSubject) -> Iterator[Fault]:
    expected = "one change: masked or not, visible or not to the patient or his legal representatives"
    for entry, document in subject.new_versions_of_documents():
        after = [code.code for code in entry.confidentiality_codes]
        changes = changes_between(document.confidentiality_codes, after)
        path = entry_path(entry, "confidentialityCode")
        if len(set(after)) != len(after):
            yield Fault(path, ", ".join(after), "each code once")
        elif changes == ():
            yield Fault(path, f"{', '.join(after) or 'nothing'}, which it has", expected)
        elif changes is None or len(changes) > 1:
            yield Fault(path, f"{', '.join(after) or 'nothing'} after {_listed(document)}", expected)


def _known_codes(subject: ChangeSubject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        for code in entry.confidentiality_codes:
            if code.code and code.scheme and not subject.domain.allows("confidentialityCode", code.code, code.scheme):
                expected = "a code that the DMP allows in confidentialityCode"
                yield Fault(entry_path(entry, "confidentialityCode"), f"{code.code}^^{code.scheme}", expected)


def _signatures(subject: ChangeSubject) -> Iterator[Fault]:
    for entry, document in subject.new_versions_of_documents():
        if is_lot_signature(document):
            path = entry_path(entry, "confidentialityCode")
            yield Fault(path, "another visibility of the signature of a lot", "the one it was deposited with, for good")


def _listed(document: RegisteredDocument) -> str:
    return ", ".join(document.confidentiality_codes)


def _same_patient(subject: ChangeSubject) -> Iterator[Fault]:
    for entry, document in subject.new_versions_of_documents():
        for name, found, expected in (
            ("patientId", entry.patient_id, document.entry.patient_id),
            ("sourcePatientId", entry.source_patient_id, document.entry.source_patient_id),
        ):
            if canonical_patient_id(found) != canonical_patient_id(expected):  # answers name no patient
                yield Fault(entry_path(entry, name), "another value", "that of the document, which no change touches")


_SOURCE, _DMP = "ITI TF-2 §3.57.4.1.3", "DMP TD3.3"
_OPERATION, _UPDATE = XdsErrorCode.METADATA_UPDATE_OPERATION, XdsErrorCode.METADATA_UPDATE
RULES: tuple[MetadataRule[ChangeSubject], ...] = (
    MetadataRule(id="O6", source="NOS JDV_J58", find=_known_codes),
    MetadataRule(id="U23", source=_SOURCE, find=_last_versions, code=_UPDATE),
    MetadataRule(id="U40", source=_DMP, find=_documents_only, code=_OPERATION),
    MetadataRule(id="U41", source=f"{_DMP}c, {_DMP}d", find=_status_orders, code=_OPERATION),
    MetadataRule(id="U42", source=_SOURCE, find=_registered, code=_UPDATE),
    MetadataRule(id="U43", source=_SOURCE, find=_current_status, code=_UPDATE),
    MetadataRule(id="U44", source=_DMP, find=_not_deleted, code=_UPDATE),
    MetadataRule(id="U45", source=_DMP, find=_nothing_else, code=_UPDATE),
    MetadataRule(id="U46", source=f"{_DMP}a, {_DMP}b", find=_one_change, code=_UPDATE),
    MetadataRule(id="U47", source=_DMP, find=_same_patient, code=XdsErrorCode.PATIENT_ID_RECONCILIATION),
    MetadataRule(id="U48", source="DMP TD2.1; ITI DSG", find=_signatures, code=_UPDATE),
)
_SHARED = (
    *(rule for rule in update_message.RULES if rule.id in ("U1", "U2", "U3", "P6")),
    *(rule for rule in update_versions.RULES if rule.id in ("U10", "U11", "U12", "U15")),
)
_OF_THE_SET: tuple[MetadataRule[Subject], ...] = (
    *(rule for rule in metadata_message.RULES if rule.id == "M8"),
    *metadata_objects.RULES,
    *metadata_formats.RULES,
    *metadata_codes.RULES,
)
_OF_ENTRIES = tuple(rule for rule in metadata_dmp.RULES if rule.id == "D-080")


def check_document_change(
    request: SubmitObjectsRequest,
    facts: RegisteredFacts,
    documents: Mapping[str, RegisteredDocument],
    domain: Domain,
) -> tuple[RegistryError, ...]:
    """Everything that breaks a rule. `request.errors` are not repeated: whoever refuses adds them.

    Entries are compared with what is registered, and not judged again: rules may have changed since their deposit.
    """
    alone = Subject(replace(request, entries=(), folders=(), associations=()), domain, Column.REPOSITORY)
    entries = Subject(request, domain, Column.REPOSITORY)
    subject = ChangeSubject(request, domain, Column.REPOSITORY, facts=facts, registered=documents)
    codes = (rule.check(entries) for rule in _OF_ENTRIES)
    return (
        *(error for rule in _OF_THE_SET for error in rule.check(alone)),
        *(error for found in codes for error in found),
        *(error for rule in _SHARED for error in rule.check(subject)),
        *(error for rule in RULES for error in rule.check(subject)),
    )

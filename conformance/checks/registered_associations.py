"""Do associations agree with what is registered? Rules P3, P4, A2, A4, A6, A8 to A13, A15, A16 (ITI TF-3 §4.2.2)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.metadata_associations import REGISTERED_TARGET
from conformance.checks.metadata_rule import IHE, Fault, MetadataRule, association_path
from conformance.checks.registered_subject import KIND_NAMES, RegisteredSubject
from xds.errors import XdsErrorCode
from xds.metadata.association import RELATIONSHIPS, REPLACEMENTS, Association, AssociationType
from xds.metadata.document_entry import ON_DEMAND, AvailabilityStatus
from xds.registry.facts import ObjectKind, RegisteredObject

_UNRESOLVED = XdsErrorCode.UNRESOLVED_REFERENCE
_MISMATCH = XdsErrorCode.PATIENT_ID_DOES_NOT_MATCH
_SAME_PATIENT = "an object of the patient of the submission"


def _is_approved(known: RegisteredObject) -> bool:
    return known.status is AvailabilityStatus.APPROVED


def _named(known: RegisteredObject) -> str:
    return f"{known.entry_uuid}, a registered {KIND_NAMES[known.kind]}"


def _status_of(known: RegisteredObject) -> str:
    return f"{known.entry_uuid}, which is {known.status.rpartition(':')[2]}"


def _related(subject: RegisteredSubject) -> Iterator[tuple[Association, RegisteredObject]]:
    """Relationships of documents whose target is a registered document."""
    for one in subject.relationships:
        known = subject.document(one.target)
        if known is not None:
            yield one, known


# A2, A8, A9: is it there?


def _absent(subject: RegisteredSubject, types: frozenset[AssociationType]) -> Iterator[Fault]:
    for one, name, end in subject.outside():
        # A relationship that does not start in the message was refused already (A7).
        starts_outside = name == "@sourceObject" and one.association_type in RELATIONSHIPS
        if one.association_type in types and not starts_outside and subject.registered(end) is None:
            yield Fault(association_path(one, name), f"{end}, which is not registered", "the id of a registered object")


def _absent_members(subject: RegisteredSubject) -> Iterator[Fault]:
    yield from _absent(subject, frozenset((AssociationType.HAS_MEMBER,)))


def _absent_originals(subject: RegisteredSubject) -> Iterator[Fault]:
    yield from _absent(subject, frozenset(REGISTERED_TARGET))


def _absent_others(subject: RegisteredSubject) -> Iterator[Fault]:
    yield from _absent(subject, RELATIONSHIPS - frozenset(REGISTERED_TARGET))


# A4, A15, A16: is it of the right kind?


def _references(subject: RegisteredSubject) -> Iterator[Fault]:
    for one in subject.members:
        known, status = subject.registered(one.target), one.submission_set_status
        if known is None or not subject.is_submission_set(one.source):
            continue
        path = association_path(one, "Slot[SubmissionSetStatus]")
        if known.kind is ObjectKind.DOCUMENT_ENTRY and status is None:
            yield Fault(path, "nothing", "Reference, the document is registered")
        elif known.kind is ObjectKind.FOLDER and status is not None:
            yield Fault(path, f"{status} for a registered Folder", "nothing: Reference is for documents")


def _member_shapes(subject: RegisteredSubject) -> Iterator[Fault]:
    for one, name, end in subject.outside():
        known = subject.registered(end)
        if known is None or one.association_type is not AssociationType.HAS_MEMBER:
            continue
        path = association_path(one, name)
        if name == "@sourceObject":
            if known.kind is not ObjectKind.FOLDER:
                yield Fault(path, _named(known), "the SubmissionSet of the message, or a Folder")
        elif not subject.is_submission_set(one.source):
            if known.kind is not ObjectKind.DOCUMENT_ENTRY:
                yield Fault(path, _named(known), "a document: folders hold nothing else")
        elif known.kind is ObjectKind.ASSOCIATION:
            yield Fault(path, _named(known), "a document, a folder, or an association of the message")


def _sets_of_sets(subject: RegisteredSubject) -> Iterator[Fault]:
    for one in subject.members:
        known = subject.registered(one.target)
        if known is not None and known.kind is ObjectKind.SUBMISSION_SET and subject.is_submission_set(one.source):
            expected = "no order of Update Document Set (ITI-57) in a submission"
            yield Fault(association_path(one, "@targetObject"), _named(known), expected)


def _relationship_kinds(subject: RegisteredSubject) -> Iterator[Fault]:
    for one in subject.relationships:
        known = subject.registered(one.target)
        if known is not None and known.kind is not ObjectKind.DOCUMENT_ENTRY:
            yield Fault(association_path(one, "@targetObject"), _named(known), "a document")


# P3, P4, A12: is it of the same patient?


def _folder_patients(subject: RegisteredSubject) -> Iterator[Fault]:
    for one in subject.folder_members() if subject.knows_patient else ():
        ends = (("@sourceObject", subject.folder(one.source)), ("@targetObject", subject.document(one.target)))
        for name, known in ends:
            if known is not None and not known.same_patient:
                yield Fault(association_path(one, name), f"{known.entry_uuid}, of another patient", _SAME_PATIENT)


def _is_in_folders(subject: RegisteredSubject, one: Association, known: RegisteredObject) -> bool:
    """Whether a replacement is to follow the replaced document into folders of another patient (A12)."""
    if one.association_type not in REPLACEMENTS:
        return False
    folders = (subject.receipt.objects.get(folder) for folder in known.folders)
    # A document and the folders that hold it have one patient (P3).
    return any(not (folder or known).same_patient for folder in folders)


def _relationship_patients(subject: RegisteredSubject) -> Iterator[Fault]:
    for one, known in _related(subject) if subject.knows_patient else ():
        if not known.same_patient and not _is_in_folders(subject, one, known):
            path = association_path(one, "@targetObject")
            yield Fault(path, f"{known.entry_uuid}, of another patient", _SAME_PATIENT)


def _replaced_in_folders(subject: RegisteredSubject) -> Iterator[Fault]:
    for one, known in _related(subject) if subject.knows_patient else ():
        if _is_in_folders(subject, one, known):
            found = f"{known.entry_uuid}, in folders of another patient: {', '.join(known.folders)}"
            yield Fault(association_path(one, "@targetObject"), found, _SAME_PATIENT)


# A6, A10, A11, A13: is it in the right state?


def _deprecated_members(subject: RegisteredSubject) -> Iterator[Fault]:
    for one in subject.folder_members():
        known = subject.document(one.target)
        if known is not None and not _is_approved(known):
            yield Fault(association_path(one, "@targetObject"), _status_of(known), "an Approved document")


def _deprecated_folders(subject: RegisteredSubject) -> Iterator[Fault]:
    for one in subject.folder_members():
        known = subject.folder(one.source)
        if known is not None and not _is_approved(known):
            yield Fault(association_path(one, "@sourceObject"), _status_of(known), "an Approved Folder")


def _deprecated_targets(subject: RegisteredSubject) -> Iterator[Fault]:
    for one, known in _related(subject):
        if not _is_approved(known):
            yield Fault(association_path(one, "@targetObject"), _status_of(known), "an Approved document")


def _snapshots_of_stable(subject: RegisteredSubject) -> Iterator[Fault]:
    for one, known in _related(subject):
        if one.association_type is AssociationType.IS_SNAPSHOT_OF and known.object_type != ON_DEMAND:
            yield Fault(association_path(one, "@targetObject"), f"{known.entry_uuid}, stable", "an on-demand document")


def _addenda_to_transformations(subject: RegisteredSubject) -> Iterator[Fault]:
    for one, known in _related(subject):
        if one.association_type is AssociationType.APND and known.is_transformation:
            expected = "a document that is no transformation of another"
            yield Fault(association_path(one, "@targetObject"), f"{known.entry_uuid}, a transformation", expected)


RULES: tuple[MetadataRule[RegisteredSubject], ...] = (
    # In the DMP `registered_dmp` says the same in the words of the DMP.
    MetadataRule(id="A2", source="ITI TF-3 §4.2.2", find=_absent_members, code=_UNRESOLVED, domains=IHE),
    MetadataRule(id="A8", source="ITI TF-3 §4.2.2.2.3", find=_absent_originals, code=_UNRESOLVED, domains=IHE),
    MetadataRule(id="A9", source="ITI TF-3 §4.2.2.2", find=_absent_others, code=_UNRESOLVED, domains=IHE),
    MetadataRule(
        id="A10",
        source="ITI TF-3 §4.2.2.2",
        find=_deprecated_targets,
        code=XdsErrorCode.DEPRECATED_DOCUMENT,
        domains=IHE,
    ),
    MetadataRule(id="A4", source="ITI TF-3 §4.2.2.1.2", find=_references),
    MetadataRule(id="A15", source="ITI TF-3 §4.2.2.1", find=_member_shapes),
    MetadataRule(id="M9", source="ITI TF-2 §3.57", find=_sets_of_sets),
    MetadataRule(id="A16", source="ITI TF-3 §4.2.2.2", find=_relationship_kinds),
    MetadataRule(id="P3", source="ITI TF-2 §3.42.4.1.3", find=_folder_patients, code=_MISMATCH),
    MetadataRule(id="P4", source="ITI TF-2 §3.42.4.1.3", find=_relationship_patients, code=_MISMATCH),
    MetadataRule(id="A12", source="ITI TF-2 §3.42.4.1.3.6", find=_replaced_in_folders, code=_MISMATCH),
    MetadataRule(
        id="A6",
        source="ITI TF-3 §4.2.2.1.3",
        find=_deprecated_members,
        code=XdsErrorCode.DEPRECATED_DOCUMENT,
        domains=IHE,
    ),
    MetadataRule(id="A6", source="ITI TF-3 §4.2.2.1.3", find=_deprecated_folders),
    MetadataRule(id="A11", source="ITI TF-3 §4.2.2.2.6", find=_snapshots_of_stable),
    MetadataRule(id="A13", source="ITI TF-3 §4.2.2.2.1", find=_addenda_to_transformations),
)

"""Does every new object belong to the submission, and rightly? Rules A3, A4, A5, A15 (ITI TF-3 §4.2.2.1).

Four members have a right to be: SubmissionSet → DocumentEntry, SubmissionSet → Folder, Folder → DocumentEntry, and
SubmissionSet → the association that makes a document member of a folder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance.checks.metadata_rule import (
    Fault,
    MetadataRule,
    Subject,
    association_path,
    entry_path,
    folder_path,
)
from xds.metadata.association import RELATIONSHIPS

_ORIGINAL = "Original"
_REFERENCE = "Reference"


def _every_object_is_a_member(subject: Subject) -> Iterator[Fault]:
    if subject.request.submission_set is None:
        return
    counts = Counter(one.target for one in subject.members if subject.is_submission_set(one.source))
    for entry in subject.request.entries:
        count = counts[entry.entry_uuid]
        if count != 1:
            expected = "one, from the SubmissionSet, of status Original"
            yield Fault(entry_path(entry, "HasMember"), f"{count} HasMember associations to this entry", expected)
    for folder in subject.request.folders:
        count = counts[folder.entry_uuid]
        if count != 1:
            expected = "one, from the SubmissionSet"
            yield Fault(folder_path(folder, "HasMember"), f"{count} HasMember associations to this folder", expected)


def _statuses(subject: Subject) -> Iterator[Fault]:
    for one in subject.members:
        status, path = one.submission_set_status, association_path(one, "Slot[SubmissionSetStatus]")
        of_the_set = subject.is_submission_set(one.source)
        if of_the_set and one.target in subject.entries:
            if status != _ORIGINAL:
                yield Fault(path, status or "nothing", "Original, the document is in the message")
        elif of_the_set and not subject.has(one.target):
            # Without status it may be a registered folder: the registry knows.
            if status not in (None, _REFERENCE):
                yield Fault(path, status, "Reference, the document is not in the message")
        elif status not in (None, _ORIGINAL):
            yield Fault(path, status, "Original or nothing")


def _folder_members_are_members(subject: Subject) -> Iterator[Fault]:
    if subject.request.submission_set is None:
        return
    held = {one.target for one in subject.members if subject.is_submission_set(one.source)}
    for one in subject.members:
        if subject.is_folder_member(one) and one.entry_uuid not in held:
            expected = "a HasMember from the SubmissionSet to this association"
            yield Fault(association_path(one), "a member of a folder outside the SubmissionSet", expected)


def _member_shapes(subject: Subject) -> Iterator[Fault]:
    for one in subject.members:
        if subject.is_submission_set(one.source):
            if one.target in subject.associations and not _may_be_held(subject, one.target):
                expected = "a document, a folder, or the association of a folder with a document"
                yield Fault(association_path(one, "@targetObject"), one.target, expected)
        elif one.source in subject.entries or one.source in subject.associations:
            expected = "the id of the SubmissionSet or of a folder"
            yield Fault(association_path(one, "@sourceObject"), one.source, expected)
        elif subject.has(one.target) and one.target not in subject.entries:
            found = f"{one.target}, which is no document"
            yield Fault(
                association_path(one, "@targetObject"), found, "the id of a document: folders hold nothing else"
            )


def _may_be_held(subject: Subject, identifier: str) -> bool:
    """A relationship of documents is tolerated in the SubmissionSet (ITI TF-3 §4.2.2.2)."""
    held = subject.associations[identifier]
    return held.association_type in RELATIONSHIPS or subject.is_folder_member(held)


RULES: tuple[MetadataRule[Subject], ...] = (
    MetadataRule(id="A3", source="ITI TF-3 §4.2.2.1.1", find=_every_object_is_a_member),
    MetadataRule(id="A4", source="ITI TF-3 §4.2.2.1.2", find=_statuses),
    MetadataRule(id="A5", source="ITI TF-3 §4.2.2.1.3", find=_folder_members_are_members),
    MetadataRule(id="A15", source="ITI TF-3 §4.2.2.1", find=_member_shapes),
)

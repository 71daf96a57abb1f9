"""Do associations hold the submission together? Rules A2 to A16, as far as the message can tell (ITI TF-3 §4.2.2).

What needs registered objects (is the target there, is it Approved, whose is it) is the registry's.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.metadata_rule import Fault, MetadataRule, Subject, association_path, entry_path
from xds.errors import XdsErrorCode
from xds.metadata.association import Association, AssociationType

_REGISTERED_TARGET = (AssociationType.RPLC, AssociationType.XFRM_RPLC, AssociationType.IS_SNAPSHOT_OF)


def _members(subject: Subject) -> Iterator[Association]:
    """HasMember associations whose ends are known or can be registered."""
    for one in subject.request.associations:
        if one.association_type is AssociationType.HAS_MEMBER and not any(_unresolved(subject, one)):
            yield one


def _relationships(subject: Subject) -> Iterator[Association]:
    """Document relationships whose ends are known or can be registered."""
    for one in subject.request.associations:
        if one.association_type is not AssociationType.HAS_MEMBER and not any(_unresolved(subject, one)):
            yield one


def _unresolved(subject: Subject, one: Association) -> Iterator[tuple[str, str]]:
    # An empty end was reported by the reader; a UUID may be that of a registered object.
    for name, end in (("@sourceObject", one.source), ("@targetObject", one.target)):
        if not end or not (end.startswith("urn:uuid:") or subject.has(end)):
            yield name, end


def _ends(subject: Subject) -> Iterator[Fault]:
    for one in subject.request.associations:
        for name, end in _unresolved(subject, one):
            if end:
                expected = "the id of an object of the message, or the UUID of a registered one"
                yield Fault(association_path(one, name), end, expected)


def _every_entry_is_a_member(subject: Subject) -> Iterator[Fault]:
    if subject.request.submission_set is None:
        return
    targets = [one.target for one in _members(subject) if subject.is_submission_set(one.source)]
    for entry in subject.request.entries:
        count = targets.count(entry.entry_uuid)
        if count != 1:
            expected = "one, from the SubmissionSet, of status Original"
            yield Fault(entry_path(entry, "HasMember"), f"{count} HasMember associations to this entry", expected)


def _statuses(subject: Subject) -> Iterator[Fault]:
    for one in _members(subject):
        status, path = one.submission_set_status, association_path(one, "Slot[SubmissionSetStatus]")
        if not subject.is_submission_set(one.source) or subject.is_submission_set(one.target):
            continue
        if one.target in subject.entries and status != "Original":
            yield Fault(path, status or "nothing", "Original, the document is in the message")
        elif one.target in subject.associations and status not in (None, "Original"):
            yield Fault(path, status or "nothing", "Original or nothing")
        elif not subject.has(one.target) and status != "Reference":
            yield Fault(path, status or "nothing", "Reference, the document is not in the message")


def _sources(subject: Subject) -> Iterator[Fault]:
    for one in _relationships(subject):
        if not subject.has(one.source):
            path, expected = association_path(one, "@sourceObject"), "the id of a document of the message"
            yield Fault(path, one.source, expected)


def _registered_targets(subject: Subject) -> Iterator[Fault]:
    for one in _relationships(subject):
        if one.association_type in _REGISTERED_TARGET and one.target in subject.entries:
            expected = "the UUID of a document already registered"
            yield Fault(association_path(one, "@targetObject"), f"{one.target}, of this message", expected)


def _no_addendum_to_a_transformation(subject: Subject) -> Iterator[Fault]:
    transformations = {
        one.source
        for one in subject.request.associations
        if one.association_type in (AssociationType.XFRM, AssociationType.XFRM_RPLC)
    }
    for one in _relationships(subject):
        if one.association_type is AssociationType.APND and one.target in transformations:
            expected = "a document that is no transformation of another"
            yield Fault(association_path(one, "@targetObject"), f"{one.target}, a transformation", expected)


def _documentation(subject: Subject) -> Iterator[Fault]:
    for one in subject.request.associations:
        if one.association_type is AssociationType.HAS_MEMBER and one.documentation is not None:
            path = association_path(one, "Classification[documentation]")
            yield Fault(path, "documentation of a HasMember", "documentation of a relationship of documents only")


def _member_shapes(subject: Subject) -> Iterator[Fault]:
    for one in _members(subject):
        if not subject.is_submission_set(one.source) and subject.request.submission_set is not None:
            expected = "the id of the SubmissionSet: this registry does not keep folders"
            yield Fault(association_path(one, "@sourceObject"), one.source, expected)


def _relationship_ends(subject: Subject) -> Iterator[Fault]:
    for one in _relationships(subject):
        for name, end in (("@sourceObject", one.source), ("@targetObject", one.target)):
            signs_the_lot = (
                one.association_type is AssociationType.SIGNS
                and name == "@targetObject"
                and subject.is_submission_set(end)
            )
            if subject.has(end) and end not in subject.entries and not signs_the_lot:
                yield Fault(association_path(one, name), f"{end}, which is no document", "the id of a document")


RULES = (
    MetadataRule(id="A2", source="ITI TF-3 §4.2.2", find=_ends, code=XdsErrorCode.UNRESOLVED_REFERENCE),
    MetadataRule(id="A3", source="ITI TF-3 §4.2.2.1.1", find=_every_entry_is_a_member),
    MetadataRule(id="A4", source="ITI TF-3 §4.2.2.1.2", find=_statuses),
    MetadataRule(id="A7", source="ITI TF-3 §4.2.2.2", find=_sources, code=XdsErrorCode.UNRESOLVED_REFERENCE),
    MetadataRule(
        id="A8", source="ITI TF-3 §4.2.2.2.3", find=_registered_targets, code=XdsErrorCode.UNRESOLVED_REFERENCE
    ),
    MetadataRule(id="A13", source="ITI TF-3 §4.2.2.2.1", find=_no_addendum_to_a_transformation),
    MetadataRule(id="A14", source="ITI TF-3 §4.2.2.2", find=_documentation),
    MetadataRule(id="A15", source="ITI TF-3 §4.2.2.1", find=_member_shapes),
    MetadataRule(id="A16", source="ITI TF-3 §4.2.2.2", find=_relationship_ends),
)

"""Do associations lead from something to something? Rules A2, A7 to A9, A11, A13, A14, A16 (ITI TF-3 §4.2.2.2).

As far as the message can tell: what needs registered objects is in `registered_associations`.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.metadata_rule import (
    DMP,
    IHE,
    Fault,
    MetadataRule,
    Subject,
    association_path,
)
from xds.errors import XdsErrorCode
from xds.metadata.association import RELATIONSHIPS, UPDATE_OPERATIONS, Association, AssociationType
from xds.metadata.document_entry import ON_DEMAND, STABLE

REGISTERED_TARGET = (AssociationType.RPLC, AssociationType.XFRM_RPLC, AssociationType.IS_SNAPSHOT_OF)
"""Relationships whose target is never in the message."""


def _ends(subject: Subject) -> Iterator[Fault]:
    expected = "the id of an object of the message, or the UUID of a registered one"
    for one in subject.request.associations:
        if one.association_type in UPDATE_OPERATIONS:
            continue
        for name, end in subject.unresolved(one):
            # An empty end was reported by the reader; that of an addendum or a signature is A9's.
            if end and not (name == "@targetObject" and _is_free(one)):
                yield Fault(association_path(one, name), end, expected)


def _is_free(one: Association) -> bool:
    """Whether the target of a relationship may be in the message or registered."""
    return one.association_type in RELATIONSHIPS and one.association_type not in REGISTERED_TARGET


def _free_targets(subject: Subject) -> Iterator[Fault]:
    for one in subject.request.associations:
        if _is_free(one) and one.target and ("@targetObject", one.target) in tuple(subject.unresolved(one)):
            expected = "the id of a document of the message, or the UUID of a registered one"
            yield Fault(association_path(one, "@targetObject"), one.target, expected)


def _sources(subject: Subject) -> Iterator[Fault]:
    for one in subject.relationships:
        if not subject.has(one.source):
            path, expected = association_path(one, "@sourceObject"), "the id of a document of the message"
            yield Fault(path, one.source, expected)


def _registered_targets(subject: Subject) -> Iterator[Fault]:
    for one in subject.relationships:
        if one.association_type in REGISTERED_TARGET and one.target in subject.entries:
            expected = "the UUID of a document already registered"
            yield Fault(association_path(one, "@targetObject"), f"{one.target}, of this message", expected)


def _snapshots_are_stable(subject: Subject) -> Iterator[Fault]:
    for one in subject.relationships:
        entry = subject.entries.get(one.source)
        if one.association_type is AssociationType.IS_SNAPSHOT_OF and entry and entry.object_type == ON_DEMAND:
            yield Fault(
                association_path(one, "@sourceObject"), f"{one.source}, on-demand", f"{STABLE}, a stable document"
            )


def _no_addendum_to_a_transformation(subject: Subject) -> Iterator[Fault]:
    transformations = {one.source for one in subject.relationships if one.association_type is AssociationType.XFRM}
    for one in subject.relationships:
        if one.association_type is AssociationType.APND and one.target in transformations:
            expected = "a document that is no transformation of another"
            yield Fault(association_path(one, "@targetObject"), f"{one.target}, a transformation", expected)


def _documentation(subject: Subject) -> Iterator[Fault]:
    for one in subject.request.associations:
        if one.association_type is AssociationType.HAS_MEMBER and one.documentation is not None:
            path = association_path(one, "Classification[documentation]")
            yield Fault(path, "documentation of a HasMember", "documentation of a relationship of documents only")


def _ends_of_relationships(subject: Subject, *, lot_may_be_signed: bool) -> Iterator[Fault]:
    for one in subject.relationships:
        if one.source and one.source == one.target:
            yield Fault(association_path(one, "@targetObject"), f"{one.target}, the source itself", "another document")
        for name, end in (("@sourceObject", one.source), ("@targetObject", one.target)):
            signs_the_lot = (
                lot_may_be_signed
                and one.association_type is AssociationType.SIGNS
                and name == "@targetObject"
                and subject.is_submission_set(end)
            )
            if subject.has(end) and end not in subject.entries and not signs_the_lot:
                yield Fault(association_path(one, name), f"{end}, which is no document", "the id of a document")


def _relationship_ends(subject: Subject) -> Iterator[Fault]:
    yield from _ends_of_relationships(subject, lot_may_be_signed=False)


def _relationship_ends_of_the_dmp(subject: Subject) -> Iterator[Fault]:
    yield from _ends_of_relationships(subject, lot_may_be_signed=True)


RULES: tuple[MetadataRule[Subject], ...] = (
    MetadataRule(id="A2", source="ITI TF-3 §4.2.2", find=_ends, code=XdsErrorCode.UNRESOLVED_REFERENCE),
    MetadataRule(id="A7", source="ITI TF-3 §4.2.2.2", find=_sources, code=XdsErrorCode.UNRESOLVED_REFERENCE),
    MetadataRule(
        id="A8", source="ITI TF-3 §4.2.2.2.3", find=_registered_targets, code=XdsErrorCode.UNRESOLVED_REFERENCE
    ),
    MetadataRule(id="A9", source="ITI TF-3 §4.2.2.2", find=_free_targets, code=XdsErrorCode.UNRESOLVED_REFERENCE),
    MetadataRule(id="A11", source="ITI TF-3 §4.2.2.2.6", find=_snapshots_are_stable),
    MetadataRule(id="A13", source="ITI TF-3 §4.2.2.2.1", find=_no_addendum_to_a_transformation),
    MetadataRule(id="A14", source="ITI TF-3 §4.2.2.2", find=_documentation),
    MetadataRule(id="A16", source="ITI TF-3 §4.2.2.2", find=_relationship_ends, domains=IHE),
    # In the DMP the signature of a lot points at its SubmissionSet.
    MetadataRule(id="A16", source="DMP TD2.1; ITI DSG", find=_relationship_ends_of_the_dmp, domains=DMP),
)

"""May these objects be removed? Rules R1 to R5 of Remove Metadata (ITI TF-2 §3.62.4.1.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from conformance.checks.metadata_rule import Fault
from xds.errors import RegistryError, XdsErrorCode, disagreement
from xds.messages import RemoveObjectsRequest
from xds.metadata.association import AssociationType
from xds.registry.facts import ObjectKind
from xds.registry.registered import Link, RegisteredFacts

_SHOWN = 3


@dataclass(frozen=True)
class Removal:
    """What rules look at: the ids to remove, and what is registered around them."""

    request: RemoveObjectsRequest
    facts: RegisteredFacts

    @cached_property
    def ids(self) -> frozenset[str]:
        """What would go."""
        return frozenset(self.request.ids)

    @cached_property
    def left(self) -> tuple[str, ...]:
        """What stays and loses an association that it may need."""
        found: dict[str, None] = {}
        for identifier in self.request.ids:
            link = self.facts.links.get(identifier)
            for end in (link.association.source, link.association.target) if link else ():
                if link is not None and end not in self.ids and self._needs(end, link):
                    found[end] = None
        return tuple(found)

    def _needs(self, end: str, link: Link) -> bool:
        """Documents, folders, submission sets need one; memberships of folders too, and what an update submitted."""
        if end in self.facts.objects:
            return True
        submitted = link.association.association_type is AssociationType.SUBMIT_ASSOCIATION
        return end in self.facts.links and (submitted or self.facts.is_membership(self.facts.links[end].association))

    def remaining(self, identifier: str) -> Iterator[Link]:
        """The associations that an object keeps."""
        for link in (*self.facts.links_from(identifier), *self.facts.links_to(identifier)):
            if link.entry_uuid not in self.ids:
                yield link


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalRule:
    """One rule. `find` yields every place that breaks it."""

    id: str
    source: str
    code: XdsErrorCode
    find: Callable[[Removal], Iterable[Fault]]


def check_removal(request: RemoveObjectsRequest, facts: RegisteredFacts) -> tuple[RegistryError, ...]:
    """Everything that forbids a removal. `facts` reach two associations far from the objects.

    `request.errors` are not repeated: whoever refuses adds them.
    """
    removal = Removal(request, facts)
    return tuple(
        disagreement(rule.id, fault.location, fault.found, fault.expected, rule.code)
        for rule in RULES
        for fault in rule.find(removal)
    )


def _path(identifier: str) -> str:
    return f"ObjectRef[{identifier}]"


def _not_empty(removal: Removal) -> Iterator[Fault]:
    if not removal.request.ids and not removal.request.errors:
        yield Fault("ObjectRefList", "no id", "at least one ObjectRef")


def _resolved(removal: Removal) -> Iterator[Fault]:
    for identifier in removal.request.ids:
        if not removal.facts.knows(identifier):
            yield Fault(_path(identifier), f"{identifier}, which is not registered", "the UUID of a registered object")


def _unreferenced(removal: Removal) -> Iterator[Fault]:
    for identifier in removal.request.ids:
        names = [link.entry_uuid for link in removal.remaining(identifier)]
        if names:
            shown = ", ".join(sorted(names)[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
            found = f"{len(names)} associations that stay: {shown}"
            yield Fault(_path(identifier), found, "no association to the object, or all of them in the request")


def _no_object_alone(removal: Removal) -> Iterator[Fault]:
    for identifier in removal.left:
        if not any(_counts(removal, identifier, link) for link in removal.remaining(identifier)):
            found = f"{identifier}, which would stay without an association"
            yield Fault(_path(identifier), found, "the object among those to remove, or an association that stays")


def _counts(removal: Removal, identifier: str, link: Link) -> bool:
    """An association that needs one needs it to itself: its own two ends do not count."""
    return identifier not in removal.facts.links or link.association.target == identifier


def _every_object_in_its_submission(removal: Removal) -> Iterator[Fault]:
    facts = removal.facts
    for identifier in removal.left:
        one = facts.objects.get(identifier)
        if one is None or one.kind is ObjectKind.SUBMISSION_SET or not any(removal.remaining(identifier)):
            continue
        if not any(
            _brings(facts, link) for link in removal.remaining(identifier) if link in facts.links_to(identifier)
        ):
            found = f"{identifier}, which would stay without the SubmissionSet it came with"
            yield Fault(_path(identifier), found, "the object among those to remove, or its HasMember kept")


def _brings(facts: RegisteredFacts, link: Link) -> bool:
    """Whether an association says which submission an object came with."""
    association = link.association
    return (
        association.association_type is AssociationType.HAS_MEMBER
        and facts.kind_of(association.source) is ObjectKind.SUBMISSION_SET
        and association.submission_set_status != "Reference"
    )


_SOURCE = "ITI TF-2 §3.62.4.1.3"
RULES = (
    RemovalRule(id="R1", source=_SOURCE, code=XdsErrorCode.REGISTRY, find=_not_empty),
    RemovalRule(id="R2", source=_SOURCE, code=XdsErrorCode.UNRESOLVED_REFERENCE, find=_resolved),
    RemovalRule(id="R3", source=_SOURCE, code=XdsErrorCode.REFERENCES_EXIST, find=_unreferenced),
    RemovalRule(id="R4", source=_SOURCE, code=XdsErrorCode.UNREFERENCED_OBJECT, find=_no_object_alone),
    RemovalRule(id="R5", source=_SOURCE, code=XdsErrorCode.METADATA_MODEL, find=_every_object_in_its_submission),
)

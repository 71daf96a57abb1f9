"""A rule on submitted metadata is a row: identifier, source, code, domains, and what it looks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from types import MappingProxyType
from typing import Generic, TypeVar

from profiles.codes import Domain
from xds.errors import RegistryError, Severity, XdsErrorCode, disagreement
from xds.messages import ProvideAndRegisterRequest, SubmitObjectsRequest
from xds.metadata.association import RELATIONSHIPS, Association, AssociationType
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet

EVERYWHERE = frozenset(("dmp", "ihe"))
DMP = frozenset(("dmp",))
IHE = frozenset(("ihe",))


class Column(Enum):
    """Which column of the optionality table holds for a submission (ITI TF-3 §4.3.1)."""

    SOURCE = "ITI-41"
    REPOSITORY = "ITI-42"
    ON_DEMAND = "ITI-61"


@dataclass(frozen=True, slots=True)
class Fault:
    """What a rule found: where, what stands there, what should."""

    location: str
    found: str
    expected: str


@dataclass(frozen=True)
class Subject:
    """What rules look at: one submission, in one domain."""

    request: SubmitObjectsRequest
    domain: Domain
    column: Column = Column.SOURCE

    @cached_property
    def entries(self) -> dict[str, DocumentEntry]:
        """Entries by id, as sent."""
        return {entry.entry_uuid: entry for entry in self.request.entries}

    @cached_property
    def folders(self) -> dict[str, Folder]:
        """Folders by id, as sent."""
        return {folder.entry_uuid: folder for folder in self.request.folders}

    @cached_property
    def associations(self) -> dict[str, Association]:
        """Associations by id, as sent."""
        return {association.entry_uuid: association for association in self.request.associations}

    @cached_property
    def members(self) -> tuple[Association, ...]:
        """HasMember associations whose ends may be there."""
        return tuple(
            one
            for one in self.request.associations
            if one.association_type is AssociationType.HAS_MEMBER and self.may_resolve(one)
        )

    @cached_property
    def relationships(self) -> tuple[Association, ...]:
        """Relationships of documents whose ends may be there."""
        return tuple(
            one for one in self.request.associations if one.association_type in RELATIONSHIPS and self.may_resolve(one)
        )

    @cached_property
    def clinical_entries(self) -> tuple[DocumentEntry, ...]:
        """Entries of documents of care: all but that of the lot signature."""
        return tuple(entry for entry in self.request.entries if not self.is_signature(entry))

    @property
    def submission_sets(self) -> tuple[SubmissionSet, ...]:
        """The submission set, or nothing when the message has not exactly one."""
        return (self.request.submission_set,) if self.request.submission_set else ()

    @property
    def documents(self) -> Mapping[str, bytes]:
        """Bytes by the id of their entry; none without documents in the message."""
        request = self.request
        return request.documents if isinstance(request, ProvideAndRegisterRequest) else MappingProxyType({})

    @cached_property
    def reported(self) -> frozenset[str]:
        """Where the reader found faults: what it could not read is not missing."""
        return frozenset(one.location for one in self.request.errors)

    def is_signature(self, entry: DocumentEntry) -> bool:
        """Whether an entry is that of a lot signature."""
        kind, signature = entry.type_code, self.domain.lot_signature
        return kind is not None and signature is not None and signature.is_type((kind.code, kind.scheme))

    def is_submission_set(self, identifier: str) -> bool:
        """Whether an id is that of the submission set."""
        submission_set = self.request.submission_set
        return submission_set is not None and submission_set.entry_uuid == identifier

    def has(self, identifier: str) -> bool:
        """Whether an id is that of an object of the message."""
        return (
            identifier in self.entries
            or identifier in self.folders
            or identifier in self.associations
            or self.is_submission_set(identifier)
        )

    def unresolved(self, association: Association) -> Iterator[tuple[str, str]]:
        """The ends that cannot be there: attribute and id. A UUID may be that of a registered object."""
        for name, end in (("@sourceObject", association.source), ("@targetObject", association.target)):
            if not end or not (end.startswith("urn:uuid:") or self.has(end)):
                yield name, end

    def may_resolve(self, association: Association) -> bool:
        """Whether both ends are of the message, or can be registered."""
        return not any(self.unresolved(association))

    def is_folder_member(self, association: Association) -> bool:
        """Whether a HasMember is that of a folder: of the message, or not in it at all."""
        return association.association_type is AssociationType.HAS_MEMBER and (
            association.source in self.folders or not self.has(association.source)
        )


S = TypeVar("S", bound=Subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataRule(Generic[S]):
    """One rule. `find` yields every place that breaks it; what the reader of the message reported is not repeated."""

    id: str
    source: str
    find: Callable[[S], Iterable[Fault]]
    code: XdsErrorCode = XdsErrorCode.REGISTRY_METADATA
    severity: Severity = Severity.ERROR
    domains: frozenset[str] = EVERYWHERE

    def check(self, subject: S) -> Iterator[RegistryError]:
        if subject.domain.name not in self.domains:
            return
        for fault in self.find(subject):
            yield disagreement(self.id, fault.location, fault.found, fault.expected, self.code, severity=self.severity)


def entry_path(entry: DocumentEntry, attribute: str = "") -> str:
    """How faults name an entry or an attribute of it."""
    return _path("ExtrinsicObject", entry.entry_uuid, attribute)


def set_path(submission_set: SubmissionSet, attribute: str = "") -> str:
    """How faults name the submission set or an attribute of it."""
    return _path("RegistryPackage", submission_set.entry_uuid, attribute)


def folder_path(folder: Folder, attribute: str = "") -> str:
    """How faults name a folder or an attribute of it."""
    return _path("RegistryPackage", folder.entry_uuid, attribute)


def association_path(association: Association, attribute: str = "") -> str:
    """How faults name an association or an attribute of it."""
    return _path("Association", association.entry_uuid, attribute)


def _path(element: str, identifier: str, attribute: str) -> str:
    return f"{element}[{identifier}]/{attribute}" if attribute else f"{element}[{identifier}]"

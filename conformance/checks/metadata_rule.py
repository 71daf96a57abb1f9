"""A rule on submitted metadata is a row: identifier, source, code, and what it looks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from profiles.codes import Domain
from xds.errors import RegistryError, Severity, XdsErrorCode, disagreement
from xds.messages import ProvideAndRegisterRequest
from xds.metadata.association import Association
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.submission_set import SubmissionSet


@dataclass(frozen=True, slots=True)
class Fault:
    """What a rule found: where, what stands there, what should."""

    location: str
    found: str
    expected: str


@dataclass(frozen=True)
class Subject:
    """What rules look at: one submission, in one domain."""

    request: ProvideAndRegisterRequest
    domain: Domain

    @cached_property
    def entries(self) -> dict[str, DocumentEntry]:
        """Entries by id, as sent."""
        return {entry.entry_uuid: entry for entry in self.request.entries}

    @cached_property
    def associations(self) -> dict[str, Association]:
        """Associations by id, as sent."""
        return {association.entry_uuid: association for association in self.request.associations}

    @cached_property
    def clinical_entries(self) -> tuple[DocumentEntry, ...]:
        """Entries of documents of care: all but that of the lot signature."""
        return tuple(entry for entry in self.request.entries if not self.is_signature(entry))

    @cached_property
    def signature_entries(self) -> tuple[DocumentEntry, ...]:
        """Entries whose type is that of a lot signature."""
        return tuple(filter(self.is_signature, self.request.entries))

    @property
    def submission_sets(self) -> tuple[SubmissionSet, ...]:
        """The submission set, or nothing when the message has not exactly one."""
        return (self.request.submission_set,) if self.request.submission_set else ()

    def is_signature(self, entry: DocumentEntry) -> bool:
        """Whether an entry is that of a lot signature."""
        kind = entry.type_code
        return kind is not None and self.domain.lot_signature.is_type((kind.code, kind.scheme))

    def is_submission_set(self, identifier: str) -> bool:
        """Whether an id is that of the submission set."""
        submission_set = self.request.submission_set
        return submission_set is not None and submission_set.entry_uuid == identifier

    def has(self, identifier: str) -> bool:
        """Whether an id is that of an object of the message."""
        return identifier in self.entries or identifier in self.associations or self.is_submission_set(identifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataRule:
    """One rule. `find` yields every place that breaks it; what the reader of the message reported is not repeated."""

    id: str
    source: str
    find: Callable[[Subject], Iterable[Fault]]
    code: XdsErrorCode = XdsErrorCode.REGISTRY_METADATA
    severity: Severity = Severity.ERROR

    def check(self, subject: Subject) -> Iterator[RegistryError]:
        for fault in self.find(subject):
            yield disagreement(self.id, fault.location, fault.found, fault.expected, self.code, severity=self.severity)


def entry_path(entry: DocumentEntry, attribute: str = "") -> str:
    """How faults name an entry or an attribute of it."""
    return _path("ExtrinsicObject", entry.entry_uuid, attribute)


def set_path(submission_set: SubmissionSet, attribute: str = "") -> str:
    """How faults name the submission set or an attribute of it."""
    return _path("RegistryPackage", submission_set.entry_uuid, attribute)


def association_path(association: Association, attribute: str = "") -> str:
    """How faults name an association or an attribute of it."""
    return _path("Association", association.entry_uuid, attribute)


def _path(element: str, identifier: str, attribute: str) -> str:
    return f"{element}[{identifier}]/{attribute}" if attribute else f"{element}[{identifier}]"

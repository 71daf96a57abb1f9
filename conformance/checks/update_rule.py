"""What rules of Update Document Set look at: its message, its operations, and what is registered (ITI TF-2 §3.57)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from conformance.checks.metadata_rule import MetadataRule, Subject, entry_path, folder_path
from xds.metadata.association import Association
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.symbolic import UUID_URN
from xds.registry.operations import NewVersion, Operations, operations_of
from xds.registry.registered import Registered, RegisteredFacts

Version = NewVersion[DocumentEntry] | NewVersion[Folder]


@dataclass(frozen=True, kw_only=True)
class UpdateSubject(Subject):
    """One update and what it meets."""

    facts: RegisteredFacts

    @cached_property
    def operations(self) -> Operations:
        """The operations of the message."""
        return operations_of(self.request)

    @cached_property
    def versions(self) -> tuple[tuple[Version, Registered], ...]:
        """New versions, each with the last registered version of its logicalID; those without one are left out."""
        return tuple(
            (one, latest)
            for one in self.operations.versions
            if not is_initial(one) and (latest := self.facts.latest(one.logical_id)) and latest.kind is one.kind
        )

    @cached_property
    def new_versions(self) -> dict[str, tuple[Version, Registered]]:
        """What each new version of the message will be once registered, by its id as sent."""
        record = self.facts.record_of(self.patient_id)
        return {
            one.metadata.entry_uuid: (
                one,
                replace(
                    latest,
                    entry_uuid=one.metadata.entry_uuid,
                    version=latest.version + 1,
                    status=AvailabilityStatus.APPROVED,
                    patient_key=record.patient_key if record is not None else latest.patient_key,
                ),
            )
            for one, latest in self.versions
        }

    @cached_property
    def submitted(self) -> dict[str, Association]:
        """Associations that the message submits, by their id as sent."""
        return {new.association.entry_uuid: new.association for new in self.operations.associations}

    def object_of(self, identifier: str) -> Registered | None:
        """The registered object of this id, or the new version that will have it."""
        new = self.new_versions.get(identifier)
        return new[1] if new is not None else self.facts.objects.get(identifier)

    @property
    def patient_id(self) -> str:
        """The patient of the submission set."""
        return self.request.submission_set.patient_id if self.request.submission_set else ""


UpdateRule = MetadataRule[UpdateSubject]


def is_initial(version: Version) -> bool:
    """Whether an object is sent as a first version: no logicalID, or its own id."""
    return version.logical_id in ("", version.metadata.entry_uuid)


def is_uuid(identifier: str) -> bool:
    """Whether an id can be that of something registered."""
    return identifier.startswith(UUID_URN)


def version_path(version: Version, attribute: str = "") -> str:
    """How faults name a new version or an attribute of it."""
    metadata = version.metadata
    if isinstance(metadata, Folder):
        return folder_path(metadata, attribute)
    return entry_path(metadata, attribute)


def each_id(subject: Subject) -> Iterator[tuple[str, str]]:
    """Every object of the message: its path and its id."""
    request = subject.request
    for submission_set in subject.submission_sets:
        yield f"RegistryPackage[{submission_set.entry_uuid}]/@id", submission_set.entry_uuid
    for entry in request.entries:
        yield entry_path(entry, "@id"), entry.entry_uuid
    for folder in request.folders:
        yield folder_path(folder, "@id"), folder.entry_uuid
    for one in request.associations:
        yield f"Association[{one.entry_uuid}]/@id", one.entry_uuid

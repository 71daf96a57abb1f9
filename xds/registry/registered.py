"""What is registered around the objects that an amendment names: facts of one snapshot, for the rules that judge it.

Pure values; the rules that read them open no store (ITI TF-2 §3.57, §3.62, §3.86).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import AvailabilityStatus
from xds.registry.facts import ObjectKind
from xds.registry.identifiers import canonical_patient_id

HAS_MEMBER = AssociationType.HAS_MEMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredRecord:
    """The record that objects lie in. What was decided on facts of it holds as long as `revision` is the same."""

    patient_key: UUID
    patient_id: str
    is_open: bool
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """One registered object. What its kind does not have is empty.

    `hash` is in lower case; `blob_address` names the bytes of a document that this repository holds, 32 bytes long.
    """

    entry_uuid: str
    kind: ObjectKind
    patient_key: UUID
    status: AvailabilityStatus
    unique_id: str = ""
    logical_id: str = ""
    version: int = 1
    object_type: str = ""
    hash: str | None = None
    size: int | None = None
    blob_address: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One registered association: what its columns say, ids all `urn:uuid:`, and its fragment for the rest."""

    patient_key: UUID
    association: Association
    fragment: bytes

    @property
    def entry_uuid(self) -> str:
        """Its id."""
        return self.association.entry_uuid

    @property
    def is_approved(self) -> bool:
        """Whether it counts."""
        return self.association.availability_status is AvailabilityStatus.APPROVED


@dataclass(frozen=True)
class RegisteredFacts:
    """Everything that was read in one snapshot.

    `records` are those of every object, association and patient here, by key; `patients` are the keys of those asked
    about, by canonical CX; `objects` by id, associations not among them; `links` by id. `taken` are the uniqueIds asked
    about that are registered. `repositories` are the repositoryUniqueIds of documents asked about by their logicalID.
    """

    records: Mapping[UUID, RegisteredRecord]
    patients: Mapping[str, UUID]
    objects: Mapping[str, Registered]
    links: Mapping[str, Link]
    taken: frozenset[str]
    repositories: Mapping[str, str]

    @property
    def revisions(self) -> dict[UUID, int]:
        """What to compare under the lock."""
        return {record.patient_key: record.revision for record in self.records.values()}

    def record_of(self, patient_id: str) -> RegisteredRecord | None:
        """The open record of a patient (CX), or None."""
        key = self.patients.get(canonical_patient_id(patient_id))
        record = self.records.get(key) if key is not None else None
        return record if record is not None and record.is_open else None

    def knows(self, entry_uuid: str) -> bool:
        """Whether an id is that of something registered."""
        return entry_uuid in self.objects or entry_uuid in self.links

    def kind_of(self, entry_uuid: str) -> ObjectKind | None:
        """The kind of what has this id."""
        if entry_uuid in self.links:
            return ObjectKind.ASSOCIATION
        return self.objects[entry_uuid].kind if entry_uuid in self.objects else None

    def patient_of(self, ids: Iterable[str]) -> str:
        """The patient (CX) that objects belong to; empty when there are several."""
        found = [self.objects.get(one) or self.links.get(one) for one in ids]
        patients = {self.records[one.patient_key].patient_id for one in found if one is not None}
        return patients.pop() if len(patients) == 1 else ""

    def latest(self, logical_id: str) -> Registered | None:
        """The last version of a document or folder."""
        return self._latest.get(logical_id)

    def is_latest(self, one: Registered) -> bool:
        """Whether no later version of an object is registered."""
        last = self._latest.get(one.logical_id)
        return last is None or last.entry_uuid == one.entry_uuid

    def documents_named(self, unique_id: str) -> tuple[Registered, ...]:
        """Every document of a uniqueId, whatever its version and record."""
        return tuple(
            one for one in self.objects.values() if one.kind is ObjectKind.DOCUMENT_ENTRY and one.unique_id == unique_id
        )

    def links_from(self, entry_uuid: str) -> tuple[Link, ...]:
        """Associations that start from an object."""
        return tuple(self._ends[0].get(entry_uuid, ()))

    def links_to(self, entry_uuid: str) -> tuple[Link, ...]:
        """Associations that end at an object."""
        return tuple(self._ends[1].get(entry_uuid, ()))

    def is_membership(self, link: Association) -> bool:
        """Whether an association puts a document in a folder."""
        return link.association_type is HAS_MEMBER and self.kind_of(link.source) is ObjectKind.FOLDER

    def is_of_submission_set(self, link: Association) -> bool:
        """Whether an association starts from a submission set, or ends at one."""
        return ObjectKind.SUBMISSION_SET in (self.kind_of(link.source), self.kind_of(link.target))

    def replaced_with(self, entry_uuid: str) -> Iterator[Registered]:
        """A document and all that goes with it when it is replaced: its addenda and transformations, at every depth."""
        found, waiting = {entry_uuid}, [entry_uuid]
        while waiting:
            current = waiting.pop()
            if current in self.objects:
                yield self.objects[current]
            for link in self.links_to(current):
                source = link.association.source
                if link.is_approved and link.association.association_type in FOLLOWERS and source not in found:
                    found.add(source)
                    waiting.append(source)

    @cached_property
    def _latest(self) -> dict[str, Registered]:
        last: dict[str, Registered] = {}
        for one in self.objects.values():
            if one.logical_id and (one.logical_id not in last or last[one.logical_id].version < one.version):
                last[one.logical_id] = one
        return last

    @cached_property
    def _ends(self) -> tuple[dict[str, list[Link]], dict[str, list[Link]]]:
        sources: dict[str, list[Link]] = {}
        targets: dict[str, list[Link]] = {}
        for link in self.links.values():
            sources.setdefault(link.association.source, []).append(link)
            targets.setdefault(link.association.target, []).append(link)
        return sources, targets


FOLLOWERS = frozenset((AssociationType.APND, AssociationType.XFRM))
"""What is deprecated with the document it belongs to (ITI TF-3 §4.2.2.2)."""

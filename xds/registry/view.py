"""What the registry answers: a record, what the requester may do with it, and the objects found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from xds.dmp.record import Authorisation, Record
from xds.dmp.requester import Requester
from xds.dmp.rights import may_read
from xds.ebrim.writer import object_ref, with_status
from xds.messages import ReturnType
from xds.metadata.association import AssociationType
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredEntry:
    """A registered document. `fragment` is its ebRIM as registered; `rendered` brings the status up to date.

    `confidentiality_codes` come without their scheme; codes have no display name. `author_person_ids` are PS_IdNat,
    `author_structure_ids` and `depositor_id` Struct_IdNat. `blob_address` names the sealed bytes, sealed to `key_id`.
    """

    patient_key: UUID
    entry_uuid: str
    unique_id: str
    status: AvailabilityStatus
    class_code: Code
    type_code: Code
    format_code: Code
    confidentiality_codes: tuple[str, ...]
    author_structure_ids: tuple[str, ...]
    author_person_ids: tuple[str, ...]
    depositor_id: str
    blob_address: bytes
    mime_type: str
    size: int
    hash: str
    key_id: UUID
    fragment: bytes

    def rendered(self) -> bytes:
        """The ebRIM fragment with the status of now."""
        return self.fragment if self.status is AvailabilityStatus.APPROVED else with_status(self.fragment, self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredSubmissionSet:
    """A registered submission set, always Approved."""

    entry_uuid: str
    unique_id: str
    fragment: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredAssociation:
    """A registered association, always Approved. `source` and `target` are `urn:uuid:`."""

    entry_uuid: str
    association_type: str
    source: str
    target: str
    fragment: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """An answer of the registry about one record; `record` is None when there is none for the patient.

    `entries` are the documents that match. `others` are the record's other documents, without fragment, when
    associations are part of the answer: whether an association may be shown depends on both its ends.
    """

    record: Record | None
    authorisation: Authorisation | None
    entries: tuple[RegisteredEntry, ...] = ()
    others: tuple[RegisteredEntry, ...] = ()
    submission_sets: tuple[RegisteredSubmissionSet, ...] = ()
    associations: tuple[RegisteredAssociation, ...] = ()
    record_keys: Mapping[UUID, bytes] = field(default_factory=dict)

    def readable_by(self, requester: Requester) -> RecordView:
        """Only what the requester may see, as if the rest did not exist.

        An association with a hidden end goes, and so does a submission set all of whose documents are hidden.
        """
        hidden = {item.entry_uuid for item in (*self.entries, *self.others) if not may_read(requester, item)}
        members: dict[str, set[str]] = {}
        for link in self.associations:
            if link.association_type == AssociationType.HAS_MEMBER:
                members.setdefault(link.source, set()).add(link.target)
        emptied = {source for source, targets in members.items() if targets <= hidden}
        gone = hidden | emptied
        return replace(
            self,
            entries=tuple(item for item in self.entries if item.entry_uuid not in gone),
            others=tuple(item for item in self.others if item.entry_uuid not in gone),
            submission_sets=tuple(item for item in self.submission_sets if item.entry_uuid not in gone),
            associations=tuple(
                link for link in self.associations if link.source not in gone and link.target not in gone
            ),
        )

    def objects(self, return_type: ReturnType = ReturnType.LEAF_CLASS) -> tuple[bytes, ...]:
        """The answer in ebRIM: submission sets, documents, then the associations with an end among them."""
        shown = (*(item.entry_uuid for item in self.submission_sets), *(item.entry_uuid for item in self.entries))
        ends = frozenset(shown)
        links = [link for link in self.associations if link.source in ends or link.target in ends]
        if return_type is ReturnType.OBJECT_REF:
            return tuple(map(object_ref, (*shown, *(link.entry_uuid for link in links))))
        return (
            *(item.fragment for item in self.submission_sets),
            *(item.rendered() for item in self.entries),
            *(link.fragment for link in links),
        )

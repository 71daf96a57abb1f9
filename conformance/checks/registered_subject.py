"""What rules against the past look at: a submission, and what the registry says of what it names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from conformance.checks.metadata_rule import Subject
from xds.dmp.record import RecordStatus
from xds.metadata.association import Association
from xds.metadata.document_entry import DocumentEntry
from xds.registry.facts import ObjectKind, Receipt, RegisteredObject

KIND_NAMES = {
    ObjectKind.DOCUMENT_ENTRY: "DocumentEntry",
    ObjectKind.SUBMISSION_SET: "SubmissionSet",
    ObjectKind.FOLDER: "Folder",
    ObjectKind.ASSOCIATION: "Association",
}


@dataclass(frozen=True)
class RegisteredSubject(Subject):
    """A submission and its receipt."""

    receipt: Receipt = field(kw_only=True)

    @property
    def knows_patient(self) -> bool:
        """Whether the patient of the submission is known, and active."""
        record = self.receipt.record
        return record is not None and record.status is RecordStatus.OPEN

    def registered(self, identifier: str) -> RegisteredObject | None:
        """The registered object of an id that is not of the message.

        In the DMP a sender may point at his own documents in this record, at nothing else.
        """
        known = None if self.has(identifier) else self.receipt.objects.get(identifier)
        if known is None or self.domain.name != "dmp":
            return known
        return known if known.kind is ObjectKind.DOCUMENT_ENTRY and known.same_patient else None

    def document(self, identifier: str) -> RegisteredObject | None:
        """The registered document of an id, None when it is something else or nothing."""
        known = self.registered(identifier)
        return known if known is not None and known.kind is ObjectKind.DOCUMENT_ENTRY else None

    def folder(self, identifier: str) -> RegisteredObject | None:
        """The registered folder of an id, None when it is something else or nothing."""
        known = self.registered(identifier)
        return known if known is not None and known.kind is ObjectKind.FOLDER else None

    def outside(self) -> Iterator[tuple[Association, str, str]]:
        """Ends of associations that are UUIDs and not of the message: association, attribute, id."""
        for one in (*self.members, *self.relationships):
            for name, end in (("@sourceObject", one.source), ("@targetObject", one.target)):
                if not self.has(end):
                    yield one, name, end

    def folder_members(self) -> Iterator[Association]:
        """HasMember associations that put a document into a folder."""
        return (one for one in self.members if self.is_folder_member(one))

    def fingerprint(self, entry: DocumentEntry) -> tuple[str | None, int | None]:
        """Hash, lower case, and size of a document: those of its bytes where they came, else those declared."""
        content = self.documents.get(entry.entry_uuid)
        if content is None:
            return (entry.hash.lower() if entry.hash else None), entry.size
        return hashlib.sha1(content, usedforsecurity=False).hexdigest(), len(content)

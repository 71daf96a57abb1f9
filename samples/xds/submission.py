"""A submission of a generic domain, put together object by object, right until it is spoiled (ITI TF-3 §4.2.2).

Every method returns another submission. What joins a submission brings the associations it needs; what is changed
afterwards is put right nowhere else.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree

from samples.documents.elements import new_oid
from samples.xds.documents import SampleDocument, text_document
from samples.xds.entries import new_entry, new_folder, new_submission_set
from samples.xds.patients import DomainPatient
from security import xml
from xds.ebrim.writer import write_submit_objects
from xds.metadata.association import Association, AssociationType
from xds.metadata.codes import Code
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet

Rewriting = Callable[[etree._Element], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class XdsSubmission:
    """A submission as it will be sent. `contents` maps `xds:Document/@id`, the id of an entry, to bytes, in order.

    `rewritings` are applied to the `lcm:SubmitObjectsRequest`: for what no metadata class can say.
    """

    submission_set: SubmissionSet
    entries: tuple[DocumentEntry, ...] = ()
    folders: tuple[Folder, ...] = ()
    associations: tuple[Association, ...] = ()
    contents: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    rewritings: tuple[Rewriting, ...] = ()

    @property
    def xml(self) -> etree._Element:
        """The `lcm:SubmitObjectsRequest`."""
        root = xml.parse(write_submit_objects(self.submission_set, self.entries, self.associations, self.folders))
        for rewrite in self.rewritings:
            rewrite(root)
        return root

    @property
    def documents(self) -> Mapping[str, tuple[str, str, bytes]]:
        """Content-ID, media type and bytes by `xds:Document/@id`, in order."""
        types = {entry.entry_uuid: entry.mime_type for entry in self.entries}
        return {
            name: (f"part{rank}@lot.ecluse", types.get(name, "application/octet-stream"), content)
            for rank, (name, content) in enumerate(self.contents.items(), start=1)
        }

    @property
    def patient_id(self) -> str:
        """The patient of the SubmissionSet, a CX."""
        return self.submission_set.patient_id

    @property
    def unique_ids(self) -> tuple[str, ...]:
        """The uniqueIds of the documents."""
        return tuple(entry.unique_id for entry in self.entries)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of every object of the submission."""
        members = (
            *(entry.entry_uuid for entry in self.entries),
            *(folder.entry_uuid for folder in self.folders),
            *(association.entry_uuid for association in self.associations),
        )
        return (self.submission_set.entry_uuid, *members)

    def add_entry(self, entry: DocumentEntry, content: bytes | None = None, **membership: Any) -> XdsSubmission:
        """Add a document, with its bytes when they travel along; `membership` changes its SS→DE HasMember."""
        named = replace(entry, entry_uuid=f"Document{len(self.entries) + 1:02}")
        added = replace(self, entries=(*self.entries, named))
        if content is not None:
            added = replace(added, contents={**self.contents, named.entry_uuid: content})
        return added.add_member(named.entry_uuid, **{"submission_set_status": "Original", **membership})

    def add_document(
        self, patient: DomainPatient, document: SampleDocument | None = None, **changes: Any
    ) -> XdsSubmission:
        """Add a new document of `patient` and its bytes; `changes` are those of its entry."""
        document = document or text_document()
        return self.add_entry(new_entry(patient, document, **changes), document.content)

    def add_folder(self, folder: Folder, **membership: Any) -> XdsSubmission:
        """Add a folder; `membership` changes its SS→Folder HasMember."""
        named = replace(folder, entry_uuid=f"Folder{len(self.folders) + 1:02}")
        return replace(self, folders=(*self.folders, named)).add_member(named.entry_uuid, **membership)

    def add_member(self, target: str, **changes: Any) -> XdsSubmission:
        """Make `target` a member of the SubmissionSet."""
        return self.associate(AssociationType.HAS_MEMBER, self.submission_set.entry_uuid, target, **changes)

    def refer_to(self, entry_uuid: str) -> XdsSubmission:
        """Name a document that is registered already: SS→DE HasMember with `Reference`."""
        return self.add_member(entry_uuid, submission_set_status="Reference")

    def file(self, folder: str, entry: str) -> XdsSubmission:
        """Put a document in a folder, each by its id: FD-DE HasMember, and the SS-HM that goes with it."""
        filed = self.associate(AssociationType.HAS_MEMBER, folder, entry)
        return filed.add_member(filed.associations[-1].entry_uuid)

    def relate(
        self, kind: AssociationType, source: str, target: str, documentation: Code | None = None
    ) -> XdsSubmission:
        """Add a relationship between two documents, each by its id."""
        return self.associate(kind, source, target, documentation=documentation)

    def associate(self, kind: AssociationType, source: str, target: str, **changes: Any) -> XdsSubmission:
        """Add any association, by itself; its id is `Association` and its rank."""
        name = f"Association{len(self.associations) + 1:02}"
        added = Association(entry_uuid=name, association_type=kind, source=source, target=target)
        return replace(self, associations=(*self.associations, replace(added, **changes)))

    def with_entry(self, rank: int, **changes: Any) -> XdsSubmission:
        """Change attributes of the entry at `rank`, from 0."""
        return replace(self, entries=_changed(self.entries, rank, changes))

    def with_folder(self, rank: int, **changes: Any) -> XdsSubmission:
        """Change attributes of the folder at `rank`, from 0."""
        return replace(self, folders=_changed(self.folders, rank, changes))

    def with_association(self, rank: int, **changes: Any) -> XdsSubmission:
        """Change attributes of the association at `rank`, from 0."""
        return replace(self, associations=_changed(self.associations, rank, changes))

    def with_submission_set(self, **changes: Any) -> XdsSubmission:
        """Change attributes of the SubmissionSet."""
        return replace(self, submission_set=replace(self.submission_set, **changes))

    def without_association(self, rank: int) -> XdsSubmission:
        """Leave out the association at `rank`, from 0."""
        return replace(self, associations=self.associations[:rank] + self.associations[rank + 1 :])

    def without_contents(self) -> XdsSubmission:
        """Metadata alone, as they are registered."""
        return replace(self, contents={})

    def rewritten(self, rewrite: Rewriting) -> XdsSubmission:
        """Change the XML itself."""
        return replace(self, rewritings=(*self.rewritings, rewrite))

    def in_repository(self, repository_unique_id: str) -> XdsSubmission:
        """Name the repository that holds the documents, as a repository does before it registers them."""
        held = tuple(replace(entry, repository_unique_id=repository_unique_id) for entry in self.entries)
        return replace(self, entries=held)

    def assigned(self) -> XdsSubmission:
        """Give every object a UUID of its own in place of its symbolic id, so that it is known beforehand."""
        new = {name: f"urn:uuid:{uuid.uuid4()}" for name in self.ids if not name.startswith("urn:uuid:")}
        return replace(
            self,
            submission_set=_named(self.submission_set, new),
            entries=tuple(_named(entry, new) for entry in self.entries),
            folders=tuple(_named(folder, new) for folder in self.folders),
            associations=tuple(
                replace(
                    _named(item, new),
                    source=new.get(item.source, item.source),
                    target=new.get(item.target, item.target),
                )
                for item in self.associations
            ),
            contents={new.get(name, name): content for name, content in self.contents.items()},
        )

    def again(self) -> XdsSubmission:
        """The same once more, under other uniqueIds of what may have only one: SubmissionSet and folders."""
        return replace(
            self,
            submission_set=replace(self.submission_set, unique_id=new_oid()),
            folders=tuple(replace(folder, unique_id=new_oid()) for folder in self.folders),
        )


def new_submission(patient: DomainPatient, **changes: Any) -> XdsSubmission:
    """A submission with nothing in it yet; `changes` are those of its SubmissionSet."""
    return XdsSubmission(submission_set=new_submission_set(patient, **changes))


def one_document(patient: DomainPatient, document: SampleDocument | None = None, **changes: Any) -> XdsSubmission:
    """A submission of one document; `changes` are those of its entry."""
    return new_submission(patient).add_document(patient, document, **changes)


def folder_of(patient: DomainPatient, documents: int = 1) -> XdsSubmission:
    """A submission of one folder and of `documents` documents, all in it."""
    lot = new_submission(patient)
    for _ in range(documents):
        lot = lot.add_document(patient)
    lot = lot.add_folder(new_folder(patient))
    for entry in lot.entries:
        lot = lot.file(lot.folders[0].entry_uuid, entry.entry_uuid)
    return lot


def _changed(items: tuple[Any, ...], rank: int, changes: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(replace(item, **changes) if at == rank else item for at, item in enumerate(items))


def _named(item: Any, new: Mapping[str, str]) -> Any:
    return replace(item, entry_uuid=new.get(item.entry_uuid, item.entry_uuid))

"""A submission as the functions of the database take it: rows, and fragments rendered once. Pure."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from xds.ebrim.writer import write_association, write_entry, write_folder, write_submission_set
from xds.metadata.association import Association
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet
from xds.registry.identifiers import uuid_text
from xds.registry.rows import NewEntry, association_row, entry_row, folder_row, submission_set_row, uuid_array


@dataclass(frozen=True, slots=True, kw_only=True)
class IfMasked:
    """What a document is registered as if the one that it replaces is masked, which the depositor is not told.

    `entry_uuid` is its own, `target` that of the replaced document. `mask_when_visible`: the mask waits (D-084).
    """

    entry_uuid: str
    target: str
    confidentiality_codes: tuple[Code, ...]
    mask_when_visible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A submission whose bytes are stored and whose ids are `urn:uuid:`.

    `time` is the lastUpdateTime of its folders. `mask_when_visible` are entryUUIDs of documents to mask once the
    patient may see them.
    """

    submission_set: SubmissionSet
    entries: Sequence[NewEntry]
    folders: Sequence[Folder] = ()
    associations: Sequence[Association]
    time: str
    mask_when_visible: Container[str] = ()
    if_masked: Sequence[IfMasked] = ()
    _by_uuid: Mapping[str, DocumentEntry] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_uuid", {new.entry.entry_uuid: new.entry for new in self.entries})

    @property
    def ids(self) -> str:
        """The UUIDs of its objects, as an array."""
        found = [self.submission_set.entry_uuid, *self._by_uuid]
        found += [folder.entry_uuid for folder in self.folders]
        found += [association.entry_uuid for association in self.associations]
        return uuid_array(map(uuid_text, found))

    def set_row(self) -> str:
        """The row of the submission set."""
        return orjson.dumps(submission_set_row(self.submission_set)).decode()

    def entry_rows(self) -> str:
        """The rows of its documents."""
        return orjson.dumps([self._entry_row(new) for new in self.entries]).decode()

    def folder_rows(self) -> str:
        """The rows of its folders."""
        return orjson.dumps([folder_row(folder) for folder in self.folders]).decode()

    def association_rows(self) -> str:
        """The rows of its associations."""
        return orjson.dumps([association_row(association) for association in self.associations]).decode()

    def masked_rows(self) -> str:
        """For each document of `if_masked`, the document it replaces and what it then is."""
        return orjson.dumps([self._masked_row(item) for item in self.if_masked]).decode()

    def fragments(self) -> list[bytes]:
        """The set, documents, folders, associations, then the documents of `if_masked`, masked."""
        return [
            write_submission_set(self.submission_set),
            *(write_entry(new.entry) for new in self.entries),
            *(write_folder(replace(folder, last_update_time=self.time)) for folder in self.folders),
            *(write_association(association, AvailabilityStatus.APPROVED) for association in self.associations),
            *(write_entry(self._masked(item)) for item in self.if_masked),
        ]

    def spelled(self, fragments: Sequence[bytes]) -> list[tuple[DocumentEntry, bytes]]:
        """Its documents, each with its fragment among `fragments`; those of `if_masked` as they are, and masked."""
        masked = map(self._masked, self.if_masked)
        return [
            *zip(self._by_uuid.values(), fragments[1:], strict=False),
            *zip(masked, fragments[len(fragments) - len(self.if_masked) :], strict=True),
        ]

    def _entry_row(self, new: NewEntry) -> dict[str, Any]:
        row = entry_row(new)
        return {**row, "mask_when_visible": True} if new.entry.entry_uuid in self.mask_when_visible else row

    def _masked(self, item: IfMasked) -> DocumentEntry:
        return replace(self._by_uuid[item.entry_uuid], confidentiality_codes=item.confidentiality_codes)

    def _masked_row(self, item: IfMasked) -> dict[str, Any]:
        return {
            "entry_uuid": uuid_text(item.entry_uuid),
            "target": uuid_text(item.target),
            "codes": entry_row(NewEntry(entry=self._masked(item), blob_address=None))["codes"],
            "mask_when_visible": item.mask_when_visible,
        }

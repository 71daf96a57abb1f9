"""A whole lot to deposit, made from documents: metadata, signature, associations (ITI TF-2 §3.41; DMP TD2.1).

Right by default. The methods of a `Submission` return another one in which one thing was changed and nothing was put
right: neither the signature nor the hashes follow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from lxml import etree

from cda.document import parse_document
from cda.header import read_header
from cda.to_metadata import to_entry
from samples.documents.elements import new_oid
from samples.lot import sign_lot
from samples.pki.credential import Credential
from samples.sender import Sender
from security import xml
from xds.ebrim.writer import write_submit_objects
from xds.metadata.association import Association, AssociationType
from xds.metadata.codes import Code
from xds.metadata.datatypes import format_dtm
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.signature_entry import signature_entry
from xds.metadata.submission_set import SubmissionSet

SUBMISSION_SET: Final = "SubmissionSet01"
SIGNATURE: Final = "Signature01"
SOFTWARE: Final = "1.2.250.1.213.99.2.1"
"""The sourceId of the sample software."""

_SECTORS = "1.2.250.1.71.4.2.4"
_VISIBILITY = "1.2.250.1.213.1.1.4.13"
NORMAL: Final = Code("N", "2.16.840.1.113883.5.25", "Normal")
MASQUE_PS: Final = Code("MASQUE_PS", _VISIBILITY, "Masqué aux professionnels de santé")
INVISIBLE_PATIENT: Final = Code("INVISIBLE_PATIENT", _VISIBILITY, "Non visible par le patient")

Source = bytes | tuple[DocumentEntry, bytes]
"""A CDA document, whose entry is derived from its header, or an entry and its bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A lot as it will be sent. `contents` maps `xds:Document/@id`, the id of an entry, to bytes, in order."""

    submission_set: SubmissionSet
    entries: tuple[DocumentEntry, ...]
    associations: tuple[Association, ...]
    contents: Mapping[str, bytes] = field(repr=False)

    @property
    def xml(self) -> etree._Element:
        """The `lcm:SubmitObjectsRequest`."""
        return xml.parse(write_submit_objects(self.submission_set, self.entries, self.associations))

    @property
    def documents(self) -> Mapping[str, tuple[str, str, bytes]]:
        """Content-ID, media type and bytes by `xds:Document/@id`, in order."""
        types = {entry.entry_uuid: entry.mime_type for entry in self.entries}
        return {
            name: (f"{name}@lot.ecluse", types.get(name, "application/octet-stream"), content)
            for name, content in self.contents.items()
        }

    @property
    def unique_ids(self) -> tuple[str, ...]:
        """The uniqueIds of the documents, signature left out."""
        return tuple(entry.unique_id for entry in self.entries if entry.entry_uuid != SIGNATURE)

    def with_entry(self, rank: int, **changes: Any) -> Submission:
        """Change attributes of the entry at `rank` (from 0; the signature is the last)."""
        entries = list(self.entries)
        entries[rank] = replace(entries[rank], **changes)
        return replace(self, entries=tuple(entries))

    def with_submission_set(self, **changes: Any) -> Submission:
        """Change attributes of the SubmissionSet."""
        return replace(self, submission_set=replace(self.submission_set, **changes))

    def with_content(self, rank: int, content: bytes, *, declared: bool = False) -> Submission:
        """Send other bytes for the entry at `rank`; `declared`: its hash and size are those of these bytes."""
        changed = self.with_document(self.entries[rank].entry_uuid, content)
        return changed.with_entry(rank, hash=_sha1(content), size=len(content)) if declared else changed

    def with_document(self, name: str, content: bytes) -> Submission:
        """Send `content` under `xds:Document/@id` `name`, whether an entry has that id or not."""
        return replace(self, contents={**self.contents, name: content})

    def without_document(self, name: str) -> Submission:
        """Do not send the document `name`; its entry stays."""
        return replace(self, contents={key: value for key, value in self.contents.items() if key != name})

    def with_association(self, association: Association) -> Submission:
        """Add an association."""
        return replace(self, associations=(*self.associations, association))

    def without_associations(self, association_type: AssociationType, source: str | None = None) -> Submission:
        """Leave out the associations of a type, or those of them that come from `source`."""
        kept = tuple(
            item
            for item in self.associations
            if item.association_type is not association_type or (source is not None and item.source != source)
        )
        return replace(self, associations=kept)

    def without_signature(self) -> Submission:
        """Leave out the signature document and everything that names it."""
        return replace(
            self.without_document(SIGNATURE),
            entries=tuple(entry for entry in self.entries if entry.entry_uuid != SIGNATURE),
            associations=tuple(item for item in self.associations if SIGNATURE not in (item.source, item.target)),
        )


def build_submission(
    documents: Sequence[Source],
    *,
    signer: Credential,
    now: datetime,
    sender: Sender | None = None,
    patient_id: str | None = None,
    replaces: Mapping[int, str] | None = None,
    confidentiality: Iterable[Code] = (),
    unique_id: str | None = None,
    signature: bytes | None = None,
) -> Submission:
    """Make a signed lot of `documents`.

    `signer` is the sealing certificate, and the sender unless `sender` is given. `patient_id` (CX) defaults to the
    first document's. `replaces` maps the rank of a document to the entryUUID it replaces. `confidentiality` is added to
    the code of every document. `signature` takes the place of the signature of this lot.
    """
    sender = sender or Sender.of(signer)
    pairs = [_pair(rank, source, tuple(confidentiality)) for rank, source in enumerate(documents)]
    entries = [entry for entry, _ in pairs]
    submission_set = SubmissionSet(
        entry_uuid=SUBMISSION_SET,
        unique_id=unique_id or new_oid(),
        patient_id=patient_id or entries[0].patient_id,
        source_id=SOFTWARE,
        submission_time=format_dtm(now.astimezone(UTC)),
        content_type_code=Code(sender.sector, _SECTORS, "Secteur d'activité"),
        authors=(sender.author,),
    )
    if signature is None:
        signature = sign_lot(
            lot_unique_id=submission_set.unique_id,
            documents={entry.unique_id: content for entry, content in pairs},
            signer=signer,
            now=now,
        )
    entries.append(
        signature_entry(signature, submission_set, entries[0], entry_uuid=SIGNATURE, unique_id=new_oid(), now=now)
    )
    replaced = [
        _association(f"Replacement{rank + 1:02}", AssociationType.RPLC, entries[rank].entry_uuid, target)
        for rank, target in (replaces or {}).items()
    ]
    return Submission(
        submission_set=submission_set,
        entries=tuple(entries),
        associations=(
            *(_membership(rank, entry) for rank, entry in enumerate(entries)),
            _association("Signs01", AssociationType.SIGNS, SIGNATURE, SUBMISSION_SET),
            *replaced,
        ),
        contents={**{entry.entry_uuid: content for entry, content in pairs}, SIGNATURE: signature},
    )


def _pair(rank: int, source: Source, confidentiality: tuple[Code, ...]) -> tuple[DocumentEntry, bytes]:
    if isinstance(source, tuple):
        return source
    header = read_header(parse_document(source))
    name = f"Document{rank + 1:02}"
    return to_entry(header, source, entry_uuid=name, confidentiality=confidentiality), source


def _membership(rank: int, entry: DocumentEntry) -> Association:
    return replace(
        _association(f"Member{rank + 1:02}", AssociationType.HAS_MEMBER, SUBMISSION_SET, entry.entry_uuid),
        submission_set_status="Original",
    )


def _association(name: str, kind: AssociationType, source: str, target: str) -> Association:
    return Association(entry_uuid=name, association_type=kind, source=source, target=target)


def _sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()

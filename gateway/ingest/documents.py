"""The bytes of a submission on their way to the repository: sealed to the record, stored, described."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from security.at_rest.public_keys import RecordPublicKey
from security.at_rest.sealing import seal
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.metadata.document_entry import DocumentEntry
from xds.registry.rows import NewEntry
from xds.repository.address import BlobAddress
from xds.repository.writer import RepositoryFull, RepositoryUnavailable, RepositoryWriter


@dataclass(frozen=True, slots=True)
class _Kept:
    key_id: UUID
    addresses: tuple[BlobAddress, ...]


class OwnDocuments:
    """Documents for this repository; `contents` are in the order of the entries (ITI TF-2 §3.41.4.1.3)."""

    def __init__(self, repository: RepositoryWriter, repository_unique_id: str, contents: Sequence[bytes]) -> None:
        self._repository = repository
        self._repository_unique_id = repository_unique_id
        self._contents = tuple(contents)
        self._kept: _Kept | None = None

    def keep(self, entries: Sequence[DocumentEntry], public_key: RecordPublicKey) -> Sequence[NewEntry]:
        """Store every document once; again only when the record has another key."""
        if self._kept is not None and self._kept.key_id != public_key.key_id:
            self.discard()
        if self._kept is None:
            self._kept = _Kept(public_key.key_id, self._store(entries, public_key))
        return [
            NewEntry(entry=self._completed(entry, content), blob_address=address.digest)
            for entry, content, address in zip(entries, self._contents, self._kept.addresses, strict=True)
        ]

    def discard(self) -> None:
        """Remove what was stored."""
        if self._kept is not None:
            self._repository.discard(self._kept.addresses)
            self._kept = None

    def _store(self, entries: Sequence[DocumentEntry], public_key: RecordPublicKey) -> tuple[BlobAddress, ...]:
        try:
            return self._repository.store_all(
                seal(content, record=public_key, document=entry.unique_id)
                for entry, content in zip(entries, self._contents, strict=True)
            )
        except RepositoryFull:
            text = "no room is left for documents; nothing was kept"
            raise Refusal([RegistryError(XdsErrorCode.REPOSITORY_OUT_OF_RESOURCES, text)]) from None
        except RepositoryUnavailable:
            text = "documents cannot be written; nothing was kept: send again later"
            raise Refusal([RegistryError(XdsErrorCode.REPOSITORY, text)]) from None

    def _completed(self, entry: DocumentEntry, content: bytes) -> DocumentEntry:
        """The entry as a repository registers it (ITI TF-2 §3.41.4.1.3)."""
        return replace(
            entry,
            hash=hashlib.sha1(content, usedforsecurity=False).hexdigest(),
            size=len(content),
            repository_unique_id=self._repository_unique_id,
        )


class DocumentsElsewhere:
    """Documents that another repository holds: nothing to keep, nothing to undo (ITI TF-2 §3.42)."""

    def keep(self, entries: Sequence[DocumentEntry], public_key: RecordPublicKey) -> Sequence[NewEntry]:
        """The entries as they are."""
        return [NewEntry(entry=entry, blob_address=None) for entry in entries]

    def discard(self) -> None:
        """Nothing was kept."""


def contents_of(entries: Sequence[DocumentEntry], documents: Mapping[str, bytes]) -> tuple[bytes, ...]:
    """The documents in the order of their entries, whose ids are as sent."""
    return tuple(documents[entry.entry_uuid] for entry in entries)

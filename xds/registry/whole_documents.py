"""Documents of an answer as wholes: metadata, logicalID, version, last change, and the relations that start from them.

The answer says which are seen; nothing is read here but of those.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg_pool import ConnectionPool

from security.xml import parse
from xds.ebrim.faults import Faults
from xds.ebrim.objects import read_entry, read_submission_set
from xds.metadata.association import AssociationType
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.submission_set import SubmissionSet
from xds.registry.availability import answering
from xds.registry.identifiers import urn_of, uuid_of
from xds.registry.view import Version, View

_LOGICAL_IDS: Final[LiteralString] = (
    "SELECT e.entry_uuid, e.logical_id FROM document_entries e WHERE e.patient_key = %s AND e.entry_uuid = ANY (%s)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeDocument:
    """The last version of a document. `entry` has its ids, version and status of now; `changed_at` is UTC.

    `relations` are associations from it to documents that are seen too, by their logicalID.
    """

    entry: DocumentEntry
    changed_at: datetime
    relations: tuple[tuple[AssociationType, str], ...] = ()

    @property
    def logical_id(self) -> str:
        """What names the document in every version, `urn:uuid:`."""
        return self.entry.logical_id or self.entry.entry_uuid


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """The last version of a document as it is kept: what it says is read when it is asked for. Equal is the same."""

    entry_uuid: str
    unique_id: str
    mime_type: str
    status: AvailabilityStatus
    version: Version
    fragment: bytes

    def whole(self) -> WholeDocument:
        """What it says."""
        entry = replace(
            _read_entry(self.fragment),
            entry_uuid=self.entry_uuid,
            logical_id=self.version.logical_id,
            version=self.version.number,
            availability_status=self.status,
        )
        return WholeDocument(entry=entry, changed_at=self.version.changed_at, relations=self.version.relations)


def found_documents(view: View) -> tuple[FoundDocument, ...]:
    """The documents of an answer with versions whose version is the last, in their order."""
    return tuple(
        [
            FoundDocument(one.entry_uuid, one.unique_id, one.mime_type, one.status, version, one.fragment)
            for one in view.entries
            if (version := view.versions.get(one.entry_uuid)) is not None and version.is_last
        ]
    )


class WholeDocuments:
    """Reads what a stored query does not answer."""

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        self._pool = pool

    def logical_ids(self, patient_key: UUID, ids: Iterable[str]) -> Mapping[str, str]:
        """The logicalID of each id that is one of a document of the record; ids were answered to the requester.

        Raises Refusal: the registry does not answer.
        """
        wanted = [uuid_of(one) for one in ids]
        with answering(), self._pool.connection() as connection, connection.cursor(binary=True) as cursor:
            rows = cursor.execute(_LOGICAL_IDS, (patient_key, wanted)).fetchall()
        return {urn_of(entry_uuid): urn_of(logical_id) for entry_uuid, logical_id in rows}


def read_lot(fragment: bytes) -> SubmissionSet:
    """The submission set of a fragment of the registry."""
    return read_submission_set(parse(fragment), Faults())


@lru_cache(maxsize=1024)
def _read_entry(fragment: bytes) -> DocumentEntry:
    """Metadata never change under their fragment: most answers hold documents that were answered before."""
    return read_entry(parse(fragment), Faults())

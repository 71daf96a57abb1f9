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
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.submission_set import SubmissionSet
from xds.registry.availability import answering
from xds.registry.identifiers import urn_of, uuid_of
from xds.registry.view import RegisteredAssociation, RegisteredEntry

_LAST: Final[LiteralString] = """
SELECT e.entry_uuid, e.logical_id, e.version, e.changed_at,
       NOT EXISTS (SELECT FROM document_entries l
                   WHERE l.patient_key = e.patient_key AND l.logical_id = e.logical_id AND l.version > e.version)
FROM document_entries e
WHERE e.patient_key = %s AND e.entry_uuid = ANY (%s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeDocument:
    """The last version of a document. `entry` has its ids, version and status of now; `changed_at` is UTC.

    `relations` are associations from it to documents of the same answer or around it, by their logicalID.
    """

    entry: DocumentEntry
    changed_at: datetime
    relations: tuple[tuple[AssociationType, str], ...] = ()

    @property
    def logical_id(self) -> str:
        """What names the document in every version, `urn:uuid:`."""
        return self.entry.logical_id or self.entry.entry_uuid


class WholeDocuments:
    """Reads what a stored query does not answer."""

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        self._pool = pool

    def read(
        self, patient_key: UUID, seen: Iterable[RegisteredEntry], associations: Iterable[RegisteredAssociation] = ()
    ) -> tuple[WholeDocument, ...]:
        """The documents among those seen whose version is the last, in their order.

        `associations` were answered to the same requester. Raises Refusal: the registry does not answer.
        """
        entries, links = tuple(seen), tuple(associations)
        ids = {one.entry_uuid for one in entries} | {end for link in links for end in (link.source, link.target)}
        versions = self._versions(patient_key, ids)
        relations = _relations(links, versions)
        return tuple(
            WholeDocument(
                entry=_whole(one, last), changed_at=last.changed_at, relations=relations.get(one.entry_uuid, ())
            )
            for one in entries
            if (last := versions.get(one.entry_uuid)) is not None and last.is_last
        )

    def logical_ids(self, patient_key: UUID, ids: Iterable[str]) -> Mapping[str, str]:
        """The logicalID of each id that is one of a document of the record; ids were answered to the requester."""
        return {one: version.logical_id for one, version in self._versions(patient_key, ids).items()}

    def _versions(self, patient_key: UUID, ids: Iterable[str]) -> Mapping[str, _Version]:
        wanted = [uuid_of(one) for one in ids]
        with answering(), self._pool.connection() as connection, connection.cursor(binary=True) as cursor:
            rows = cursor.execute(_LAST, (patient_key, wanted)).fetchall()
        return {urn_of(row[0]): _Version(urn_of(row[1]), *row[2:]) for row in rows}


@dataclass(frozen=True, slots=True)
class _Version:
    logical_id: str
    number: int
    changed_at: datetime
    is_last: bool


def read_lot(fragment: bytes) -> SubmissionSet:
    """The submission set of a fragment of the registry."""
    return read_submission_set(parse(fragment), Faults())


@lru_cache(maxsize=1024)
def _read_entry(fragment: bytes) -> DocumentEntry:
    """Metadata never change under their fragment: most answers hold documents that were answered before."""
    return read_entry(parse(fragment), Faults())


def _whole(one: RegisteredEntry, version: _Version) -> DocumentEntry:
    return replace(
        _read_entry(one.fragment),
        entry_uuid=one.entry_uuid,
        logical_id=version.logical_id,
        version=version.number,
        availability_status=one.status,
    )


def _relations(
    links: Iterable[RegisteredAssociation], versions: Mapping[str, _Version]
) -> Mapping[str, tuple[tuple[AssociationType, str], ...]]:
    """By the document they start from: each relation once, to documents alone."""
    found: dict[str, dict[tuple[AssociationType, str], None]] = {}
    for link in links:
        target = versions.get(link.target)
        if target is not None and link.source in versions and link.association_type in _KINDS:
            relation = (AssociationType(link.association_type), target.logical_id)
            found.setdefault(link.source, {})[relation] = None
    return {source: tuple(relations) for source, relations in found.items()}


_KINDS: Final = frozenset(
    (
        AssociationType.RPLC,
        AssociationType.APND,
        AssociationType.XFRM,
        AssociationType.XFRM_RPLC,
        AssociationType.SIGNS,
    )
)

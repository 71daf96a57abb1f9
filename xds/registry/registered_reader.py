"""Reads what an amendment will be judged on: a few statements in one snapshot, the revisions of records included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg

from security.xml import parse
from xds.dmp.record import RecordStatus
from xds.ebrim.faults import Faults
from xds.ebrim.objects import read_entry
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import AvailabilityStatus
from xds.registry.availability import answering
from xds.registry.connections import Connections
from xds.registry.facts import ObjectKind
from xds.registry.identifiers import canonical_patient_id, urn_of, uuid_of
from xds.registry.registered import FOLLOWERS, Link, Registered, RegisteredFacts, RegisteredRecord

_SNAPSHOT: Final[LiteralString] = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_PATIENTS: Final[LiteralString] = (
    "SELECT patient_id, patient_key FROM patients JOIN records USING (patient_key) WHERE patient_id = ANY (%s::text[])"
)
_RECORDS: Final[LiteralString] = (
    "SELECT patient_key, patient_id, status, revision FROM records JOIN patients USING (patient_key)"
    " WHERE patient_key = ANY (%s::uuid[])"
)
_TAKEN: Final[LiteralString] = "SELECT unique_id FROM unique_ids WHERE unique_id = ANY (%s::text[])"
_OBJECTS: Final[LiteralString] = """
SELECT 'DE', patient_key, entry_uuid, status, unique_id, logical_id, version, object_type, lower(hash), size,
       blob_address
FROM document_entries
WHERE entry_uuid = ANY (%(ids)s::uuid[]) OR logical_id = ANY (%(logical)s::uuid[])
   OR unique_id = ANY (%(unique)s::text[])
   OR logical_id = ANY (ARRAY(SELECT logical_id FROM document_entries WHERE entry_uuid = ANY (%(ids)s::uuid[])))
UNION ALL
SELECT 'FD', patient_key, entry_uuid, status, unique_id, logical_id, version, NULL, NULL, NULL, NULL
FROM folders
WHERE entry_uuid = ANY (%(ids)s::uuid[]) OR logical_id = ANY (%(logical)s::uuid[])
   OR logical_id = ANY (ARRAY(SELECT logical_id FROM folders WHERE entry_uuid = ANY (%(ids)s::uuid[])))
UNION ALL
SELECT 'SS', patient_key, entry_uuid, status, unique_id, NULL, 1, NULL, NULL, NULL, NULL
FROM submission_sets
WHERE entry_uuid = ANY (%(ids)s::uuid[])
"""
_LINKS: Final[LiteralString] = """
SELECT patient_key, entry_uuid, association_type, source, target, status, submission_set_status, fragment
FROM associations
WHERE entry_uuid = ANY (%(ids)s::uuid[]) OR source = ANY (%(ids)s::uuid[]) OR target = ANY (%(ids)s::uuid[])
"""
_LAST: Final[LiteralString] = (
    "SELECT DISTINCT ON (logical_id) logical_id, fragment FROM document_entries WHERE logical_id = ANY (%s::uuid[])"
    " ORDER BY logical_id, version DESC"
)


class RegisteredReader:
    """Asks for facts."""

    def __init__(self, pool: Connections) -> None:
        self._pool = pool

    def ask(
        self,
        *,
        ids: Iterable[str] = (),
        logical_ids: Iterable[str] = (),
        unique_ids: Iterable[str] = (),
        patient_ids: Iterable[str] = (),
        neighbours: int = 1,
    ) -> RegisteredFacts:
        """Read the objects of `ids`, of `logical_ids` and the documents of `unique_ids`, with all versions of each.

        Around them: their associations and the objects at the other ends, `neighbours` times over; and the addenda and
        transformations of the documents found, at every depth. What is no `urn:uuid:` is not registered.
        Raises Refusal: the registry does not answer.
        """
        unique_ids, logical = list(unique_ids), _uuids(logical_ids)
        with answering(), self._pool.connection() as connection, connection.transaction():
            connection.execute(_SNAPSHOT)
            walk = _Walk(connection)
            frontier = walk.objects(_uuids(ids), logical, unique_ids)
            for _ in range(neighbours):
                frontier = walk.objects(walk.links(frontier))
            while frontier := walk.followers():
                walk.objects(walk.links(frontier))
            return walk.facts(patient_ids, unique_ids, logical)


class _Walk:
    """What was found so far, in one transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._objects: dict[str, Registered] = {}
        self._links: dict[str, Link] = {}
        self._asked: set[UUID] = set()
        self._walked: set[UUID] = set()

    def objects(self, ids: set[UUID], logical: Iterable[UUID] = (), unique: Sequence[str] = ()) -> set[UUID]:
        """Find objects; returns the ids whose associations are not known yet, those asked for included."""
        parameters = {"ids": list(ids - self._asked), "logical": list(logical), "unique": list(unique)}
        self._asked |= ids
        for row in self._connection.execute(_OBJECTS, parameters):
            one = _registered(row)
            self._objects.setdefault(one.entry_uuid, one)
        return (ids | {uuid_of(found) for found in self._objects}) - self._walked

    def links(self, ids: set[UUID]) -> set[UUID]:
        """Find the associations that touch these ids, or have them; returns the ids at their ends."""
        self._walked |= ids
        ends = set()
        for row in self._connection.execute(_LINKS, {"ids": list(ids)}):
            link = _link(row)
            self._links.setdefault(link.entry_uuid, link)
            ends |= {uuid_of(link.association.source), uuid_of(link.association.target)}
        return ends

    def followers(self) -> set[UUID]:
        """Addenda and transformations of what was walked, whose own are not known yet."""
        return {
            uuid_of(link.association.source)
            for link in self._links.values()
            if link.association.association_type in FOLLOWERS and uuid_of(link.association.target) in self._walked
        } - self._walked

    def facts(self, patient_ids: Iterable[str], unique_ids: Sequence[str], logical: Iterable[UUID]) -> RegisteredFacts:
        canonical = [canonical_patient_id(patient_id) for patient_id in patient_ids]
        patients: dict[str, UUID] = dict(self._connection.execute(_PATIENTS, (canonical,)).fetchall())
        keys = {
            *(one.patient_key for one in self._objects.values()),
            *(link.patient_key for link in self._links.values()),
            *patients.values(),
        }
        records = {
            key: RegisteredRecord(
                patient_key=key, patient_id=patient_id, is_open=status == RecordStatus.OPEN, revision=revision
            )
            for key, patient_id, status, revision in self._connection.execute(_RECORDS, (list(keys),))
        }
        taken = {row[0] for row in self._connection.execute(_TAKEN, (list(unique_ids),))}
        return RegisteredFacts(
            records=records,
            patients=patients,
            objects=self._objects,
            links=self._links,
            taken=frozenset(taken),
            repositories=self._repositories(logical),
        )

    def _repositories(self, logical: Iterable[UUID]) -> dict[str, str]:
        found = {}
        for logical_id, fragment in self._connection.execute(_LAST, (list(logical),)):
            found[urn_of(logical_id)] = read_entry(parse(fragment), Faults()).repository_unique_id or ""
        return found


def _uuids(ids: Iterable[str]) -> set[UUID]:
    found = set()
    for one in ids:
        try:
            found.add(uuid_of(one))
        except ValueError:
            continue
    return found


def _registered(row: Sequence[Any]) -> Registered:
    kind, patient_key, entry_uuid, status, unique_id, logical_id, version, object_type, digest, size, address = row
    return Registered(
        entry_uuid=urn_of(entry_uuid),
        kind=ObjectKind(kind),
        patient_key=patient_key,
        status=AvailabilityStatus[status],
        unique_id=unique_id,
        logical_id=urn_of(logical_id) if logical_id else "",
        version=version,
        object_type=urn_of(object_type) if object_type else "",
        hash=digest,
        size=size,
        blob_address=bytes(address) if address is not None else b"",
    )


def _link(row: Sequence[Any]) -> Link:
    patient_key, entry_uuid, association_type, source, target, status, submission_set_status, fragment = row
    association = Association(
        entry_uuid=urn_of(entry_uuid),
        association_type=AssociationType(association_type),
        source=urn_of(source),
        target=urn_of(target),
        submission_set_status=submission_set_status,
        availability_status=AvailabilityStatus[status],
    )
    return Link(patient_key=patient_key, association=association, fragment=bytes(fragment))

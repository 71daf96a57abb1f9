"""Which version each document found is, and what it is related to: asked in the snapshot that found it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg

from xds.metadata.association import AssociationType
from xds.mhd.document_reference import FORM
from xds.registry.conditions import Conditions
from xds.registry.found import read_outline
from xds.registry.identifiers import urn_of, uuid_text
from xds.registry.openings import Openings
from xds.registry.scope import Sight
from xds.registry.view import RegisteredEntry, Version

_KINDS: Final = (
    AssociationType.RPLC,
    AssociationType.APND,
    AssociationType.XFRM,
    AssociationType.XFRM_RPLC,
    AssociationType.SIGNS,
)
_KINDS_TEXT: Final = "{" + ",".join(_KINDS) + "}"

_VERSIONS: Final[LiteralString] = """
SELECT d.entry_uuid, d.logical_id, d.version, d.changed_at,
       NOT EXISTS (SELECT FROM document_entries n
                   WHERE n.patient_key = d.patient_key AND n.logical_id = d.logical_id AND n.version > d.version),
       k.resource, related.*
FROM document_entries d
LEFT JOIN entry_resources k ON k.patient_key = d.patient_key AND k.entry_uuid = d.entry_uuid AND k.form = %s
LEFT JOIN LATERAL (
    SELECT l.entry_uuid AS id, l.association_type, t.*
    FROM associations l CROSS JOIN LATERAL (
        SELECT e.logical_id AS other, e.codes::text, e.status, e.author_person_ids, e.author_structure_ids,
               e.depositor_id
        FROM document_entries e
        WHERE e.patient_key = d.patient_key AND e.entry_uuid = l.target AND CONDITIONS
        OFFSET 0) AS t
    WHERE l.source = d.entry_uuid AND l.patient_key = d.patient_key AND l.status = 'APPROVED'
      AND l.association_type = ANY (%s::text[])
    OFFSET 0) AS related ON true
WHERE d.patient_key = %s AND d.entry_uuid = ANY (%s::uuid[])
ORDER BY related.id
"""
"""By index from each document to its associations and from each of them to its target, which is read only if it may be
seen. The conditions are on the target."""


def read_versions(
    cursor: psycopg.Cursor[Any],
    patient_key: UUID,
    entries: Iterable[RegisteredEntry],
    opened: Openings | None = None,
    sees: Sight | None = None,
) -> Mapping[str, Version]:
    """The versions of documents of a record, by entryUUID. Without `opened` and `sees` there is no law."""
    targets = opened.narrow(Conditions()) if opened is not None else Conditions()
    # By hand, as `conditions.status_names`: psycopg would look at each element of a list.
    ids = "{" + ",".join(uuid_text(one.entry_uuid) for one in entries) + "}"
    values = [FORM, *targets.values, _KINDS_TEXT, patient_key, ids]
    rows = cursor.execute(_VERSIONS.replace("CONDITIONS", targets.sql), values).fetchall()
    found: dict[UUID, tuple[str, int, datetime, bool, bytes | None]] = {}
    relations: dict[UUID, dict[tuple[AssociationType, str], None]] = {}
    for entry_uuid, logical_id, number, changed_at, is_last, lasting, association, kind, other, *seen in rows:
        found[entry_uuid] = (urn_of(logical_id), number, changed_at, is_last, lasting)
        if association is not None and (sees is None or sees(read_outline(seen))):
            relations.setdefault(entry_uuid, {})[AssociationType(kind), urn_of(other)] = None
    return {urn_of(one): Version(*facts, tuple(relations.get(one, ()))) for one, facts in found.items()}

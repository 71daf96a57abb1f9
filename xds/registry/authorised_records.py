"""The records that a professional may read, and what happened in each, for TD0.4: one statement for all of them.

What he may see of a record is the law's to say, not the database's: documents come as the law looks at them, alike ones
together, and what changed them with the documents it changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

import orjson
from psycopg_pool import ConnectionPool

from xds.dmp.entries import ReadableEntry
from xds.dmp.holder import Traits
from xds.dmp.record import Authorisation, Record
from xds.metadata.document_entry import AvailabilityStatus
from xds.registry.availability import answering
from xds.registry.found import read_codes, read_head
from xds.registry.statements import FACTS
from xds.registry.visibility import OutlinedEntry

READING: Final = ("TD3.1", "TD3.2")

_MINE: Final[LiteralString] = f"""
WITH mine AS (
    SELECT a.patient_key, max(a.declared_at) FILTER (WHERE a.professional_id = %s) AS own_at,
           max(a.declared_at) AS declared_at,
           coalesce(bool_or(a.medecin_traitant) FILTER (WHERE a.professional_id = %s), false) AS medecin_traitant
    FROM authorisations a JOIN records r USING (patient_key)
    WHERE a.professional_id = ANY (%s::text[]) AND a.status = 'VALIDE' AND r.status = 'OPEN'
      AND (a.valid_until IS NULL OR a.valid_until > law_now())
      AND NOT EXISTS (SELECT FROM authorisations b WHERE b.patient_key = a.patient_key
                      AND b.professional_id = %s AND b.status = 'INTERDIT')
    GROUP BY a.patient_key
)
SELECT {FACTS}::text, p.patient_id, h.traits, coalesce(m.own_at, m.declared_at) AS declared, m.medecin_traitant,
    (SELECT max(t.at) FROM traces t WHERE t.patient_key = m.patient_key AND t.actor_id = %s AND t.outcome = 'success'
       AND t.operation = ANY (%s::text[])),
    (SELECT jsonb_agg(jsonb_build_array(d.codes::text, d.author_structure_ids, d.author_person_ids, d.depositor_id,
                                        d.added, d.ids))
     FROM (SELECT e.codes, e.author_structure_ids, e.author_person_ids, e.depositor_id, max(e.deposited_at) AS added,
                  array_agg(e.unique_id) AS ids
           FROM document_entries e WHERE e.patient_key = m.patient_key AND e.status = 'APPROVED'
           GROUP BY 1, 2, 3, 4) d)::text,
    (SELECT jsonb_agg(jsonb_build_array(c.at, c.documents))
     FROM (SELECT max(t.at) AS at, t.documents FROM traces t
           WHERE t.patient_key = m.patient_key AND t.outcome = 'success' AND t.operation LIKE 'TD3.3%%'
             AND cardinality(t.documents) > 0
           GROUP BY 2) c)::text
FROM mine m JOIN records r USING (patient_key) JOIN patients p USING (patient_key)
LEFT JOIN holders h USING (patient_key)
WHERE coalesce(m.own_at, m.declared_at) >= %s
ORDER BY declared DESC, p.patient_id
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Alike:
    """Current documents that the law cannot tell apart, and when the last of them was added."""

    entry: OutlinedEntry
    unique_ids: frozenset[str]
    added: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MyRecord:
    """A record that a professional, or his structure, is authorised to read. `patient_id` is a CX.

    `accessed`: when he last read in it. `changes`: what was changed of documents, and when last.
    """

    record: Record
    authorisations: tuple[Authorisation, ...]
    patient_id: str
    traits: Traits | None
    declared_at: datetime
    medecin_traitant: bool
    accessed: datetime | None
    documents: tuple[Alike, ...]
    changes: tuple[tuple[datetime, frozenset[str]], ...]

    def activity(self, sees: Callable[[ReadableEntry], bool]) -> Activity:
        """What happened here, as far as whoever sees these documents may know."""
        seen = [one for one in self.documents if sees(one.entry)]
        known = frozenset[str]().union(*(one.unique_ids for one in seen))
        return Activity(
            access=self.accessed,
            update=max((at for at, documents in self.changes if documents <= known), default=None),
            add=max((one.added for one in seen), default=None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """When the caller last read in a record, when a document that he sees was last changed, last added."""

    access: datetime | None
    update: datetime | None
    add: datetime | None


class AuthorisedRecords:
    """Answers for one professional. Raises Refusal when the registry is busy or does not answer."""

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        self._pool = pool

    def of(self, own: str, structure: str | None, *, since: datetime) -> tuple[MyRecord, ...]:
        """Open records that he may read now, declared since then by himself or his structure, the last one first."""
        holders = [own, *([structure] if structure else [])]
        values = [own, own, holders, own, holders, own, list(READING), since]
        with answering(), self._pool.connection() as connection:
            rows = connection.execute(_MINE, values).fetchall()
        return tuple(_read(row) for row in rows)


def _read(row: Sequence[Any]) -> MyRecord:
    facts, patient_id, traits, declared, medecin_traitant, accessed, documents, changes = row
    record, authorisations = read_head([(facts,)])
    if record is None:
        raise LookupError("an authorisation has a record")
    return MyRecord(
        record=record,
        authorisations=authorisations,
        patient_id=patient_id,
        traits=Traits.from_json(traits) if traits else None,
        declared_at=declared,
        medecin_traitant=medecin_traitant,
        accessed=accessed,
        documents=tuple(_alike(*one) for one in orjson.loads(documents or "[]")),
        changes=tuple((datetime.fromisoformat(at), frozenset(ids)) for at, ids in orjson.loads(changes or "[]")),
    )


def _alike(
    codes: str, structures: Sequence[str], persons: Sequence[str], depositor: str, added: str, ids: Sequence[str]
) -> Alike:
    class_code, type_code, _, confidentiality = read_codes(codes)
    entry = OutlinedEntry(
        class_code=class_code,
        type_code=type_code,
        confidentiality_codes=confidentiality,
        status=AvailabilityStatus.APPROVED,
        author_person_ids=tuple(persons),
        author_structure_ids=tuple(structures),
        depositor_id=depositor,
    )
    return Alike(entry, frozenset(ids), datetime.fromisoformat(added))

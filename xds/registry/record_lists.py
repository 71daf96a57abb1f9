"""Records found without naming them: those that a professional may read, and those whose holder fits traits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg_pool import ConnectionPool

from xds.dmp.holder import Traits
from xds.registry.availability import answering

MOST_CANDIDATES: Final = 200
"""Records whose traits are compared for one search: the closest of more than that would be no answer."""

_MINE = """
SELECT p.patient_id, r.patient_key, h.traits, a.declared_at, a.medecin_traitant, a.professional_id
FROM authorisations a JOIN records r USING (patient_key) JOIN patients p USING (patient_key)
LEFT JOIN holders h USING (patient_key)
WHERE a.professional_id = ANY (%(holders)s) AND a.status = 'VALIDE' AND r.status = 'OPEN'
  AND (a.valid_until IS NULL OR a.valid_until > law_now())
  AND NOT EXISTS (SELECT FROM authorisations b WHERE b.patient_key = a.patient_key
                  AND b.professional_id = %(own)s AND b.status = 'INTERDIT')
ORDER BY a.declared_at DESC, p.patient_id
"""
_ACTIVITY = """
SELECT (SELECT max(t.at) FROM traces t WHERE t.patient_key = %(key)s AND t.actor_id = %(own)s AND t.outcome = 'success'
          AND t.operation = ANY (%(reading)s)),
       (SELECT max(t.at) FROM traces t WHERE t.patient_key = %(key)s AND t.outcome = 'success'
          AND t.operation LIKE 'TD3.3%%' AND t.documents && %(seen)s AND t.documents <@ %(seen)s),
       (SELECT max(e.deposited_at) FROM document_entries e
        WHERE e.patient_key = %(key)s AND e.unique_id = ANY (%(seen)s))
"""
_BY_TRAITS = """
SELECT p.patient_id, h.traits, r.etreat
FROM holders h JOIN records r USING (patient_key) JOIN patients p USING (patient_key)
WHERE r.status = 'OPEN'
  AND ((compared_name(%(family)s) <> ''
        AND (compared_name(h.traits ->> 'family') = compared_name(%(family)s)
             OR compared_name(h.traits ->> 'used_family') = compared_name(%(family)s)))
       OR (%(born)s <> '' AND h.traits ->> 'birth_date' = %(born)s))
ORDER BY (h.traits ->> 'birth_date' = %(born)s) DESC NULLS LAST,
         (compared_name(h.traits -> 'given' ->> 0) = compared_name(%(given)s)) DESC NULLS LAST, p.patient_id
LIMIT %(most)s
"""
_COMPARED = "SELECT compared_name(n) FROM unnest(%s::text[]) WITH ORDINALITY AS t (n, rank) ORDER BY rank"
READING: Final = ("TD3.1", "TD3.2")


@dataclass(frozen=True, slots=True, kw_only=True)
class MyRecord:
    """A record that a professional, or his structure, is authorised to read. `patient_id` is a CX."""

    patient_id: str
    patient_key: UUID
    traits: Traits | None
    declared_at: datetime
    medecin_traitant: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """When the caller last read in a record, when a document that he sees was last changed, last added."""

    access: datetime | None
    update: datetime | None
    add: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A record whose holder may be the one searched. `regulation`: he permits the regulation to read."""

    patient_id: str
    traits: Traits
    regulation: bool


class RecordLists:
    """Answers with lists. Every method raises Refusal when the registry is busy or does not answer."""

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        self._pool = pool

    def authorised(self, own: str, structure: str | None) -> tuple[MyRecord, ...]:
        """Open records that a professional may read now by his authorisation or his structure's, the last one first."""
        rows = self._rows(_MINE, {"holders": [own, *([structure] if structure else [])], "own": own})
        found: dict[UUID, MyRecord] = {}
        for patient_id, key, traits, declared, medecin_traitant, holder in rows:
            if key not in found or holder == own:
                found[key] = MyRecord(
                    patient_id=patient_id,
                    patient_key=key,
                    traits=Traits.from_json(traits) if traits else None,
                    declared_at=declared,
                    medecin_traitant=medecin_traitant,
                )
        return tuple(found.values())

    def activity(self, patient_key: UUID, own: str, seen: Sequence[str]) -> Activity:
        """What happened in a record, as far as whoever sees these documents (uniqueIds) may know."""
        parameters = {"key": patient_key, "own": own, "seen": list(seen), "reading": list(READING)}
        access, update, added = self._rows(_ACTIVITY, parameters)[0]
        return Activity(access=access, update=update, add=added)

    def by_traits(self, traits: Traits) -> tuple[Candidate, ...]:
        """Open records whose holder has the name, of birth or in use, or the day of birth."""
        parameters = {
            "family": traits.family,
            "given": next(iter(traits.given), ""),
            "born": traits.birth_date,
            "most": MOST_CANDIDATES,
        }
        rows = self._rows(_BY_TRAITS, parameters)
        return tuple(
            Candidate(patient_id=patient_id, traits=Traits.from_json(known), regulation=etreat)
            for patient_id, known, etreat in rows
        )

    def compared(self, names: Iterable[str]) -> tuple[str, ...]:
        """Names as they are compared: without accents, blanks, hyphens and case."""
        return tuple(str(row[0]) for row in self._rows(_COMPARED, [list(names)]))

    def _rows(self, statement: str, parameters: Any) -> list[tuple[Any, ...]]:
        with answering(), self._pool.connection() as connection:
            rows: list[tuple[Any, ...]] = connection.execute(statement.encode(), parameters).fetchall()
        return rows

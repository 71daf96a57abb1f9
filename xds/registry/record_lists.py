"""Records found without naming them, by the traits of their holders (DMP TD0.5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from psycopg_pool import ConnectionPool

from xds.dmp.holder import Traits
from xds.registry.availability import answering

MOST_CANDIDATES: Final = 200
"""Records whose traits are compared for one search: the closest of more than that would be no answer."""

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

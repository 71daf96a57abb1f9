"""What a structure does with authorisations: declares its own, lists where it has one (DMP TD0.3, TD0.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg

from security.audit.event import AuditEvent
from xds.dmp.traces import Trace
from xds.registry.availability import ChangedMeanwhile, answering
from xds.registry.connections import Connections
from xds.registry.identifiers import canonical_patient_id
from xds.registry.writer import refused

MOST_RECORDS: Final = 1000
"""Records in one list, the last declared first; the database knows the same bound."""
_REFUSED, _CHANGED = "XDS01", "XDS02"
_DECLARE = "SELECT declare_structure(%s, %s, %s, %s, %s::text::jsonb, %s)"
_LIST = "SELECT patient_id, declared_at FROM structure_records(%s, %s, %s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRecord:
    """A record (CX) that a structure, or a professional who declared himself for it, may read; since a law time."""

    patient_id: str
    declared_at: datetime


class StructureAuthorisations:
    """Asks and writes for one structure, named by its Struct_IdNat. Every method raises Refusal: no answer, or busy."""

    def __init__(self, pool: Connections) -> None:
        self._pool = pool

    def declare(
        self, *, patient_id: str, revision: int, structure_id: str, days: int, trace: Trace, event: AuditEvent
    ) -> datetime:
        """Authorise the structure for some days from now, with the trace and the audit event; returns the end.

        `revision` is that of the record when the law was asked. Raises Refusal: the patient blocked the structure, or
        the record is not open any more. Raises ChangedMeanwhile: ask the law again.
        """
        parameters = (
            *(canonical_patient_id(patient_id), revision, structure_id, days),
            *(trace.as_json(), event.canonical().decode("utf-8")),
        )
        try:
            ((until,),) = self._rows(_DECLARE, parameters)
        except psycopg.Error as error:
            if error.sqlstate == _CHANGED:
                raise ChangedMeanwhile from error
            if error.sqlstate != _REFUSED:
                raise
            raise refused(error) from error
        found: datetime = until
        return found

    def records(self, *, structure_id: str, since: datetime, event: AuditEvent) -> tuple[DeclaredRecord, ...]:
        """Open records that the structure may read now, declared since a law time; the list and its event are one."""
        rows = self._rows(_LIST, (structure_id, since, event.canonical().decode("utf-8")))
        return tuple(DeclaredRecord(patient_id=patient_id, declared_at=declared) for patient_id, declared in rows)

    def _rows(self, statement: str, parameters: Any) -> list[tuple[Any, ...]]:
        with answering(), self._pool.connection() as connection:
            rows: list[tuple[Any, ...]] = connection.execute(statement.encode(), parameters).fetchall()
        return rows

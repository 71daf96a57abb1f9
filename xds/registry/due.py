"""What time does to records: what is due at an instant of the law's clock, and doing it once.

The keeper's connection is used here. Each act is one statement: the record is locked, the thing is looked for again,
and whoever comes second finds it done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
import psycopg

PAGE = 200
"""Items read at a time."""

_DUE = "SELECT kind, patient_key, subject, due_at FROM keeper_due(%s, %s::text::jsonb, %s)"
_ACT = "SELECT keeper_act(%s, %s, %s, %s)"
_DESTROY = "SELECT keeper_destroy(%s, %s, %s)"
_AT = "SELECT set_config('ecluse.law_time', %s, false), set_config('ecluse.record', %s, false)"
_DOCUMENT = (
    "SELECT p.patient_id, e.unique_id FROM document_entries e JOIN patients p USING (patient_key)"
    " WHERE e.patient_key = %s AND e.entry_uuid = %s"
)


class DueKind(StrEnum):
    """What comes by itself. Documents that wait: CSP R1111-53; suspension, archive, destruction: CSP R1111-36.

    Reimbursements are fed into a record that was just created: CSP R1111-33.
    """

    AUTHORISATION_END = "AUTHORISATION_END"
    HIDDEN_REMINDER = "HIDDEN_REMINDER"
    HIDDEN_RELEASE = "HIDDEN_RELEASE"
    SUSPENSION_END = "SUSPENSION_END"
    MAJORITY = "MAJORITY"
    ARCHIVE_END = "ARCHIVE_END"
    DESTRUCTION_REQUEST = "DESTRUCTION_REQUEST"
    REIMBURSEMENTS = "REIMBURSEMENTS"


DESTRUCTIONS = frozenset((DueKind.ARCHIVE_END, DueKind.DESTRUCTION_REQUEST))


@dataclass(frozen=True, slots=True, kw_only=True)
class DueItem:
    """One thing that is due. `subject` is a PS_IdNat for an authorisation, a UUID for a document, else empty."""

    kind: DueKind
    patient_key: UUID
    subject: str
    due_at: datetime

    def as_json(self) -> str:
        """The item as the place where a page ends."""
        return orjson.dumps(
            {
                "kind": self.kind.value,
                "patient_key": str(self.patient_key),
                "subject": self.subject,
                "due_at": self.due_at.isoformat(),
            }
        ).decode()


class Agenda:
    """What is due, by the terms that the owner wrote down. `connection` is the keeper's, in autocommit."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def law_now(self) -> datetime:
        """The instant that the law's clock shows."""
        row = self._connection.execute("SELECT law_now()").fetchone()
        if row is None:
            raise LookupError("a clock always shows something")
        return _utc(row[0])

    def page(self, until: datetime, after: DueItem | None = None, limit: int = PAGE) -> list[DueItem]:
        """What is due until an instant, earliest first, after an item that was seen."""
        rows = self._connection.execute(_DUE, (until, after.as_json() if after is not None else None, limit)).fetchall()
        return [
            DueItem(kind=DueKind(kind), patient_key=patient_key, subject=subject, due_at=_utc(due_at))
            for kind, patient_key, subject, due_at in rows
        ]

    def act(self, item: DueItem) -> bool:
        """Do it at its instant, with its trace and its event, unless it was done; False then."""
        return self._said(_ACT, item.kind.value, item.patient_key, item.subject, item.due_at)

    def destroy(self, item: DueItem) -> bool:
        """Destroy the record, unless it was done; False then. Its files are in `remains` from now on."""
        return self._said(_DESTROY, item.kind.value, item.patient_key, item.due_at)

    def document(self, item: DueItem) -> tuple[str, str] | None:
        """The patient (CX) and the uniqueId of the document of an item, seen `at` it; None: it is no more."""
        row = self._connection.execute(_DOCUMENT, (item.patient_key, UUID(item.subject))).fetchone()
        return (row[0], row[1]) if row is not None else None

    @contextmanager
    def at(self, item: DueItem) -> Iterator[None]:
        """Inside, the law's clock of this connection shows the instant of the item, and its record is seen."""
        self._connection.execute(_AT, (item.due_at.isoformat(), str(item.patient_key)))
        try:
            yield
        finally:
            if not self._connection.broken:
                self._connection.execute(_AT, ("", ""))

    def remains(self, kind: str, after: str = "", limit: int = PAGE) -> list[str]:
        """Files of destroyed records that are still to be removed: addresses of `BLOB`, notices of `LETTER`."""
        rows = self._connection.execute("SELECT keeper_remains(%s, %s, %s)", (kind, after, limit)).fetchall()
        return [row[0] for row in rows]

    def removed(self, kind: str, names: Iterable[str]) -> None:
        """Forget files that are gone."""
        self._connection.execute("SELECT keeper_removed(%s, %s::text[])", (kind, list(names)))

    def _said(self, statement: str, *parameters: Any) -> bool:
        row = self._connection.execute(statement.encode(), parameters).fetchone()
        return bool(row is not None and row[0])


def _utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)

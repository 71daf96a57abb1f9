"""Records that wait for what a new record is fed with, as the keeper sees them (DMP D-010; CSP R1111-33)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

from xds.dmp.holder import Traits
from xds.dmp.record import Record, RecordStatus
from xds.dmp.traces import Trace
from xds.registry.due import DueItem
from xds.registry.registration import Registration

_WAITING = (
    "SELECT keeper_insured(r.patient_key), r.status, r.key_id, r.public_key, r.birth_date, r.default_masking"
    " FROM records r WHERE r.patient_key = %s"
)
_TAKEN = "SELECT unique_id FROM unique_ids WHERE unique_id = ANY (%s)"
_FEED = (
    "SELECT keeper_feed(%s, %s, %s, %s, %s, %s::uuid[], %s::text::jsonb, %s::text::jsonb,"
    " %s::text::jsonb, %s, %b::bytea[], %s::text::jsonb, %s)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A record that waits: whom it is of (CX), what is known of him, and the public half of its key."""

    patient_id: str
    record: Record
    public_key: bytes
    traits: Traits | None


class Feedings:
    """Works with the keeper's connection, in autocommit."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    @property
    def lost(self) -> bool:
        """Whether the connection broke, so that nobody knows what became of the last statement."""
        return self._connection.broken

    def waiting(self, item: DueItem) -> Waiting | None:
        """The record of an item; None: it waits no more."""
        row = self._connection.execute(_WAITING, (item.patient_key,)).fetchone()
        if row is None or row[0] is None:
            return None
        insured, status, key_id, public_key, born, default_masking = row
        record = Record(
            patient_key=item.patient_key,
            status=RecordStatus(status),
            key_id=key_id,
            birth_date=born,
            default_masking=default_masking,
        )
        traits = Traits.from_json(insured["traits"]) if insured["traits"] else None
        return Waiting(patient_id=insured["patient_id"], record=record, public_key=bytes(public_key), traits=traits)

    def taken(self, unique_ids: Iterable[str]) -> frozenset[str]:
        """Those of the uniqueIds that are registered."""
        return frozenset(row[0] for row in self._connection.execute(_TAKEN, (list(unique_ids),)).fetchall())

    def feed(
        self,
        item: DueItem,
        record: Record,
        structure_id: str,
        lot: Registration | None,
        trace: Trace | None,
        event: str,
    ) -> bool:
        """Register the lot, its trace and its event, and let the record wait no more; False: somebody did.

        Without `lot` there is nothing to feed. Raises psycopg.Error: the record, or the wish of the patient, changed
        meanwhile; nothing is kept then.
        """
        row = self._connection.execute(
            _FEED.encode(),
            (
                *(item.patient_key, item.due_at, record.key_id, record.default_masking, structure_id),
                *(
                    (lot.ids, lot.set_row(), lot.entry_rows(), lot.association_rows())
                    if lot
                    else ("{}", "{}", "[]", "[]")
                ),
                *((lot.time, lot.fragments()) if lot else ("", [])),
                trace.as_json() if trace is not None else None,
                event,
            ),
        ).fetchone()
        return bool(row is not None and row[0])

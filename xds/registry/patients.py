"""Patients that the identity feed makes known, and merges (ITI TF-2 §3.8, §3.44; §3.18.4.1.2.3.9 for the effects).

Only in a generic domain: in the DMP the database refuses. A patient known is a record; it is opened with the public
half of its key and the private half wrapped to consultation, so that whoever opens it never reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from psycopg_pool import ConnectionPool

from security.at_rest.new_record import RecordKey
from security.audit.event import AuditEvent
from xds.ebrim.escaping import escape
from xds.registry.availability import answering
from xds.registry.identifiers import canonical_patient_id

_OPEN = "SELECT open_patient(%s, %s, %b, %b, %s)"
_MERGE = "SELECT merge_patients(%s, %s, %s, %s)"


class PatientFault(StrEnum):
    """Why a patient cannot be announced or merged."""

    CLOSED = "CLOSED"
    MERGED = "MERGED"
    SAME = "SAME"
    SURVIVOR_UNKNOWN = "SURVIVOR_UNKNOWN"
    SURVIVOR_CLOSED = "SURVIVOR_CLOSED"
    SURVIVOR_MERGED = "SURVIVOR_MERGED"
    SUBSUMED_UNKNOWN = "SUBSUMED_UNKNOWN"
    SUBSUMED_CLOSED = "SUBSUMED_CLOSED"
    SUBSUMED_MERGED = "SUBSUMED_MERGED"


class PatientRefused(Exception):
    """The order cannot be carried out on these patients; nothing of it, nor of what came with it, was done."""

    def __init__(self, fault: PatientFault, patient_id: str) -> None:
        super().__init__(str(fault))
        self.fault, self.patient_id = fault, patient_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Make a patient (CX) known. `key` serves if there is no record yet."""

    patient_id: str
    key: RecordKey
    event: AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """Make all that is `subsumed`'s the `survivor`'s (CX both); objects return with `survivor` as spelled here."""

    survivor: str
    subsumed: str
    event: AuditEvent


class PatientFeed:
    """Writes what the feed says. Every method raises Refusal: the registry is busy or does not answer."""

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        self._pool = pool

    def is_known(self, patient_id: str) -> bool:
        """Whether a patient has an open record."""
        with answering(), self._pool.connection() as connection:
            row = connection.execute("SELECT patient_status(%s)", (canonical_patient_id(patient_id),)).fetchone()
        return row is not None and bool(row[0] == "OPEN")

    def open(self, patient_id: str, key: RecordKey, event: AuditEvent) -> None:
        """Make a patient known; one who is known already keeps the key of the record. Raises PatientRefused."""
        self.apply([Opening(patient_id=patient_id, key=key, event=event)])

    def merge(self, survivor: str, subsumed: str, event: AuditEvent) -> None:
        """Merge a patient into another; done twice, it stays done. Raises PatientRefused."""
        self.apply([Merging(survivor=survivor, subsumed=subsumed, event=event)])

    def apply(self, orders: Iterable[Opening | Merging]) -> None:
        """Carry out orders one after the other, all or none. Raises PatientRefused: the first that cannot be."""
        with answering(), self._pool.connection() as connection, connection.transaction():
            for order in orders:
                statement, parameters = _statement(order)
                row = connection.execute(statement, parameters).fetchone()
                if row is None:
                    raise LookupError("an order of the feed is always answered")
                if row[0] not in ("OPEN", "DONE"):
                    patient_id = order.patient_id if isinstance(order, Opening) else order.subsumed
                    raise PatientRefused(PatientFault(row[0]), patient_id)


def _statement(order: Opening | Merging) -> tuple[str, tuple[Any, ...]]:
    event = order.event.canonical().decode("utf-8")
    if isinstance(order, Opening):
        key = order.key
        return _OPEN, (canonical_patient_id(order.patient_id), key.key_id, key.public.to_bytes(), key.wrapped, event)
    survivor, subsumed = canonical_patient_id(order.survivor), canonical_patient_id(order.subsumed)
    return _MERGE, (survivor, subsumed, escape(order.survivor), event)

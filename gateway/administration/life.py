"""The life of a record: closed, reactivated, suspended, resumed, ended by death, to be destroyed (DMP TD1.2, TD1.4)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import psycopg

from gateway.acts import Act
from gateway.administration.office import Doing, RecordsError, doing
from xds.dmp.record import RecordStatus
from xds.dmp.traces import NoticeKind
from xds.errors import XdsErrorCode

MOTIVES = ("FERMETURE_DEMANDE_PATIENT", "DECES", "OPPOSITION_ENS", "DECISION_GESTIONNAIRE")
"""Codes of 1.2.250.1.213.4.1.2.4: the first is published, the others are of the sandbox."""

_Connection = psycopg.Connection[Any]


def close_record(
    connection: _Connection,
    patient_id: str,
    *,
    motive: str = MOTIVES[0],
    reason: str = "",
    at: datetime | None = None,
) -> None:
    """Close a record: no more feeding, no more reading; kept ten years (DMP TD1.4, CSP R1111-36).

    Raises RecordsError: no record, closed already (DMPClosed), an unknown motive, `at` before its opening.
    """
    with doing(connection, patient_id, Act.CLOSE, at=at, reason=reason) as record:
        _close(record, motive, reason)


def reactivate_record(connection: _Connection, patient_id: str, *, at: datetime | None = None) -> None:
    """Reopen a closed record: all that was archived comes back (DMP TD1.2). What it was until then stays in `openings`.

    Raises RecordsError: it is not closed, its holder is dead.
    """
    with doing(connection, patient_id, Act.REACTIVATE, at=at) as record:
        if record.status is not RecordStatus.CLOSED:
            raise RecordsError("the record of this patient is active: nothing to reactivate", XdsErrorCode.DMP_FOUND)
        if record.deceased:
            raise RecordsError("the holder of this record is dead: it stays closed", "SBX_HOLDER_DECEASED")
        _not_before(record, record.closed_at)
        connection.execute(
            "INSERT INTO ecluse.openings (patient_key, opened_at, closed_at, closing_motive, closing_reason,"
            " attached_to_ens) SELECT patient_key, opened_at, closed_at, closing_motive, closing_reason,"
            " attached_to_ens FROM ecluse.records WHERE patient_key = %s",
            (record.patient_key,),
        )
        record.change(
            "status = 'OPEN', opened_at = %(at)s, closed_at = NULL, closing_motive = NULL, closing_reason = NULL,"
            " destruction_requested_at = NULL",
            at=record.at,
        )
        record.tell(NoticeKind.RECORD_REACTIVATED)


def suspend_record(connection: _Connection, patient_id: str, *, reason: str, at: datetime | None = None) -> None:
    """Suspend a record for a serious malfunction or a fraud: everything is refused until its holder answers (R1111-36).

    Raises RecordsError: it is not open.
    """
    with doing(connection, patient_id, Act.SUSPEND, at=at, reason=reason) as record:
        record.must_be_open()
        _not_before(record, record.opened_at)
        record.change("status = 'SUSPENDED', suspended_at = %(at)s", at=record.at)
        record.tell(NoticeKind.RECORD_SUSPENDED)


def resume_record(connection: _Connection, patient_id: str) -> None:
    """End a suspension: the holder answered in time. Raises RecordsError: it is not suspended."""
    with doing(connection, patient_id, Act.RESUME) as record:
        if record.status is RecordStatus.CLOSED:
            record.must_be_open()
        if record.status is not RecordStatus.SUSPENDED:
            raise RecordsError("the record of this patient is not suspended", "SBX_RECORD_NOT_SUSPENDED")
        record.change("status = 'OPEN', suspended_at = NULL")


def record_death(connection: _Connection, patient_id: str, day: date) -> None:
    """Write down the day of the holder's death: the record closes that day, or was closed before.

    Raises RecordsError: a day in the future, or another day is known.
    """
    with doing(connection, patient_id, Act.DECEASE, reason=day.isoformat()) as record:
        if record.deceased:
            raise RecordsError("the death of this holder is known already", "SBX_HOLDER_DECEASED")
        if day > record.at.date():
            raise RecordsError("the day of a death is not in the future, by the law's clock", "SBX_TIME_IN_FUTURE")
        record.change("deceased_on = %(day)s", day=day)
        if record.status is not RecordStatus.CLOSED:
            record.at = max(datetime.combine(day, time.min, UTC), record.opened_at)
            _close(record, "DECES", "")


def request_destruction(connection: _Connection, patient_id: str, *, at: datetime | None = None) -> None:
    """Take down that the holder wants the closed record destroyed: done after `dmp.destruction_days` (R1111-36).

    Raises RecordsError: it is not closed, or it was asked already.
    """
    with doing(connection, patient_id, Act.REQUEST_DESTRUCTION, at=at) as record:
        if record.status is not RecordStatus.CLOSED:
            raise RecordsError("only a closed record is destroyed: close it first", "SBX_RECORD_NOT_CLOSED")
        _not_before(record, record.closed_at)
        row = connection.execute(
            "UPDATE ecluse.records SET destruction_requested_at = %s"
            " WHERE patient_key = %s AND destruction_requested_at IS NULL RETURNING 1",
            (record.at, record.patient_key),
        ).fetchone()
        if row is None:
            raise RecordsError("the destruction of this record was asked already", "SBX_DESTRUCTION_REQUESTED")
        record.tell(NoticeKind.DESTRUCTION_REQUESTED)


def _close(record: Doing, motive: str, reason: str) -> None:
    if motive not in MOTIVES:
        raise RecordsError(f"the motive of a closing is one of {', '.join(MOTIVES)}", "SBX_MOTIVE")
    if record.status is RecordStatus.CLOSED:
        raise RecordsError("the record of this patient is closed", XdsErrorCode.DMP_CLOSED)
    _not_before(record, record.opened_at)
    record.change(
        "status = 'CLOSED', closed_at = %(at)s, suspended_at = NULL, closing_motive = %(motive)s,"
        " closing_reason = %(reason)s",
        at=record.at,
        motive=motive,
        reason=reason or None,
    )
    record.tell(NoticeKind.RECORD_CLOSED)


def _not_before(record: Doing, instant: datetime | None) -> None:
    if instant is not None and record.at < instant:
        raise RecordsError("the record was not there yet, or not closed yet, at that instant", "SBX_TIME_TOO_EARLY")

"""The life of a record: closed, reactivated, suspended, resumed, ended by death, to be destroyed (DMP TD1.2, TD1.4).

Which act is legal, and what follows, is the law's: `xds.dmp.record_lifecycle`. Here it is written.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import psycopg

from gateway.acts import Act
from gateway.administration.office import Doing, RecordsError, doing
from xds.dmp.parameters import Parameters
from xds.dmp.record import RecordStatus
from xds.dmp.record_lifecycle import Illegal, LifeAct, Party, RecordChange, change_of

CLOSING = "FERMETURE_DEMANDE_PATIENT"
"""The motive of a closing that nobody says otherwise of."""

DEFAULTS = Parameters()
_Connection = psycopg.Connection[Any]


def close_record(
    connection: _Connection,
    patient_id: str,
    *,
    motive: str = CLOSING,
    reason: str = "",
    at: datetime | None = None,
) -> None:
    """Close a record: no more feeding, no more reading; kept ten years (DMP TD1.4, CSP R1111-36).

    Raises RecordsError: no record, closed already (DMPClosed), an unknown motive, `at` before its opening.
    """
    with doing(connection, patient_id, Act.CLOSE, at=at, reason=reason) as record:
        _not_before(record, record.opened_at)
        _close(record, _decided(record, LifeAct.CLOSE, motive=motive), reason)


def reactivate_record(
    connection: _Connection, patient_id: str, *, at: datetime | None = None, parameters: Parameters = DEFAULTS
) -> None:
    """Reopen a closed record: all that was archived comes back (DMP TD1.2). What it was until then stays in `openings`.

    Raises RecordsError: it is not closed, its holder is dead.
    """
    with doing(connection, patient_id, Act.REACTIVATE, at=at) as record:
        _not_before(record, record.life.closed_at)
        _decided(record, LifeAct.REACTIVATE, parameters)
        record.call("record_reopens", record.at)


def suspend_record(connection: _Connection, patient_id: str, *, reason: str, at: datetime | None = None) -> None:
    """Suspend a record for a serious malfunction or a fraud: everything is refused until its holder answers (R1111-36).

    Raises RecordsError: it is not open.
    """
    with doing(connection, patient_id, Act.SUSPEND, at=at, reason=reason) as record:
        _not_before(record, record.opened_at)
        _decided(record, LifeAct.SUSPEND)
        record.change("status = 'SUSPENDED', suspended_at = %(at)s", at=record.at)


def resume_record(connection: _Connection, patient_id: str) -> None:
    """End a suspension: the holder answered in time. Raises RecordsError: it is not suspended."""
    with doing(connection, patient_id, Act.RESUME) as record:
        _decided(record, LifeAct.RESUME)
        record.change("status = 'OPEN', suspended_at = NULL")


def record_death(connection: _Connection, patient_id: str, day: date) -> None:
    """Write down the day of the holder's death: the record closes that day, or was closed before.

    Raises RecordsError: a day in the future, or the death is known already.
    """
    with doing(connection, patient_id, Act.DECEASE, reason=day.isoformat()) as record:
        if day > record.at.date():
            raise RecordsError("the day of a death is not in the future, by the law's clock", "SBX_TIME_IN_FUTURE")
        change = _decided(record, LifeAct.RECORD_DEATH)
        record.change("deceased_on = %(day)s", day=day)
        if record.status is not RecordStatus.CLOSED:
            record.at = max(datetime.combine(day, time.min, UTC), record.opened_at)
            _close(record, change, "")


def request_destruction(connection: _Connection, patient_id: str, *, at: datetime | None = None) -> None:
    """Take down that the holder wants the closed record destroyed: done after `dmp.destruction_days` (R1111-36).

    Raises RecordsError: it is not closed, or it was asked already.
    """
    with doing(connection, patient_id, Act.REQUEST_DESTRUCTION, at=at) as record:
        _decided(record, LifeAct.REQUEST_DESTRUCTION)
        _not_before(record, record.life.closed_at)
        record.change("destruction_requested_at = %(at)s", at=record.at)


def _decided(record: Doing, act: LifeAct, parameters: Parameters = DEFAULTS, motive: str = "") -> RecordChange:
    """What the law makes of the record, announced as it says. Raises RecordsError: the act is illegal."""
    change = change_of(act, record.life, Party.OPERATOR, record.at, parameters, motive=motive)
    if isinstance(change, Illegal):
        raise RecordsError(change.text, change.code)
    if change.notice is not None:
        record.tell(change.notice)
    return change


def _close(record: Doing, change: RecordChange, reason: str) -> None:
    record.call("record_closes", record.at, change.closing_motive, reason)


def _not_before(record: Doing, instant: datetime | None) -> None:
    if instant is not None and record.at < instant:
        raise RecordsError("the record was not there yet, or not closed yet, at that instant", "SBX_TIME_TOO_EARLY")

"""The life of a record: who may open, close, suspend and destroy it, from which state, and what follows.

Source: CSP L1111-18, R1111-36; DMP TD1.1, TD1.2, TD1.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from profiles.dmp.motives import motives
from xds.dmp import timers
from xds.dmp.decision import Rule
from xds.dmp.parameters import Parameters
from xds.dmp.record import RecordStatus
from xds.dmp.traces import NoticeKind
from xds.errors import XdsErrorCode


class LifeAct(StrEnum):
    """What is done to a whole record."""

    OPEN = "OPEN"
    CREATE = "CREATE"
    REACTIVATE = "REACTIVATE"
    CLOSE = "CLOSE"
    SUSPEND = "SUSPEND"
    RESUME = "RESUME"
    CLOSE_UNANSWERED = "CLOSE_UNANSWERED"
    RECORD_DEATH = "RECORD_DEATH"
    REQUEST_DESTRUCTION = "REQUEST_DESTRUCTION"
    DESTROY_ARCHIVE = "DESTROY_ARCHIVE"
    DESTROY_ON_REQUEST = "DESTROY_ON_REQUEST"


class Party(StrEnum):
    """Who acts on a record: `OPERATOR` is who manages the records, `TIME` the house by itself."""

    PROFESSIONAL = "PROFESSIONAL"
    STRUCTURE = "STRUCTURE"
    PATIENT = "PATIENT"
    REPRESENTATIVE = "REPRESENTATIVE"
    OPERATOR = "OPERATOR"
    TIME = "TIME"


@dataclass(frozen=True, slots=True)
class Transition:
    """Where an act leads, who may do it and what is told of it. `to` is None for a record that is no more."""

    to: RecordStatus | None
    by: frozenset[Party]
    notice: NoticeKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Where a record stands; `status` is None where there is none. Instants are those of the law's clock."""

    status: RecordStatus | None
    closed_at: datetime | None = None
    suspended_at: datetime | None = None
    deceased_on: date | None = None
    destruction_requested_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """What becomes of a record: its state, and what is written with it.

    `attached_to_ens` is given for a new record. `keeps_opening`: the life that ends is kept with the record.
    """

    status: RecordStatus | None
    at: datetime
    closing_motive: str = ""
    attached_to_ens: bool | None = None
    keeps_opening: bool = False
    notice: NoticeKind | None = None


@dataclass(frozen=True, slots=True)
class Illegal:
    """An act that makes no sense on this record, or not by this party: its code, what is said, the rule for traces."""

    code: str
    text: str
    rule: str = "5-RECORD-LIFE"


_OPEN, _SUSPENDED, _CLOSED = RecordStatus.OPEN, RecordStatus.SUSPENDED, RecordStatus.CLOSED
_CARERS = frozenset((Party.PROFESSIONAL, Party.STRUCTURE))
_HOLDERS = frozenset((Party.PATIENT, Party.REPRESENTATIVE))
_OPERATOR, _TIME = frozenset((Party.OPERATOR,)), frozenset((Party.TIME,))
_CLOSES = Transition(_CLOSED, _CARERS | _HOLDERS | _OPERATOR, NoticeKind.RECORD_CLOSED)
_DIES = Transition(_CLOSED, _OPERATOR, NoticeKind.RECORD_CLOSED)
_DESTROYS = Transition(None, _TIME, NoticeKind.RECORD_DESTROYED)

TRANSITIONS: Mapping[tuple[RecordStatus | None, LifeAct], Transition] = MappingProxyType(
    {
        (None, LifeAct.OPEN): Transition(_OPEN, _OPERATOR, NoticeKind.RECORD_CREATED),
        (None, LifeAct.CREATE): Transition(_OPEN, _CARERS | _OPERATOR, NoticeKind.RECORD_CREATED),
        (_CLOSED, LifeAct.REACTIVATE): Transition(_OPEN, _CARERS | _HOLDERS | _OPERATOR, NoticeKind.RECORD_REACTIVATED),
        (_OPEN, LifeAct.CLOSE): _CLOSES,
        (_SUSPENDED, LifeAct.CLOSE): Transition(_CLOSED, _OPERATOR, NoticeKind.RECORD_CLOSED),
        (_OPEN, LifeAct.SUSPEND): Transition(_SUSPENDED, _OPERATOR, NoticeKind.RECORD_SUSPENDED),
        (_SUSPENDED, LifeAct.RESUME): Transition(_OPEN, _OPERATOR),
        (_SUSPENDED, LifeAct.CLOSE_UNANSWERED): Transition(_CLOSED, _TIME, NoticeKind.RECORD_CLOSED),
        (_OPEN, LifeAct.RECORD_DEATH): _DIES,
        (_SUSPENDED, LifeAct.RECORD_DEATH): _DIES,
        (_CLOSED, LifeAct.RECORD_DEATH): Transition(_CLOSED, _OPERATOR),
        (_CLOSED, LifeAct.REQUEST_DESTRUCTION): Transition(
            _CLOSED, _HOLDERS | _OPERATOR, NoticeKind.DESTRUCTION_REQUESTED
        ),
        (_CLOSED, LifeAct.DESTROY_ARCHIVE): _DESTROYS,
        (_CLOSED, LifeAct.DESTROY_ON_REQUEST): _DESTROYS,
    }
)
_MOTIVES: Mapping[LifeAct, str] = MappingProxyType(
    {LifeAct.CLOSE_UNANSWERED: "DECISION_GESTIONNAIRE", LifeAct.RECORD_DEATH: "DECES"}
)
_DECEASED = Illegal(
    XdsErrorCode.SBX_HOLDER_DECEASED, "the death of the holder is known: the record stays closed", Rule.HOLDER_DECEASED
)
_UNKNOWN = Illegal(XdsErrorCode.UNKNOWN_PATIENT_ID, "no record for this patient", Rule.RECORD_UNKNOWN)
_STANDING: Mapping[RecordStatus, Illegal] = MappingProxyType(
    {
        _OPEN: Illegal(XdsErrorCode.DMP_FOUND, "the record of this patient is active", Rule.RECORD_FOUND),
        _SUSPENDED: Illegal(
            XdsErrorCode.RECORD_SUSPENDED, "the record of this patient is suspended", Rule.RECORD_SUSPENDED
        ),
        _CLOSED: Illegal(XdsErrorCode.DMP_CLOSED, "the record of this patient is closed", Rule.RECORD_CLOSED),
    }
)
_NOT_SO: Mapping[LifeAct, Illegal] = MappingProxyType(
    {
        LifeAct.REQUEST_DESTRUCTION: Illegal("SBX_RECORD_NOT_CLOSED", "only a closed record is destroyed"),
        LifeAct.DESTROY_ARCHIVE: Illegal("SBX_RECORD_NOT_CLOSED", "only a closed record is destroyed"),
        LifeAct.DESTROY_ON_REQUEST: Illegal("SBX_RECORD_NOT_CLOSED", "only a closed record is destroyed"),
        LifeAct.RESUME: Illegal("SBX_RECORD_NOT_SUSPENDED", "the record of this patient is not suspended"),
        LifeAct.CLOSE_UNANSWERED: Illegal("SBX_RECORD_NOT_SUSPENDED", "the record of this patient is not suspended"),
    }
)


def change_of(
    act: LifeAct, life: Life, party: Party, at: datetime, parameters: Parameters, *, motive: str = ""
) -> RecordChange | Illegal:
    """What an act makes of a record at a law time, or why it is not done. `motive` is that of a closing."""
    if life.status is RecordStatus.MERGED:
        return _UNKNOWN
    transition = TRANSITIONS.get((life.status, act))
    if transition is None:
        return _refused(act, life.status)
    if party not in transition.by:
        return Illegal(XdsErrorCode.DMP_ACCESS_DENIED, f"{act} is not for {party}", Rule.MATRIX)
    return _hindrance(act, life, at, parameters, motive) or RecordChange(
        status=transition.to,
        at=at,
        closing_motive=_MOTIVES.get(act, motive) if transition.to is _CLOSED and life.status is not _CLOSED else "",
        attached_to_ens=act is LifeAct.OPEN if life.status is None else None,
        keeps_opening=act is LifeAct.REACTIVATE,
        notice=transition.notice,
    )


def _refused(act: LifeAct, status: RecordStatus | None) -> Illegal:
    if status is None:
        return _UNKNOWN
    if act in {LifeAct.OPEN, LifeAct.CREATE}:
        return _STANDING[_OPEN]
    return _NOT_SO.get(act, _STANDING[status])


def _hindrance(act: LifeAct, life: Life, at: datetime, parameters: Parameters, motive: str) -> Illegal | None:
    """What else must hold: regime, motive, death, and times that have come or not yet."""
    found: Illegal | None = None
    if act is LifeAct.CREATE and parameters.regime == "mes2022":
        found = Illegal(XdsErrorCode.DMP_ACCESS_DENIED, "records are created with Mon espace santé", Rule.REGIME)
    elif act is LifeAct.CLOSE and motive not in motives():
        found = Illegal("SBX_MOTIVE", f"the motive of a closing is one of {', '.join(motives())}")
    elif act in {LifeAct.REACTIVATE, LifeAct.RECORD_DEATH} and life.deceased_on is not None:
        found = _DECEASED
    elif act is LifeAct.REACTIVATE and _has_come(
        life.closed_at and timers.archive_ends(life.closed_at, parameters), at
    ):
        found = _UNKNOWN
    elif act is LifeAct.REQUEST_DESTRUCTION and life.destruction_requested_at is not None:
        found = Illegal("SBX_DESTRUCTION_REQUESTED", "the destruction of this record was asked already")
    elif act in _DUE and not _has_come(_due(act, life, parameters), at):
        found = Illegal("SBX_TIME_TOO_EARLY", "the time of this has not come yet")
    return found


_DUE = frozenset((LifeAct.CLOSE_UNANSWERED, LifeAct.DESTROY_ARCHIVE, LifeAct.DESTROY_ON_REQUEST))


def _due(act: LifeAct, life: Life, parameters: Parameters) -> datetime | None:
    if act is LifeAct.CLOSE_UNANSWERED:
        return life.suspended_at and timers.suspension_ends(life.suspended_at, parameters)
    if act is LifeAct.DESTROY_ARCHIVE:
        return life.closed_at and timers.archive_ends(life.closed_at, parameters)
    requested = life.destruction_requested_at
    return requested and timers.destruction_due(requested, parameters)


def _has_come(due: datetime | None, at: datetime) -> bool:
    return due is not None and due <= at

"""Who reads which trace of a record (CSP L1111-19, L1111-16; DMP).

The patient reads all at any time, the médecin traitant too; another professional his own; who represents a minor all
but those of secret sessions. What waits for its announcement is not betrayed by its traces: they are shown once it is
visible, and an emergency or a search before, without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from xds.dmp.columns import EMERGENCIES, is_medecin_traitant
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, Record
from xds.dmp.requester import Requester, RequesterKind
from xds.dmp.traces import ActorKind


class TraceSight(StrEnum):
    """How much of one trace is shown."""

    WHOLE = "WHOLE"
    WITHOUT_HIDDEN = "WITHOUT_HIDDEN"
    NOTHING = "NOTHING"


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedAct:
    """What counts of a trace. Of its `documents`, `hidden` are not seen by the reader."""

    actor_kind: ActorKind
    actor_id: str
    operation: str
    mode: str = "normal"
    secret: bool = False
    documents: int = 0
    hidden: int = 0


def sight(
    requester: Requester,
    record: Record,
    authorisation: Authorisation | None,
    now: datetime,
    act: TracedAct,
    parameters: Parameters,
) -> TraceSight:
    """How much of a trace somebody is shown; `now` is a law time."""
    if requester.kind is RequesterKind.PROFESSIONAL:
        own = (act.actor_kind, act.actor_id) == (ActorKind.PROFESSIONAL, requester.national_id)
        sees = own or is_medecin_traitant(requester, authorisation, now)
        return TraceSight.WHOLE if sees else TraceSight.NOTHING
    if requester.kind is RequesterKind.PATIENT:
        return _without_hidden(act)
    if requester.kind is RequesterKind.REPRESENTATIVE and not act.secret:
        return _without_hidden(act) if record.may_be_represented(now, parameters) else TraceSight.NOTHING
    return TraceSight.NOTHING


def _without_hidden(act: TracedAct) -> TraceSight:
    if not act.hidden:
        return TraceSight.WHOLE
    told_anyway = act.operation == Operation.SEARCH or act.mode in EMERGENCIES
    return TraceSight.WITHOUT_HIDDEN if told_anyway or act.hidden < act.documents else TraceSight.NOTHING

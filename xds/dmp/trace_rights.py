"""Who reads which trace of a record (CSP L1111-19, L1111-16; DMP).

The patient reads all at any time, the médecin traitant too; another professional his own; who represents a minor all but
those of secret sessions. What waits for its announcement is not betrayed by its traces: the patient gets them without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from xds.dmp.columns import is_medecin_traitant
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, Record
from xds.dmp.requester import Requester, RequesterKind
from xds.dmp.traces import ActorKind


class TraceSight(StrEnum):
    """How much of one trace is shown."""

    WHOLE = "WHOLE"
    WITHOUT_DOCUMENTS = "WITHOUT_DOCUMENTS"
    NOTHING = "NOTHING"


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedAct:
    """What counts of a trace. `hidden_document`: it names one that the reader does not see."""

    actor_kind: ActorKind
    actor_id: str
    secret: bool = False
    hidden_document: bool = False


def sight(
    requester: Requester,
    record: Record,
    authorisation: Authorisation | None,
    now: datetime,
    act: TracedAct,
    parameters: Parameters,
) -> TraceSight:
    """How much of a trace somebody is shown; `now` is a law time.

    A trace of a document that its reader may not see is shown to its author and to the médecin traitant whole, to the
    patient and to the representatives without the document.
    """
    own = (act.actor_kind, act.actor_id) == (ActorKind.PROFESSIONAL, requester.national_id)
    if requester.kind is RequesterKind.PROFESSIONAL:
        doctor = is_medecin_traitant(requester, authorisation, now)
        return TraceSight.WHOLE if own or doctor else TraceSight.NOTHING
    if requester.kind is RequesterKind.REPRESENTATIVE:
        minor = parameters.manage_minors and record.is_minor(now, parameters.majority_age)
        if act.secret or not minor:
            return TraceSight.NOTHING
    elif requester.kind is not RequesterKind.PATIENT:
        return TraceSight.NOTHING
    return TraceSight.WITHOUT_DOCUMENTS if act.hidden_document else TraceSight.WHOLE

"""A question to the law about one person before one record, and its answer: what the doors would do, and why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import psycopg

from gateway.simulator.dossier import Document, read_dossier
from gateway.simulator.supposing import Suppositions
from xds.dmp.columns import is_current, is_medecin_traitant
from xds.dmp.explanation import Asking, Explanation, explain
from xds.dmp.parameters import Parameters
from xds.dmp.record import AuthorisationStatus
from xds.dmp.requester import Requester
from xds.registry.scope import Scope

_OLDEST, _LATEST = 1900, 2300


def is_answerable(moment: datetime) -> bool:
    """Whether the law can be asked of an instant: between the years 1900 and 2300."""
    return _OLDEST <= moment.year <= _LATEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Who asks about which patient (CX). `patient` and `person` are what people call them.

    `at` is an instant of the law's clock; None: now. What is supposed is taken for true.
    """

    patient_id: str
    patient: str
    person: str
    requester: Requester
    at: datetime | None = None
    suppositions: Suppositions = field(default_factory=Suppositions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the law says. `authorisation` is a status of TD0.2; `record` the status of the record, NONE without one."""

    question: Question
    law_time: datetime
    record: str
    authorisation: str
    medecin_traitant: bool
    explanation: Explanation[Document]

    @property
    def documents(self) -> int:
        """How many documents the record has, signatures of lots left out."""
        return sum(not one.entry.is_signature for one in self.explanation.documents)


def answer(connection: psycopg.Connection[Any], question: Question, parameters: Parameters, now: datetime) -> Answer:
    """Ask the law, with the functions that the doors ask it with. `now` is real time; `connection` the owner's."""
    requester, supposed = question.requester, question.suppositions
    parameters = supposed.of_parameters(parameters)
    scope = Scope(patient_id=question.patient_id, requester=requester, now=now, parameters=parameters)
    dossier = read_dossier(connection, question.patient_id, scope.holders)
    law_time = question.at or now + dossier.ahead
    dossier = supposed.of_dossier(dossier, requester, law_time)
    scope = replace(scope, now=law_time - dossier.ahead)
    found = scope.effective(dossier.record, dossier.authorisations) if dossier.record is not None else None
    status = found.status if found is not None else None
    if found is not None and status is AuthorisationStatus.VALIDE and not is_current(found, law_time):
        status = AuthorisationStatus.EXPIRE
    asking = Asking(
        requester=requester,
        record=dossier.record,
        authorisation=found,
        now=law_time,
        parameters=parameters,
    )
    return Answer(
        question=question,
        law_time=law_time,
        record=dossier.record.status.value if dossier.record is not None else "NONE",
        authorisation=status.value if status is not None else "NON_EXISTE",
        medecin_traitant=is_medecin_traitant(requester, found, law_time),
        explanation=explain(asking, dossier.documents),
    )

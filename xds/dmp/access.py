"""Steps 7 and 8: whom the patient blocked, who is authorised, and what an emergency opens (CSP L1111-17, R1111-46)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from xds.dmp.case import Case
from xds.dmp.columns import BREAK_GLASS, REGULATION, is_current
from xds.dmp.decision import Rule
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, AuthorisationStatus
from xds.dmp.requester import Requester


def reason_fault(requester: Requester, parameters: Parameters) -> Rule | None:
    """Who breaks the glass says why; regulation is asked for no reason."""
    if requester.purpose != BREAK_GLASS:
        return None
    length = len(requester.reason.strip())
    return None if parameters.reason_shortest <= length <= parameters.reason_longest else Rule.REASON_MISSING


def is_blocked(requester: Requester, authorisation: Authorisation | None) -> bool:
    """Whether the patient closed the record to the requester; a block is never that of another."""
    return (
        authorisation is not None
        and authorisation.status is AuthorisationStatus.INTERDIT
        and concerns(requester, authorisation)
    )


def access_fault(case: Case) -> Rule | None:
    """Why the requester may not read in an open record; None when he may. A block counts in every mode."""
    requester, record, authorisation = case.requester, case.record, case.authorisation
    if record is None:
        return Rule.RECORD_UNKNOWN
    if is_blocked(requester, authorisation):
        return Rule.BLOCKED_BY_PATIENT
    if requester.purpose == REGULATION:
        return None if record.emergency.etreat else Rule.REGULATION_DENIED
    if requester.purpose == BREAK_GLASS:
        return None if record.emergency.btg else Rule.BREAK_GLASS_DENIED
    if authorisation is None or not concerns(requester, authorisation):
        return Rule.NOT_AUTHORISED
    return None if is_current(authorisation, case.now) else Rule.AUTHORISATION_EXPIRED


def as_it_stands(authorisation: Authorisation, now: datetime) -> Authorisation:
    """An authorisation at a law time: one that has elapsed is EXPIRE, and makes no médecin traitant (DMP TD0.2)."""
    if authorisation.status is not AuthorisationStatus.VALIDE or is_current(authorisation, now):
        return authorisation
    return replace(authorisation, status=AuthorisationStatus.EXPIRE, medecin_traitant=False)


def concerns(requester: Requester, authorisation: Authorisation) -> bool:
    """Whether an authorisation is the requester's own, or that of his structure (DMP rights sheet, note 1)."""
    holder = authorisation.professional_id
    return holder == requester.national_id or (requester.is_of_its_structure and holder == requester.structure_id)


def effective(requester: Requester, authorisations: Iterable[Authorisation], now: datetime) -> Authorisation | None:
    """The one authorisation that counts among those of the requester and of his structure; None without any.

    His own block first, then what is valid, his own before that of the structure, then what is not valid any more.
    """
    known = sorted(
        (one for one in authorisations if concerns(requester, one)),
        key=lambda one: one.professional_id != requester.national_id,
    )
    blocks = [one for one in known[:1] if is_blocked(requester, one) and one.professional_id == requester.national_id]
    current = [one for one in known if is_current(one, now)]
    return next(iter([*blocks, *current, *known]), None)

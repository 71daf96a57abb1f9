"""Reimbursed acts, by month: those that are fed, and invented ones. A sandbox knows no insurance. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from cda.reimbursements import ReimbursedAct
from xds.dmp.parameters import Parameters
from xds.dmp.record import Record

_VISITS: Final = (("Consultation de médecine générale", 2650, 1855), ("Pharmacie", 1840, 1196))
_SECRET: Final = ("Contraception", 1200, 1200)


@dataclass(frozen=True, slots=True, kw_only=True)
class FedAct:
    """An act, and whether a minor who had it may refuse that it is shown (CSP R1111-33, L1111-5)."""

    act: ReimbursedAct
    secret: bool = False


def synthetic_acts(patient_id: str, until: date, months: int) -> tuple[FedAct, ...]:
    """Invented acts of a patient, the same at every call: some each month before `until`, one secret act a year."""
    found = []
    for back in range(months):
        first = _month_before(until, back)
        draw = hashlib.sha256(f"{patient_id} {first:%Y%m}".encode()).digest()
        label, paid, reimbursed = _VISITS[draw[0] % 2]
        day = first + timedelta(days=draw[1] % 28)
        found.append(FedAct(act=ReimbursedAct(day=day, label=label, paid=paid, reimbursed=reimbursed)))
        if back % 12 == 5:
            label, paid, reimbursed = _SECRET
            act = ReimbursedAct(day=first, label=label, paid=paid, reimbursed=reimbursed)
            found.append(FedAct(act=act, secret=True))
    return tuple(sorted((one for one in found if one.act.day <= until), key=lambda one: one.act.day))


def periods(
    acts: Iterable[FedAct], record: Record, now: datetime, parameters: Parameters
) -> dict[date, list[ReimbursedAct]]:
    """The acts to feed at a law time, by the first day of their month: of the last months, none a minor refused."""
    oldest = _month_before(now.date(), parameters.reimbursement_months - 1)
    minor = record.is_represented_minor(now, parameters)
    found: dict[date, list[ReimbursedAct]] = {}
    for one in acts:
        if oldest <= one.act.day <= now.date() and not (one.secret and minor):
            found.setdefault(one.act.day.replace(day=1), []).append(one.act)
    return found


def _month_before(day: date, months: int) -> date:
    """The first day of the month, so many months before that of `day`."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(years, month + 1, 1)

"""The law's clock of a house: what it shows, and moving it, never back, and never in a house in production."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg

from gateway.acts import Act, event_text
from gateway.administration.office import administrator
from gateway.database.errors import DatabaseSetupError
from security.audit.event import Outcome
from xds.dmp.timers import after_months

FURTHEST = timedelta(days=366 * 200)
_PIECE = re.compile(r"(\d{1,5})(mo|min|[ywdh])", re.ASCII)
_BACKWARDS = "XDS03"


class ClockError(Exception):
    """The clock is not moved that way. The text, and `french`, are safe to print; `code` names the fault."""

    def __init__(self, english: str, french: str, code: str) -> None:
        super().__init__(f"{english} ({code})")
        self.french = f"{french} ({code})"
        self.code = code


@dataclass(frozen=True, slots=True)
class Reading:
    """What the clocks show, both UTC: that of the law, and real time."""

    law: datetime
    real: datetime

    @property
    def ahead(self) -> timedelta:
        """How far the law's clock runs ahead."""
        return self.law - self.real


def read_clock(connection: psycopg.Connection[Any]) -> Reading:
    """Read both clocks of the house, on its database server."""
    row = connection.execute("SELECT ecluse.law_now(), now()").fetchone()
    if row is None:
        raise LookupError("a clock always shows something")
    return Reading(row[0].astimezone(UTC), row[1].astimezone(UTC))


def must_be_real(connection: psycopg.Connection[Any], mode: str) -> None:
    """Raise DatabaseSetupError: a house in production whose clock was moved, when it was a sandbox."""
    row = connection.execute("SELECT ecluse.law_now() - now()").fetchone()
    if mode == "production" and row is not None and row[0]:
        raise DatabaseSetupError(
            f"the law's clock of this data directory is {row[0].days} days ahead: it was a sandbox and stays one."
            " Serve production on another directory (SBX_CLOCK_PRODUCTION)"
        )


def after(instant: datetime, span: str) -> datetime:
    """An instant and a span of the calendar: `10y`, `1mo`, `6w`, `14d`, `12h`, `30min`, or several, `1y6mo`.

    Months and years first, whatever the order they are said in. Raises ClockError: another form, or too far.
    """
    pieces = _PIECE.findall(span)
    if not pieces or "".join(number + unit for number, unit in pieces) != span:
        raise ClockError(
            f"a span is 14d, 6w, 1mo, 10y, 12h or 30min; found {span!r}",
            f"une durée s'écrit 14d, 6w, 1mo, 10y, 12h ou 30min (jours, semaines, mois, ans) ; reçu {span!r}",
            "SBX_CLOCK_SPAN",
        )
    total = dict.fromkeys(("y", "mo", "w", "d", "h", "min"), 0)
    for number, unit in pieces:
        total[unit] += int(number)
    try:
        moved = after_months(instant, 12 * total["y"] + total["mo"])
        return moved + timedelta(weeks=total["w"], days=total["d"], hours=total["h"], minutes=total["min"])
    except (OverflowError, ValueError):
        raise _too_far() from None


def instant(text: str) -> datetime:
    """A day or an instant, ISO 8601, UTC where it has no zone. Raises ClockError: another form."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ClockError(
            f"--to takes a day or an instant, such as 2027-01-31; found {text!r}",
            f"--to attend un jour ou un instant, comme 2027-01-31 ; reçu {text!r}",
            "SBX_CLOCK_SPAN",
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def advance(connection: psycopg.Connection[Any], target: datetime, *, mode: str) -> Reading:
    """Move the law's clock to an instant, as the owner, with its audit event, which a refusal has too.

    Raises ClockError: back (SBX_CLOCK_BACKWARDS), a house in production (SBX_CLOCK_PRODUCTION), too far.
    """
    before = read_clock(connection)
    try:
        with connection.transaction():
            _move(connection, before, target, mode)
            _witness(connection, Outcome.SUCCESS, before, target)
    except ClockError as error:
        _witness(connection, Outcome.REFUSED, before, target, error.code)
        raise
    return read_clock(connection)


def _move(connection: psycopg.Connection[Any], before: Reading, target: datetime, mode: str) -> None:
    if mode != "sandbox":
        raise ClockError(
            "the clock of a house in production is never moved",
            "l'horloge d'une maison en production ne se déplace jamais",
            "SBX_CLOCK_PRODUCTION",
        )
    if target - before.real > FURTHEST:
        raise _too_far()
    try:
        connection.execute("SELECT ecluse.law_clock_advance(%s)", (target,))
    except psycopg.Error as error:
        if error.sqlstate != _BACKWARDS:
            raise
        shown = before.law.isoformat(timespec="seconds")
        raise ClockError(
            f"the law's clock never goes back: it shows {shown}",
            f"l'horloge de la loi ne recule jamais : elle indique {shown}",
            "SBX_CLOCK_BACKWARDS",
        ) from error


def _witness(
    connection: psycopg.Connection[Any], outcome: Outcome, before: Reading, target: datetime, code: str = ""
) -> None:
    objects = (before.law.isoformat(), target.isoformat())
    event = event_text(Act.CLOCK, outcome, administrator(), str(uuid4()), objects=objects, code=code)
    connection.execute("SELECT ecluse.audit_append(%s)", ([event],))


def _too_far() -> ClockError:
    years = FURTHEST.days // 366
    return ClockError(
        f"the clock moves {years} years at most", f"l'horloge avance de {years} ans au plus", "SBX_CLOCK_SPAN"
    )

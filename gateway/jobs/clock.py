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
    """The clock is not moved that way. The text is safe to print; `code` names the fault."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(f"{text} ({code})")
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
        raise ClockError(f"a span is 14d, 6w, 1mo, 10y, 12h or 30min; found {span!r}", "SBX_CLOCK_SPAN")
    total = dict.fromkeys(("y", "mo", "w", "d", "h", "min"), 0)
    for number, unit in pieces:
        total[unit] += int(number)
    try:
        moved = after_months(instant, 12 * total["y"] + total["mo"])
        return moved + timedelta(weeks=total["w"], days=total["d"], hours=total["h"], minutes=total["min"])
    except (OverflowError, ValueError):
        raise ClockError(f"the clock moves {FURTHEST.days // 366} years at most", "SBX_CLOCK_SPAN") from None


def advance(connection: psycopg.Connection[Any], target: datetime, *, mode: str) -> Reading:
    """Move the law's clock to an instant, as the owner, with its audit event.

    Raises ClockError: back (SBX_CLOCK_BACKWARDS), a house in production (SBX_CLOCK_PRODUCTION), too far.
    """
    if mode != "sandbox":
        raise ClockError("the clock of a house in production is never moved", "SBX_CLOCK_PRODUCTION")
    before = read_clock(connection)
    if target - before.real > FURTHEST:
        raise ClockError(f"the clock moves {FURTHEST.days // 366} years at most", "SBX_CLOCK_SPAN")
    event = event_text(
        Act.CLOCK, Outcome.SUCCESS, administrator(), str(uuid4()), objects=(before.law.isoformat(), target.isoformat())
    )
    try:
        with connection.transaction():
            connection.execute("SELECT ecluse.law_clock_advance(%s)", (target,))
            connection.execute("SELECT ecluse.audit_append(%s)", ([event],))
    except psycopg.Error as error:
        if error.sqlstate != _BACKWARDS:
            raise
        raise ClockError(
            f"the law's clock never goes back: it shows {before.law.isoformat(timespec='seconds')}",
            "SBX_CLOCK_BACKWARDS",
        ) from error
    return read_clock(connection)

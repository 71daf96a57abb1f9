"""Times of a CDA document (HL7 v3 TS) and their DTM spelling in UTC (ITI TF-3 §4.2.3.1.7)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_TS = re.compile(r"(\d{4}(?:\d{2}){0,5})(?:\.\d+)?([+-]\d{4})?")
_FORMATS = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


def to_utc(value: str | None) -> str | None:
    """Spell an HL7 TS as a DTM in UTC, to the precision that was given.

    An offset only moves a value that has at least an hour: a day stays the day that was written. A time without offset
    is taken as UTC. Fractions of seconds are cut. None when `value` is absent or is no date of the calendar.
    """
    moment = _read(value)
    if moment is None:
        return None
    digits, when = moment
    return when.strftime(_FORMATS[digits])


def same_instant(one: str | None, other: str | None) -> bool:
    """Whether two TS or DTM texts name the same instant, to the coarser of the two precisions."""
    first, second = to_utc(one), to_utc(other)
    if first is None or second is None:
        return False
    shared = min(len(first), len(second))
    return first[:shared] == second[:shared]


def _read(value: str | None) -> tuple[int, datetime] | None:
    matched = _TS.fullmatch(value.strip()) if value else None
    if matched is None:
        return None
    text, offset = matched.groups()
    try:
        when = datetime.strptime(text, _FORMATS[len(text)]).replace(tzinfo=_zone(offset))
    except ValueError:
        return None
    return len(text), when.astimezone(UTC) if len(text) > 8 else when


def _zone(offset: str | None) -> timezone:
    if offset is None:
        return UTC
    distance = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5]))
    return timezone(-distance if offset[0] == "-" else distance)

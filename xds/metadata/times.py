"""DTM: times in UTC, to the precision known (ITI TF-3 §4.2.3.1.7; HL7 v2.5 §2.A.21)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_DTM = re.compile(r"[0-9]{4}(?:[0-9]{2}){0,5}")
_EARLIEST = "00000101000000"


def padded(dtm: str) -> str:
    """The earliest instant of a DTM on 14 digits: `2004` is `20040101000000`. The text is taken as valid."""
    return dtm + _EARLIEST[len(dtm) :]


def parse_dtm(text: str) -> datetime:
    """The earliest instant of `YYYY[MM[DD[hh[mm[ss]]]]]`, UTC.

    Raises ValueError: other characters, a zone or a fraction, or no instant of the calendar.
    """
    if not _DTM.fullmatch(text):
        raise ValueError("not 4, 6, 8, 10, 12 or 14 digits")
    full = padded(text)
    year, (month, day, hour, minute, second) = int(full[:4]), (int(full[at : at + 2]) for at in range(4, 14, 2))
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise ValueError("not a time of the calendar") from None


def format_dtm(moment: datetime) -> str:
    """Write an instant as 14 digits in UTC. Raises ValueError: the instant has no zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without zone is no instant")
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S").zfill(14)


def is_after(later: str, earlier: str) -> bool:
    """Whether one DTM is after another, compared at their common precision."""
    precision = min(len(later), len(earlier))
    return later[:precision] > earlier[:precision]

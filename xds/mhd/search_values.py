"""Values of search parameters: tokens, dates, escapes (FHIR R4 §3.1.1.3 to §3.1.1.5).

A parameter that is repeated must be met each time; values between commas are alternatives. What is wrong with one
parameter does not hide what is wrong with the others: `Faults` gathers them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any, Final, TypeVar

from profiles.fhir.systems import scheme_of
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.metadata.codes import Code
from xds.queries import TimeRange

T = TypeVar("T")
_PREFIXES: Final = ("eq", "ge", "gt", "le", "lt", "sa", "eb")
_TIME = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with the parameters of a search, one after the other."""

    _errors: list[RegistryError] = field(default_factory=list)

    def attempt(self, otherwise: T, read: Callable[..., T], *given: Any) -> T:
        """What is read of what is given; `otherwise` where it is refused, which is kept."""
        try:
            return read(*given)
        except Refusal as refusal:
            self._errors.extend(refusal.errors)
            return otherwise

    def refuse(self) -> None:
        """Raises Refusal: every fault that was kept, if there is one."""
        if self._errors:
            raise Refusal(self._errors)


@dataclass(frozen=True, slots=True)
class Token:
    """`system|code`. `system` is None when any will do, empty when there must be none."""

    system: str | None
    code: str

    def meets(self, code: Code) -> bool:
        """Whether a code of XDS is this one."""
        if self.code and code.code != self.code:
            return False
        return self.system is None or scheme_of(self.system) == code.scheme

    @property
    def exact(self) -> Code | None:
        """The code of XDS that it names; None when several might."""
        return Code(self.code, scheme_of(self.system)) if self.system and self.code else None


@dataclass(frozen=True, slots=True)
class Moments:
    """What a date with its prefix says of an instant: `start <= it < stop`; of a period, see `of_period`."""

    prefix: str
    start: datetime
    stop: datetime

    @property
    def bounds(self) -> tuple[datetime | None, datetime | None]:
        """The bounds that an instant must keep to."""
        return {
            "eq": (self.start, self.stop),
            "ge": (self.start, None),
            "gt": (self.stop, None),
            "sa": (self.stop, None),
            "lt": (None, self.start),
            "eb": (None, self.start),
            "le": (None, self.stop),
        }[self.prefix]

    def of_period(self) -> tuple[TimeRange, TimeRange]:
        """What a period must keep to: its start, then its stop (FHIR R4 §3.1.1.4.8)."""
        low, high, anything = _text(self.start), _text(self.stop), TimeRange()
        return {
            "eq": (TimeRange(low, None), TimeRange(None, high)),
            "ge": (anything, TimeRange(low, None)),
            "gt": (anything, TimeRange(high, None)),
            "sa": (TimeRange(high, None), anything),
            "lt": (TimeRange(None, low), anything),
            "le": (TimeRange(None, high), anything),
            "eb": (anything, TimeRange(None, low)),
        }[self.prefix]


def alternatives(value: str) -> tuple[str, ...]:
    """The values between commas, still escaped; an empty one says nothing."""
    return tuple(part for part in _split(value, ",") if part)


def read_token(text: str) -> Token:
    """Read `code`, `system|code`, `|code` or `system|`."""
    parts = _split(text, "|")
    if len(parts) == 1:
        return Token(None, unescaped(parts[0]))
    return Token(unescaped(parts[0]), unescaped("|".join(parts[1:])))


def read_tokens(value: str) -> tuple[Token, ...]:
    """The alternatives of a token parameter."""
    return tuple(map(read_token, alternatives(value)))


def read_moments(name: str, value: str) -> Moments:
    """Read one date with its prefix; without zone it is UTC. Raises Refusal: it is none, or there are several."""
    prefix = value[:2] if value[:2] in _PREFIXES else "eq"
    text = value.removeprefix(prefix) if value[:2] in _PREFIXES else value
    found = _TIME.fullmatch(text)
    if found is None:
        raise _unusable(name, f"one date or dateTime, with one of the prefixes {', '.join(_PREFIXES)} or none")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        start = datetime.fromisoformat(
            f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}"
            f".{(fraction or '').ljust(6, '0')}{zone or '+00:00'}".replace("Z", "+00:00")
        ).astimezone(UTC)
        stop = _end(start, month, day, hour, second, fraction)
    except (ValueError, OverflowError):
        raise _unusable(name, "a date of the calendar") from None
    return Moments(prefix, start, stop)


def period_range(name: str, value: str) -> tuple[TimeRange, TimeRange]:
    """What a period must keep to: its start, then its stop. Raises Refusal."""
    return read_moments(name, value).of_period()


def bounds_of(name: str, value: str) -> tuple[datetime | None, datetime | None]:
    """The bounds that an instant must keep to. Raises Refusal."""
    return read_moments(name, value).bounds


def time_range(name: str, values: Iterable[str]) -> TimeRange:
    """The range of an instant that keeps to every value."""
    return reduce(narrowed, (_range(*read_moments(name, value).bounds) for value in values), TimeRange())


def narrowed(one: TimeRange, other: TimeRange) -> TimeRange:
    """What keeps to both."""
    starts = [bound for bound in (one.start, other.start) if bound is not None]
    stops = [bound for bound in (one.stop, other.stop) if bound is not None]
    return TimeRange(max(starts, default=None), min(stops, default=None))


def unescaped(text: str) -> str:
    r"""A value without its escapes: `\,`, `\|`, `\$`, `\\` (FHIR R4 §3.1.1.5)."""
    return re.sub(r"\\([,|$\\])", r"\1", text)


def _split(text: str, separator: str) -> list[str]:
    return re.split(rf"(?<!\\){re.escape(separator)}", text)


def _range(start: datetime | None, stop: datetime | None) -> TimeRange:
    return TimeRange(_text(start) if start else None, _text(stop) if stop else None)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%S").zfill(14)


def _end(
    start: datetime, month: str | None, day: str | None, hour: str | None, second: str | None, fraction: str | None
) -> datetime:
    """The end of the time that a text of this precision covers."""
    if month is None:
        return start.replace(year=start.year + 1)
    if day is None:
        return (start.replace(day=1) + timedelta(days=32)).replace(day=1)
    if hour is None:
        return start + timedelta(days=1)
    if second is None:
        return start + timedelta(minutes=1)
    return start + (timedelta(seconds=1) if fraction is None else timedelta(microseconds=10 ** (6 - len(fraction))))


def _unusable(name: str, expected: str) -> Refusal:
    text = f"{name}: found a value that is none, expected {expected}"
    return Refusal([RegistryError(XdsErrorCode.STORED_QUERY_PARAM_NUMBER, text, rule="FHIR-SEARCH")])

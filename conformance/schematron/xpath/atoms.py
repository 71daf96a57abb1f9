"""What libxml2 hands to a function of ours, as strings, numbers and instants (XPath 2.0 §2.4.2)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from conformance.schematron.model import ECLUSE

STRING_ITEM = f"{{{ECLUSE}}}string"
"""An element of our making that holds a string in a variable; a variable of libxml2 holds no list of strings."""
UNTYPED_ITEM = f"{{{ECLUSE}}}untyped"

_BELOW = etree.XPath("descendant::text()", smart_strings=False)
_SPACES = " \t\n\r"
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_DOUBLE = re.compile(rf"{_DECIMAL.pattern}(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN")
_ZONE = r"(Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
_DATE = re.compile(rf"(-?(?:[1-9][0-9]{{3,}}|0[0-9]{{3}}))-([0-9]{{2}})-([0-9]{{2}}){_ZONE}")
_DATE_TIME = re.compile(
    rf"(-?(?:[1-9][0-9]{{3,}}|0[0-9]{{3}}))-([0-9]{{2}})-([0-9]{{2}})T"
    rf"([0-9]{{2}}):([0-9]{{2}}):([0-9]{{2}})(\.[0-9]+)?{_ZONE}"
)


def texts(value: Any) -> list[str]:
    """The string values of what was handed over."""
    if isinstance(value, list):
        return [one if isinstance(one, str) else text_of(one) for one in value]
    return [text(value)]


def text(value: Any) -> str:
    """The string value of the first, or the empty string."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "" if not value else text(value[0])
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return text_of(value)


def text_of(element: Any) -> str:
    """The string value of an element, or of a comment or a processing instruction."""
    if len(element) == 0:
        return element.text or ""
    found = _BELOW(element)
    return "".join(str(one) for one in found) if isinstance(found, list) else ""


def number(value: Any) -> float:
    """The first as xs:double; not a number when it is none, as fn:number() says."""
    if isinstance(value, bool | float | int):
        return float(value)
    if isinstance(value, list) and not value:
        return math.nan
    return double(text(value))


def double(spelling: str) -> float:
    """A spelling of xs:double; not a number when it is none. XPath 1.0 knows neither `+1` nor `1e3`."""
    spelling = spelling.strip(_SPACES)
    return float(spelling) if _DOUBLE.fullmatch(spelling) else math.nan


def is_instance(spelling: str, name: str) -> bool:
    """Whether a spelling can be cast to a type of XML Schema, `name` being its local name."""
    return _CASTS[name](spelling if name == "string" else spelling.strip(_SPACES))


def instant(spelling: str, name: str) -> datetime | None:
    """A date or a dateTime, in UTC, one without zone being in UTC (Saxon's implicit zone is the machine's).

    Years outside 1 to 9999 and anything that is no date give None.
    """
    spelling = spelling.strip(_SPACES)
    found = (_DATE_TIME if name == "dateTime" else _DATE).fullmatch(spelling)
    if found is None:
        return None
    year, month, day, *rest = found.groups()
    try:
        begun = datetime(int(year), int(month), int(day), tzinfo=UTC)
    except ValueError:
        return None
    zone = rest[-1]
    if zone and zone != "Z":
        hours, minutes = int(zone[1:3]), int(zone[4:6])
        shift = timedelta(hours=hours, minutes=minutes)
        begun = begun.replace(tzinfo=timezone(shift if zone[0] == "+" else -shift))
    if name == "dateTime":
        hour, minute, second = (int(one) for one in rest[:3])
        fraction = Decimal(rest[3] or "0")
        if minute > 59 or second > 59 or hour > 24 or (hour == 24 and (minute or second or fraction)):
            return None
        begun += timedelta(hours=hour, minutes=minute, seconds=second, microseconds=float(fraction) * 1e6)
    try:
        return begun.astimezone(UTC)
    except OverflowError:
        return None


def _is_calendar(name: str) -> Callable[[str], bool]:
    def is_one(spelling: str) -> bool:
        found = (_DATE_TIME if name == "dateTime" else _DATE).fullmatch(spelling)
        if found is None:
            return False
        year, month, day, *rest = found.groups()
        # The calendar repeats every 400 years: any year is judged by one that Python knows.
        try:
            date(int(year) % 400 + 2000, int(month), int(day))
        except ValueError:
            return False
        if name == "date":
            return True
        hour, minute, second = (int(one) for one in rest[:3])
        whole = not (minute or second or Decimal(rest[3] or "0"))
        return minute <= 59 and second <= 59 and (hour <= 23 or (hour == 24 and whole))

    return is_one


def _is_decimal(spelling: str) -> bool:
    try:
        return _DECIMAL.fullmatch(spelling) is not None and Decimal(spelling).is_finite()
    except InvalidOperation:
        return False


def _bounded(least: int | None, most: int | None) -> Callable[[str], bool]:
    def is_one(spelling: str) -> bool:
        if _INTEGER.fullmatch(spelling) is None:
            return False
        digits = spelling.lstrip("+-0") or "0"
        if len(digits) > 20:
            return most is None and (least is None or not spelling.startswith("-"))
        value = int(spelling)
        return (least is None or value >= least) and (most is None or value <= most)

    return is_one


_CASTS: dict[str, Callable[[str], bool]] = {
    "string": lambda _: True,
    "anyURI": lambda _: True,
    "integer": lambda one: _INTEGER.fullmatch(one) is not None,
    "nonNegativeInteger": _bounded(0, None),
    "positiveInteger": _bounded(1, None),
    "int": _bounded(-(2**31), 2**31 - 1),
    "decimal": _is_decimal,
    "double": lambda one: _DOUBLE.fullmatch(one) is not None,
    "float": lambda one: _DOUBLE.fullmatch(one) is not None,
    "boolean": lambda one: one in ("true", "false", "1", "0"),
    "date": _is_calendar("date"),
    "dateTime": _is_calendar("dateTime"),
}

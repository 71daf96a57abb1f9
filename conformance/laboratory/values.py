"""OBX-5 by its type: numbers, structured numbers, codes, words, times (HL7 v2.5 §7.4.2.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from cda.laboratory.report import Interval, Moment, Quantity, Value, Words
from conformance.laboratory.coding import coded_of, label_of
from conformance.laboratory.remarks import Remarks
from conformance.laboratory.times import Clock
from conformance.schematron.units import is_unit
from xds.hl7v2.segments import Repetition, Segment

_NUMBER = re.compile(r"([+-]?)(\d{0,30})(?:\.(\d{0,30}))?", re.ASCII)
_COMPARATORS = frozenset(("", "=", "<", "<=", ">", ">=", "<>"))
_SEPARATORS = frozenset("-+/.:")
"""What may stand between two numbers: without one, `1` and `128` would be read as 1128."""
_FORMATTING = re.compile(r"\\\.[a-z]{2}[+-]?\d*\\")
_NUM = r"([+-]?\d{1,30}(?:\.\d{1,30})?)"
_BETWEEN = re.compile(rf"{_NUM}\s*(?:-|–|à)\s*{_NUM}", re.ASCII)
_BOUND = re.compile(rf"(<=?|>=?|≤|≥)\s*{_NUM}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Found:
    """What an OBX-5 says: for a reader, and as a value of an entry; `unit` is its UCUM unit, None when it has none."""

    shown: str
    value: Value | None
    unit: str | None = None


def read_value(obx: Segment, clock: Clock, remarks: Remarks) -> Found:
    """The value of an OBX. What is no value of its type is an error."""
    read = _READERS.get(obx.text(2))
    if not obx.repetitions(5):
        return Found("", None)
    if read is None:
        remarks.tell("RES-TYPE", obx.location(2))
        return Found("", None)
    return read(obx, clock, remarks)


def read_range(text: str, unit: str | None) -> Interval | None:
    """OBX-7 as numbers: `4.0-6.0`, `<5`, `>= 90`. None: it is words, or the value has no UCUM unit."""
    if unit is None:
        return None
    between = _BETWEEN.fullmatch(text)
    if between is not None:
        low, high = (one.removeprefix("+") for one in between.groups())
        return Interval(low=low, high=high, unit=unit) if float(low) <= float(high) else None
    bound = _BOUND.fullmatch(text)
    return _bounded(bound[1], bound[2].removeprefix("+"), unit) if bound is not None else None


def _bounded(sign: str, number: str, unit: str) -> Interval:
    closed = sign not in ("<", ">")
    if sign[0] in "<≤":
        return Interval(high=number, unit=unit, closed=closed)
    return Interval(low=number, unit=unit, closed=closed)


def _number(text: str) -> str | None:
    """A number of HL7 as one of CDA: without plus, with digits on both sides of its point."""
    matched = _NUMBER.fullmatch(text)
    if matched is None or not (matched[2] or matched[3]):
        return None
    sign = "-" if matched[1] == "-" else ""
    return f"{sign}{matched[2] or '0'}" + (f".{matched[3]}" if matched[3] else "")


def _unit(obx: Segment, remarks: Remarks) -> tuple[str | None, str]:
    """The UCUM unit, empty for a bare number, None for one that UCUM has not; and how the sender writes it."""
    units = obx.repetitions(6)
    if not units:
        return "", ""
    for at in (1, 4):
        unit = units[0].text(at)
        if unit and is_unit(unit):
            if units[0].text(at + 2) != "UCUM":
                remarks.tell("RES-UNIT-SYSTEM", obx.location(6))
            return unit, units[0].text(1)
    remarks.tell("RES-UNIT", obx.location(6))
    return None, units[0].text(1)


def _nm(obx: Segment, _: Clock, remarks: Remarks) -> Found:
    if len(obx.repetitions(5)) > 1:
        remarks.tell("RES-REPEATS", obx.location(5))
    number = _number(obx.text(5))
    if number is None:
        remarks.tell("RES-NUMBER", obx.location(5))
        return Found("", None)
    unit, written = _unit(obx, remarks)
    shown = f"{obx.text(5)} {written}".strip()
    return Found(shown, Words(shown) if unit is None else Quantity(number, unit), unit)


def _sn(obx: Segment, _: Clock, remarks: Remarks) -> Found:
    comparator, first, separator, second = (obx.text(5, component) for component in (1, 2, 3, 4))
    low, high = _number(first), _number(second) if second else ""
    apart = separator in _SEPARATORS if separator else not second
    if low is None or high is None or not apart or comparator not in _COMPARATORS:
        remarks.tell("RES-STRUCTURED", obx.location(5))
        return Found("", None)
    unit, written = _unit(obx, remarks)
    between = f" {separator} " if separator == "-" else separator
    exactly = comparator in ("", "=")
    shown = f"{'' if exactly else comparator}{first}{between}{second} {written}".strip()
    if high and separator == "-" and unit is not None and exactly and float(low) <= float(high):
        return Found(shown, Interval(low=low, high=high, unit=unit), unit)
    if unit is None or comparator == "<>" or separator:
        return Found(shown, Words(shown), unit)
    return Found(shown, Quantity(low, unit) if exactly else _bounded(comparator, low, unit), unit)


def _words(obx: Segment, _: Clock, remarks: Remarks) -> Found:
    text = "\n".join(map(_text_of, obx.repetitions(5)))
    written = obx.text(6)
    shown = f"{text} {written}".strip()
    return Found(shown, Words(shown))


def _text_of(one: Repetition) -> str:
    """All of a text: an unescaped delimiter in it is a part of it, formatting is a line feed."""
    unescaped = one.delimiters.unescape(one.raw).strip()
    return "" if unescaped == '""' else _FORMATTING.sub("\n", unescaped)


def _codes(obx: Segment, _: Clock, remarks: Remarks) -> Found:
    given = obx.repetitions(5)
    shown = "\n".join(map(label_of, given))
    code = coded_of(given[0])
    if len(given) > 1 or code is None:
        remarks.tell("RES-CODES", obx.location(5))
        return Found(shown, Words(shown) if shown else None)
    return Found(shown, code)


def _time(obx: Segment, clock: Clock, remarks: Remarks) -> Found:
    time = clock.read(obx.text(5), obx.location(5))
    if time is None:
        return Found("", None)
    return Found(time, Moment(time))


_READERS: dict[str, Callable[[Segment, Clock, Remarks], Found]] = {
    "NM": _nm,
    "SN": _sn,
    "ST": _words,
    "TX": _words,
    "FT": _words,
    "TM": _words,
    "CE": _codes,
    "CWE": _codes,
    "DT": _time,
    "TS": _time,
    "DTM": _time,
}

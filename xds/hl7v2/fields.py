"""Fields: required ones, how often, data types and tables of HL7, by hl7apy's tables (HL7 v2.5 §2.A; v2.6 §2.A)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from hl7apy import load_reference
from hl7apy.exceptions import ChildNotFound

from profiles.hl7v2.tables import pre_adopted
from xds.hl7v2.faults import Fault
from xds.hl7v2.findings import broken
from xds.hl7v2.segments import MOST_REPETITIONS, Delimiters, Segment

_DATE = re.compile(r"\d{4}(?:\d\d(?:\d\d)?)?", re.ASCII)
_ZONE = r"(?:[+-]\d{4})?"
_FORMS = {
    "NM": re.compile(r"[+-]?\d+(?:\.\d*)?|[+-]?\.\d+", re.ASCII),
    "SI": re.compile(r"\d{1,4}", re.ASCII),
    "DT": _DATE,
    "TM": re.compile(r"\d{2}(?:\d\d(?:\d\d(?:\.\d{1,4})?)?)?" + _ZONE, re.ASCII),
    "DTM": re.compile(r"\d{4}(?:\d\d(?:\d\d(?:\d\d(?:\d\d(?:\d\d(?:\.\d{1,4})?)?)?)?)?)?" + _ZONE, re.ASCII),
}
_OTHER = re.compile(r"[+.-]")
_PARTS = ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))
"""Year, month, day, hour, minute, second of a time of 14 digits."""
_DAY_FORMS = frozenset(("DT", "DTM"))
_READ_ELSEWHERE = frozenset((("MSH", 1), ("MSH", 2), ("MSH", 9), ("MSH", 10), ("MSH", 11), ("MSH", 12), ("MSH", 18)))
"""Fields that rules of their own judge."""
_INCOMPLETE = frozenset(("OBX_2", "MSH_17"))
"""Fields whose table hl7apy has not whole."""


@dataclass(frozen=True, slots=True)
class _Field:
    """What HL7 says of a field. `forms` are the primitive types by component, `table` that of a coded field.

    `form` is that of a value without components. `is_free`: the field may hold any one value, or none.
    """

    number: int
    required: bool
    most: int
    forms: tuple[tuple[int, str], ...]
    table: frozenset[str]
    form: str
    is_free: bool


def check_fields(segments: Iterable[Segment], structure: str, version: str) -> list[Fault]:
    """Everything wrong with the fields of segments that HL7 defines; those of others are the sender's own affair."""
    later = dict(pre_adopted(structure).values())
    faults: list[Fault] = []
    for segment in segments:
        fields, required = _fields(segment.name, later.get(segment.name, version))
        said, delimiters = segment.fields, segment.delimiters
        wrong = {number for number in required if number >= len(said) or not said[number]}
        # Most fields are empty, and of most others nothing is asked: neither is cut into pieces.
        for number, raw in enumerate(said):
            if raw and (field := fields.get(number)) is not None and not _is_plain(raw, field, delimiters):
                wrong.add(number)
        for number in sorted(wrong):
            faults += _check(segment, fields[number])
    return faults


def _is_plain(raw: str, field: _Field, delimiters: Delimiters) -> bool:
    """Whether a field is seen to be right without being cut into pieces; of any other, `_check` decides."""
    if delimiters.repetition in raw or not field.most:
        return False
    if field.is_free:
        return True
    if not field.forms and not field.table:
        return bool(raw.strip(f"{delimiters.component}{delimiters.subcomponent} "))
    if delimiters.component in raw or delimiters.subcomponent in raw or delimiters.escape in raw:
        return False
    value = raw.strip()
    if not value or value == '""':
        return False
    return (not field.form or _has_form(value, field.form)) and (not field.table or value in field.table)


def _check(segment: Segment, field: _Field) -> Iterable[Fault]:
    repetitions = segment.repetitions(field.number)
    if not repetitions:
        if field.required:
            yield broken("HL7-REQUIRED", segment.location(field.number))
        return
    most = field.most if field.most >= 0 else MOST_REPETITIONS - 1
    if most < len(repetitions):
        yield broken("HL7-CARDINALITY", segment.location(field.number), expected=f"{most} at most")
    for number, one in enumerate(repetitions, 1):
        for component, form in field.forms:
            if not _has_form(one.text(component), form):
                yield broken("HL7-TYPE", segment.location(field.number, number, component), expected=form)
        if field.table and (value := one.text()) and value not in field.table:
            yield broken("HL7-TABLE", segment.location(field.number, number), found=value)


def _has_form(value: str, form: str) -> bool:
    """Whether a value has the form of a primitive type; dates must be days of the calendar."""
    if not value:
        return True
    if not _FORMS[form].fullmatch(value):
        return False
    if form not in _DAY_FORMS:
        return True
    digits = _OTHER.split(value, 1)[0]
    full = digits + "0101000000"[len(digits) - 4 :]
    try:
        year, month, day, hour, minute, second = (int(full[begin:end]) for begin, end in _PARTS)
        datetime(year, month, day, hour, minute, second)
    except ValueError:
        return False
    return True


@cache
def _fields(name: str, version: str) -> tuple[Mapping[int, _Field], tuple[int, ...]]:
    """The fields of a segment by number, and the numbers of those that must be there."""
    try:
        reference = load_reference(name, "Segment", version)
    except ChildNotFound:
        return {}, ()
    fields = [
        _field(name, child, children, numbers, version)
        for child, children, numbers, _ in reference[1]
        if not _is_read_elsewhere(child)
    ]
    return {one.number: one for one in fields}, tuple(one.number for one in fields if one.required)


def _is_read_elsewhere(name: str) -> bool:
    segment, _, number = name.partition("_")
    return (segment, int(number)) in _READ_ELSEWHERE


def _field(segment: str, name: str, reference: Any, numbers: tuple[int, int], version: str) -> _Field:
    _, children, datatype, _, table, _ = reference
    forms = [(number, child[1][2]) for number, child in enumerate(children or (), 1) if child[1][0] == "leaf"]
    simple = [(1, datatype)] if not children else forms
    known = tuple((number, form) for number, form in simple if form in _FORMS)
    values = _table(table, version) if datatype == "ID" and name not in _INCOMPLETE else frozenset()
    return _Field(
        number=int(name.removeprefix(f"{segment}_")),
        required=numbers[0] > 0,
        most=numbers[1],
        forms=known,
        table=values,
        form=dict(known).get(1, ""),
        is_free=numbers[0] == 0 and numbers[1] != 0 and not known and not values,
    )


@cache
def _table(name: str | None, version: str) -> frozenset[str]:
    """The values of a table of HL7; empty when it lists none, or leaves them to users."""
    if name is None:
        return frozenset()
    try:
        return frozenset(load_reference(name, "Table", version)[1])
    except ChildNotFound:
        return frozenset()

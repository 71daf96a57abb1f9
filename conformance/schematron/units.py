"""Units of measure: is an expression one of UCUM, annotations aside? (UCUM 2.1 §§2 to 22, case sensitive)."""

from __future__ import annotations

import csv
import re
from functools import cache, lru_cache
from importlib.resources import files

# What the official check takes away before it looks: a brace, two characters or more, small letters between them.
_ANNOTATION = re.compile(r"\{.[a-z]*.\}")
_PREFIXES = ("da", "Ki", "Mi", "Gi", "Ti", *"YZEPTGMkhdcmunpfazy")
_EXPONENT = re.compile(r"[+-]?[0-9]+")
_FACTOR = re.compile(r"[0-9]+")


_LONGEST = 100  # no unit is longer: brackets without end are not followed


def is_unit(text: str) -> bool:
    """Whether a unit is well formed: nothing but annotations, or terms of known units, multiplied and divided.

    Annotations are taken away first, as the official check does; one that it leaves makes the unit ill-formed.
    """
    return len(text) <= _LONGEST and _is_unit(text)


@lru_cache(maxsize=1024)
def _is_unit(text: str) -> bool:
    units = _units()
    rest = _ANNOTATION.sub("", text)
    if not rest or text in units.whole or rest in units.whole:
        return True
    position = _term(rest, 0, units.simple)
    return position == len(rest)


class _Units:
    """The units that a component may be, prefixes spelled out, by their first characters to the longest."""

    def __init__(self, rows: list[tuple[str, str]]) -> None:
        self.whole = frozenset(atom for atom, kind in rows if kind == "whole")
        names = {atom for atom, kind in rows if kind != "whole"}
        names |= {prefix + atom for atom, kind in rows if kind == "metric" for prefix in _PREFIXES}
        # Longest first: `mo` is a month, not a metre followed by an error.
        self.simple = re.compile("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)))


@cache
def _units() -> _Units:
    text = files("profiles.vsm").joinpath("ucum_atoms.csv").read_text(encoding="utf-8")
    return _Units([(row["atom"], row["kind"]) for row in csv.DictReader(text.splitlines())])


def _term(text: str, position: int, simple: re.Pattern[str]) -> int:
    """The end of a term that starts at `position`, -1 when there is none: components parted by `.` and `/`."""
    if text[position : position + 1] == "/":
        position += 1
    while True:
        position = _component(text, position, simple)
        if position < 0 or text[position : position + 1] not in (".", "/"):
            return position
        position += 1


def _component(text: str, position: int, simple: re.Pattern[str]) -> int:
    """The end of a component: a term in brackets, a unit with its exponent, or a number."""
    if text[position : position + 1] == "(":
        position = _term(text, position + 1, simple)
        return position + 1 if position > 0 and text[position : position + 1] == ")" else -1
    unit = simple.match(text, position)
    if unit is not None:
        exponent = _EXPONENT.match(text, unit.end())
        return exponent.end() if exponent else unit.end()
    number = _FACTOR.match(text, position)
    return number.end() if number else -1

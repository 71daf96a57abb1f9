"""Units of measure: is an expression one of those of UCUM that clinical documents use, annotations aside?"""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files

# What the official check takes away before it looks: a brace, two characters or more, small letters between them.
_ANNOTATION = re.compile(r"\{.[a-z]*.\}")
_LONGEST = 100  # no unit is longer


def is_unit(text: str) -> bool:
    """Whether a unit is nothing but annotations, or one of the list that the national terminologies know.

    Annotations are taken away first, as the official check does; one that it leaves makes the unit unknown.
    """
    if len(text) > _LONGEST:
        return False
    rest = _ANNOTATION.sub("", text)
    return not rest or rest in units()


@cache
def units() -> frozenset[str]:
    """The units of the list, case sensitive."""
    text = files("profiles.cda_values").joinpath("ucum_units.csv").read_text(encoding="utf-8")
    return frozenset(row["unit"] for row in csv.DictReader(text.splitlines()))

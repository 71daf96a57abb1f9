"""sourcePatientInfo: what the source knows of the patient, as fields of PID (ITI TF-3 §4.2.3.2.23)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_FIELD = re.compile(r"PID-([1-9]|[12][0-9]|3[0-9])\|(.*)", re.DOTALL)

RECOMMENDED_FIELDS: Final = frozenset((3, 5, 7, 8))
"""Ids, name, birth date, sex: what a source should tell."""
DISCOURAGED_FIELDS: Final = frozenset((2, 4, 12, 19))
"""Fields that HL7 withdrew: a source should not tell them."""
_ONE_VALUE: Final = frozenset((7, 8))


def parse_field(text: str) -> tuple[int, str]:
    """Read `PID-n|value`, n from 1 to 39: the number of the field and its text. Raises ValueError."""
    found = _FIELD.fullmatch(text)
    if found is None:
        raise ValueError("not of the form PID-n|value, n from 1 to 39")
    return int(found[1]), found[2]


def parse_source_patient_info(values: Iterable[str]) -> tuple[tuple[int, str], ...]:
    """Read all values of sourcePatientInfo, in order, a repetition (`~`) being a value of its own.

    Raises ValueError: a value that is no field of PID, or a second birth date (PID-7) or sex (PID-8).
    """
    fields = [(number, part) for number, text in map(parse_field, values) for part in text.split("~")]
    for number in sorted(_ONE_VALUE):
        if sum(found == number for found, _ in fields) > 1:
            raise ValueError(f"more than one value of PID-{number}")
    return tuple(fields)

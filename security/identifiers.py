"""Syntax of national identifiers, as certificates, assertions and messages carry them.

PS_IdNat designates a person (TRE_G08), Struct_IdNat a structure (TRE_G07): the first digit says which register the
rest comes from. A FINESS number may hold letters (Corsica, test values).
"""

from __future__ import annotations

import re

_PERSON = re.compile(r"8[0-9]{11}|0[0-9][0-9AB][0-9]{7}|[13456][0-9A-Z]{9,14}/[0-9A-Za-z.-]{1,20}")
_PROFESSIONAL = re.compile(r"8[0-9]{11}|0[0-9][0-9AB][0-9]{7}")
_STRUCTURE = re.compile(
    r"0[0-9][0-9AB][0-9]{7}"  # ADELI practice
    r"|1[0-9A-Z]{9}"  # FINESS
    r"|2[0-9]{9}"  # SIREN
    r"|3[0-9]{14}"  # SIRET
    r"|4[0-9]{12,14}"  # RPPS and rank, or national structure identifier
)


def is_person(text: str) -> bool:
    """Whether `text` is a PS_IdNat of any register."""
    return _PERSON.fullmatch(text) is not None


def is_professional(text: str) -> bool:
    """Whether `text` is a PS_IdNat of a health professional's own register: RPPS or ADELI."""
    return _PROFESSIONAL.fullmatch(text) is not None


def is_structure(text: str) -> bool:
    """Whether `text` is a Struct_IdNat."""
    return _STRUCTURE.fullmatch(text) is not None


def has_luhn_key(digits: str) -> bool:
    """Whether the last digit is the Luhn key of the others (ISO/IEC 7812-1 annex B): RPPS, SIREN, SIRET, FINESS."""
    total = 0
    for rank, character in enumerate(reversed(digits)):
        digit = int(character)
        if rank % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0

"""The matricule of an INS: thirteen characters and their key (CI-SIS; COG codes of Corsica have a letter)."""

from __future__ import annotations

import re
from typing import Final

AUTHORITIES: Final = frozenset(
    ("1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9", "1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.11")
)
"""Who gives an INS: NIR, NIA, and the two of tests."""

_FORM = re.compile(r"\d{5}(?:\d\d|2[AB])\d{8}", re.ASCII)


def has_form(ins: str) -> bool:
    """Whether a text is fifteen characters as an INS has them: digits, but for 2A and 2B."""
    return _FORM.fullmatch(ins) is not None


def has_key(ins: str) -> bool:
    """Whether the last two of fifteen characters are the key of the others: 97 less the number modulo 97."""
    number = int(ins[:13].replace("2A", "19").replace("2B", "18"))
    return int(ins[13:]) == 97 - number % 97

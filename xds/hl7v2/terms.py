"""What a house decided of what the rules of HL7 v2 leave open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How messages are judged.

    `mss_matrix`: what a combination outside of the matrix of MSSanté is, a warning or an error. `may_cumulate`: a
    document may be hidden from professionals and from the patient at once. `today` is the day on which a patient is a
    minor or not, by law time; None: nobody is told to be either. `production` refuses messages of test.
    """

    mss_matrix: Literal["warn", "strict"] = "warn"
    may_cumulate: bool = False
    majority_age: int = 18
    today: date | None = None
    production: bool = False

"""Answers of mail servers as the codes that a ZAM may tell (CI-SIS HL7 v2 2.1, table SMTPERRORCODE)."""

from __future__ import annotations

from typing import Final

from profiles.hl7v2.tables import smtp_errors

_NEAREST: Final = {
    "454": "451",
    "455": "451",
    "521": "550",
    "524": "550",
    "525": "530",
    "534": "530",
    "535": "530",
    "538": "530",
    "555": "501",
    "556": "550",
    "571": "550",
}
"""Codes of RFC 4954, 5321, 7504 and 7505 that the table leaves out, and those of it that say the same."""
_OF_STATUS: Final = {"1": "550", "2": "552", "3": "554", "4": "512", "5": "500", "6": "554", "7": "550"}
"""The subject of an enhanced status, its second number (RFC 3463 §3), as a code; that of a full mailbox is 552."""
_UNKNOWN: Final = {"4": "451", "5": "554"}


def nearest(code: str) -> str:
    """The code of the table that says what this one says: `550` of `550`, `530` of `535`, else 451 or 554."""
    if code in smtp_errors():
        return code
    return _NEAREST.get(code, _UNKNOWN.get(code[:1], "554"))


def of_status(status: str) -> str:
    """The code of the table for an enhanced status of RFC 3463, `5.1.1`; 554 for what is none."""
    parts = status.split(".")
    if len(parts) != 3 or parts[0] not in _UNKNOWN:
        return "554"
    if parts[0] == "4":
        return "451" if parts[1] != "4" else "441"
    return _OF_STATUS.get(parts[1], "554")

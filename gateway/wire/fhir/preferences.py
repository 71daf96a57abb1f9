"""What a client prefers: `Prefer: handling=…; return=…` (RFC 7240; FHIR R4 §3.1.0.1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Returning = Literal["", "minimal", "representation", "OperationOutcome"]
_RETURNING: dict[str, Returning] = {
    "minimal": "minimal",
    "representation": "representation",
    "operationoutcome": "OperationOutcome",
}


@dataclass(frozen=True, slots=True)
class Preferences:
    """The first word on each counts; what is not known is no preference, never an error (RFC 7240 §2)."""

    handling: Literal["", "strict", "lenient"] = ""
    returning: Returning = ""


def read_preferences(value: str) -> Preferences:
    """Read the value of `Prefer`, several fields joined by commas."""
    handling: Literal["", "strict", "lenient"] = ""
    returning: Returning = ""
    for item in value.replace(",", ";").split(";"):
        name, _, word = (part.strip().strip('"').lower() for part in item.partition("="))
        if name == "handling" and not handling and word in ("strict", "lenient"):
            handling = "strict" if word == "strict" else "lenient"
        elif name == "return" and not returning:
            returning = _RETURNING.get(word, "")
    return Preferences(handling, returning)

"""Coded values (ITI TF-3 §4.2.3.1.2)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A code of a coding scheme. `scheme` is an OID or a URN, as sent; `display` is its name in the sender's words."""

    code: str
    scheme: str
    display: str = ""

    def same_concept(self, other: Code) -> bool:
        """Whether both name one concept: display names are never compared (ITI TF-3 §4.2.3.1.2)."""
        return self.code == other.code and self.scheme == other.scheme

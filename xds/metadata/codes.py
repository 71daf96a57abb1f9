"""Coded values (ITI TF-3 §4.2.3.1.2) and codes inside a text, Coded String (ITI TF-3 §4.2.3.1.7)."""

from __future__ import annotations

from dataclasses import dataclass

from xds.metadata import hl7
from xds.metadata.identifiers import parse_authority


@dataclass(frozen=True, slots=True)
class Code:
    """A code of a coding scheme. `scheme` is an OID or a URN, as sent; `display` is its name in the sender's words."""

    code: str
    scheme: str
    display: str = ""

    def same_concept(self, other: Code) -> bool:
        """Whether both name one concept: display names are never compared (ITI TF-3 §4.2.3.1.2)."""
        return self.code == other.code and self.scheme == other.scheme


_CODED_STRING = frozenset((1, 4))


def parse_coded_string(text: str) -> Code:
    """Read `code^^^&OID&ISO`. Raises ValueError: with the component at fault."""
    parts = hl7.components(text, "Coded String", _CODED_STRING, 4)
    if not parts[0]:
        raise ValueError("the first component, the code, is empty")
    return Code(
        hl7.without_subcomponents(parts[0], "Coded String.1"), parse_authority(parts[3], "the fourth component")
    )


def format_coded_string(code: Code) -> str:
    """Write `code^^^&OID&ISO`; the scheme of the code is taken as an OID."""
    return f"{hl7.escape(code.code)}^^^&{code.scheme}&ISO"

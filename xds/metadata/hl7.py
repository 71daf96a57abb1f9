"""Components and escapes of HL7 v2.5 data types inside metadata (HL7 v2.5 §2.7; ITI TF-3 §4.2.3.1.7)."""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\\([^\\]*)(\\?)")
_CHARACTERS = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\"}
_ESCAPES = str.maketrans({character: f"\\{letter}\\" for letter, character in _CHARACTERS.items()})


def escape(text: str) -> str:
    r"""Write separators of HL7 v2 as `\F\ \S\ \T\ \R\ \E\`."""
    return text.translate(_ESCAPES)


def unescape(text: str) -> str:
    """Undo `escape`. Raises ValueError: a formatting escape, or a backslash that opens no escape."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    letter, closing = match.groups()
    if not closing:
        raise ValueError("a backslash opens no escape sequence")
    if letter not in _CHARACTERS:
        raise ValueError("an escape sequence other than \\F\\ \\S\\ \\T\\ \\R\\ \\E\\")
    return _CHARACTERS[letter]


def components(text: str, name: str, allowed: frozenset[int], last: int) -> list[str]:
    """Split at `^` into `last` components, numbered from 1 in texts; short ones are filled with empty texts.

    Trailing delimiters are ignored. Raises ValueError: a component outside `allowed` is not empty, or a repetition
    or a field separator stands in the value.
    """
    for separator in "|~":
        if separator in text:
            raise ValueError(f"{separator} is a separator of HL7 v2 and must be escaped")
    parts = text.split("^")
    for number, part in enumerate(parts, 1):
        if part and number not in allowed:
            raise ValueError(f"{name}.{number} must be empty")
    return (parts + [""] * last)[:last]


def without_subcomponents(text: str, name: str) -> str:
    """Read a component that has no parts. Raises ValueError: it has some."""
    if "&" in text:
        raise ValueError(f"{name} has subcomponents")
    return unescape(text)


def joined(parts: list[str]) -> str:
    """Join components, leaving out the empty ones at the end."""
    return "^".join(parts).rstrip("^")

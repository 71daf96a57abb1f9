"""Values of stored query parameters: quotes, lists, numbers (ITI TF-2 §3.18.4.1.2.3.5)."""

from __future__ import annotations

import re

_BLANK = " \t\r\n"
_BARE = re.compile(r"[^\s(),']+")


def parse_values(text: str) -> tuple[str, ...]:
    """Read one `rim:Value`: a single value, or a list in parentheses.

    A string stands in single quotes, a quote inside is doubled; a number stands bare. Blanks may stand around
    values, commas and parentheses. Commas, parentheses, `^` and `&` between quotes are data.
    Raises ValueError: with the reason and the place, counted in characters from 1.
    """
    values, position = [], _skip(text, 0)
    if position == len(text):
        raise ValueError("the value is empty")
    if text[position] != "(":
        value, position = _value(text, position)
        _expect_end(text, position)
        return (value,)
    position += 1
    while True:
        value, position = _value(text, _skip(text, position))
        values.append(value)
        position = _skip(text, position)
        separator = text[position : position + 1]
        position += 1
        if separator == ")":
            _expect_end(text, position)
            return tuple(values)
        if separator != ",":
            raise ValueError(f"a comma or a closing parenthesis is missing at character {position}")


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in _BLANK:
        position += 1
    return position


def _expect_end(text: str, position: int) -> None:
    position = _skip(text, position)
    if position != len(text):
        raise ValueError(f"something follows the end of the value, at character {position + 1}")


def _value(text: str, position: int) -> tuple[str, int]:
    if text[position : position + 1] == "'":
        return _string(text, position)
    bare = _BARE.match(text, position)
    if bare is None:
        raise ValueError(f"a value is missing at character {position + 1}")
    return bare.group(), bare.end()


def _string(text: str, start: int) -> tuple[str, int]:
    pieces, position = [], start + 1
    while True:
        end = text.find("'", position)
        if end < 0:
            raise ValueError(f"the quote opened at character {start + 1} is not closed")
        pieces.append(text[position:end])
        if text[end + 1 : end + 2] != "'":
            return "'".join(pieces), end + 1
        position = end + 2

"""Whether a value is written as its form wants (XML Schema 1.0 part 2; HL7 V3 ITS data types)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache

from profiles.cda_structure.tables import Form, load_tables

BLANKS = " \t\r\n"
_BLANKS = re.compile(f"[{BLANKS}]+")
# Name characters of XML 1.0, fifth edition, §2.3.
_START = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NAME = f"[{_START}][{_START}\\-.0-9\u00b7\u0300-\u036f\u203f\u2040]*"
_WORD = f"[{_START}:\\-.0-9\u00b7\u0300-\u036f\u203f\u2040]+"
_BASE64 = "(?:[A-Za-z0-9+/] ?)*(?:= ?){0,2}"
_SHAPES = {
    "NMTOKEN": _WORD,
    "NMTOKENS": f"{_WORD}(?: {_WORD})*",
    "ID": _NAME,
    "IDREF": _NAME,
    "IDREFS": f"{_NAME}(?: {_NAME})*",
}


def normalized(form: Form, value: str) -> str:
    """The value without the blanks that do not count."""
    return value if form.base in ("string", "filled", "string-values") else _BLANKS.sub(" ", value).strip(" ")


def is_written(name: str, value: str) -> bool:
    """Whether a value has the form of that name."""
    return _checker(name)(value)


def allowed_values(name: str) -> tuple[str, ...]:
    """The only values of a form, those of one item for a list; empty when they are not enumerated."""
    form = load_tables().forms[name]
    return load_tables().forms[form.of].values if form.of else form.values


@cache
def _checker(name: str) -> Callable[[str], bool]:
    form = load_tables().forms[name]
    if form.base == "list":
        item = _checker(form.of)
        return lambda value: all(item(one) for one in _BLANKS.split(value) if one)
    if form.values:
        values = frozenset(form.values)
        return lambda value: normalized(form, value) in values
    judge = _JUDGES.get(form.base)
    if judge is not None:
        return lambda value: judge(normalized(form, value))
    shape = _SHAPES.get(form.base) or "|".join(f"(?:{pattern})" for pattern in form.patterns)
    if not shape:
        return lambda value: True
    pattern = re.compile(shape, re.ASCII)
    return lambda value: pattern.fullmatch(normalized(form, value)) is not None


def _is_base64(value: str) -> bool:
    plain = value.replace(" ", "")
    return len(plain) % 4 == 0 and re.fullmatch(_BASE64, value) is not None


def _is_share(value: str) -> bool:
    if not is_written("real", value):
        return False
    number = float(value)
    return not math.isnan(number) and 0 <= number <= 1


_JUDGES: dict[str, Callable[[str], bool]] = {"filled": bool, "base64Binary": _is_base64, "double": _is_share}

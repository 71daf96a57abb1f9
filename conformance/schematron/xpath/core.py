"""The functions of XPath 1.0 itself, of values as lxml gives them (XPath 1.0 §3.4, §4).

A string, a number, a boolean, or a list of strings and elements for a node-set.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from conformance.schematron.xpath import atoms

_SPACES = re.compile(r"[ \t\r\n]+")


class Beyond(Exception):
    """A value that only libxml2 treats as XPath does: the question must be put to it."""


def text(value: Any) -> str:
    """string(): of a node-set that of its only node."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        if not value:
            return ""
        if len(value) == 1:
            return _item(value[0])
    elif isinstance(value, bool):
        return "true" if value else "false"
    raise Beyond


def _item(item: Any) -> str:
    return item if isinstance(item, str) else atoms.text_of(item)


def truth(value: Any) -> bool:
    """boolean()."""
    return bool(value) and not (isinstance(value, float) and math.isnan(value))


def number(value: Any) -> float:
    if isinstance(value, float):
        return value
    raise Beyond


def equal(one: Any, other: Any) -> bool:
    """`=`; nothing but numbers is compared with a number here (XPath 1.0 §3.4)."""
    if isinstance(one, bool) or isinstance(other, bool):
        return truth(one) is truth(other)
    if isinstance(one, float) or isinstance(other, float):
        return number(one) == number(other)
    ours = [_item(item) for item in one] if isinstance(one, list) else [one]
    if isinstance(other, str):
        return other in ours
    return any(_item(item) in ours for item in other)


def _count(value: Any) -> float:
    if isinstance(value, list):
        return float(len(value))
    raise Beyond


def _before(value: Any, mark: Any) -> str:
    before, met, _ = text(value).partition(_mark(mark))
    return before if met else ""


def _after(value: Any, mark: Any) -> str:
    return text(value).partition(_mark(mark))[2]


def _mark(value: Any) -> str:
    mark = text(value)
    if not mark:
        raise Beyond
    return mark


CORE: Mapping[tuple[str, int], Callable[..., Any]] = {
    ("true", 0): lambda: True,
    ("false", 0): lambda: False,
    ("not", 1): lambda value: not truth(value),
    ("boolean", 1): truth,
    ("string", 1): text,
    ("count", 1): _count,
    ("string-length", 1): lambda value: float(len(text(value))),
    ("normalize-space", 1): lambda value: _SPACES.sub(" ", text(value)).strip(" "),
    ("starts-with", 2): lambda value, start: text(value).startswith(text(start)),
    ("contains", 2): lambda value, part: text(part) in text(value),
    ("substring-before", 2): _before,
    ("substring-after", 2): _after,
}

"""The only reader of JSON from others: what two readers could take for two things is refused (RFC 8259; RFC 8725 §3).

Refused: another encoding than UTF-8, a byte order mark, a key that is there twice, NaN and Infinity, numbers beyond
what everyone can hold, control characters and lone surrogates in texts, more depth or values than the limits.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from security.errors import ErrorKind, MalformedMessage

_DIGITS = 18
_BOM = b"\xef\xbb\xbf"
_NONCHARACTER = b"\xef\xbf"
_STRUCTURE = (b"{", b"[", b",")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class JsonLimits:
    """Bounds of one JSON text: bytes, values, and how deep values stand in one another."""

    size: int = 128 * 1024 * 1024
    values: int = 200_000
    depth: int = 40


RESOURCE = JsonLimits()


def read_json(data: bytes, limits: JsonLimits = RESOURCE) -> Any:
    """Read `data`; a number with a fraction or an exponent is a `Decimal` that keeps its digits.

    Raises MalformedMessage: JSON_LIMIT, JSON_MALFORMED (with line and column where there is one).
    """
    if len(data) > limits.size:
        raise _limit(f"the JSON is {len(data)} bytes, at most {limits.size} are read")
    if data.startswith(_BOM):
        raise _malformed("the JSON begins with a byte order mark")
    # A text of base64 has none of these signs: they are counted before anything is built from them.
    if sum(data.count(sign) for sign in _STRUCTURE) > limits.values:
        raise _limit(f"the JSON has more than {limits.values} values")
    suspect = b"\\" in data or _NONCHARACTER in data
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start} of the JSON is not UTF-8") from None
    # A large document is held once: the bytes go as soon as nobody else holds them.
    del data
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        raise _malformed(f"not JSON at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise _limit(f"values are nested deeper than {limits.depth}") from None
    _check(value, limits.depth, suspect=suspect)
    return value


def write_json(value: Any) -> bytes:
    """Write a value as UTF-8 without blanks; a `Decimal` keeps its digits."""
    return orjson.dumps(value, default=_number)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _malformed(f"{_repeated(pairs)} occurs twice in an object")
    return found


def _repeated(pairs: list[tuple[str, Any]]) -> str:
    """The key that is there twice, if it has the form of a name: another one could be somebody's data."""
    counts = Counter(name for name, _ in pairs)
    name = next(name for name, count in counts.items() if count > 1)
    return f"the key {name}" if _NAME.fullmatch(name) else "a key"


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if math.isinf(float(number)) or len(number.as_tuple().digits) > 2 * _DIGITS:
        raise _limit(f"a number is beyond what is read: {2 * _DIGITS} digits, and an exponent of 308")
    return number


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > _DIGITS:
        raise _limit(f"a whole number has more than {_DIGITS} digits")
    return int(text)


def _constant(name: str) -> Any:
    raise _malformed(f"{name} is not a number")


def _check(value: Any, depth: int, *, suspect: bool) -> None:
    """Refuse what is too deep, and texts that no XML could hold, which only escapes or a few bytes can spell."""
    level = [value]
    for _ in range(depth):
        if suspect and any(isinstance(item, str) and _NOT_TEXT.search(item) for item in level):
            raise _malformed("a text holds a control character or half of a surrogate pair")
        level = [inner for item in level for inner in _inside(item)]
        if not level:
            return
    raise _limit(f"values are nested deeper than {depth}")


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(type(value).__name__)


def _limit(text: str) -> MalformedMessage:
    return MalformedMessage(ErrorKind.JSON_LIMIT, text)


def _malformed(text: str) -> MalformedMessage:
    return MalformedMessage(ErrorKind.JSON_MALFORMED, text)

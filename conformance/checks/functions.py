"""The few functions that XPath 1.0 lacks and our rules need, in the namespace `urn:ecluse:schematron`."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from conformance.checks.schematron_model import ECLUSE

_TS = re.compile(r"[0-9]{4,14}")
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_UID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[A-Za-z][A-Za-z0-9-]*")
_INS = re.compile(r"[0-9]{5}[0-9][0-9AB][0-9]{6}([0-9]{2})")
_TELECOM = re.compile(r"(tel|fax|mailto|http|ftp|mllp):\S.*", re.DOTALL)
_PATTERNS = {
    "ts": _TS, "oid": re.compile(rf"{_OID.pattern}\Z"), "uid": re.compile(rf"(?:{_UID.pattern})\Z"),
    "telecom": re.compile(rf"{_TELECOM.pattern}\Z", re.DOTALL), "language": re.compile(r".*[a-z]{2}-[A-Z]{2}", re.DOTALL),
    "int": re.compile(r"-?[0-9]+\Z"), "instant": re.compile(r"[0-9]{14}(\.[0-9]+)?[+-][0-9]{4}\Z"),
}


@cache
def value_set(name: str) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """A value set of the profiles by its name: its codes, and its (code, code system) pairs."""
    text = files("profiles.value_sets").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    pairs = frozenset((row["code"], row["codeSystem"]) for row in csv.DictReader(text.splitlines()))
    return frozenset(code for code, _ in pairs), pairs


def in_set(_context: object, name: str, code: Any, system: Any = None) -> bool:  # noqa: ANN401 - what XPath hands over
    """`in-set(name, code)` or `in-set(name, code, system)`.

    Without a system, codes are compared as the official header does: split on spaces, every part must be a member.
    """
    codes, pairs = value_set(name)
    if system is None:
        parts = _string(code).split()
        return bool(parts) and all(part in codes for part in parts)
    return (_string(code), _string(system)) in pairs


def is_form(_context: object, name: str, value: Any) -> bool:  # noqa: ANN401 - what XPath hands over
    """`is(name, value)`: whether the value has the form of the datatype `name` (ts, oid, uid, telecom, int …)."""
    return _PATTERNS[name].match(_string(value)) is not None


def ins_key(_context: object, value: Any) -> bool:  # noqa: ANN401 - what XPath hands over
    """`ins-key(value)`: whether the 15 characters end with their key (97 less the number modulo 97)."""
    text = _string(value)
    matched = _INS.fullmatch(text)
    if matched is None:
        return False
    digits = text[:13].replace("2A", "19", 1).replace("2B", "18", 1) if not text[:13].isdigit() else text[:13]
    return digits.isdigit() and 97 - int(digits) % 97 == int(matched.group(1))


def _string(value: Any) -> str:  # noqa: ANN401 - what XPath hands over
    if isinstance(value, list):
        return _string(value[0]) if value else ""
    return value if isinstance(value, str) else "".join(value.itertext()) if hasattr(value, "itertext") else str(value)


EXTENSIONS: dict[tuple[str, str], Callable[..., bool]] = {
    (ECLUSE, "in-set"): in_set,
    (ECLUSE, "is"): is_form,
    (ECLUSE, "ins-key"): ins_key,
}

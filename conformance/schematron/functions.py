"""The few functions that XPath 1.0 lacks and our rules need, in the namespace `urn:ecluse:schematron`."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from conformance.schematron.contents import carries
from conformance.schematron.datatypes import FUNCTIONS
from conformance.schematron.model import ECLUSE
from conformance.schematron.units import is_unit
from profiles.codes import value_set

_OID = r"[0-2](?:\.(?:0|[1-9][0-9]*))*"
_INS = re.compile(r"[0-9]{6}[0-9AB][0-9]{6}([0-9]{2})")
_FORMS = {
    name: re.compile(form, re.DOTALL)
    for name, form in {
        "ts": r"[0-9]{4,14}.*",
        "instant": r"[0-9]{14}(?:\.[0-9]+)?[+-][0-9]{4}",
        "oid": _OID,
        "uid": rf"{_OID}|[0-9A-Fa-f]{{8}}(?:-[0-9A-Fa-f]{{4}}){{3}}-[0-9A-Fa-f]{{12}}",
        "telecom": r"(?:tel|fax|mailto|http|ftp|mllp):\S.*",
        "language": r".*[a-z]{2}-[A-Z]{2}.*",
        "int": r"-[1-9][0-9]*|[0-9]*",
        "cs": r"\S+",
        # What a URI keeps as it is: the rest must be escaped (RFC 3987 §3.1).
        "uri": r"[!#-;=?-Z\[\]_a-z~]*",
        "rfc3066": r"(?i:[a-z]{2,3}.*|.*[ix](?:-[a-z0-9]{2,8})+)",
    }.items()
}


@cache
def _codes(name: str) -> frozenset[str]:
    return frozenset(code for code, _ in value_set(name))


def in_set(_context: object, name: str, code: Any, system: Any = None) -> bool:
    """`in-set(name, code)` or `in-set(name, code, system)`.

    Without a system, codes are compared as the official header does: split on spaces, every part must be a member.
    """
    if system is None:
        parts = _string(code).split()
        return bool(parts) and all(part in _codes(name) for part in parts)
    return (_string(code), _string(system)) in value_set(name)


def in_list(_context: object, codes: str, code: Any) -> bool:
    """`in-list('A B C', code)`: like `in-set`, the codes being written in the rule."""
    parts = _string(code).split()
    return bool(parts) and set(parts) <= set(codes.split())


def is_member(_context: object, name: str, text: Any) -> bool:
    """`is-member(name, text)`: whether the text is one code of the value set, to the letter."""
    return _string(text) in _codes(name)


def is_form(_context: object, name: str, value: Any) -> bool:
    """`is(name, value)`: whether the value has the form `name`: a datatype (ts, oid, uid, telecom, int …) or `ucum`."""
    if name == "ucum":
        return is_unit(_string(value))
    return _FORMS[name].fullmatch(_string(value)) is not None


def ins_key(_context: object, value: Any) -> bool:
    """`ins-key(value)`: whether the 15 characters end with their key (97 less the number modulo 97)."""
    text = _string(value)
    matched = _INS.fullmatch(text)
    if matched is None:
        return False
    digits = text[:13].replace("2A", "19", 1).replace("2B", "18", 1) if not text[:13].isdigit() else text[:13]
    return digits.isdigit() and 97 - int(digits) % 97 == int(matched.group(1))


def _string(value: Any) -> str:
    if isinstance(value, list):
        return _string(value[0]) if value else ""
    return value if isinstance(value, str) else "".join(value.itertext()) if hasattr(value, "itertext") else str(value)


EXTENSIONS: dict[tuple[str, str], Callable[..., bool]] = {
    (ECLUSE, "in-set"): in_set,
    (ECLUSE, "in-list"): in_list,
    (ECLUSE, "is-member"): is_member,
    (ECLUSE, "is"): is_form,
    (ECLUSE, "ins-key"): ins_key,
    (ECLUSE, "carries"): carries,
    **{(ECLUSE, name): function for name, function in FUNCTIONS.items()},
}

"""The form of a table of a seed file: which keys, and what each holds; wrong ones are named before all else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

_TEXT, _FLAG, _DAY, _TIME = "a text", "true or false", "a day, such as 2001-02-03", "an instant with its time zone"
_TEXTS, _TABLE = "a list of texts", "a table"
_TABLES, _HOLDERS = "a list of tables", "a list of texts or tables"
_ADDRESS = MappingProxyType({"lines": _TEXTS, "postal_code": _TEXT, "city": _TEXT, "country": _TEXT})
_TRAITS = MappingProxyType(
    {
        **dict.fromkeys(("family", "used_family", "gender", "birth_date", "birth_place"), _TEXT),
        "given": _TEXTS,
        "address": _TABLE,
    }
)
_REPRESENTATIVE = MappingProxyType({**dict.fromkeys(("relationship", "email", "mobile"), _TEXT), "traits": _TABLE})
_HOLDER = MappingProxyType({**dict.fromkeys(("id", "name", "profession", "structure_id"), _TEXT), "until": _TIME})
_RECORD = MappingProxyType(
    {
        **dict.fromkeys(("ins", "oid", "status", "motive", "reason", "email", "mobile"), _TEXT),
        **dict.fromkeys(
            (
                "attached_to_ens",
                "notify_documents",
                "etreat",
                "btg",
                "masked",
                "default_masking",
                "protected",
                "destruction_requested",
            ),
            _FLAG,
        ),
        **dict.fromkeys(("opened_at", "closed_at"), _TIME),
        **dict.fromkeys(("birth_date", "deceased_on"), _DAY),
        "traits": _TABLE,
        "block": _TEXTS,
        "representatives": _TABLES,
        **dict.fromkeys(("authorise", "medecin_traitant"), _HOLDERS),
    }
)
_INSIDE: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "traits": _TRAITS,
        "address": _ADDRESS,
        "representatives": _REPRESENTATIVE,
        "authorise": _HOLDER,
        "medecin_traitant": _HOLDER,
    }
)
_NEEDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"representatives": ("relationship",), "authorise": ("id",), "medecin_traitant": ("id",)}
)
_TYPES: Mapping[str, type | tuple[type, ...]] = MappingProxyType(
    {_FLAG: bool, _DAY: (date, str), _TIME: (datetime, str), _TABLE: Mapping}
)
_LONGEST = 500


def check_form(item: object) -> None:
    """Raise ValueError: not a table of a record, the first key that is not known, or that holds something else."""
    if not isinstance(item, Mapping) or "ins" not in item:
        raise ValueError("has no text `ins`")
    _check(item, _RECORD, "")


def _check(table: Mapping[str, Any], forms: Mapping[str, str], where: str) -> None:
    for key, value in table.items():
        path = f"{where}{key}"
        if key not in forms:
            raise ValueError(f"has an unknown key: {path}; known are {', '.join(sorted(forms))}")
        if not _fits(value, forms[key]):
            raise ValueError(f"has a value of a wrong form: {path} is {forms[key]}")
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping):
                _check(one, _INSIDE[key], f"{path}.")
                for needed in _NEEDED.get(key, ()):
                    if needed not in one:
                        raise ValueError(f"lacks a key: {path}.{needed}")


def _fits(value: object, form: str) -> bool:
    if form is _TEXT:
        return _is_text(value)
    if form in _TYPES:
        return isinstance(value, _TYPES[form])
    if not isinstance(value, list):
        return False
    texts, tables = form in {_TEXTS, _HOLDERS}, form in {_TABLES, _HOLDERS}
    return all((texts and _is_text(one)) or (tables and isinstance(one, Mapping)) for one in value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and value.isprintable()

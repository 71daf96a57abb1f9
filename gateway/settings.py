"""Settings: one TOML file and `ECLUSE_*` variables, typed, checked at start.

Every key is a field of `settings_sections`; its help is its documentation: a test compares `docs/settings.md` with it.
A variable is named after its section and key: `ECLUSE_INGEST_PORT` is `port` of `[ingest]`, `ECLUSE_MODE` is `mode`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from gateway.settings_checks import SettingsError, check
from gateway.settings_sections import (
    MIB,
    ConsultationSettings,
    DatabaseSettings,
    DmpSettings,
    DoorSettings,
    Hl7v2Settings,
    IheSettings,
    IngestSettings,
    JobsSettings,
    LimitSettings,
    MailSettings,
    MssanteSettings,
    SandboxSettings,
    Settings,
    SmsSettings,
    VihfSettings,
)
from xds.dmp.parameters import Parameters

__all__ = [
    "MIB",
    "ConsultationSettings",
    "DatabaseSettings",
    "DmpSettings",
    "DoorSettings",
    "Hl7v2Settings",
    "IheSettings",
    "IngestSettings",
    "JobsSettings",
    "LimitSettings",
    "MailSettings",
    "MssanteSettings",
    "SandboxSettings",
    "Settings",
    "SettingsError",
    "SmsSettings",
    "VihfSettings",
    "described",
    "law_parameters",
    "load",
    "may_be_lenient",
    "speaks_fhir",
    "variables",
]


def load(path: Path | None = None, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read the TOML file, then the environment, then `overrides` (top-level keys).

    Raises SettingsError: unreadable file, unknown key, value of a wrong type or out of range.
    """
    tree: dict[str, Any] = {}
    if path is not None:
        try:
            tree = tomllib.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsError(f"{path}: {error}") from None
    environ = os.environ if environ is None else environ
    for name, key_path in variables().items():
        if name in environ:
            _put(tree, key_path, environ[name])
    tree.update({key: value for key, value in overrides.items() if value is not None})
    settings: Settings = _build(Settings, tree, "")
    check(settings)
    return settings


def law_parameters(settings: Settings) -> Parameters:
    """What this house decided of what the law leaves open."""
    return Parameters(**{item.name: getattr(settings.dmp, item.name) for item in fields(Parameters)})


def speaks_fhir(settings: Settings) -> bool:
    """Whether the doors of this house speak FHIR: in the domain of the DMP, where its mode lets them."""
    in_mode = settings.fhir.enabled == "always" or (settings.fhir.enabled == "sandbox" and settings.mode == "sandbox")
    return settings.domain == "dmp" and in_mode


def may_be_lenient(settings: Settings) -> bool:
    """Whether a client in FHIR may prefer `handling=lenient`."""
    return settings.fhir.lenient and settings.mode == "sandbox"


def variables() -> dict[str, tuple[str, ...]]:
    """Environment variables and the key each one sets."""
    found: dict[str, tuple[str, ...]] = {}
    for section, key, _ in described():
        parts = (section, key) if section else (key,)
        found["ECLUSE_" + "_".join(parts).upper()] = parts
    return found


def described() -> list[tuple[str, str, Any]]:
    """Every key as (section, key, dataclass field), in order; the section of a top-level key is empty."""
    rows: list[tuple[str, str, Any]] = []
    hints = get_type_hints(Settings)
    for item in fields(Settings):
        if is_dataclass(hints[item.name]):
            rows.extend((item.name, sub.name, sub) for sub in fields(hints[item.name]))
        else:
            rows.append(("", item.name, item))
    return rows


def _put(tree: dict[str, Any], key_path: tuple[str, ...], value: str) -> None:
    for part in key_path[:-1]:
        tree = tree.setdefault(part, {})
    tree[key_path[-1]] = value


def _build(cls: type[Any], tree: Mapping[str, Any], where: str) -> Any:
    hints = get_type_hints(cls)
    known = {item.name for item in fields(cls)}
    unknown = sorted(set(tree) - known)
    if unknown:
        raise SettingsError(f"unknown setting {where}{unknown[0]}; known here: {', '.join(sorted(known))}")
    values = {}
    for name, value in tree.items():
        hint = hints[name]
        if is_dataclass(hint):
            if not isinstance(value, Mapping):
                raise SettingsError(f"{where}{name} is a section, found {value!r}")
            values[name] = _build(hint, value, f"{where}{name}.")  # type: ignore[arg-type]
        else:
            values[name] = _convert(hint, value, where + name)
    return cls(**values)


def _convert(hint: Any, value: Any, key: str) -> Any:
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise SettingsError(f"{key} is one of {', '.join(get_args(hint))}; found {value!r}")
        return value
    if hint is bool:
        words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        found = value if isinstance(value, bool) else words.get(str(value).lower())
        if found is None:
            raise SettingsError(f"{key} is true or false; found {value!r}")
        return found
    if hint is int:
        try:
            if isinstance(value, bool):
                raise ValueError
            return int(value)
        except (TypeError, ValueError):
            raise SettingsError(f"{key} is a whole number; found {value!r}") from None
    if not isinstance(value, str):
        raise SettingsError(f"{key} is a text; found {value!r}")
    return value

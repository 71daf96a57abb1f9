"""The error codes of the DMP that are known, those of IHE that go with them, and ours: `errors.csv`.

The official list (annex A7-1) is not public: codes of origin `real` were met in publications, those of `sandbox` are
ours and begin with `SBX_`. Some of what the DMP answers is a text without code; it is kept as it was published.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast

TABLE = Path(__file__).with_name("errors.csv")

Layer = Literal["fault", "registry", "hl7v3", "service", "hl7v2", "administration"]
Origin = Literal["real", "standard", "sandbox"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorLine:
    """One code. `layer`: where it is told, `administration` being our own commands. `is_answered`: our doors say it."""

    code: str
    layer: Layer
    is_error: bool
    origin: Origin
    label_fr: str
    label_en: str
    is_answered: bool


@cache
def errors() -> Mapping[str, ErrorLine]:
    """Every code, in the order of the file."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return MappingProxyType({row["code"]: _line(row) for row in csv.DictReader(file)})


def _line(row: Mapping[str, str]) -> ErrorLine:
    return ErrorLine(
        code=row["code"],
        layer=cast("Layer", row["layer"]),
        is_error=row["severity"] == "error",
        origin=cast("Origin", row["origin"]),
        label_fr=row["label_fr"],
        label_en=row["label_en"],
        is_answered=row["answered"] == "1",
    )

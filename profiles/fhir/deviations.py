"""What a strict door refuses and a lenient one admits with a warning: `deviations.csv` (PDSm 3.1.1; DMP draft 0.1.0).

A row without rule is found while the message is read. A row with one names a rule on metadata, and the attribute where
a lenient door tells it as a warning; its identifier is then ours alone, the rule keeps its own.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

TABLE = Path(__file__).with_name("deviations.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One row; `lenient_fr` and `lenient_en` say what a lenient door does about it."""

    id: str
    rule: str
    attribute: str
    source: str
    lenient_fr: str
    lenient_en: str


@cache
def deviations() -> Mapping[str, Deviation]:
    """Every row by its identifier, in the order of the file."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return MappingProxyType({row["id"]: Deviation(**row) for row in csv.DictReader(file)})


@cache
def softened() -> Mapping[tuple[str, str], Deviation]:
    """The rows on rules, by rule and attribute."""
    return MappingProxyType({(one.rule, one.attribute): one for one in deviations().values() if one.rule})

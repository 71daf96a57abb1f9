"""What each rule on metadata says to people, in both languages: rows of `rule_texts.csv`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class RuleText:
    """Source, message and hint of one rule; all empty for a rule that has no row."""

    source: str = ""
    message: str = ""
    message_en: str = ""
    hint: str = ""
    hint_en: str = ""


def text_of(rule: str) -> RuleText:
    """What the rule of that id says."""
    return rule_texts().get(rule, RuleText())


@cache
def rule_texts() -> Mapping[str, RuleText]:
    """Every row, by the id of its rule."""
    text = files("profiles.xds_metadata").joinpath("rule_texts.csv").read_text(encoding="utf-8")
    return {row.pop("rule"): RuleText(**row) for row in csv.DictReader(text.splitlines())}

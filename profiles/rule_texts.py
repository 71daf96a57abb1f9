"""What rules that are code say to people, in both languages: rows of a package's `rule_texts.csv`."""

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


@cache
def rule_texts(package: str) -> Mapping[str, RuleText]:
    """Every row of `profiles.<package>`, by the id of its rule."""
    text = files(f"profiles.{package}").joinpath("rule_texts.csv").read_text(encoding="utf-8")
    return {row.pop("rule"): RuleText(**row) for row in csv.DictReader(text.splitlines())}


def text_of(package: str, rule: str) -> RuleText:
    """What the rule of that id says."""
    return rule_texts(package).get(rule, RuleText())

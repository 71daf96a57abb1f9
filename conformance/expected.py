"""What a rule expects, in the language of the reader: rules say it in English, values and names stay as they are."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_WORDS = {
    "or": "ou",
    "and": "et",
    "more": "plus",
    "with": "avec",
    "without": "sans",
    "after": "après",
    "before": "avant",
    "later": "plus tard",
    "neither": "aucun",
}
_WORD = re.compile(rf"(?<![\w@/:.-])(?:{'|'.join(_WORDS)})(?![\w@/:.-])")


def expected_in(text: str | None, language: str) -> str | None:
    """What is expected, in French or as the rule says it. What the table does not hold is turned word by word."""
    if text is None or language != "fr":
        return text
    return _table().get(text) or _WORD.sub(lambda word: _WORDS[word.group()], text)


@cache
def _table() -> Mapping[str, str]:
    content = files("conformance").joinpath("expected.csv").read_text(encoding="utf-8")
    return {row["english"]: row["french"] for row in csv.DictReader(content.splitlines())}

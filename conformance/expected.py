"""What a rule expects or found, in the reader's language: rules say it in English, values and names stay as they are.

`{}` in the table stands for a value or a name.
"""

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
_LONGEST = 400
_WORD = re.compile(rf"(?<![\w@/:.-])(?:{'|'.join(_WORDS)})(?![\w@/:.-])")


def expected_in(text: str | None, language: str) -> str | None:
    """What is expected, in French or as the rule says it. What the table does not hold is turned word by word."""
    if text is None or language != "fr":
        return text
    said = _told(text)
    return _WORD.sub(lambda word: _WORDS[word.group()], text) if said is None else said


def found_in(text: str | None, language: str) -> str | None:
    """What was found, likewise; what the table does not hold is a value of the document and stays as it is."""
    if text is None or language != "fr":
        return text
    said = _told(text)
    return text if said is None else said


def _told(text: str) -> str | None:
    """The French of a text that the table holds, or of one with something in the place of `{}`."""
    table, shapes = _table()
    if text in table:
        return table[text]
    for shape, french in shapes if len(text) <= _LONGEST else ():
        said = shape.fullmatch(text)
        if said is not None:
            return french.format(*said.groups())
    return None


@cache
def _table() -> tuple[Mapping[str, str], tuple[tuple[re.Pattern[str], str], ...]]:
    content = files("conformance").joinpath("expected.csv").read_text(encoding="utf-8")
    rows = {row["english"]: row["french"] for row in csv.DictReader(content.splitlines())}
    shapes = {one: french for one, french in rows.items() if "{}" in one}
    plain = {one: french for one, french in rows.items() if one not in shapes}
    return plain, tuple(
        (re.compile("(.+)".join(map(re.escape, one.split("{}")))), french) for one, french in shapes.items()
    )

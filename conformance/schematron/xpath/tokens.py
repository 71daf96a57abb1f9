"""The words of an XPath 2.0 expression (XPath 2.0 §A.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from conformance.schematron.xpath.syntax import Untranslatable

_NAME = r"[^\W\d][\w.\-·]*"
_TOKEN = re.compile(
    rf"""(?P<space>\s+)
    |(?P<text>"(?:[^"]|"")*"|'(?:[^']|'')*')
    |(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |\$\s*(?P<variable>{_NAME}(?::{_NAME})?)
    |(?P<name>{_NAME}:(?!:)(?:{_NAME}|\*)|\*:{_NAME}|{_NAME})
    |(?P<sign>::|//|\.\.|<<|>>|!=|<=|>=|[()\[\]/@,.|+\-*=<>?])""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """One word: `kind` is text, number, variable, name, sign or end."""

    kind: str
    value: str


def read_tokens(expression: str) -> list[Token]:
    """Cut an expression into words, an end word last. Raises Untranslatable: a character that begins none."""
    return [*_tokens(expression), Token("end", "")]


def _tokens(expression: str) -> Iterator[Token]:
    position = 0
    while position < len(expression):
        if expression.startswith("(:", position):
            position = _comment_end(expression, position)
            continue
        found = _TOKEN.match(expression, position)
        if found is None:
            raise Untranslatable(f"character {expression[position]!r} begins no word: {expression}")
        position = found.end()
        kind = found.lastgroup or ""
        if kind != "space":
            yield Token(kind, found[kind])


def _comment_end(expression: str, start: int) -> int:
    depth, position = 0, start
    while position < len(expression):
        pair = expression[position : position + 2]
        depth += {"(:": 1, ":)": -1}.get(pair, 0)
        position += 2 if pair in ("(:", ":)") else 1
        if depth == 0:
            return position
    raise Untranslatable(f"a comment does not end: {expression}")

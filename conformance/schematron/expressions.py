"""XPath expressions as written: their variables and functions, found without reading literals (XPath 1.0 §3.7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

_NAME = r"[^\W\d][\w.-]*"
_TOKEN = re.compile(
    rf"""(?P<literal>"[^"]*"|'[^']*')
    |(?P<variable>\$\s*(?:{_NAME}:)?{_NAME})
    |(?P<function>(?:{_NAME}:)?{_NAME})(?=\s*\()
    |(?P<name>{_NAME})
    |(?P<open>\[)|(?P<close>\])
    |(?P<other>[^\w$'"\[\]]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_CALLED = re.compile(rf"""'[^']*'|"[^"]*"|(?<![\w.-])((?:{_NAME}+:)?{_NAME}+)(?=\s*\()""")
_ASKED = re.compile(rf"""'[^']*'|"[^"]*"|\$\s*((?:{_NAME}:)?{_NAME})""")
_LITERAL = re.compile(r"""'[^']*'|"[^"]*\"""")
_NAMES = re.compile(r"[^\W\d][\w.:-]*")
_STEADY = frozenset(("ecluse:fetched", "ecluse:strings", "ecluse:doc-available", "concat"))
_NOT_CALLED = frozenset(("", "node", "text", "comment", "processing-instruction", "and", "or", "div", "mod"))
_CURRENT = re.compile(r"""('[^']*'|"[^"]*")|(?<![\w.:$-])current\s*\(\s*\)""")
CURRENT = "ecluse-current"
_CORE_FUNCTIONS = """last position count id local-name namespace-uri name string concat starts-with contains
    substring-before substring-after substring string-length normalize-space translate boolean not true false lang
    number sum floor ceiling round"""
CORE_FUNCTIONS = frozenset(_CORE_FUNCTIONS.split())


def _tokens(expression: str) -> Iterator[tuple[str, str, int]]:
    """Kind, text and depth in predicates of every token; white space comes as `other`."""
    depth = 0
    for found in _TOKEN.finditer(expression):
        kind = found.lastgroup or "other"
        if kind == "close":
            depth -= 1
        yield kind, found.group(), depth
        if kind == "open":
            depth += 1


@lru_cache(maxsize=65536)
def variables(expression: str) -> Mapping[str, int]:
    """The variables an expression asks, each with its deepest depth in predicates: 0 is the context of the whole."""
    if "$" not in expression:
        return {}
    found: dict[str, int] = {}
    for kind, text, depth in _tokens(expression):
        if kind == "variable":
            name = text[1:].strip()
            found[name] = max(depth, found.get(name, 0))
    return found


def asked(expression: str) -> tuple[str, ...]:
    """The variables an expression asks for."""
    return tuple(dict.fromkeys(name for name in _ASKED.findall(expression) if name)) if "$" in expression else ()


def functions(expression: str) -> frozenset[str]:
    """The functions an expression calls, as written."""
    if "(" not in expression:
        return frozenset()
    return frozenset(_CALLED.findall(expression)) - _NOT_CALLED


def with_variables(expression: str, spelled: Callable[[str], str | None]) -> str:
    """The expression with some of its variables spelled otherwise; None leaves one alone."""
    if "$" not in expression:
        return expression
    pieces: list[str] = []
    for kind, text, _ in _tokens(expression):
        other = spelled(text[1:].strip()) if kind == "variable" else None
        pieces.append(text if other is None else other)
    return "".join(pieces)


def without_current(expression: str) -> str:
    """`current()`, which only XSLT knows, as a variable (XSLT 1.0 §12.4)."""
    if "current" not in expression:
        return expression
    return _CURRENT.sub(lambda found: found.group(1) or f"${CURRENT}", expression)


def outside_predicates(expression: str) -> str:
    """The expression without its predicates, and with nothing in its literals."""
    kept: list[str] = []
    depth = 0
    for character in _LITERAL.sub("''", expression):
        if character == "[":
            depth += 1
        elif character == "]":
            depth -= 1
        elif depth == 0:
            kept.append(character)
    return "".join(kept)


def is_steady(expression: str) -> bool:
    """Whether an expression gives the same for every document: what another document holds."""
    if "$" in expression or "ecluse:fetched" not in expression:
        return False
    left = _LITERAL.sub("", expression)
    return not re.search(r"[@/.*\[]|::", left) and set(_NAMES.findall(left)) <= _STEADY


def closes_at_end(expression: str, opened: int) -> bool:
    """Whether the bracket at a position closes at the end of the expression."""
    depth, quote = 0, ""
    for position in range(opened, len(expression)):
        character = expression[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                return position == len(expression) - 1
    return False

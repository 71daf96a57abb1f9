"""The content column of `types.csv`: which elements follow one another in an element, as XML DTDs write it.

`a, b` is a sequence, `a | b` a choice; `?`, `*`, `+` and `{n,}` say how often (once when nothing is said). A name
with a prefix is in the namespace of that prefix, one without in that of the type. `OTHER` is any element of another
namespace.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

OTHER = "OTHER"

_TOKEN = re.compile(r"\s*([A-Za-z][\w.\-]*(?::[\w.\-]+)?|[()|,?*+]|\{\d+,\})")
_OFTEN: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}


@dataclass(frozen=True, slots=True)
class Name:
    """One element, as it is written in the table."""

    name: str
    least: int = 1
    most: int | None = 1


@dataclass(frozen=True, slots=True)
class Group:
    """Particles that follow one another, or of which one is chosen."""

    parts: tuple[Particle, ...]
    is_choice: bool = False
    least: int = 1
    most: int | None = 1


Particle = Name | Group


def read_content(text: str) -> Group:
    """Read a content model; an empty text is an empty sequence. Raises ValueError: it is not written as above."""
    tokens: list[str] = []
    place = 0
    stripped = text.rstrip()
    while place < len(stripped):
        found = _TOKEN.match(stripped, place)
        if found is None:
            raise ValueError(f"a content model cannot hold {stripped[place:]!r}")
        tokens.append(found.group(1))
        place = found.end()
    tokens.reverse()
    group = _group(tokens) if tokens else Group(())
    if tokens:
        raise ValueError(f"a content model goes on after its end: {text!r}")
    return group


def _group(tokens: list[str]) -> Group:
    parts: list[Particle] = [_particle(tokens)]
    separators: set[str] = set()
    while tokens and tokens[-1] in (",", "|"):
        separators.add(tokens.pop())
        parts.append(_particle(tokens))
    if len(separators) > 1:
        raise ValueError("a content model mixes , and | without brackets")
    return Group(tuple(parts), is_choice="|" in separators)


def _particle(tokens: list[str]) -> Particle:
    if not tokens:
        raise ValueError("a content model ends too early")
    token = tokens.pop()
    if token == "(":  # noqa: S105
        inner = _group(tokens)
        if not tokens or tokens.pop() != ")":
            raise ValueError("a content model misses a bracket")
        least, most = _often(tokens)
        return Group(inner.parts, inner.is_choice, least, most)
    if not token[0].isalpha():
        raise ValueError(f"a content model cannot hold {token!r} there")
    least, most = _often(tokens)
    return Name(token, least, most)


def _often(tokens: list[str]) -> tuple[int, int | None]:
    if tokens and tokens[-1] in _OFTEN:
        return _OFTEN[tokens.pop()]
    if tokens and tokens[-1].startswith("{"):
        return int(tokens.pop()[1:-2]), None
    return 1, 1

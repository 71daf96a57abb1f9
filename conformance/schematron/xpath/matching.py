"""Regular expressions asked of a text that a stranger wrote: the time is bounded, whatever the pattern.

Python searches by trial and return. Where a text can be read in many ways, a short one can cost it years. So a pattern
is looked at first: does it read every text in one way, or how many repetitions can share out a text? That gives the
length up to which Python may search; beyond it the pattern runs as states, whose time is that of the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from conformance.schematron.xpath.automaton import Automaton, Unreadable
from conformance.schematron.xpath.regex import Group, Part, Repeat, compiled, read_regex
from conformance.schematron.xpath.syntax import Untranslatable

_MOST_TRIALS = 10_000_000


class HostileText(ValueError):
    """A text too long for a pattern that only knows how to go back."""


@dataclass(frozen=True, slots=True)
class _Studied:
    """A pattern and what is known of it. `longest`: the characters that Python reads in ten million trials at most."""

    quick: re.Pattern[str]
    automaton: Automaton | None
    longest: int


@lru_cache(maxsize=1024)
def matcher(pattern: str, flags: str = "") -> Callable[[str], bool]:
    """Whether a text contains a match. Raises Untranslatable: the pattern is not read, or cannot be bounded."""
    studied = _study(pattern, flags)
    quick, longest, automaton = studied.quick.search, studied.longest, studied.automaton
    if automaton is None:
        if not longest:
            raise Untranslatable(f"a repetition of repetitions that states cannot follow: {pattern!r}")
        return lambda text: quick(_bounded(text, longest)) is not None
    search = automaton.search
    return lambda text: quick(text) is not None if len(text) <= longest else search(text)


@lru_cache(maxsize=1024)
def finder(pattern: str, flags: str = "") -> Callable[[str], Iterator[re.Match[str]]]:
    """All matches in a text, one behind another, for replace and tokenize: states do not know what was met where.

    It raises HostileText. Raises Untranslatable: the pattern repeats repetitions, or matches an empty text, which XPath
    forbids.
    """
    studied = _study(pattern, flags)
    quick, longest = studied.quick, studied.longest
    if not longest:
        raise Untranslatable(f"a repetition of repetitions: {pattern!r}")
    if quick.search("") is not None:
        raise Untranslatable(f"replace or tokenize by what matches nothing: {pattern!r}")
    return lambda text: quick.finditer(_bounded(text, longest))


def _study(pattern: str, flags: str) -> _Studied:
    group, quick = read_regex(pattern, flags), compiled(pattern, flags)
    try:
        automaton = Automaton(group, flags)
    except Unreadable:
        automaton = None
    if automaton is not None and automaton.is_unambiguous():
        return _Studied(quick, automaton, _longest(1))
    return _Studied(quick, automaton, 0 if _explodes(group, repeated=False) else _longest(_repetitions(group)))


def _longest(repetitions: int) -> int:
    """A search from each character, each repetition sharing out the rest: a power of the length."""
    return int(_MOST_TRIALS ** (1 / (repetitions + 1)))


def _bounded(text: str, longest: int) -> str:
    if len(text) > longest:
        raise HostileText(f"{len(text)} characters, {longest} at most")
    return text


def _repetitions(part: Part) -> int:
    """How many parts are repeated a number of times that the text decides."""
    if isinstance(part, Repeat):
        return (part.most != part.least) + _repetitions(part.part)
    if isinstance(part, Group):
        return sum(_repetitions(one) for parts in part.alternatives for one in parts)
    return 0


def _explodes(part: Part, *, repeated: bool) -> bool:
    """Whether an often repeated part holds what can be read in several ways: alternatives, a repetition."""
    if isinstance(part, Repeat):
        often = part.most is None or part.most > 10
        varies = repeated and part.most != part.least
        return varies or _explodes(part.part, repeated=repeated or often)
    if isinstance(part, Group):
        if repeated and len(part.alternatives) > 1:
            return True
        return any(_explodes(one, repeated=repeated) for parts in part.alternatives for one in parts)
    return False

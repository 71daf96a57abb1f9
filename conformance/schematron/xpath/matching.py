"""Regular expressions asked of a text that a stranger wrote: the time is bounded, whatever the pattern.

Python searches by trial and return. Where a repetition holds another, or alternatives, a short text can cost it years:
such patterns run as states. The others cost at worst a power of the length, so a long text goes that way too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from conformance.schematron.xpath.automaton import Automaton, Unreadable
from conformance.schematron.xpath.regex import Group, Part, Repeat, compiled, read_regex
from conformance.schematron.xpath.syntax import Untranslatable

LONGEST = 1000


class HostileText(ValueError):
    """A text too long for a pattern that only knows how to go back."""


@lru_cache(maxsize=1024)
def matcher(pattern: str, flags: str = "") -> Callable[[str], bool]:
    """Whether a text contains a match. Raises Untranslatable: the pattern is not read, or cannot be bounded."""
    group, quick = read_regex(pattern, flags), compiled(pattern, flags)
    explodes = _explodes(group, repeated=False)
    try:
        automaton = Automaton(group, flags)
    except Unreadable:
        if explodes:
            raise Untranslatable(f"a repetition of repetitions that states cannot follow: {pattern!r}") from None
        return lambda text: quick.search(bounded(text)) is not None
    if explodes:
        return automaton.search
    return lambda text: quick.search(text) is not None if len(text) <= LONGEST else automaton.search(text)


@lru_cache(maxsize=1024)
def pattern_for_groups(pattern: str, flags: str = "") -> re.Pattern[str]:
    """A pattern for replace and tokenize, which ask what was met where; its text is to be `bounded`.

    Raises Untranslatable: it repeats repetitions, or matches an empty text, which XPath forbids.
    """
    quick = compiled(pattern, flags)
    if _explodes(read_regex(pattern, flags), repeated=False):
        raise Untranslatable(f"a repetition of repetitions: {pattern!r}")
    if quick.search("") is not None:
        raise Untranslatable(f"replace or tokenize by what matches nothing: {pattern!r}")
    return quick


def bounded(text: str) -> str:
    """The text. Raises HostileText: it is longer than LONGEST characters."""
    if len(text) > LONGEST:
        raise HostileText(f"{len(text)} characters, {LONGEST} at most")
    return text


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

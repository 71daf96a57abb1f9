"""A regular expression as states: all its readings are followed at once, so the time is that of the text alone."""

from __future__ import annotations

import re
from collections.abc import Iterable

from conformance.schematron.xpath.regex import Anchor, Group, Leaf, Part, Repeat

_MOST_STATES = 5000
_MOST_KNOWN = 50_000
_SAMPLE = "".join(map(chr, range(0x3000)))


class Unreadable(Exception):
    """What states cannot say (what a group met, once more; lines), or too many states."""


class Automaton:
    """States and what leads from one to the next; sets of states are remembered as they are met."""

    def __init__(self, group: Group, flags: str) -> None:
        """Raises Unreadable."""
        if "m" in flags:
            raise Unreadable
        self._flags = re.IGNORECASE if "i" in flags else 0
        self._leaves: dict[str, re.Pattern[str]] = {}
        self._free: list[list[int]] = []
        self._read: list[tuple[re.Pattern[str], int] | None] = []
        self._opening: dict[int, int] = {}
        self._closing: dict[int, int] = {}
        self._known: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        self._start = self._state()
        self._end = self._put(group, self._start)

    def search(self, text: str) -> bool:
        """Whether a part of the text is matched."""
        anywhere = self._closure({self._start}, at_start=False, at_end=False)
        states = self._closure({self._start}, at_start=True, at_end=not text)
        for character in text[:-1]:
            if self._end in states:
                return True
            states = self._following(states, character) | anywhere
        if text and self._end not in states:
            last = self._following(states, text[-1]) | anywhere
            states = self._closure(last, at_start=False, at_end=True)
        return self._end in states

    def is_unambiguous(self) -> bool:
        """Whether no text can be read in two ways: then Python, which tries one after another, never goes far back.

        Leaves are told apart by the characters below U+3000 and those that the pattern itself spells.
        """
        sample = _SAMPLE + "".join(self._leaves)
        members = {text: frozenset(leaf.findall(sample)) for text, leaf in self._leaves.items()}
        afters = [one[1] for one in self._read if one is not None]
        return all(self._tells(one, members) for one in (self._start, *afters))

    def _tells(self, state: int, members: dict[str, frozenset[str]]) -> bool:
        """Whether one way only leads to each state behind a state, and one character to one of them only."""
        found = {state}
        waiting = [state]
        readable: set[str] = set()
        while waiting:
            one = waiting.pop()
            read = self._read[one]
            if read is not None:
                leaf = members[read[0].pattern]
                if not readable.isdisjoint(leaf):
                    return False
                readable |= leaf
            following = [*self._free[one]]
            following += [anchors[one] for anchors in (self._opening, self._closing) if one in anchors]
            if not found.isdisjoint(following):
                return False
            found.update(following)
            waiting += following
        return True

    def _following(self, states: frozenset[int], character: str) -> frozenset[int]:
        key = (states, character)
        known = self._known.get(key)
        if known is None:
            reads = (self._read[one] for one in states)
            reached = {one[1] for one in reads if one is not None and one[0].match(character)}
            known = self._closure(reached, at_start=False, at_end=False)
            if len(self._known) < _MOST_KNOWN:
                self._known[key] = known
        return known

    def _closure(self, states: Iterable[int], *, at_start: bool, at_end: bool) -> frozenset[int]:
        found = set(states)
        waiting = list(found)
        while waiting:
            one = waiting.pop()
            following = list(self._free[one])
            if at_start and one in self._opening:
                following.append(self._opening[one])
            if at_end and one in self._closing:
                following.append(self._closing[one])
            waiting += [to for to in following if to not in found]
            found.update(following)
        return frozenset(found)

    def _state(self) -> int:
        if len(self._free) >= _MOST_STATES:
            raise Unreadable
        self._free.append([])
        self._read.append(None)
        return len(self._free) - 1

    def _put(self, part: Part, before: int) -> int:
        """Add a part behind a state; the state behind the part."""
        at = self._state()
        self._free[before].append(at)
        match part:
            case Group():
                after = self._state()
                for parts in part.alternatives:
                    reached = at
                    for one in parts:
                        reached = self._put(one, reached)
                    self._free[reached].append(after)
                return after
            case Repeat():
                return self._repeat(part, at)
        after = self._state()
        match part:
            case Leaf():
                leaf = self._leaves.setdefault(part.text, re.compile(part.text, self._flags))
                self._read[at] = (leaf, after)
            case Anchor():
                (self._opening if part.sign == "^" else self._closing)[at] = after
            case _:
                raise Unreadable
        return after

    def _repeat(self, repeat: Repeat, at: int) -> int:
        for _ in range(repeat.least):
            at = self._put(repeat.part, at)
        after = self._state()
        self._free[at].append(after)
        if repeat.most is None:
            self._free[self._put(repeat.part, after)].append(after)
            return after
        for _ in range(repeat.most - repeat.least):
            at = self._put(repeat.part, at)
            self._free[at].append(after)
        return after

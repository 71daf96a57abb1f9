"""The content model of a type as a machine: what may come next, how to reach an element, what is still missing.

CDA's models are deterministic (XML Schema 1.0 part 1 §3.8.6): the next element alone decides the next state.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from profiles.cda_structure.particles import OTHER, Group, Name, Particle


@dataclass(eq=False, slots=True)
class State:
    """A place in a content model: names lead to states, in the order of the table; `ends`: the element may end here."""

    ends: bool = False
    after: dict[str, State] = field(default_factory=dict)
    other: State | None = None


@dataclass(frozen=True, slots=True)
class ContentModel:
    """The machine of one type: `names` it knows, `repeated` those that may come more than once."""

    start: State
    names: frozenset[str]
    repeated: frozenset[str]
    by_local_name: Mapping[str, str]

    def path(self, state: State, name: str) -> tuple[tuple[str, ...], State] | None:
        """The fewest elements to put first so that `name` may come, and the state after it; None: it is too late."""
        return _path(state, name)

    def wanted(self, state: State) -> tuple[tuple[str, ...], ...]:
        """What is missing for the element to end in `state`: for each absence the names of which one would do."""
        groups = []
        while not state.ends:
            distance = _distance(state)
            names = tuple(name for name, then in state.after.items() if _distance(then) < distance)
            groups.append(names)
            state = state.after[names[0]]
        return tuple(groups)

    def may_follow(self, name: str, later: str) -> bool:
        """Whether `later` may come somewhere after `name`."""
        first = self.path(self.start, name)
        return first is not None and (later in first[1].after or self.path(first[1], later) is not None)


def build(content: Particle, spell: Callable[[str], str]) -> ContentModel:
    """Build the machine of a content model; `spell` tells the full name of an element of the table."""
    positions: list[tuple[str, set[int]]] = []
    whole = _glushkov(content, spell, positions)
    states = [State() for _ in positions]
    for number in whole.last:
        states[number].ends = True
    start = State(ends=whole.nullable)
    for state, follow in ((start, whole.first), *((states[n], then) for n, (_, then) in enumerate(positions))):
        for number in sorted(follow):
            name = positions[number][0]
            if name == OTHER:
                state.other = states[number]
            else:
                state.after.setdefault(name, states[number])
    repeated = frozenset(name for state in states for name in state.after if _comes_back(states, positions, name))
    names = frozenset(name for name, _ in positions if name != OTHER)
    return ContentModel(start, names, repeated, {name.rpartition("}")[2]: name for name in names})


@dataclass(frozen=True, slots=True)
class _Part:
    nullable: bool
    first: frozenset[int]
    last: frozenset[int]


_NOTHING = _Part(nullable=True, first=frozenset(), last=frozenset())


def _glushkov(particle: Particle, spell: Callable[[str], str], positions: list[tuple[str, set[int]]]) -> _Part:
    part = _NOTHING
    for number in range(max(particle.least, 1)):
        one = _once(particle, spell, positions)
        if particle.most is None and number >= particle.least - 1:
            for last in one.last:
                positions[last][1].update(one.first)
        part = one if number == 0 else _sequence(part, one, positions)
    return _Part(nullable=True, first=part.first, last=part.last) if particle.least == 0 else part


def _once(particle: Particle, spell: Callable[[str], str], positions: list[tuple[str, set[int]]]) -> _Part:
    if isinstance(particle, Name):
        positions.append((OTHER if particle.name == OTHER else spell(particle.name), set()))
        alone = frozenset({len(positions) - 1})
        return _Part(nullable=False, first=alone, last=alone)
    return _group(particle, spell, positions)


def _group(group: Group, spell: Callable[[str], str], positions: list[tuple[str, set[int]]]) -> _Part:
    parts = [_glushkov(part, spell, positions) for part in group.parts]
    if not parts:
        return _NOTHING
    if group.is_choice:
        return _Part(
            nullable=any(part.nullable for part in parts),
            first=frozenset[int]().union(*(part.first for part in parts)),
            last=frozenset[int]().union(*(part.last for part in parts)),
        )
    whole = parts[0]
    for part in parts[1:]:
        whole = _sequence(whole, part, positions)
    return whole


def _sequence(before: _Part, after: _Part, positions: list[tuple[str, set[int]]]) -> _Part:
    for last in before.last:
        positions[last][1].update(after.first)
    return _Part(
        nullable=before.nullable and after.nullable,
        first=before.first | after.first if before.nullable else before.first,
        last=before.last | after.last if after.nullable else after.last,
    )


def _comes_back(states: list[State], positions: list[tuple[str, set[int]]], name: str) -> bool:
    """Whether `name` may come again once it has come."""
    own = [number for number, (known, _) in enumerate(positions) if known == name]
    return any(name in states[n].after or _path(states[n], name) is not None for n in own)


@cache
def _path(state: State, name: str) -> tuple[tuple[str, ...], State] | None:
    seen = {state}
    waiting: deque[tuple[State, tuple[str, ...]]] = deque([(state, ())])
    while waiting:
        current, skipped = waiting.popleft()
        if name in current.after:
            return skipped, current.after[name]
        for other, then in current.after.items():
            if then not in seen:
                seen.add(then)
                waiting.append((then, (*skipped, other)))
    return None


@cache
def _distance(state: State) -> int:
    seen = {state}
    waiting = deque([(state, 0)])
    while waiting:
        current, steps = waiting.popleft()
        if current.ends:
            return steps
        for then in current.after.values():
            if then not in seen:
                seen.add(then)
                waiting.append((then, steps + 1))
    raise ValueError("a content model that never ends")

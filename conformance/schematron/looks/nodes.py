"""A node in written code: how its attributes, its children and itself are spelled there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_TAKEN = re.compile(r"\belement\d+\b")
_FEW = 6
"""Attributes that are asked of lxml one by one: more of them are read at once."""


@dataclass(slots=True)
class Spot:
    """A node by the name that holds it: an element, or with `leaf` the value of an attribute.

    `tag` spells its tag, when that is held too; of an attribute its name, or nothing.
    """

    name: str
    leaf: bool = False
    tag: str = ""

    def __post_init__(self) -> None:
        self.tag = self.tag or ("" if self.leaf else f"{self.name}.tag")

    def taken(self, value: str) -> str:
        """What is dear to make, or the name that holds it."""
        return value

    def attribute(self, name: str) -> str:
        """The value of an attribute, or None.

        lxml gives one without namespace as fast as a dict does that is there already, one with a namespace much slower.
        """
        holder = self.attributes() if _is_qualified(name) else self.name
        return f"{holder}.get({name!r})"

    def attributes(self) -> str:
        """All attributes by name."""
        return f"attributes[{self.name}]"

    def children(self) -> str:
        """All children by tag."""
        return f"children[{self.name}]"

    def children_of(self, tag: str) -> str:
        """The children of a tag."""
        return f"{self.children()}.get({tag!r}, ())"


@dataclass(slots=True)
class Subject(Spot):
    """The element that is asked about: what is asked of it by several tests is taken once, before them."""

    known: dict[str, str] = field(default_factory=dict)

    def attribute(self, name: str) -> str:
        return self.taken(f"@{name}")

    def attributes(self) -> str:
        return self.taken(f"attributes[{self.name}]")

    def children(self) -> str:
        return self.taken(f"children[{self.name}]")

    def children_of(self, tag: str) -> str:
        return self.taken(f"{self.children()}.get({tag!r}, ())")

    def taken(self, value: str) -> str:
        return self.known.setdefault(value, f"{self.name}{len(self.known)}")

    def prelude(self, lines: Iterable[str]) -> list[str]:
        """The lines that take what other lines use."""
        used = _taken("\n".join(lines))
        asked = [value[1:] for value, name in self.known.items() if value[0] == "@" and name in used]
        together = self.attributes()
        at_once = together in used or len(asked) > _FEW or any(map(_is_qualified, asked))
        holder = together if at_once else self.name
        prelude: list[str] = []
        for value, name in reversed(self.known.items()):
            if name in used and name != together:
                used |= _taken(value)
                prelude.append(f"{name} = {f'{holder}.get({value[1:]!r})' if value[0] == '@' else value}")
        if at_once:
            prelude.append(f"{together} = attributes[{self.name}]")
        return prelude[::-1]


def _is_qualified(name: str) -> bool:
    return name.startswith("{")


def _taken(code: str) -> set[str]:
    return set(_TAKEN.findall(code))

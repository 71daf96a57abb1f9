"""What an expression gives, and how XPath 1.0 holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from conformance.schematron.xpath.syntax import Untranslatable


class Kind(Enum):
    """What an XPath 2.0 expression gives. XPath 1.0 has no sequences: those of strings are held as node-sets."""

    NODES = "nodes"
    STRINGS = "strings"
    """Any number of strings, none included; held as text nodes or elements of our making."""
    NUMBERS = "numbers"
    """Any number of numbers; held as the nodes that spell them, and only ever compared."""
    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    EMPTY = "empty"
    ANY = "any"
    """A variable nobody said anything about: our functions look when they are called."""


class Level:
    """How tight an expression holds together in XPath 1.0 (XPath 1.0 §3.9)."""

    OR, AND, EQUALITY, RELATION, SUM, PRODUCT, MINUS, UNION, STEP = range(1, 10)


@dataclass(frozen=True, slots=True)
class Written:
    """An XPath 1.0 expression, what it gives, and the level at which it binds."""

    text: str
    kind: Kind
    level: int = Level.STEP

    def at(self, level: int) -> str:
        """The text, in parentheses when it binds less tightly than `level`."""
        return self.text if self.level >= level else f"({self.text})"


TRUE = Written("true()", Kind.BOOLEAN)
FALSE = Written("false()", Kind.BOOLEAN)


@dataclass(frozen=True, slots=True)
class Focus:
    """Where an expression stands: `depth` counts the predicates and steps around it.

    `bound` are the variables of quantifiers, which are the context item of the predicate they became: each is known at
    one depth only. `hidden`: there, the context item that XPath 2.0 means cannot be reached.
    """

    depth: int = 0
    hidden: bool = False
    bound: Mapping[str, tuple[int, Kind]] = field(default_factory=dict)

    def inner(self) -> Focus:
        """Inside a predicate, or behind a step."""
        return Focus(self.depth + 1, hidden=False, bound=self.bound)

    def binding(self, variable: str, kind: Kind) -> Focus:
        """Inside the predicate that `variable` ranges over."""
        return Focus(self.depth + 1, hidden=True, bound={**self.bound, variable: (self.depth + 1, kind)})

    def reach(self, what: str) -> None:
        """Raise Untranslatable when the context item is hidden."""
        if self.hidden:
            raise Untranslatable(f"{what} in a quantifier looks at the context item outside it")


def quoted(text: str) -> str:
    """A string as a literal of XPath 1.0, which has no escapes."""
    if "'" not in text:
        return f"'{text}'"
    if '"' not in text:
        return f'"{text}"'
    parts = ', "\'", '.join(f"'{part}'" for part in text.split("'"))
    return f"concat({parts})"

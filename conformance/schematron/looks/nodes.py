"""A node in written code: how its attributes, its children and itself are spelled there."""

from __future__ import annotations

from dataclasses import dataclass, field


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
        """The value of an attribute, or None."""
        return f"{self.attributes()}.get({name!r})"

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
        return self.taken(f"{self.attributes()}.get({name!r})")

    def attributes(self) -> str:
        return self.taken(f"attributes[{self.name}]")

    def children(self) -> str:
        return self.taken(f"children[{self.name}]")

    def children_of(self, tag: str) -> str:
        return self.taken(f"{self.children()}.get({tag!r}, ())")

    def taken(self, value: str) -> str:
        return self.known.setdefault(value, f"{self.name}{len(self.known)}")

    def prelude(self) -> list[str]:
        """The lines that take it."""
        return [f"{name} = {value}" for value, name in self.known.items()]

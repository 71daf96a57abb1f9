"""The grammar of the CI-SIS header: kinds of elements, what each holds, where each stands.

`constraints.csv` is read as a grammar. A shape is a kind of element; one shape may stand at many places of the header.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files

ROOT = "document"
_PREDICATES = re.compile(r"\[(?:[^\[\]']|'[^']*'|\[(?:[^\[\]']|'[^']*')*\])*\]")


@dataclass(frozen=True, slots=True)
class Child:
    """An element that a shape may hold: its name, conditions that pick the occurrences meant, how many, of what shape.

    `name` has a prefix when it is not CDA's; `most` is None when there is no limit; `shape` is empty when nothing is
    asked of the child itself.
    """

    name: str
    conditions: str
    least: int
    most: int | None
    shape: str

    @property
    def element(self) -> str:
        """The name with its prefix, as XPath spells it."""
        return self.name if ":" in self.name else f"cda:{self.name}"

    @property
    def step(self) -> str:
        """The step that finds the occurrences meant."""
        return self.element + self.conditions


@dataclass(slots=True)
class Shape:
    """A kind of element: its HL7 datatype, its children, what is asked of its attributes (attribute, rule, value).

    `parts` is the datatype of all its children together, for addresses.
    """

    name: str
    type: str = ""
    parts: str = ""
    childless: bool = False
    children: list[Child] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)


def read_shapes() -> Mapping[str, Shape]:
    """Every shape by name, in the order of the header."""
    shapes: dict[str, Shape] = {}
    for row in rows("constraints"):
        shape = shapes.setdefault(row["shape"], Shape(row["shape"]))
        about, rule, value = row["about"], row["rule"], row["value"]
        if ".." in rule:
            shape.children.append(_child(about, rule, value))
        elif about == ".":
            shape.type = value
        elif about == "part":
            shape.parts = value
        elif about == "*":
            shape.childless = True
        else:
            shape.attributes.append((about.removeprefix("@"), rule, value))
    return shapes


def contexts(shapes: Mapping[str, Shape]) -> Mapping[str, tuple[str, ...]]:
    """The places of every shape, as paths from ClinicalDocument."""
    places: dict[str, list[str]] = {}
    _place(shapes, ROOT, [("cda:ClinicalDocument", "")], places)
    return {name: tuple(found) for name, found in places.items()}


def rows(table: str) -> Iterator[dict[str, str]]:
    """The rows of a table beside this module."""
    text = files("profiles.ci_sis_header").joinpath(f"{table}.csv").read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


def _child(about: str, rule: str, shape: str) -> Child:
    name, bracket, rest = about.partition("[")
    least, most = rule.split("..")
    return Child(name, bracket + rest, int(least), None if most == "*" else int(most), shape)


def _place(shapes: Mapping[str, Shape], name: str, path: list[tuple[str, str]], places: dict[str, list[str]]) -> None:
    places.setdefault(name, []).append("/".join(_spelled(path)))
    for child in shapes[name].children:
        if child.shape:
            _place(shapes, child.shape, [*path, (child.element, child.conditions)], places)


def _spelled(path: list[tuple[str, str]]) -> Iterator[str]:
    """The steps of a path, without the conditions that the next step makes true."""
    for number, (element, conditions) in enumerate(path):
        following = path[number + 1] if number + 1 < len(path) else ("", "")
        implied = {f"[{following[0]}]", f"[{following[0]}{following[1]}]"}
        yield element + "".join(one for one in _PREDICATES.findall(conditions) if one not in implied)

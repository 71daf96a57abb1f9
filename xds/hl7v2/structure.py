"""The order and number of segments: what hl7apy's tables of HL7 say, narrowed by the French profile (HL7 v2.5 §2.5.2).

hl7apy's own parser reads a message in tens of milliseconds, stops at the first fault and does not say where it is: its
tables are asked here, by a matcher that finds every fault in one walk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from hl7apy import load_reference

from profiles.hl7v2.tables import cardinalities, pre_adopted
from xds.hl7v2.faults import Fault
from xds.hl7v2.findings import broken
from xds.hl7v2.segments import Segment


@dataclass(frozen=True, slots=True)
class _Node:
    """A segment or a group of segments. `least` and `most` of it, -1 for no limit; `names` are all segments of it.

    `expected` are the segments that may stand where the node does: its own, and all that can come after it.
    """

    name: str
    least: int
    most: int
    children: tuple[_Node, ...]
    names: frozenset[str]
    expected: frozenset[str]


def check_structure(segments: Sequence[Segment], structure: str, version: str) -> list[Fault]:
    """Every segment that is missing, too many, or not in its place. Those of the sender's own (Z…) may be anywhere."""
    known = [segment for segment in segments if not segment.name.startswith("Z")]
    walk = _Walk(known)
    walk.match(_nodes(structure, version))
    walk.leave()
    return walk.faults


class _Walk:
    """One walk through the segments of a message."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        self._at = 0
        self.faults: list[Fault] = []

    def match(self, nodes: tuple[_Node, ...]) -> None:
        """Match a sequence of nodes."""
        for node in nodes:
            count = 0
            while self._skip_to(node.expected) in node.names and (node.most < 0 or count < node.most):
                count += 1
                if node.children:
                    self.match(node.children)
                else:
                    self._at += 1
            if count < node.least:
                self._miss(node)

    def leave(self) -> None:
        """Report what is left when the structure ends."""
        self._skip_to(frozenset())

    def _skip_to(self, names: frozenset[str]) -> str:
        """The name of the next segment that may stand here or later; those before it may not, and are reported."""
        while self._at < len(self._segments):
            segment = self._segments[self._at]
            if segment.name in names:
                return segment.name
            self.faults.append(broken("HL7-SEQUENCE", f"{segment.name}^{segment.number}", found=segment.name))
            self._at += 1
        return ""

    def _miss(self, node: _Node) -> None:
        """Report what a node cannot be without. What the message has in another place is out of order, not missing."""
        for name in _required(node):
            if any(segment.name == name for segment in self._segments):
                place = self._segments[min(self._at, len(self._segments) - 1)]
                found = place.name if self._at < len(self._segments) else "the end"
                self.faults.append(broken("HL7-SEQUENCE", f"{place.name}^{place.number}", found=found, expected=name))
            else:
                self.faults.append(broken("HL7-SEGMENT", f"{name}^1", expected=name))


def _required(node: _Node) -> Iterable[str]:
    """The segments that a node cannot be without."""
    if not node.children:
        yield node.name
    for child in node.children:
        if child.least:
            yield from _required(child)


@cache
def _nodes(structure: str, version: str) -> tuple[_Node, ...]:
    return _followed(_compiled(load_reference(structure, "Message", version)[1], structure), frozenset())


def _compiled(children: Iterable[Any], structure: str) -> tuple[_Node, ...]:
    nodes = []
    for name, reference, numbers, kind in children:
        least, most = cardinalities(structure).get(name, numbers)
        below = _compiled(reference[1], structure) if kind == "GRP" else ()
        names = frozenset((name,)) if not below else frozenset().union(*(one.names for one in below))
        nodes.append(_Node(name, least, most, below, names, names))
        adopted = pre_adopted(structure).get(name)
        if adopted is not None:
            also = frozenset((adopted[0],))
            nodes.append(_Node(adopted[0], 0, -1, (), also, also))
    return tuple(nodes)


def _followed(nodes: tuple[_Node, ...], following: frozenset[str]) -> tuple[_Node, ...]:
    """The same nodes with what can come after each, `following` after the last: found once for a structure."""
    complete = []
    for index, node in enumerate(nodes):
        after = following.union(*(one.names for one in nodes[index + 1 :]))
        inside = after | node.names if node.most != 1 else after
        children = _followed(node.children, inside)
        complete.append(replace(node, children=children, expected=node.names | after))
    return tuple(complete)

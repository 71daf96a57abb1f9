"""Strings and numbers written in Python: the functions of XPath that give them (XPath 1.0 §4.1, §4.2, §4.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from conformance.schematron.looks.answers import table
from conformance.schematron.looks.nodes import Spot
from conformance.schematron.looks.paths import Paths
from conformance.schematron.looks.shapes import (
    child_of,
    ends_at_attribute,
    is_nodes,
    is_number,
    is_truth,
    named_attribute,
    named_child,
    operands,
)
from conformance.schematron.looks.steps import NotSeen
from conformance.schematron.xpath import syntax
from conformance.schematron.xpath.syntax import Expression

Arguments = tuple[Expression, ...]
_WHOLE = re.compile("[0-9]{1,6}")


class Strings(Paths):
    """Writes strings and numbers."""

    def text(self, read: Expression, at: Spot) -> str:
        """The string of an expression, in Python. Raises NotSeen."""
        if isinstance(read, syntax.Text):
            return repr(read.value)
        if isinstance(read, syntax.Call):
            function, least, most = _FUNCTIONS.get(read.name, (None, 0, 0))
            if function is None or not least <= len(read.arguments) <= most:
                raise NotSeen
            return function(self, read.arguments, at)
        if not is_nodes(read):
            raise NotSeen
        if isinstance(read, syntax.Here):
            return at.name if at.leaf else f"said({at.name})"
        named = named_attribute(read)
        if named is not None and not at.leaf:
            return f"({at.attribute(self.name(named))} or '')"
        return self._first(read, at, "said")

    def number(self, read: Expression, at: Spot) -> str:
        """The number of an expression: one that is written, a count, a length. Raises NotSeen."""
        match read:
            case syntax.Number():
                return str(_whole(read))
            case syntax.Call("count", (argument,)) if not at.leaf:
                return self._count(argument, at)
            case syntax.Call("string-length", arguments) if len(arguments) < 2:
                return f"len({self._of(arguments, at)})"
            case syntax.Call("number", arguments) if len(arguments) < 2:
                return f"number({self._of(arguments, at)})"
        raise NotSeen

    def _count(self, read: Expression, at: Spot) -> str:
        """How many nodes: a union of children of different names is counted name by name."""
        parts = list(operands(read, "|"))
        names = [self.name(child) for child in map(child_of, parts) if child is not None]
        if len(names) != len(parts) or len(names) != len(set(names)):
            return self.count(read, at)
        plain = [named_child(one) for one in parts]
        counts = [
            f"len({at.children_of(self.name(child))})" if child is not None else self.count(one, at)
            for one, child in zip(parts, plain, strict=True)
        ]
        return f"({' + '.join(counts)})"

    def _first(self, read: Expression, at: Spot, spelled: str) -> str:
        """What a function gives of the first node, empty when there is none."""
        nearest = self.nearest(read, at)
        if nearest:
            return f"({spelled}({nearest}) if {nearest} is not None else '')"
        nodes = self.found(read, at)
        return f"({spelled}({nodes}[0]) if {nodes} else '')"

    def _of(self, arguments: Arguments, at: Spot) -> str:
        """The string of the only argument, or of the node itself. Raises NotSeen: a number is spelled by XPath."""
        if arguments and (is_number(arguments[0]) or is_truth(arguments[0])):
            raise NotSeen
        return self.text(arguments[0] if arguments else syntax.Here(), at)

    def _spaced(self, arguments: Arguments, at: Spot) -> str:
        return f"spaced({self._of(arguments, at)})"

    def _joined(self, arguments: Arguments, at: Spot) -> str:
        return f"({' + '.join(self._of((one,), at) for one in arguments)})"

    def _translated(self, arguments: Arguments, at: Spot) -> str:
        whole, old, new = arguments
        if not isinstance(old, syntax.Text) or not isinstance(new, syntax.Text):
            raise NotSeen
        return f"{self._of((whole,), at)}.translate({self.constant(table(old.value, new.value))})"

    def _part(self, arguments: Arguments, at: Spot) -> str:
        """`substring` with whole numbers: places count from 1."""
        start, *length = (_whole(one) for one in arguments[1:])
        last = str(max(start - 1 + length[0], 0)) if length else ""
        return f"{self._of(arguments[:1], at)}[{max(start - 1, 0)}:{last}]"

    def _before(self, arguments: Arguments, at: Spot) -> str:
        return f"before({', '.join(self._of((one,), at) for one in arguments)})"

    def _after(self, arguments: Arguments, at: Spot) -> str:
        return f"after({', '.join(self._of((one,), at) for one in arguments)})"

    def _name(self, arguments: Arguments, at: Spot) -> str:
        return self._named(arguments, at, "full_name")

    def _local_name(self, arguments: Arguments, at: Spot) -> str:
        if not arguments and at.tag:
            return at.taken(f"local_of({at.tag})")
        return self._named(arguments, at, "local_name")

    def _namespace(self, arguments: Arguments, at: Spot) -> str:
        if arguments or not at.tag:
            raise NotSeen
        return at.taken(f"space_of({at.tag})")

    def _named(self, arguments: Arguments, at: Spot, spelled: str) -> str:
        if at.leaf or (arguments and (ends_at_attribute(arguments[0]) or not is_nodes(arguments[0]))):
            raise NotSeen
        return self._first(arguments[0], at, spelled) if arguments else at.taken(f"{spelled}({at.name})")


def _whole(read: Expression) -> int:
    """A whole number as written. Raises NotSeen."""
    if not isinstance(read, syntax.Number) or not _WHOLE.fullmatch(read.spelling):
        raise NotSeen
    return int(read.spelling)


_FUNCTIONS: Mapping[str, tuple[Callable[[Strings, Arguments, Spot], str], int, int]] = {
    "string": (Strings._of, 0, 1),
    "normalize-space": (Strings._spaced, 0, 1),
    "concat": (Strings._joined, 2, 99),
    "translate": (Strings._translated, 3, 3),
    "substring": (Strings._part, 2, 3),
    "substring-before": (Strings._before, 2, 2),
    "substring-after": (Strings._after, 2, 2),
    "name": (Strings._name, 0, 1),
    "local-name": (Strings._local_name, 0, 1),
    "namespace-uri": (Strings._namespace, 0, 0),
}
"""The functions that give strings: how each is read, and how many arguments it takes."""

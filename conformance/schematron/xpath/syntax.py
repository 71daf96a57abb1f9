"""XPath 2.0 expressions as values: what the parser reads and the writer writes (XPath 2.0 §A.1)."""

from __future__ import annotations

from dataclasses import dataclass


class Untranslatable(ValueError):
    """What XPath 1.0 and our functions cannot say, or cannot say with the same meaning: the text names it."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string literal."""

    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """A numeric literal, as written."""

    spelling: str


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Here:
    """The context item: `.`."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; the prefix `fn:` is dropped, any other stays in the name."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Binary:
    """`or and + - * div idiv mod | intersect except to`; `union` is spelled `|`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Comparison:
    """`form` is general (`=`), value (`eq`) or node (`is`); a value comparison has the sign of the general one."""

    form: str
    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Negative:
    """Unary minus."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class If:
    """`if (condition) then … else …`."""

    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Quantified:
    """`some` or `every`, one variable at a time."""

    quantifier: str
    variable: str
    domain: Expression
    condition: Expression


@dataclass(frozen=True, slots=True)
class For:
    """`for $variable in domain return body`, one variable at a time."""

    variable: str
    domain: Expression
    body: Expression


@dataclass(frozen=True, slots=True)
class Sequence:
    """`(a, b)`, and the empty sequence."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """`verb` is castable, cast, instance or treat; `optional` when the type ends with `?`."""

    verb: str
    operand: Expression
    type: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Test:
    """A node test. `kind` is name, or node, text, comment, element …; `*` stands for any prefix or any name."""

    kind: str
    prefix: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class AxisStep:
    """`axis::test[…]…`."""

    axis: str
    test: Test
    predicates: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class FilterStep:
    """An expression with predicates, or used as a step of a path."""

    primary: Expression
    predicates: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """Steps; `absolute` when they start from the document. `//` is a step of its own, as in XPath 2.0 §3.2.4."""

    absolute: bool
    steps: tuple[AxisStep | FilterStep, ...]


ANY_DEPTH = AxisStep("descendant-or-self", Test("node"))
Expression = (
    Text
    | Number
    | Variable
    | Here
    | Call
    | Binary
    | Comparison
    | Negative
    | If
    | Quantified
    | For
    | Sequence
    | Typed
    | FilterStep
    | Path
)

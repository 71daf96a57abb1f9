"""Comparisons (XPath 2.0 §3.5): general, of values, of nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.schematron.xpath import foreign
from conformance.schematron.xpath.kinds import FALSE, TRUE, Focus, Kind, Level, Written, quoted
from conformance.schematron.xpath.syntax import (
    Binary,
    Call,
    Comparison,
    Expression,
    FilterStep,
    Number,
    Path,
    Sequence,
    Text,
    Untranslatable,
    Variable,
)

if TYPE_CHECKING:
    from conformance.schematron.xpath.writer import Writer

_TEXTS = frozenset({Kind.NODES, Kind.STRINGS, Kind.STRING})
_NUMBERS = frozenset({Kind.NUMBER, Kind.NUMBERS})
_LEVELS = {"=": Level.EQUALITY, "!=": Level.EQUALITY}
_INSTANTS = frozenset({"date", "dateTime"})
_RESOLVED = ("resolve-QName", "QName")


def write(writer: Writer, expression: Comparison, focus: Focus) -> Written:
    """Write a comparison. A sequence compared is each of its items compared, one true being enough."""
    if expression.form == "node":
        return _same_node(writer, expression, focus)
    pairs = [(left, right) for left in _items(expression.left) for right in _items(expression.right)]
    if expression.form == "value" and len(pairs) > 1:
        raise Untranslatable("a value comparison of sequences")
    alternatives = [_pair(writer, expression, left, right, focus) for left, right in pairs]
    if not alternatives:
        return FALSE
    if len(alternatives) == 1:
        return alternatives[0]
    if TRUE in alternatives:
        return TRUE
    return Written(" or ".join(one.at(Level.OR) for one in alternatives), Kind.BOOLEAN, Level.OR)


def _items(expression: Expression) -> tuple[Expression, ...]:
    if isinstance(expression, Sequence):
        return tuple(one for item in expression.items for one in _items(item))
    if isinstance(expression, Binary) and expression.operator == "to":
        raise Untranslatable("a range in a comparison")
    return (expression,)


def _pair(writer: Writer, comparison: Comparison, left: Expression, right: Expression, focus: Focus) -> Written:
    sign = comparison.operator
    if isinstance(left, Number) and isinstance(right, Number) and sign == "=":
        return TRUE if float(left.spelling) == float(right.spelling) else FALSE
    named = _resolved_name(writer, left, right, sign, focus) or _resolved_name(writer, right, left, sign, focus)
    if named is not None:
        return named
    if sign == "=":
        listed = foreign.write_listed(writer, left, right, focus) or foreign.write_listed(writer, right, left, focus)
        if listed is not None:
            return listed
    computed = _computed(writer, comparison, left, right, focus)
    if computed is not None:
        return computed
    instants = _instants(writer, left, right, sign, focus)
    if instants is not None:
        return instants
    return _written(comparison, writer.value(left, focus), writer.value(right, focus))


def _written(comparison: Comparison, ours: Written, theirs: Written) -> Written:  # noqa: PLR0911 - one line a case
    sign, kinds = comparison.operator, {ours.kind, theirs.kind}
    if Kind.EMPTY in kinds:
        return FALSE
    if sign in ("=", "!="):
        if kinds <= _TEXTS or kinds in ({Kind.NUMBER}, {Kind.BOOLEAN}):
            return _plain(sign, ours, theirs)
        if Kind.ANY in kinds and kinds <= {Kind.ANY, Kind.NUMBER, Kind.STRING}:
            return _plain(sign, ours, theirs)
    elif kinds in ({Kind.NUMBER}, {Kind.NUMBER, Kind.ANY}):
        return _plain(sign, ours, theirs)
    if comparison.form == "value" and kinds & _NUMBERS and kinds & _TEXTS:
        raise Untranslatable("a value comparison of a number with a string")
    if kinds <= _NUMBERS | {Kind.NODES, Kind.ANY} and kinds & _NUMBERS:
        if sign == "!=" and Kind.NUMBERS in kinds:
            raise Untranslatable("numbers that may be absent compared with !=")
        return _called("compare-numbers", sign, ours, theirs)
    if kinds <= _TEXTS:
        return _called("compare-texts", sign, ours, theirs)
    if Kind.ANY in kinds and kinds <= _TEXTS | {Kind.ANY}:
        return _called("compare", sign, ours, theirs)
    raise Untranslatable(f"{' and '.join(sorted(one.value for one in kinds))} compared")


def _computed(
    writer: Writer, comparison: Comparison, left: Expression, right: Expression, focus: Focus
) -> Written | None:
    """`nodes/count(x) > 1`, what is computed of each node being compared with a constant: nodes of which it is true."""
    if comparison.form != "general" or not isinstance(left, Path) or not isinstance(right, Number | Text | Variable):
        return None
    last = left.steps[-1] if len(left.steps) > 1 else None
    if not isinstance(last, FilterStep) or not isinstance(last.primary, Call) or last.predicates:
        return None
    if isinstance(right, Variable) and right.name in focus.bound:
        return None
    before = writer.value(Path(left.absolute, left.steps[:-1]), focus)
    inside = writer.boolean(Comparison("general", comparison.operator, last.primary, right), focus.inner())
    return Written(f"boolean({before.at(Level.STEP)}[{inside.text}])", Kind.BOOLEAN)


def _plain(sign: str, ours: Written, theirs: Written) -> Written:
    level = _LEVELS.get(sign, Level.RELATION)
    return Written(f"{ours.at(level + 1)} {sign} {theirs.at(level + 1)}", Kind.BOOLEAN, level)


def _called(name: str, sign: str, ours: Written, theirs: Written) -> Written:
    return Written(f"ecluse:{name}({quoted(sign)}, {ours.text}, {theirs.text})", Kind.BOOLEAN)


def _same_node(writer: Writer, expression: Comparison, focus: Focus) -> Written:
    """`a is b`: both are there, and together they are one."""
    if expression.operator != "is":
        raise Untranslatable("an order of nodes")
    ours, theirs = writer.value(expression.left, focus), writer.value(expression.right, focus)
    if {ours.kind, theirs.kind} != {Kind.NODES}:
        raise Untranslatable("`is` between what may be no nodes")
    united = f"{ours.at(Level.UNION)} | {theirs.at(Level.UNION)}"
    return Written(f"{ours.at(Level.AND)} and {theirs.at(Level.AND)} and count({united}) = 1", Kind.BOOLEAN, Level.AND)


def _resolved_name(writer: Writer, left: Expression, right: Expression, sign: str, focus: Focus) -> Written | None:
    """`resolve-QName(@a, .) = QName('namespace', 'name')`; without a call when nothing needs to be resolved."""
    if not (isinstance(left, Call) and isinstance(right, Call) and (left.name, right.name) == _RESOLVED):
        return None
    if sign != "=" or len(left.arguments) != 2 or len(right.arguments) != 2:
        raise Untranslatable("QNames compared otherwise than by =")
    value, element = (writer.value(one, focus) for one in left.arguments)
    namespace, name = (writer.value(one, focus) for one in right.arguments)
    call = Written(f"ecluse:is-named({element.text}, {value.text}, {namespace.text}, {name.text})", Kind.BOOLEAN)
    local = getattr(right.arguments[1], "value", None)
    if element.text != "." or value.kind is not Kind.NODES or not isinstance(local, str) or ":" in local:
        return call
    # An element without prefix in that namespace has it by default: then the name needs no resolving.
    default = f"namespace-uri() = {namespace.text} and name() = local-name()"
    return Written(f"{value.text} = {name.text} and {default} or {call.text}", Kind.BOOLEAN, Level.OR)


def _instants(writer: Writer, left: Expression, right: Expression, sign: str, focus: Focus) -> Written | None:
    """`xs:dateTime(a) le xs:dateTime(b)`."""
    types = [writer.xml_schema_type(one.name) if isinstance(one, Call) else None for one in (left, right)]
    if not _INSTANTS.intersection(filter(None, types)):
        return None
    if types[0] != types[1] or not isinstance(left, Call) or not isinstance(right, Call):
        raise Untranslatable("a date compared with something else")
    if len(left.arguments) != 1 or len(right.arguments) != 1:
        raise Untranslatable("a date of several arguments")
    ours, theirs = writer.text(left.arguments[0], focus), writer.text(right.arguments[0], focus)
    return Written(
        f"ecluse:compare-instants({quoted(types[0] or '')}, {quoted(sign)}, {ours.text}, {theirs.text})", Kind.BOOLEAN
    )

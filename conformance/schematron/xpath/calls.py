"""Functions of XPath 2.0 (XQuery 1.0 and XPath 2.0 Functions and Operators) as XPath 1.0, or as functions of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from conformance.schematron.xpath import foreign
from conformance.schematron.xpath.dependence import is_document
from conformance.schematron.xpath.kinds import FALSE, TRUE, Focus, Kind, Level, Written, quoted
from conformance.schematron.xpath.mapping import split
from conformance.schematron.xpath.string_calls import STRING_FUNCTIONS, Function, Writes
from conformance.schematron.xpath.syntax import (
    Call,
    Expression,
    FilterStep,
    If,
    Path,
    Sequence,
    Typed,
    Untranslatable,
    Variable,
)

if TYPE_CHECKING:
    from conformance.schematron.xpath.writer import Writer

CASTABLE = frozenset(
    (
        "string",
        "integer",
        "decimal",
        "double",
        "float",
        "boolean",
        "date",
        "dateTime",
        "anyURI",
        "nonNegativeInteger",
        "positiveInteger",
        "int",
    )
)
_ONE = frozenset({Kind.STRING, Kind.NUMBER, Kind.BOOLEAN})


def write(writer: Writer, call: Call, focus: Focus) -> Written:
    """Write a call. Raises Untranslatable: a function that is neither known nor ours."""
    if is_document(call):
        raise Untranslatable("a document as a value")
    if call.name.startswith("ecluse:"):
        arguments = ", ".join(writer.value(one, focus).text for one in call.arguments)
        return Written(f"{call.name}({arguments})", Kind.BOOLEAN)
    if writer.xml_schema_type(call.name) is not None and len(call.arguments) == 1:
        return write_typed(writer, Typed("cast", call.arguments[0], call.name, optional=True), focus)
    least, most, writes = FUNCTIONS.get(call.name, (0, -1, _unknown))
    if not least <= len(call.arguments) <= most:
        raise Untranslatable(f"{call.name}() with {len(call.arguments)} arguments")
    return writes(writer, call, focus)


def write_typed(writer: Writer, typed: Typed, focus: Focus) -> Written:
    """Write `castable as` and `cast as`."""
    name = writer.xml_schema_type(typed.type)
    if name not in CASTABLE or typed.verb not in ("castable", "cast"):
        raise Untranslatable(f"{typed.verb} … {typed.type}")
    operand = writer.value(typed.operand, focus)
    if typed.verb == "castable":
        if operand.kind in (Kind.BOOLEAN, Kind.NUMBER, Kind.NUMBERS):
            raise Untranslatable(f"castable of {operand.kind.value}")
        optional = ", true()" if typed.optional else ""
        return Written(f"ecluse:castable({operand.text}, {quoted(name)}{optional})", Kind.BOOLEAN)
    if name in ("string", "anyURI") and operand.kind is Kind.STRING:
        return operand
    if name in ("integer", "decimal", "double", "float", "int") and operand.kind in (Kind.NODES, Kind.STRINGS):
        return Written(operand.text, Kind.NUMBERS, operand.level)
    if name in ("integer", "decimal", "double", "float", "int") and operand.kind in (Kind.STRING, Kind.ANY):
        return Written(f"ecluse:number({operand.text})", Kind.NUMBER)
    raise Untranslatable(f"cast of {operand.kind.value} as {typed.type}")


def opposite(truth: Written) -> Written:
    """What is true when the other is not."""
    if truth in (TRUE, FALSE):
        return FALSE if truth == TRUE else TRUE
    return Written(f"not({truth.text})", Kind.BOOLEAN)


def _unknown(_writer: Writer, call: Call, _focus: Focus) -> Written:
    raise Untranslatable(f"the function {call.name}()")


def _not(writer: Writer, call: Call, focus: Focus) -> Written:
    return opposite(writer.truth(call.arguments[0], focus))


def _boolean(writer: Writer, call: Call, focus: Focus) -> Written:
    return writer.boolean(call.arguments[0], focus)


def _presence(writer: Writer, argument: Expression, focus: Focus) -> Written:
    """What is true in XPath 1.0 when a sequence has items."""
    if isinstance(argument, Sequence):
        items = [_presence(writer, one, focus).at(Level.AND) for one in argument.items]
        return Written(" or ".join(items), Kind.BOOLEAN, Level.OR) if items else FALSE
    keyed = foreign.write_truth(writer, argument, focus)
    if keyed is not None:
        return keyed
    written = writer.value(argument, focus)
    if written.kind is Kind.ANY:
        return Written(f"not(ecluse:empty({written.text}))", Kind.BOOLEAN)
    if written.kind is Kind.EMPTY:
        return FALSE
    return TRUE if written.kind in _ONE else written


def _exists(writer: Writer, call: Call, focus: Focus) -> Written:
    present = _presence(writer, call.arguments[0], focus)
    return present if present.kind is Kind.BOOLEAN else Written(f"boolean({present.text})", Kind.BOOLEAN)


def _empty(writer: Writer, call: Call, focus: Focus) -> Written:
    present = _presence(writer, call.arguments[0], focus)
    if present.text.startswith("not(ecluse:empty($"):
        return Written(present.text.removeprefix("not(").removesuffix(")"), Kind.BOOLEAN)
    return opposite(present)


def _count(writer: Writer, call: Call, focus: Focus) -> Written:
    return _counted(writer, call.arguments[0], focus)


def _counted(writer: Writer, argument: Expression, focus: Focus) -> Written:
    if isinstance(argument, Sequence):
        counts = [_counted(writer, one, focus).at(Level.PRODUCT) for one in argument.items]
        return Written(" + ".join(counts) or "0", Kind.NUMBER, Level.SUM if len(counts) > 1 else Level.STEP)
    if isinstance(argument, If):
        raise Untranslatable("count of if … then … else")
    if isinstance(argument, Path) and len(argument.steps) > 1 and isinstance(argument.steps[-1], FilterStep):
        left, last = split(argument)
        if isinstance(last.primary, Variable) and not last.predicates and last.primary.name not in focus.bound:
            return _counted_variable(writer, left, last.primary, focus)
    written = writer.value(argument, focus)
    if written.kind in _ONE:
        return Written("1", Kind.NUMBER)
    if written.kind is Kind.EMPTY:
        return Written("0", Kind.NUMBER)
    name = "ecluse:count" if written.kind is Kind.ANY else "count"
    return Written(f"{name}({written.text})", Kind.NUMBER)


def _counted_variable(writer: Writer, left: Path, variable: Variable, focus: Focus) -> Written:
    """`count(nodes/$v)`: nodes are counted once, whatever the node that leads to them; other values each time."""
    written = writer.value(variable, focus)
    before = writer.value(left, focus)
    if written.kind is Kind.NODES:
        return Written(f"count({written.text}) * boolean({before.text})", Kind.NUMBER, Level.PRODUCT)
    if written.kind in _ONE:
        return Written(f"count({before.text})", Kind.NUMBER)
    if written.kind is Kind.ANY:
        return Written(f"ecluse:count-behind({before.text}, {written.text})", Kind.NUMBER)
    raise Untranslatable(f"count of a step that is a variable of {written.kind.value}")


def _number(writer: Writer, call: Call, focus: Focus) -> Written:
    if not call.arguments:
        focus.reach("number()")
        return Written("ecluse:number(.)", Kind.NUMBER)
    written = writer.text(call.arguments[0], focus)
    if written.kind is Kind.NUMBER:
        return written
    if written.kind is Kind.BOOLEAN:
        return Written(f"number({written.text})", Kind.NUMBER)
    return Written(f"ecluse:number({written.text})", Kind.NUMBER)


def _rounded(writer: Writer, call: Call, focus: Focus) -> Written:
    return Written(f"{call.name}({writer.number(call.arguments[0], focus).text})", Kind.NUMBER)


def _position(_writer: Writer, call: Call, focus: Focus) -> Written:
    focus.reach(f"{call.name}()")
    return Written(f"{call.name}()", Kind.NUMBER)


def _named(writer: Writer, call: Call, focus: Focus) -> Written:
    if not call.arguments:
        focus.reach(f"{call.name}()")
        return Written(f"{call.name}()", Kind.STRING)
    written = writer.value(call.arguments[0], focus)
    if written.kind not in (Kind.NODES, Kind.ANY):
        raise Untranslatable(f"{call.name}() of {written.kind.value}")
    return Written(f"{call.name}({written.text})", Kind.STRING)


def _current(_writer: Writer, _call: Call, focus: Focus) -> Written:
    if focus.depth:
        raise Untranslatable("current() inside a predicate")
    return Written(".", Kind.NODES)


def _root(_writer: Writer, _call: Call, focus: Focus) -> Written:
    focus.reach("root()")
    return Written("/", Kind.NODES)


def _part_of_name(writer: Writer, call: Call, focus: Focus) -> Written:
    (inner,) = call.arguments
    if not isinstance(inner, Call) or inner.name != "resolve-QName" or len(inner.arguments) != 2:
        raise Untranslatable(f"{call.name}() of what is not resolve-QName()")
    value, element = (writer.value(one, focus).text for one in inner.arguments)
    part = "namespace" if call.name == "namespace-uri-from-QName" else "local"
    return Written(f"ecluse:resolved({element}, {value}, {quoted(part)})", Kind.STRINGS)


def _constant(written: Written) -> Writes:
    return lambda _writer, _call, _focus: written


FUNCTIONS: Mapping[str, Function] = {
    **STRING_FUNCTIONS,
    "true": (0, 0, _constant(TRUE)),
    "false": (0, 0, _constant(FALSE)),
    "not": (1, 1, _not),
    "boolean": (1, 1, _boolean),
    "exists": (1, 1, _exists),
    "empty": (1, 1, _empty),
    "count": (1, 1, _count),
    "number": (0, 1, _number),
    "floor": (1, 1, _rounded),
    "ceiling": (1, 1, _rounded),
    "position": (0, 0, _position),
    "last": (0, 0, _position),
    "name": (0, 1, _named),
    "local-name": (0, 1, _named),
    "namespace-uri": (0, 1, _named),
    "current": (0, 0, _current),
    "root": (0, 0, _root),
    "namespace-uri-from-QName": (1, 1, _part_of_name),
    "local-name-from-QName": (1, 1, _part_of_name),
}

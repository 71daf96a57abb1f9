"""Functions on strings of XPath 2.0 as XPath 1.0, or as functions of ours (XQuery 1.0 and XPath 2.0 F&O §7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from conformance.schematron.xpath.kinds import TRUE, Focus, Kind, Level, Written
from conformance.schematron.xpath.regex import compiled
from conformance.schematron.xpath.syntax import Call, Expression, Sequence, Text, Untranslatable

if TYPE_CHECKING:
    from conformance.schematron.xpath.writer import Writer

Writes = Callable[["Writer", Call, Focus], Written]
Function = tuple[int, int, Writes]
"""How many arguments it has at least and at most, and how a call of it is written."""

_STRINGY = frozenset({Kind.NODES, Kind.STRINGS, Kind.STRING, Kind.ANY})


def _plainly(kind: Kind) -> Writes:
    """A function that XPath 1.0 has, on strings."""

    def writes(writer: Writer, call: Call, focus: Focus) -> Written:
        if not call.arguments:
            focus.reach(f"{call.name}()")
        arguments = [_stringy(writer, one, focus) for one in call.arguments]
        return Written(f"{call.name}({', '.join(arguments)})", kind)

    return writes


def _stringy(writer: Writer, argument: Expression, focus: Focus) -> str:
    if isinstance(argument, Sequence) and argument.items:
        raise Untranslatable("a sequence where one string is due")
    written = writer.text(argument, focus)
    if written.kind not in _STRINGY:
        raise Untranslatable(f"{written.kind.value} where a string is due")
    return written.text


def _spelled(writer: Writer, argument: Expression, focus: Focus) -> Written:
    """An argument that any type may be, and that is read as a string."""
    if isinstance(argument, Sequence) and argument.items:
        raise Untranslatable("a sequence where one string is due")
    written = writer.text(argument, focus)
    if written.kind is Kind.NUMBER and not (isinstance(argument, Call) and argument.name in ("count", "string-length")):
        raise Untranslatable("a number spelled as a string")
    return written


def _as_string(writer: Writer, argument: Expression, focus: Focus) -> str:
    written = _spelled(writer, argument, focus)
    return written.text if written.kind is Kind.STRING else f"string({written.text})"


def _string(writer: Writer, call: Call, focus: Focus) -> Written:
    if not call.arguments:
        focus.reach("string()")
        return Written("string()", Kind.STRING)
    return Written(_as_string(writer, call.arguments[0], focus), Kind.STRING)


def _concat(writer: Writer, call: Call, focus: Focus) -> Written:
    arguments = [_spelled(writer, one, focus).text for one in call.arguments]
    return Written(f"concat({', '.join(arguments)})", Kind.STRING)


def _substring(writer: Writer, call: Call, focus: Focus) -> Written:
    places = [writer.number(one, focus).text for one in call.arguments[1:]]
    return Written(f"substring({', '.join([_stringy(writer, call.arguments[0], focus), *places])})", Kind.STRING)


def _ends_with(writer: Writer, call: Call, focus: Focus) -> Written:
    text, end = (_stringy(writer, one, focus) for one in call.arguments)
    if isinstance(call.arguments[1], Text):
        offset = len(call.arguments[1].value) - 1
        if offset < 0:
            return TRUE
        return Written(f"substring({text}, string-length({text}) - {offset}) = {end}", Kind.BOOLEAN, Level.EQUALITY)
    return Written(f"ecluse:ends-with(string({text}), string({end}))", Kind.BOOLEAN)


def _on_strings(name: str, kind: Kind) -> Writes:
    """A function of ours whose arguments are strings."""

    def writes(writer: Writer, call: Call, focus: Focus) -> Written:
        arguments = [_as_string(writer, one, focus) for one in call.arguments]
        if name in ("matches", "replace", "tokenize"):
            _check_regex(name, call)
        return Written(f"ecluse:{name}({', '.join(arguments)})", kind)

    return writes


def _check_regex(name: str, call: Call) -> None:
    """Refuse here a regular expression that would be refused when it is used."""
    flags = call.arguments[3 if name == "replace" else 2 :]
    texts = [one.value for one in (call.arguments[1], *flags) if isinstance(one, Text)]
    if len(texts) == 1 + len(flags):
        compiled(*texts)


def _distinct(writer: Writer, call: Call, focus: Focus) -> Written:
    written = writer.value(call.arguments[0], focus)
    if written.kind not in (Kind.NODES, Kind.STRINGS, Kind.ANY):
        raise Untranslatable(f"distinct values of {written.kind.value}")
    return Written(f"ecluse:distinct({written.text})", Kind.STRINGS)


def _join(writer: Writer, call: Call, focus: Focus) -> Written:
    joined = call.arguments[0]
    items = joined.items if isinstance(joined, Sequence) else (joined,)
    written = [writer.value(one, focus) for one in items]
    if any(one.kind not in _STRINGY | {Kind.EMPTY} for one in written):
        raise Untranslatable("string-join of what are no strings")
    separator = _as_string(writer, call.arguments[1], focus)
    return Written(f"ecluse:join({', '.join([separator, *(one.text for one in written)])})", Kind.STRING)


def _available(writer: Writer, call: Call, focus: Focus) -> Written:
    return Written(f"ecluse:doc-available({_as_string(writer, call.arguments[0], focus)})", Kind.BOOLEAN)


STRING_FUNCTIONS: Mapping[str, Function] = {
    "string": (0, 1, _string),
    "concat": (2, 99, _concat),
    "contains": (2, 2, _plainly(Kind.BOOLEAN)),
    "starts-with": (2, 2, _plainly(Kind.BOOLEAN)),
    "ends-with": (2, 2, _ends_with),
    "substring": (2, 3, _substring),
    "substring-before": (2, 2, _plainly(Kind.STRING)),
    "substring-after": (2, 2, _plainly(Kind.STRING)),
    "normalize-space": (0, 1, _plainly(Kind.STRING)),
    "translate": (3, 3, _plainly(Kind.STRING)),
    "string-length": (0, 1, _plainly(Kind.NUMBER)),
    "upper-case": (1, 1, _on_strings("upper-case", Kind.STRING)),
    "lower-case": (1, 1, _on_strings("lower-case", Kind.STRING)),
    "iri-to-uri": (1, 1, _on_strings("iri-to-uri", Kind.STRING)),
    "matches": (2, 3, _on_strings("matches", Kind.BOOLEAN)),
    "replace": (3, 4, _on_strings("replace", Kind.STRING)),
    "tokenize": (2, 3, _on_strings("tokenize", Kind.STRINGS)),
    "distinct-values": (1, 1, _distinct),
    "string-join": (2, 2, _join),
    "doc-available": (1, 1, _available),
}

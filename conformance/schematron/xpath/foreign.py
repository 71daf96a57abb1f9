"""What is asked of another document, `doc(…)` or `document(…)`: as a lookup in an index, never as a scan.

Three shapes: a value among those of a path (`@code = doc('v.xml')//concept/@code`), an element with given values
(`doc('v.xml')//Concept[@code=$c and @codeSystem=$s]`), and the nodes of a path that depends on nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from conformance.schematron.xpath.dependence import is_condition, is_document, needs_context, variables
from conformance.schematron.xpath.kinds import Focus, Kind, Written, quoted
from conformance.schematron.xpath.mapping import each_text
from conformance.schematron.xpath.syntax import (
    AxisStep,
    Binary,
    Call,
    Comparison,
    Expression,
    FilterStep,
    Path,
    Untranslatable,
)

if TYPE_CHECKING:
    from conformance.schematron.xpath.writer import Writer

_KEYABLE = (Kind.STRING, Kind.NODES, Kind.STRINGS, Kind.ANY)


def reference(expression: Expression) -> tuple[Expression, tuple[AxisStep | FilterStep, ...]] | None:
    """The reference of the document that a path starts from, and its steps; None: it starts from no document."""
    if not isinstance(expression, Path) or expression.absolute:
        return None
    first, steps = expression.steps[0], expression.steps[1:]
    if not steps:
        return None
    if not isinstance(first, FilterStep) or first.predicates or not isinstance(first.primary, Call):
        return None
    call = first.primary
    return (call.arguments[0], steps) if is_document(call) and len(call.arguments) == 1 else None


def write(writer: Writer, path: Path) -> Written | None:
    """The nodes of a path from another document; None: it is not one.

    Raises Untranslatable: the path depends on more than that document.
    """
    found = reference(path)
    if found is None:
        return None
    href, steps = found
    last = steps[-1]
    each = None
    if isinstance(last, FilterStep):
        each = each_text(writer, last.primary)
        if each is None:
            raise Untranslatable("a computed step in another document")
        steps = steps[:-1]
    text = _text(writer, steps)
    href_text = _href(writer, href, Focus())
    if each is not None:
        return Written(f"ecluse:each(ecluse:fetched({href_text}, {quoted(text)}), {quoted(each)})", Kind.STRINGS)
    return Written(f"ecluse:fetched({href_text}, {quoted(text)})", Kind.NODES)


def write_listed(writer: Writer, value: Expression, path: Expression, focus: Focus) -> Written | None:
    """`value = path` where the path is from another document and depends on nothing else; None: it is not so."""
    found = reference(path)
    if found is None or variables(found[1]):
        return None
    href, steps = found
    each = ""
    last = steps[-1]
    if isinstance(last, FilterStep):
        computed = each_text(writer, last.primary)
        if computed is None or last.predicates:
            return None
        each, steps = f", {quoted(computed)}", steps[:-1]
    sought = writer.value(value, focus)
    if sought.kind not in _KEYABLE:
        return None
    arguments = f"{_href(writer, href, focus)}, {quoted(_text(writer, steps))}, {sought.text}{each}"
    return Written(f"ecluse:listed({arguments})", Kind.BOOLEAN)


def write_truth(writer: Writer, expression: Expression, focus: Focus) -> Written | None:
    """Whether a path from another document gives anything, its variables being keys; None: it is not such a path."""
    found = reference(expression)
    if found is None or not variables(found[1]):
        return None
    href, steps = found
    keys: list[tuple[str, str]] = []
    while True:
        last = steps[-1]
        if not isinstance(last, AxisStep):
            raise Untranslatable("a computed step in another document")
        kept: list[Expression] = []
        deeper: list[Path] = []
        for predicate in (part for one in last.predicates for part in _conditions(one)):
            key = _key(writer, predicate, focus)
            if key is not None:
                keys.append(key)
            elif not variables(predicate):
                if keys and not is_condition(predicate):
                    raise Untranslatable("a position after a key in another document")
                kept.append(predicate)
            elif isinstance(predicate, Path) and not predicate.absolute:
                deeper.append(predicate)
            else:
                raise Untranslatable("a condition on another document that is no key")
        steps = (*steps[:-1], AxisStep(last.axis, last.test, tuple(kept)))
        if not deeper:
            break
        if keys or len(deeper) > 1:
            raise Untranslatable("keys at two depths of another document")
        steps += deeper[0].steps
    arguments = [_href(writer, href, focus), quoted(_text(writer, steps))]
    arguments += [part for path, value in keys for part in (quoted(path), value)]
    return Written(f"ecluse:keyed({', '.join(arguments)})", Kind.BOOLEAN)


def _key(writer: Writer, predicate: Expression, focus: Focus) -> tuple[str, str] | None:
    """`path = value` where only the value depends on something outside: (the path, the value)."""
    if not isinstance(predicate, Comparison) or predicate.form == "node" or predicate.operator != "=":
        return None
    for path, value in ((predicate.left, predicate.right), (predicate.right, predicate.left)):
        if variables(path) or not variables(value) or needs_context(value):
            continue
        asked = writer.again().value(path, Focus())
        written = writer.value(value, focus)
        if asked.kind is Kind.NODES and written.kind in _KEYABLE:
            return asked.text, written.text
    return None


def _conjuncts(expression: Expression) -> Iterator[Expression]:
    if isinstance(expression, Binary) and expression.operator == "and":
        yield from _conjuncts(expression.left)
        yield from _conjuncts(expression.right)
    else:
        yield expression


def _conditions(predicate: Expression) -> Iterator[Expression]:
    """The parts of a predicate parted by `and`; what would be a position on its own is none among them."""
    found = list(_conjuncts(predicate))
    for one in found:
        yield one if len(found) == 1 or is_condition(one) else Call("boolean", (one,))


def _text(writer: Writer, steps: tuple[AxisStep | FilterStep, ...]) -> str:
    if variables(steps):
        raise Untranslatable("a variable in a path of another document")
    return writer.again().value(Path(absolute=True, steps=steps), Focus()).text


def _href(writer: Writer, href: Expression, focus: Focus) -> str:
    written = writer.text(href, focus)
    if written.kind not in (Kind.STRING, Kind.ANY):
        raise Untranslatable(f"the document that {written.kind.value} name")
    return written.text if written.kind is Kind.STRING else f"string({written.text})"

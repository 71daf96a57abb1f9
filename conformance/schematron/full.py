"""Expressions that XPath 1.0 cannot say, put to an implementation of XPath 2.0 when there is one: exact and slow.

They travel as a call of one function of ours, so that the rest of the engine need not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.schematron.expressions import asked
from conformance.schematron.xpath import dependence
from conformance.schematron.xpath.fallback import compile_fallback
from conformance.schematron.xpath.parser import parse
from conformance.schematron.xpath.syntax import Untranslatable

NAME = "in-full"


def as_call(expression: str, namespaces: Mapping[str, str]) -> str:
    """The call that asks an expression in full.

    Raises ValueError: it is not XPath 2.0, or the implementation is not installed; the text says which.
    """
    compile_fallback(expression, namespaces)
    variables = "".join(f", {_quoted(name)}, ${name}" for name in sorted(_free(expression)))
    return f"ecluse:{NAME}({_quoted(expression)}, /*, not(..){variables})"


def function(namespaces: Mapping[str, str]) -> Callable[..., Any]:
    """The function that is called, for expressions with these prefixes.

    It is told the root, and whether it is called at the document itself, which lxml cannot hand over.
    """
    compiled: dict[str, Callable[..., object]] = {}

    def in_full(context: Any, expression: str, root: list[Any], at_document: bool, *variables: Any) -> object:
        asked_as = f"root()/({expression})" if at_document else expression
        if asked_as not in compiled:
            compiled[asked_as] = compile_fallback(asked_as, namespaces)
        node = root[0] if at_document else context.context_node
        return compiled[asked_as](node, dict(zip(variables[::2], variables[1::2], strict=True)))

    return in_full


def _free(expression: str) -> frozenset[str]:
    """The variables an expression asks for and does not bind itself."""
    try:
        return dependence.variables(parse(expression))
    except Untranslatable:
        return frozenset(asked(expression))


def _quoted(text: str) -> str:
    """A text as a literal of XPath 1.0, or as several."""
    if "'" not in text:
        return f"'{text}'"
    if '"' not in text:
        return f'"{text}"'
    return "concat(" + ', "\'", '.join(f"'{piece}'" for piece in text.split("'")) + ")"

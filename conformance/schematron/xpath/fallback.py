"""Expressions that are refused, evaluated by elementpath when it is installed (extra `xpath2`): exact and slow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from lxml import etree

# Else elementpath compares by the locale of the machine, and waits for it.
_CODEPOINTS = "http://www.w3.org/2005/xpath-functions/collation/codepoint"
_Evaluate = Callable[[etree._Element, Mapping[str, object]], object]


class FallbackMissing(ValueError):
    """An expression needs XPath 2.0 in full, and elementpath is not installed."""


def compile_fallback(expression: str, namespaces: Mapping[str, str]) -> _Evaluate:
    """An evaluator of (node, variables), with the results of lxml: a list of elements or strings, a str, float or bool.

    It knows no `doc()`. Raises FallbackMissing; ValueError: the expression is not XPath 2.0 either.
    """
    try:
        import elementpath
    except ImportError:
        raise FallbackMissing(f"install the extra xpath2 for this expression: {expression}") from None
    try:
        parser = elementpath.XPath2Parser(namespaces=dict(namespaces), default_collation=_CODEPOINTS)
        selector = parser.parse(expression)
    except (elementpath.ElementPathError, RecursionError) as error:
        raise ValueError(f"{error}: {expression}") from error

    def evaluate(node: etree._Element, variables: Mapping[str, object]) -> object:
        context = elementpath.XPathContext(node.getroottree(), item=node, variables=cast(Any, dict(variables)))
        try:
            return _as_lxml(selector.get_results(context))
        except RecursionError as error:
            raise ValueError(f"too many expressions in one another: {expression[:80]}") from error

    return evaluate


def _as_lxml(value: Any) -> object:
    if isinstance(value, list):
        return [one if isinstance(one, etree._Element) else str(one) for one in value]
    if isinstance(value, bool | str) or value is None:
        return [] if value is None else value
    return float(value)

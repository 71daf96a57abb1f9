"""Query languages of schemas: what lxml asks as it is, what must be translated first (ISO/IEC 19757-3 annexes C, H)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from conformance.schematron.documents import Documents
from conformance.schematron.expressions import CORE_FUNCTIONS, functions, without_current
from conformance.schematron.functions import EXTENSIONS
from conformance.schematron.model import ECLUSE
from conformance.schematron.nodes import KEEP

Extensions = Mapping[tuple[str, str], Callable[..., Any]]
_XPATH_1 = frozenset(("", "xslt", "xslt1", "xpath", "xpath1", "exslt", "libxslt"))
_XPATH_2 = frozenset(("xslt2", "xslt3", "xpath2", "xpath3", "xpath31", "xquery", "xquery3"))


class NotAsked(ValueError):
    """An expression that cannot be asked: the text says why."""


def known_binding(binding: str) -> bool:
    """Whether we know the query language of a schema."""
    return binding in _XPATH_1 or binding in _XPATH_2


def translated(expression: str, binding: str, namespaces: Mapping[str, str]) -> str:
    """The expression in XPath 1.0 with our functions. Raises NotAsked: it cannot be said in it."""
    if binding in _XPATH_1:
        return without_current(expression)
    raise NotAsked(f"{binding} is not read")


def extensions_for(documents: Documents | None) -> Extensions:
    """The functions that expressions of one schema may call, by namespace and name."""
    return {**EXTENSIONS, **KEEP}


class Queries:
    """Compiles the expressions of one schema, each once and when it is first asked."""

    def __init__(self, namespaces: Mapping[str, str], documents: Documents | None) -> None:
        self.namespaces = {**namespaces, "ecluse": ECLUSE}
        self._extensions = extensions_for(documents)
        self._compiled: dict[str, etree.XPath] = {}

    def compile(self, expression: str, *, smart: bool = False) -> etree.XPath:
        """A compiled expression. Raises NotAsked: it is not XPath, or calls what nobody knows."""
        key = expression if not smart else f"smart {expression}"
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = self._new(expression, smart)
        return compiled

    def _new(self, expression: str, smart: bool) -> etree.XPath:
        # lxml registers every function it is given at every evaluation: it is given those that are called.
        needed: dict[tuple[str, str], Callable[..., Any]] = {}
        for name in functions(expression):
            prefix, _, local = name.rpartition(":")
            key = (self.namespaces.get(prefix, ""), local)
            if prefix and key in self._extensions:
                needed[key] = self._extensions[key]
            elif prefix or local not in CORE_FUNCTIONS:
                raise NotAsked(f"nobody knows the function {name}: {expression}")
        try:
            return etree.XPath(
                expression, namespaces=self.namespaces, extensions=needed, regexp=False, smart_strings=smart
            )
        except (etree.XPathError, ValueError) as error:
            raise NotAsked(f"{error}: {expression}") from error

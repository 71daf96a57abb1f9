"""Expressions asked of the nodes of one document, and the variables they want: each asked once, when it is wanted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lxml import etree

from conformance.schematron.expressions import CURRENT
from conformance.schematron.matching import NODES
from conformance.schematron.nodes import Located, Node, keeping, kept, passed
from conformance.schematron.queries import Queries, Question
from conformance.schematron.xpath.core import Beyond

if TYPE_CHECKING:
    from conformance.schematron.xpath.steps import Reckoned

_Element = etree._Element
_NO_LETS: Mapping[str, str] = {}
_NONE: Mapping[str, Reckoned] = {}
_LITERAL = re.compile("'([^']*)'")
_GIVEN = frozenset((NODES, "ecluse-name", "ecluse-uri", "ecluse-number"))
"""Variables that come with the question."""


class Scope(dict[str, Any]):
    """The variables that a node sees, by name: the nearest declaration counts. `lets` are those of its rule.

    Values are as they were found; `named` gives them as libxml2 takes them.
    """

    __slots__ = ("_asking", "_passed", "_reckoned", "element", "lets", "node")

    def __init__(self, asking: Asking, node: Node, lets: Mapping[str, str]) -> None:
        super().__init__()
        self._asking = asking
        self._passed: dict[str, Any] = {}
        self.node = node
        self.element = node.parent if isinstance(node, Located) else node
        self.lets = lets
        self._reckoned = asking.reckoned_lets if self.element is node else _NONE

    def __missing__(self, name: str) -> Any:
        reckoned = self._reckoned.get(self.lets.get(name, ""))
        try:
            value = self._asking.variable(name, self) if reckoned is None else reckoned(self.element, self)
        except Beyond:
            value = self._asking.variable(name, self)
        self[name] = value
        return value

    def named(self, names: tuple[str, ...]) -> dict[str, Any]:
        """The values of variables, with what the path to a node that is no element asks for."""
        values: dict[str, Any] = {}
        for name in names:
            value = self._passed.get(name)
            if value is None:
                if name in _GIVEN:
                    continue
                value = self[name]
                if type(value) is list:
                    value = self._asking.passed(name, value, self)
                self._passed[name] = value
            values[name] = value
        if isinstance(self.node, Located):
            values.update(self.node.variables())
        return values


class Asking:
    """A document that is asked. `lets` are its variables, `steady` the values that are the same for every document."""

    def __init__(self, queries: Queries, lets: Mapping[str, str], steady: dict[str, Any], document: Located) -> None:
        self._queries = queries
        self.reckoned_lets: Mapping[str, Reckoned] = queries.reckoned_lets
        self._lets = lets
        self._steady = steady
        self._document = document
        self._everywhere: dict[str, list[_Element]] = {}
        self._known: dict[str, Any] = {}

    def scope(self, node: Node, lets: Mapping[str, str] = _NO_LETS) -> Scope:
        """What a node sees."""
        return Scope(self, node, lets)

    def ask(self, expression: str, scope: Scope) -> Any:
        """Ask the element of a node. Raises one of QUESTION_FAILED."""
        reckoned = self._queries.reckoned.get(expression)
        if reckoned is not None and scope.element is scope.node:
            try:
                return reckoned(scope.element, scope)
            except Beyond:
                pass
        question = self._queries.question(expression)
        if reckoned is None:
            self._queries.reckoned.asked(expression, question.text)
        return self._answer(question, scope)

    def value(self, expression: str, scope: Scope) -> Any:
        """The value of an expression at a node. Raises one of QUESTION_FAILED."""
        if not isinstance(scope.node, Located):
            return self.ask(expression, scope)
        self.ask(keeping(scope.node, expression), scope)
        return kept()

    def variable(self, name: str, scope: Scope) -> Any:
        """The value of a variable that a node sees. Raises one of QUESTION_FAILED."""
        value = scope.lets.get(name)
        if value is not None:
            if scope.element is not scope.node:
                return self.value(value, scope)
            let = self._queries.let(value)
            if let.steady:
                return self._always(value, let, scope)
            self._queries.reckoned_lets.asked(value, let.text)
            return self._answer(let, scope)
        if name != CURRENT:
            return self._of_document(name)
        return [scope.node] if scope.element is scope.node else self.value(".", self.scope(scope.node))

    def of_document(self, names: tuple[str, ...]) -> dict[str, Any]:
        """The values of variables of the document. Raises one of QUESTION_FAILED."""
        return {name: self._of_document(name) for name in names if name not in _GIVEN}

    def passed(self, name: str, found: list[Any], scope: Scope) -> Any:
        """A list that was found for a variable, as libxml2 takes it."""
        value = scope.lets.get(name)
        strings = value is not None and scope.element is scope.node and self._queries.let(value).strings
        return _strings(found) if strings else passed(found)

    def _answer(self, question: Question, scope: Scope) -> Any:
        if not question.names:
            return question.ask(scope.element)
        return question.ask(scope.element, **scope.named(question.names))

    def _always(self, value: str, let: Question, scope: Scope) -> Any:
        """A variable of a rule that is the same for every document: asked once for all of them."""
        if value not in self._steady:
            found = self._answer(let, scope)
            self._steady[value] = _strings(found) if let.strings else passed(found)
        return self._steady[value]

    def _of_document(self, name: str) -> Any:
        """A variable of the document, asked once whatever rules want it."""
        value = self._known.get(name)
        if value is None:
            if name in self._lets:
                literal = _LITERAL.fullmatch(self._lets[name])
                value = (
                    passed(self.value(self._lets[name], self.scope(self._document))) if literal is None else literal[1]
                )
            elif name in self._queries.tags:
                value = self._gathered(name)
            else:
                raise LookupError(f"nobody declares ${name}")
            self._known[name] = value
        return value

    def _gathered(self, name: str) -> list[_Element]:
        """Every element of a name, in the whole document; one walk finds those of all names."""
        if name not in self._everywhere:
            tags = dict(self._queries.tags)
            self._everywhere = {one: [] for one in tags}
            by_tag = {tag: self._everywhere[one] for one, tag in tags.items() if not tag.startswith("{*}")}
            for element in self._document.parent.iter(*by_tag):
                by_tag[element.tag].append(element)
            for one, tag in tags.items():
                if tag.startswith("{*}"):
                    self._everywhere[one] = list(self._document.parent.iter(tag))
        return self._everywhere[name]


def _strings(found: Any) -> Any:
    """Strings as nodes, which a variable can hold."""
    from conformance.schematron.xpath.extensions import variable
    from conformance.schematron.xpath.kinds import Kind

    return variable(found, Kind.STRINGS)

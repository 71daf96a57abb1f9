"""One schema asked of one document: values of variables and nodes of contexts, each asked once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from conformance.schematron.documents import MissingDocument
from conformance.schematron.expressions import CURRENT
from conformance.schematron.index import DocumentIndex
from conformance.schematron.matching import MANY, NODES, Contexts, Matcher
from conformance.schematron.model import Assertion, Part
from conformance.schematron.nodes import Located, Node, boolean, element_of, keeping, kept, passed
from conformance.schematron.queries import QUESTION_FAILED, Queries
from conformance.schematron.rules import Rule
from conformance.schematron.showing import all_shown, found_text, shown
from conformance.schematron.xpath.extensions import variable
from conformance.schematron.xpath.translation import Kind

_Element = etree._Element
_Values = dict[str, Any]
_NO_LETS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Failure:
    """An assertion that does not hold.

    `place` is the element it points to, `pointed` whether there is such an element: else it is the one that lacks it,
    and no repair is meant for it. `suffix` is what follows its path when the node is an attribute or a text,
    `found` what was met there, `context` that of the rule, `message` what it says of this document.
    """

    assertion: Assertion
    place: _Element
    found: str | None
    context: str = ""
    message: str = ""
    suffix: str = ""
    pointed: bool = True


class Run:
    """A schema against a document. `steady` are the variables that are the same for every document.

    With `errors_only` nothing is said of what only warns.
    """

    def __init__(
        self,
        queries: Queries,
        lets: Mapping[str, str],
        steady: _Values,
        index: DocumentIndex,
        notes: list[str],
        errors_only: bool = False,
    ) -> None:
        self._queries = queries
        self._lets = lets
        self._steady = steady
        self._index = index
        self._notes = notes
        self._errors_only = errors_only
        self._document = Located("document", index.root.getroottree().getroot())
        self._globals: _Values = {}
        self._everywhere: dict[str, list[_Element]] = {}
        self._free: dict[str, bool] = {}

    def failures(self, rules: Sequence[Rule], contexts: Contexts) -> Iterator[Failure]:
        """Every assertion that does not hold, in the order of the rules."""
        matcher = Matcher(self._index, self._queries, self._document_values)
        matched = matcher.walk(contexts)
        for place, error in sorted(matcher.failed.items()):
            self._note(f"rule {rules[place].planned.context!r}", error)
        pattern, spoken_for = -1, set[Node]()
        for place in sorted(matched):
            rule, nodes = rules[place], matched[place]
            if not rule.alone:
                if rule.pattern != pattern:
                    pattern, spoken_for = rule.pattern, set()
                if spoken_for:
                    nodes = [node for node in nodes if node not in spoken_for]
                spoken_for.update(nodes)
            if nodes and rule.planned.assertions:
                for node in self._suspects(rule, nodes):
                    yield from self._at(rule, node)

    def _suspects(self, rule: Rule, nodes: list[Node]) -> Iterator[Node]:
        """The nodes for which not every assertion holds."""
        asked = rule.questions
        elements = [node for node in nodes if not isinstance(node, Located)]
        if len(elements) != len(nodes) or not all(self._holds_freely(one) for one in asked.free):
            yield from nodes
            return
        wrong = self._plainly_wrong(rule, elements) if asked.plain else set[_Element]()
        costly = bool(asked.needing or asked.guarded)
        for node in elements:
            if node in wrong or (costly and not self._costly(rule, node)):
                yield node

    def _holds_freely(self, question: str) -> bool:
        """A question to the document, whatever node it comes from."""
        known = self._free.get(question)
        if known is None:
            try:
                known = self._ask(question, self._document.parent, _NO_LETS, {}) is True
            except QUESTION_FAILED:
                known = False
            self._free[question] = known
        return known

    def _plainly_wrong(self, rule: Rule, elements: list[_Element]) -> set[_Element]:
        values = self._named(rule.plain.names, self._document, _NO_LETS, {}) if rule.plain.names else {}
        try:
            if len(elements) > MANY:
                many: _Values = {NODES: elements, **values}
                suspects: Any = rule.plain_many.ask(elements[0], **many)
                return set(suspects)
            return {one for one in elements if rule.plain.ask(one, **values) is not True}
        except QUESTION_FAILED:
            return set(elements)

    def _costly(self, rule: Rule, node: _Element) -> bool:
        """Whether the assertions hold that ask variables of the rule: dear ones only when nothing else decides."""
        asked = rule.questions
        memory: _Values = {}
        try:
            if asked.needing and self._ask(asked.needing, node, rule.lets, memory) is not True:
                return False
            if not asked.guarded or self._ask(asked.enough, node, rule.lets, memory) is True:
                return True
            return all(
                self._ask(enough, node, rule.lets, memory) is True
                or self._ask(question, node, rule.lets, memory) is True
                for enough, question in asked.guarded
            )
        except QUESTION_FAILED:
            return False

    def _at(self, rule: Rule, node: Node) -> Iterator[Failure]:
        """The assertions that do not hold for one node."""
        memory: _Values = {}
        for assertion in rule.planned.assertions:
            if self._errors_only and assertion.role != "error":
                continue
            try:
                held = self._ask(boolean(node, rule.spelled(assertion.query, node)), node, rule.lets, memory)
                if held is assertion.fails_when:
                    yield self._failure(rule, assertion, node, memory)
            except QUESTION_FAILED as error:
                self._note(assertion.id, error)

    def _failure(self, rule: Rule, assertion: Assertion, node: Node, memory: _Values) -> Failure:
        place, suffix = element_of(node), node.suffix() if isinstance(node, Located) else ""
        pointed = True
        if assertion.where is not None:
            places = self._value(rule.spelled(assertion.where, node), node, rule.lets, memory)
            if isinstance(places, list) and places and isinstance(places[0], etree._Element):
                place, suffix = places[0], ""
            else:
                pointed = False
        found = None
        if assertion.found is not None:
            found = found_text(self._value(rule.spelled(assertion.found, node), node, rule.lets, memory))
        message = assertion.message
        if assertion.parts:
            pieces = (self._piece(rule, part, node, memory) for part in assertion.parts)
            message = " ".join("".join(pieces).split())
        return Failure(assertion, place, found, rule.planned.context, message, suffix, pointed)

    def _piece(self, rule: Rule, part: Part, node: Node, memory: _Values) -> str:
        if part.kind == "text":
            return part.text
        if part.kind == "values":
            return all_shown(self._value(rule.spelled(part.text, node), node, rule.lets, memory))
        # The string is made by XPath: what lxml would hand over of an attribute or the document is less than the node.
        asked = f"name({part.text})" if part.kind == "name" else f"string({part.text})"
        return shown(self._value(rule.spelled(asked, node), node, rule.lets, memory))

    def _value(self, expression: str, node: Node, lets: Mapping[str, str], memory: _Values) -> Any:
        """The value of an expression at a node."""
        if not isinstance(node, Located):
            return self._ask(expression, node, lets, memory)
        self._ask(keeping(node, expression), node, lets, memory)
        return kept()

    def _ask(self, expression: str, node: Node, lets: Mapping[str, str], memory: _Values) -> Any:
        """Ask the element of a node."""
        question = self._queries.question(expression)
        if not question.names:
            return question.ask(node.parent if isinstance(node, Located) else node)
        values = self._named(question.names, node, lets, memory)
        return question.ask(node.parent if isinstance(node, Located) else node, **values)

    def _document_values(self, names: tuple[str, ...]) -> _Values:
        """The values of variables of the document."""
        return self._named(names, self._document, _NO_LETS, {})

    def _named(self, names: tuple[str, ...], node: Node, lets: Mapping[str, str], memory: _Values) -> _Values:
        """The values of variables: the nearest declaration counts."""
        values: _Values = {}
        for name in names:
            if name in memory:
                values[name] = memory[name]
            elif name in lets:
                values[name] = memory[name] = self._let(lets[name], node, lets, memory)
            elif name in self._lets:
                values[name] = self._global(name)
            elif name in self._queries.tags:
                values[name] = self._gathered(name)
            elif name == CURRENT:
                values[name] = [node] if not isinstance(node, Located) else passed(self._value(".", node, _NO_LETS, {}))
        if isinstance(node, Located):
            values.update(node.variables())
        return values

    def _let(self, value: str, node: Node, lets: Mapping[str, str], memory: _Values) -> Any:
        """A variable of a rule. What is the same for every document is asked once for all of them."""
        if isinstance(node, Located):
            return passed(self._value(value, node, lets, memory))
        let = self._queries.let(value)
        if let.steady and value in self._steady:
            return self._steady[value]
        found: Any = let.ask(node, **self._named(let.names, node, lets, memory)) if let.names else let.ask(node)
        if type(found) is not list:
            return found
        held = variable(found, Kind.STRINGS) if let.strings else passed(found)
        if let.steady:
            self._steady[value] = held
        return held

    def _global(self, name: str) -> Any:
        """A variable of the document, asked once whatever rules want it."""
        if name not in self._globals:
            self._globals[name] = passed(self._value(self._lets[name], self._document, _NO_LETS, {}))
        return self._globals[name]

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

    def _note(self, what: str, error: BaseException) -> None:
        reason = f"there is no document {error.args[0]}" if isinstance(error, MissingDocument) else str(error)
        told = f"{what} could not be checked: {reason}"
        if told not in self._notes:
            self._notes.append(told)

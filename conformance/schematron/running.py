"""One schema asked of one document: which assertions do not hold, and of which nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from conformance.schematron.asking import Asking, Scope
from conformance.schematron.documents import MissingDocument
from conformance.schematron.index import DocumentIndex
from conformance.schematron.matching import MANY, NODES, Matcher
from conformance.schematron.model import Assertion, Part
from conformance.schematron.nodes import Located, Node, boolean, element_of
from conformance.schematron.queries import QUESTION_FAILED, Queries
from conformance.schematron.rules import Rule, Way
from conformance.schematron.showing import all_shown, found_text, shown
from conformance.schematron.walking import Walking

_Element = etree._Element
_Values = dict[str, Any]


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
        self._index = index
        self._notes = notes
        self._errors_only = errors_only
        self._asking = Asking(queries, lets, steady, index.document)
        self._free: dict[str, bool] = {}

    def failures(self, rules: Sequence[Rule], walking: Walking) -> Iterator[Failure]:
        """Every assertion that does not hold, in the order of the rules."""
        matcher = Matcher(self._index, self._queries, self._asking.of_document)
        matched = matcher.walk(walking)
        for place, error in sorted(matcher.failed.items()):
            self._note(f"rule {rules[place].planned.context!r}", error)
        doubtful = self._doubtful(rules, matched)
        if not doubtful:
            return
        pattern, spoken_for = -1, set[Node]()
        for place in sorted(matched):
            rule, nodes = rules[place], matched[place]
            if not rule.alone:
                if rule.pattern != pattern:
                    pattern, spoken_for = rule.pattern, set()
                if spoken_for:
                    nodes = [node for node in nodes if node not in spoken_for]
                spoken_for.update(nodes)
            if nodes and place in doubtful:
                seen = doubtful[place]
                for node in self._asked_suspects(rule, nodes) if seen is None else nodes:
                    if seen is None or node in seen:
                        yield from self._at(rule, node)

    def _doubtful(self, rules: Sequence[Rule], matched: Mapping[int, list[Node]]) -> Mapping[int, set[Node] | None]:
        """The rules that a look at their nodes does not clear, with the nodes in doubt; None: they must be asked.

        Nodes for which an earlier rule of the pattern speaks are looked at too: hardly ever is any of them wrong.
        """
        doubtful: dict[int, set[Node] | None] = {}
        for place, nodes in matched.items():
            rule = rules[place]
            look = rule.look
            if look is None:
                if rule.asks:
                    doubtful[place] = None
                continue
            try:
                wrong = look(nodes, self._index)
            except QUESTION_FAILED:
                wrong = nodes
            if wrong:
                doubtful[place] = set(wrong)
        return doubtful

    def _asked_suspects(self, rule: Rule, nodes: list[Node]) -> Iterator[Node]:
        asked, way = rule.questions, rule.way
        elements = [node for node in nodes if not isinstance(node, Located)]
        if len(elements) != len(nodes) or not all(self._holds_freely(one) for one in asked.free):
            yield from nodes
            return
        wrong = self._plainly_wrong(way, elements) if asked.plain else set[_Element]()
        costly = bool(way.needing or asked.guarded)
        for node in elements:
            if node in wrong or (costly and not self._costly(rule, way, node)):
                yield node

    def _holds_freely(self, question: str) -> bool:
        """A question to the document, whatever node it comes from."""
        known = self._free.get(question)
        if known is None:
            try:
                known = self._asking.ask(question, self._asking.scope(self._index.root)) is True
            except QUESTION_FAILED:
                known = False
            self._free[question] = known
        return known

    def _plainly_wrong(self, way: Way, elements: list[_Element]) -> set[_Element]:
        try:
            wrong = set(way.look(elements, self._index)) if way.look is not None else set()
            asked = way.each
            if asked is None:
                return wrong
            values = self._asking.of_document(asked.names) if asked.names else {}
            if len(elements) > MANY:
                many: _Values = {NODES: elements, **values}
                suspects: Any = way.many.ask(elements[0], **many)
                return wrong.union(suspects)
            return wrong.union(one for one in elements if asked.ask(one, **values) is not True)
        except QUESTION_FAILED:
            return set(elements)

    def _costly(self, rule: Rule, way: Way, node: _Element) -> bool:
        """Whether the assertions hold that ask variables of the rule: dear ones only when nothing else decides."""
        asked, ask, scope = rule.questions, self._asking.ask, self._asking.scope(node, rule.lets)
        try:
            if not all(ask(one, scope) is True for one in way.needing):
                return False
            if not asked.guarded or ask(asked.enough, scope) is True:
                return True
            return all(ask(enough, scope) is True or ask(question, scope) is True for enough, question in asked.guarded)
        except QUESTION_FAILED:
            return False

    def _at(self, rule: Rule, node: Node) -> Iterator[Failure]:
        """The assertions that do not hold for one node."""
        scope = self._asking.scope(node, rule.lets)
        for assertion in rule.planned.assertions:
            if self._errors_only and assertion.role != "error":
                continue
            try:
                held = self._asking.ask(boolean(node, rule.spelled(assertion.query, node)), scope)
                if held is assertion.fails_when:
                    yield self._failure(rule, assertion, scope)
            except QUESTION_FAILED as error:
                self._note(assertion.id, error)

    def _failure(self, rule: Rule, assertion: Assertion, scope: Scope) -> Failure:
        node, value = scope.node, self._asking.value
        place, suffix = element_of(node), node.suffix() if isinstance(node, Located) else ""
        pointed = True
        if assertion.where is not None:
            places = value(rule.spelled(assertion.where, node), scope)
            if isinstance(places, list) and places and isinstance(places[0], etree._Element):
                place, suffix = places[0], ""
            else:
                pointed = False
        found = None
        if assertion.found is not None:
            found = found_text(value(rule.spelled(assertion.found, node), scope))
        message = assertion.message
        if assertion.parts:
            pieces = (self._piece(rule, part, scope) for part in assertion.parts)
            message = " ".join("".join(pieces).split())
        return Failure(assertion, place, found, rule.planned.context, message, suffix, pointed)

    def _piece(self, rule: Rule, part: Part, scope: Scope) -> str:
        if part.kind == "text":
            return part.text
        if part.kind == "values":
            return all_shown(self._asking.value(rule.spelled(part.text, scope.node), scope))
        # The string is made by XPath: what lxml would hand over of an attribute or the document is less than the node.
        asked = f"name({part.text})" if part.kind == "name" else f"string({part.text})"
        return shown(self._asking.value(rule.spelled(asked, scope.node), scope))

    def _note(self, what: str, error: BaseException) -> None:
        reason = f"there is no document {error.args[0]}" if isinstance(error, MissingDocument) else str(error)
        told = f"{what} could not be checked: {reason}"
        if told not in self._notes:
            self._notes.append(told)

"""Our Schematron engine: a schema planned once, a document indexed once, then asked (ISO/IEC 19757-3 §6).

Semantics are ISO's: inside a pattern the first rule whose context matches a node speaks for it, the others are silent.
Rules whose tag or template a document does not have are never looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lxml import etree

from conformance.schematron.documents import Documents, MissingDocument
from conformance.schematron.expressions import CURRENT, variables
from conformance.schematron.index import DocumentIndex
from conformance.schematron.inlining import Questions, inlined, is_steady, questions, standing, together
from conformance.schematron.matching import NODES, Matcher, Paths
from conformance.schematron.model import Assertion, Part, SchemaText
from conformance.schematron.nodes import Located, Node, boolean, element_of, keeping, kept, passed
from conformance.schematron.planning import Plan, PlannedPattern, PlannedRule, plan
from conformance.schematron.queries import Queries

_Element = etree._Element
_MANY = 4
_Values = dict[str, Any]
# What asking an expression can raise: XPath's own errors, and those of our functions on values they cannot take.
QUESTION_FAILED = (etree.XPathError, MissingDocument, ValueError, TypeError, ArithmeticError, LookupError)


@dataclass(frozen=True, slots=True)
class Failure:
    """An assertion that does not hold.

    `place` is the element it points to, `suffix` what follows its path when the node is an attribute or a text,
    `found` what was met there, `context` that of the rule, `message` what it says of this document.
    """

    assertion: Assertion
    place: _Element
    found: str | None
    context: str = ""
    message: str = ""
    suffix: str = ""


class Schema:
    """A schema ready for use. Planning is slow and done once; `check` is fast and keeps nothing of the document."""

    def __init__(self, schema: SchemaText | Plan, documents: Documents | None = None) -> None:
        self.plan = plan(schema) if isinstance(schema, SchemaText) else schema
        self.title = self.plan.title
        self._queries = Queries(dict(self.plan.namespaces), documents or Documents(Path()))
        self._lets = dict(self.plan.lets)
        self._steady: _Values = {}
        self._rules: list[_Rule] = []
        self._always: list[int] = []
        by_tag: defaultdict[str, list[int]] = defaultdict(list)
        by_template: defaultdict[str, list[int]] = defaultdict(list)
        tags: set[str] = set()
        paths = Paths()
        for number, pattern in enumerate(self.plan.patterns):
            for planned in pattern.rules:
                place = len(self._rules)
                self._rules.append(_Rule(planned, number, pattern, self._queries, paths))
                for context in planned.contexts:
                    if context.template is not None:
                        by_template[context.template].append(place)
                    elif context.tag is not None:
                        by_tag[context.tag].append(place)
                    else:
                        self._always.append(place)
                    tags.update(tag for tag in (context.tag, *_first(context.steps)) if tag is not None)
        self._by_tag, self._by_template = dict(by_tag), dict(by_template)
        self.tags = frozenset(tags)

    def check(self, index: DocumentIndex, notes: list[str] | None = None) -> Iterator[Failure]:
        """Every assertion that does not hold, pattern after pattern.

        What could not be answered (a value set that is not there, a value of the wrong type) is told in `notes`.
        """
        run = _Run(self._queries, self._lets, self._steady, index, [] if notes is None else notes)
        number, spoken_for = -1, set[Node]()
        for place in self._alive(index):
            rule = self._rules[place]
            if rule.pattern_number != number:
                number, spoken_for = rule.pattern_number, set()
                run.enter(rule.pattern)
            yield from run.failures(rule, spoken_for)

    def _alive(self, index: DocumentIndex) -> list[int]:
        """The rules that a document can concern, in order."""
        alive = set(self._always)
        for tag in index.by_tag.keys() & self._by_tag.keys():
            alive.update(self._by_tag[tag])
        for template in index.by_template.keys() & self._by_template.keys():
            alive.update(self._by_template[template])
        return sorted(alive)


def _first(steps: tuple[Any, ...]) -> tuple[str | None, ...]:
    return (steps[0].tag,) if steps else ()


class _Rule:
    """A rule with what is asked of it, made ready when a document first concerns it."""

    def __init__(
        self, planned: PlannedRule, number: int, pattern: PlannedPattern, queries: Queries, paths: Paths
    ) -> None:
        self.planned = planned
        self.ways = tuple((context, paths.of(context)) for context in planned.contexts)
        self.pattern_number = number
        self.pattern = pattern
        self.lets = dict(planned.lets)
        self.alone = len(pattern.rules) == 1
        self._queries = queries

    @cached_property
    def questions(self) -> Questions:
        """Its assertions, sorted by what they need."""
        return questions(self.planned.assertions, self.planned.lets)

    @cached_property
    def standing(self) -> Mapping[str, str]:
        """Its variables as they are put in the place of a question to a node that lxml cannot hold in a variable."""
        return standing(self.planned.lets)

    def spelled(self, expression: str, node: Node) -> str:
        """How an expression is put to a node."""
        return inlined(expression, self.standing, dear=True) if self.lets and isinstance(node, Located) else expression

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The variables of what is asked of every node; they are those of the document."""
        return tuple(variables(self.questions.plain))

    @cached_property
    def ask(self) -> etree.XPath:
        """What is asked of every node."""
        return self._queries.compile(self.questions.plain)

    @cached_property
    def ask_many(self) -> etree.XPath | None:
        """The same, to ask many elements at once for those where it does not hold; None: one by one only."""
        plain = self.questions.plain
        return self._queries.compile(f"${NODES}[not({plain})]") if together(plain) else None


class _Run:
    """One schema against one document: values of variables and nodes of contexts, each asked once."""

    def __init__(
        self,
        queries: Queries,
        lets: Mapping[str, str],
        steady: _Values,
        index: DocumentIndex,
        notes: list[str],
    ) -> None:
        self._queries = queries
        self._steady = steady
        self._index = index
        self._notes = notes
        self._document = Located("document", index.root.getroottree().getroot())
        self._around: Mapping[str, str] = lets
        self._schema_lets = lets
        self._values: dict[tuple[str, str], Any] = {}
        self._matcher = Matcher(index, queries, lambda expression: self._wanted(expression, self._document, {}, {}))

    def enter(self, pattern: PlannedPattern) -> None:
        """Variables of a pattern are seen inside it only."""
        self._around = {**self._schema_lets, **dict(pattern.lets)} if pattern.lets else self._schema_lets

    def failures(self, rule: _Rule, spoken_for: set[Node]) -> Iterator[Failure]:
        """What a rule finds at the nodes that no rule before it spoke for."""
        try:
            nodes = self._matcher.nodes(rule.ways)
        except QUESTION_FAILED as error:
            self._note(f"rule {rule.planned.context!r}", error)
            return
        if not nodes:
            return
        if not rule.alone:
            if spoken_for:
                nodes = [node for node in nodes if node not in spoken_for]
            spoken_for.update(nodes)
        if not rule.planned.assertions:
            return
        for node in self._suspects(rule, nodes):
            yield from self._at(rule, node)

    def _suspects(self, rule: _Rule, nodes: list[Node]) -> Iterator[Node]:
        """The nodes for which not every assertion holds."""
        asked = rule.questions
        elements = [node for node in nodes if not isinstance(node, Located)]
        if len(elements) != len(nodes) or not all(self._free(one) for one in asked.free):
            yield from nodes
            return
        wrong = set(self._plainly_wrong(rule, elements)) if asked.plain else set[_Element]()
        if not asked.costly:
            yield from (node for node in elements if node in wrong)
            return
        for node in elements:
            if node in wrong or not self._costly(rule, node):
                yield node

    def _free(self, question: str) -> bool:
        """A question to the document, whatever node it comes from."""
        known = self._values.get((question, ""))
        if known is None:
            try:
                known = self._ask(question, self._document.parent, {}, {}) is True
            except QUESTION_FAILED:
                known = False
            self._values[question, ""] = known
        return bool(known)

    def _plainly_wrong(self, rule: _Rule, elements: list[_Element]) -> Iterator[_Element]:
        values = self._named(rule.asked, self._document, {}, {}) if rule.asked else {}
        if len(elements) > _MANY and rule.ask_many is not None:
            try:
                many: dict[str, Any] = {NODES: elements, **values}
                suspects: Any = rule.ask_many(elements[0], **many)
            except QUESTION_FAILED:
                suspects = elements
            yield from suspects
            return
        for element in elements:
            try:
                held = rule.ask(element, **values)
            except QUESTION_FAILED:
                held = False
            if held is not True:
                yield element

    def _costly(self, rule: _Rule, node: _Element) -> bool:
        """Whether the assertions hold that ask variables of the rule: dear ones only when nothing else decides."""
        memory: _Values = {}
        try:
            for enough, question in rule.questions.costly:
                if enough is not None and self._ask(enough, node, {}, memory) is True:
                    continue
                if self._ask(question, node, rule.lets, memory) is not True:
                    return False
        except QUESTION_FAILED:
            return False
        return True

    def _at(self, rule: _Rule, node: Node) -> Iterator[Failure]:
        """The assertions that do not hold for one node."""
        memory: _Values = {}
        for assertion in rule.planned.assertions:
            try:
                held = self._ask(boolean(node, rule.spelled(assertion.query, node)), node, rule.lets, memory)
                if held is assertion.fails_when:
                    yield self._failure(rule, assertion, node, memory)
            except QUESTION_FAILED as error:
                self._note(assertion.id, error)

    def _failure(self, rule: _Rule, assertion: Assertion, node: Node, memory: _Values) -> Failure:
        place, suffix = element_of(node), node.suffix() if isinstance(node, Located) else ""
        if assertion.where is not None:
            places = self._value(rule.spelled(assertion.where, node), node, rule.lets, memory)
            if isinstance(places, list) and places and isinstance(places[0], etree._Element):
                place, suffix = places[0], ""
        found = None
        if assertion.found is not None:
            found = spell(self._value(rule.spelled(assertion.found, node), node, rule.lets, memory))
        message = assertion.message
        if assertion.parts:
            pieces = (self._piece(rule, part, node, memory) for part in assertion.parts)
            message = " ".join("".join(pieces).split())
        return Failure(assertion, place, found, rule.planned.context, message, suffix)

    def _piece(self, rule: _Rule, part: Part, node: Node, memory: _Values) -> str:
        if part.kind == "text":
            return part.text
        if part.kind == "values":
            return spell_all(self._value(rule.spelled(part.text, node), node, rule.lets, memory))
        # The string is made by XPath: what lxml would hand over of an attribute or the document is less than the node.
        asked = f"name({part.text})" if part.kind == "name" else f"string({part.text})"
        return _shown(self._value(rule.spelled(asked, node), node, rule.lets, memory))

    def _value(self, expression: str, node: Node, lets: Mapping[str, str], memory: _Values) -> Any:
        """The value of an expression at a node."""
        if not isinstance(node, Located):
            return self._ask(expression, node, lets, memory)
        self._ask(keeping(node, expression), node, lets, memory)
        return kept()

    def _ask(self, expression: str, node: Node, lets: Mapping[str, str], memory: _Values) -> Any:
        """Ask the element of a node."""
        values = self._wanted(expression, node, lets, memory) if "$" in expression else {}
        asked = node.parent if isinstance(node, Located) else node
        return self._queries.compile(expression)(asked, **values)

    def _wanted(self, expression: str, node: Node, lets: Mapping[str, str], memory: _Values) -> _Values:
        return self._named(variables(expression), node, lets, memory)

    def _named(
        self, names: Mapping[str, int] | tuple[str, ...], node: Node, lets: Mapping[str, str], memory: _Values
    ) -> _Values:
        """The values of variables: the nearest declaration counts."""
        values: _Values = {}
        for name in names:
            if name in memory:
                values[name] = memory[name]
            elif name in lets:
                values[name] = memory[name] = self._let(lets[name], node, lets, memory)
            elif name in self._around:
                values[name] = self._global(name)
            elif name == CURRENT:
                values[name] = [node] if not isinstance(node, Located) else passed(self._value(".", node, {}, {}))
        if isinstance(node, Located):
            values.update(node.variables())
        return values

    def _let(self, value: str, node: Node, lets: Mapping[str, str], memory: _Values) -> Any:
        """A variable of a rule. What is the same for every document is asked once for all of them."""
        if value in self._steady:
            return self._steady[value]
        asked = passed(self._value(value, node, lets, memory))
        if "fetched" in value and is_steady(value):
            self._steady[value] = asked
        return asked

    def _global(self, name: str) -> Any:
        """A variable of the document, asked once whatever rules want it."""
        key = (name, self._around[name])
        if key not in self._values:
            self._values[key] = passed(self._value(self._around[name], self._document, {}, {}))
        return self._values[key]

    def _note(self, what: str, error: BaseException) -> None:
        reason = f"there is no document {error.args[0]}" if isinstance(error, MissingDocument) else str(error)
        told = f"{what} could not be checked: {reason}"
        if told not in self._notes:
            self._notes.append(told)


def spell(value: object) -> str | None:
    """What an expression met, as text: the values of a node-set side by side, None when it is empty."""
    if isinstance(value, list):
        texts = [" ".join("".join(_strings(one)).split()) for one in value]
        return ", ".join(texts) if texts else None
    return _shown(value)


def spell_all(value: object) -> str:
    """A value as `value-of` shows it in XSLT 2.0: that of every item, parted by spaces (XSLT 2.0 §11.4.3)."""
    return " ".join("".join(_strings(one)) for one in value) if isinstance(value, list) else _shown(value)


def _shown(value: object) -> str:
    """A value as `value-of` shows it: that of the first node of a node-set (XPath 1.0 §4.2)."""
    if isinstance(value, list):
        return "".join(_strings(value[0])) if value else ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return str(value)


def _strings(one: object) -> Iterator[str]:
    if isinstance(one, etree._Element):
        yield from (str(part) for part in one.itertext())
    else:
        yield str(one)

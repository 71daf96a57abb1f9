"""Our Schematron engine: rules compiled once, documents indexed by tag and template, then asked (ISO/IEC 19757-3).

Semantics are ISO's: inside a pattern the first rule whose context matches a node speaks for it, the others are silent.
Not read yet: abstract patterns, includes, phases, contexts that are attributes or texts, value-of in messages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from conformance.schematron.contexts import Context, read_context
from conformance.schematron.functions import EXTENSIONS
from conformance.schematron.model import ECLUSE, Assertion, Rule, SchemaFault, SchemaText

_Element = etree._Element
_TEMPLATE_ID = "{urn:hl7-org:v3}templateId"


@dataclass(frozen=True, slots=True)
class Failure:
    """An assertion that does not hold: `place` is the element it points to, `found` what was met there."""

    assertion: Assertion
    place: _Element
    found: str | None


class DocumentIndex:
    """The elements of one document by tag, and by tag and templateId: one walk for all rules.

    `tags` are those that the rules name: the narrative, most of a document, is not looked at.
    """

    def __init__(self, root: _Element, tags: Iterable[str]) -> None:
        self.root = root
        self._by_tag: defaultdict[str, list[_Element]] = defaultdict(list)
        self._by_template: defaultdict[tuple[str, str | None], list[_Element]] = defaultdict(list)
        self._by_parent: dict[str, dict[str, list[_Element]]] = {}
        for element in root.iter(_TEMPLATE_ID, *tags):
            self._by_tag[element.tag].append(element)
        for template in self._by_tag[_TEMPLATE_ID]:
            holder = template.getparent()
            if holder is not None:
                holders = self._by_template[holder.tag, template.get("root")]
                if not holders or holders[-1] is not holder:
                    holders.append(holder)

    def candidates(self, context: Context) -> list[_Element]:
        """The elements among which those of a context are, in document order."""
        if context.template is not None:
            return self._by_template.get((context.tag, context.template), [])
        if context.parent_tag is None:
            return self._by_tag.get(context.tag, [])
        return self._below(context.tag).get(context.parent_tag, [])

    def order(self) -> Mapping[_Element, int]:
        """The rank of every element in the document."""
        return {element: number for number, element in enumerate(self.root.iter("*"))}

    def _below(self, tag: str) -> Mapping[str, list[_Element]]:
        """The elements of a tag by the tag of their parent; sorted out when a rule first asks."""
        groups = self._by_parent.get(tag)
        if groups is None:
            groups = self._by_parent[tag] = {}
            for element in self._by_tag.get(tag, []):
                parent = element.getparent()
                if parent is not None:
                    groups.setdefault(parent.tag, []).append(element)
        return groups


class Schema:
    """A schema compiled for use. Compiling is slow and done once; `check` is fast and keeps nothing."""

    def __init__(self, text: SchemaText) -> None:
        self.title = text.title
        self._namespaces = {**dict(text.namespaces), "ecluse": ECLUSE}
        self._lets = [(name, self._compile(value, name)) for name, value in text.lets]
        self._patterns = [[self._rule(rule) for rule in pattern.rules] for pattern in text.patterns]
        self.tags = frozenset(rule.context.tag for pattern in self._patterns for rule in pattern)

    def check(self, index: DocumentIndex) -> Iterator[Failure]:
        """Every assertion that does not hold, pattern after pattern."""
        variables: dict[str, Any] = {}
        for name, value in self._lets:
            variables[name] = value(index.root, **variables)
        for pattern in self._patterns:
            spoken_for: set[_Element] = set()
            for rule in pattern:
                for node in rule.nodes(index):
                    if node not in spoken_for:
                        spoken_for.add(node)
                        yield from rule.failures(node, variables)

    def _compile(self, expression: str, what: str) -> etree.XPath:
        try:
            return etree.XPath(expression, namespaces=self._namespaces, extensions=EXTENSIONS, smart_strings=False)
        except etree.XPathError as error:
            raise SchemaFault(f"{what}: {error}: {expression}") from error

    def _rule(self, rule: Rule) -> _CompiledRule:
        context = read_context(rule.context, self._namespaces)
        return _CompiledRule(
            context=context,
            matches=None if context.exact else self._compile(context.expression, rule.context),
            lets=[(name, self._compile(value, rule.context)) for name, value in rule.lets],
            guard=self._guard(rule.assertions, rule.context),
            assertions=[self._assertion(one) for one in rule.assertions],
        )

    def _guard(self, assertions: Sequence[Assertion], what: str) -> etree.XPath:
        """All assertions of a rule as one expression, true when all hold: a document is mostly right."""
        tests = [f"not({one.test})" if one.fails_when else f"boolean({one.test})" for one in assertions]
        return self._compile(" and ".join(tests) or "true()", what)

    def _assertion(self, assertion: Assertion) -> _CompiledAssertion:
        return _CompiledAssertion(
            assertion=assertion,
            test=self._compile(f"boolean({assertion.test})", assertion.id),
            found=self._compile(assertion.found, assertion.id) if assertion.found else None,
            where=self._compile(assertion.where, assertion.id) if assertion.where else None,
        )


@dataclass(frozen=True, slots=True)
class _CompiledAssertion:
    assertion: Assertion
    test: etree.XPath
    found: etree.XPath | None
    where: etree.XPath | None


@dataclass(frozen=True, slots=True)
class _CompiledRule:
    context: Context
    matches: etree.XPath | None
    lets: Sequence[tuple[str, etree.XPath]]
    guard: etree.XPath
    assertions: Sequence[_CompiledAssertion]

    def nodes(self, index: DocumentIndex) -> Iterable[_Element]:
        """The nodes of the document that the context matches, in document order."""
        candidates = index.candidates(self.context)
        matches = self.matches
        if matches is None or not candidates:
            return candidates
        if self.context.whole:
            found = matches(index.root)
            wanted = set(found) if isinstance(found, list) else set()
            return [node for node in candidates if node in wanted]
        return [node for node in candidates if matches(node)]

    def failures(self, node: _Element, schema_variables: Mapping[str, Any]) -> Iterator[Failure]:
        """The assertions that do not hold for one node."""
        variables = schema_variables
        if self.lets:
            variables = dict(schema_variables)
            for name, value in self.lets:
                variables[name] = value(node, **variables)
        if self.guard(node, **variables):
            return
        for one in self.assertions:
            if one.test(node, **variables) is one.assertion.fails_when:
                yield _failure(one, node, variables)


def _failure(compiled: _CompiledAssertion, node: _Element, variables: Mapping[str, Any]) -> Failure:
    place = node
    if compiled.where is not None:
        places = compiled.where(node, **variables)
        if isinstance(places, list) and places and isinstance(places[0], etree._Element):
            place = places[0]
    found = None if compiled.found is None else _spell(compiled.found(node, **variables))
    return Failure(compiled.assertion, place, found)


def _spell(value: object) -> str | None:
    """What an expression met, as text: the values of a node-set side by side, None when it is empty."""
    if isinstance(value, list):
        texts = [
            " ".join("".join(str(part) for part in one.itertext()).split())
            if isinstance(one, etree._Element)
            else str(one)
            for one in value
        ]
        return ", ".join(texts) if texts else None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return str(value).lower() if isinstance(value, bool) else str(value)

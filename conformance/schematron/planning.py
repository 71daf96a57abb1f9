"""A schema made ready to be asked: contexts read, expressions translated, everything tried once.

A plan is plain data: it is made once, kept on disk, and read back without looking at the schema again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.schematron.contexts import Context, read_context
from conformance.schematron.documents import Documents
from conformance.schematron.expressions import CURRENT, functions, outside_predicates, variables, with_variables
from conformance.schematron.model import Assertion, Part, Pattern, Rule, SchemaFault, SchemaText
from conformance.schematron.queries import NotAsked, Queries, asked_as, is_xpath_2, known_binding, tested_as
from conformance.schematron.scoping import scoped

if TYPE_CHECKING:
    from conformance.schematron.queries import Kinds
    from conformance.schematron.xpath.kinds import Kind

_POSITIONS = frozenset(("position", "last"))


@dataclass(frozen=True, slots=True)
class PlannedRule:
    """A rule with its context read, its variables and tests in XPath 1.0 (`query`)."""

    context: str
    contexts: tuple[Context, ...]
    lets: tuple[tuple[str, str], ...]
    assertions: tuple[Assertion, ...]


@dataclass(frozen=True, slots=True)
class PlannedPattern:
    """The rules of a pattern in order."""

    id: str
    rules: tuple[PlannedRule, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A schema ready to be asked. `lets` are all variables of the document.

    `notes` say what is tolerated in it, and what of it is not checked.
    """

    title: str
    namespaces: tuple[tuple[str, str], ...]
    lets: tuple[tuple[str, str], ...]
    patterns: tuple[PlannedPattern, ...]
    notes: tuple[str, ...]


def plan(text: SchemaText, *, strict: bool = True) -> Plan:
    """Make a schema ready. Raises SchemaFault with everything that is wrong.

    What cannot be asked is a fault of a strict schema. In a lenient one it is left out, with all that depends on it,
    and a note says so.
    """
    return _Planning(text, strict).plan()


class _Planning:
    def __init__(self, text: SchemaText, strict: bool) -> None:
        self._text = text
        self._strict = strict
        self._namespaces = dict(text.namespaces)
        self._queries = Queries(self._namespaces, Documents(Path()))
        self._wrong: list[str] = []

    def plan(self) -> Plan:
        text = self._text
        if not known_binding(text.binding):
            raise SchemaFault(f"nobody knows the query language {text.binding}")
        declared, scoped_patterns = scoped(text)
        lets, kinds = self._lets(declared, {}, "the schema")
        patterns = tuple(self._pattern(one, kinds) for one in scoped_patterns)
        if self._strict and self._wrong:
            raise SchemaFault(self._wrong)
        return Plan(text.title, text.namespaces, lets, patterns, (*text.notes, *self._wrong))

    def _pattern(self, pattern: Pattern, kinds: Kinds) -> PlannedPattern:
        rules: list[PlannedRule] = []
        for number, rule in enumerate(pattern.rules):
            try:
                contexts = self._contexts(rule.context, kinds)
            except (NotAsked, SchemaFault) as error:
                rest = len(pattern.rules) - number - 1
                after = f", nor the {rest} rules after it, whose nodes it may take" if rest else ""
                self._wrong.append(f"pattern {pattern.id}, rule {rule.context!r} is not checked{after}: {error}")
                if self._strict:
                    continue
                break
            rules.append(self._rule(rule, contexts, kinds))
        return PlannedPattern(pattern.id, tuple(rules))

    def _contexts(self, context: str, known: Kinds) -> tuple[Context, ...]:
        query, _ = self._query(context, known)
        contexts = read_context(query, {**self._queries.namespaces})
        for one in contexts:
            for expression in (one.whole, one.asked):
                if expression:
                    self._queries.compile(expression)
        return contexts

    def _rule(self, rule: Rule, contexts: tuple[Context, ...], known: Kinds) -> PlannedRule:
        lets, kinds = self._lets(rule.lets, known, f"rule {rule.context!r}")
        assertions = tuple(done for one in rule.assertions if (done := self._assertion(one, kinds)) is not None)
        return PlannedRule(rule.context, contexts, lets, assertions)

    def _assertion(self, one: Assertion, known: Kinds) -> Assertion | None:
        try:
            query = self._checked(tested_as(one.test, self._text.binding, self._namespaces, known), known, one.test)
        except NotAsked as error:
            self._wrong.append(f"{one.id} is not checked: {error}")
            return None
        return replace(
            one,
            query=query,
            found=self._extra(one.found, known, one.id),
            where=self._extra(one.where, known, one.id),
            parts=tuple(self._part(part, known, one.id) for part in one.parts),
        )

    def _extra(self, expression: str | None, known: Kinds, what: str) -> str | None:
        if expression is None:
            return None
        try:
            return self._query(expression, known)[0]
        except NotAsked as error:
            self._wrong.append(f"{what}: {error}")
            return None

    def _part(self, part: Part, known: Kinds, what: str) -> Part:
        if part.kind == "text":
            return part
        query = self._extra(part.text, known, what)
        if query is None:
            return Part("text", f"{{{part.text}}}")
        return Part("values" if part.kind == "value" and is_xpath_2(self._text.binding) else part.kind, query)

    def _lets(
        self, lets: Iterable[tuple[str, str]], known: Kinds, what: str
    ) -> tuple[tuple[tuple[str, str], ...], Kinds]:
        """The variables that can be asked, and what is known with them.

        One may ask another that is declared after it, not itself in a circle.
        """
        done: dict[str, str] = {}
        kinds = dict(known)
        waiting = list(lets)
        while waiting:
            reasons: list[str] = []
            for name, value in (asked := waiting):
                try:
                    done[_plain(name)], kinds[_plain(name)] = self._query(value, kinds)
                except NotAsked as error:
                    reasons.append(f"{what}: the variable {name} is not known: {error}")
            waiting = [one for one in asked if _plain(one[0]) not in done]
            if len(waiting) == len(asked):
                self._wrong += reasons
                break
        return tuple(done.items()), kinds

    def _query(self, expression: str, known: Kinds) -> tuple[str, Kind]:
        """An expression in XPath 1.0, and what it gives. Raises NotAsked."""
        query, kind = asked_as(expression, self._text.binding, self._namespaces, known)
        return self._checked(query, known, expression), kind

    def _checked(self, query: str, known: Kinds, expression: str) -> str:
        """A query whose variables are known, compiled once to see that it is right. Raises NotAsked."""
        if "$" in query:
            query = with_variables(query, lambda name: f"${_plain(name)}")
            strangers = variables(query).keys() - known.keys() - {CURRENT}
            if strangers:
                raise NotAsked(f"nobody declares {', '.join(f'${one}' for one in sorted(strangers))}: {expression}")
        if functions(outside_predicates(query)) & _POSITIONS:
            raise NotAsked(f"a node has a position in a predicate only: {expression}")
        self._queries.compile(query)
        return query


def _plain(name: str) -> str:
    """The name of a variable without a colon: lxml declares variables without namespaces."""
    return name.replace(":", "-")

"""A schema made ready to be asked: contexts read, expressions translated, everything tried once.

A plan is plain data: it is made once, kept on disk, and read back without looking at the schema again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from conformance.schematron.contexts import Context, read_context
from conformance.schematron.expressions import CURRENT, variables, with_variables
from conformance.schematron.model import Assertion, Part, Pattern, Rule, SchemaFault, SchemaText
from conformance.schematron.queries import NotAsked, Queries, known_binding, translated


@dataclass(frozen=True, slots=True)
class PlannedRule:
    """A rule with its context read, its variables and tests in XPath 1.0 (`query`)."""

    context: str
    contexts: tuple[Context, ...]
    lets: tuple[tuple[str, str], ...]
    assertions: tuple[Assertion, ...]


@dataclass(frozen=True, slots=True)
class PlannedPattern:
    """The rules of a pattern in order, and its variables, which are those of the document."""

    id: str
    lets: tuple[tuple[str, str], ...]
    rules: tuple[PlannedRule, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A schema ready to be asked. `notes` say what is tolerated in it, and what of it is not checked."""

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
        self._queries = Queries(self._namespaces, None)
        self._wrong: list[str] = []

    def plan(self) -> Plan:
        text = self._text
        if not known_binding(text.binding):
            raise SchemaFault(f"nobody knows the query language {text.binding}")
        lets = self._lets(text.lets, frozenset(), "the schema")
        names = frozenset(name for name, _ in lets)
        patterns = tuple(self._pattern(one, names) for one in text.patterns)
        if self._strict and self._wrong:
            raise SchemaFault(self._wrong)
        return Plan(text.title, text.namespaces, lets, patterns, (*text.notes, *self._wrong))

    def _pattern(self, pattern: Pattern, known: frozenset[str]) -> PlannedPattern:
        lets = self._lets(pattern.lets, known, f"pattern {pattern.id}")
        known |= {name for name, _ in lets}
        rules: list[PlannedRule] = []
        for number, rule in enumerate(pattern.rules):
            try:
                contexts = self._contexts(rule.context, known)
            except (NotAsked, SchemaFault) as error:
                rest = len(pattern.rules) - number - 1
                after = f", nor the {rest} rules after it, whose nodes it may take" if rest else ""
                self._wrong.append(f"pattern {pattern.id}, rule {rule.context!r} is not checked{after}: {error}")
                if self._strict:
                    continue
                break
            rules.append(self._rule(rule, contexts, known))
        return PlannedPattern(pattern.id, lets, tuple(rules))

    def _contexts(self, context: str, known: frozenset[str]) -> tuple[Context, ...]:
        query = self._query(context, known)
        contexts = read_context(query, {**self._queries.namespaces})
        for one in contexts:
            for expression in (one.whole, one.asked):
                if expression:
                    self._queries.compile(expression)
        return contexts

    def _rule(self, rule: Rule, contexts: tuple[Context, ...], known: frozenset[str]) -> PlannedRule:
        lets = self._lets(rule.lets, known, f"rule {rule.context!r}")
        known |= {name for name, _ in lets}
        assertions = tuple(done for one in rule.assertions if (done := self._assertion(one, known)) is not None)
        return PlannedRule(rule.context, contexts, lets, assertions)

    def _assertion(self, one: Assertion, known: frozenset[str]) -> Assertion | None:
        try:
            query = self._query(one.test, known)
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

    def _extra(self, expression: str | None, known: frozenset[str], what: str) -> str | None:
        if expression is None:
            return None
        try:
            return self._query(expression, known)
        except NotAsked as error:
            self._wrong.append(f"{what}: {error}")
            return None

    def _part(self, part: Part, known: frozenset[str], what: str) -> Part:
        if part.kind == "text":
            return part
        query = self._extra(part.text, known, what)
        return Part("text", f"{{{part.text}}}") if query is None else Part(part.kind, query)

    def _lets(self, lets: Iterable[tuple[str, str]], known: frozenset[str], what: str) -> tuple[tuple[str, str], ...]:
        """The variables that can be asked; one may ask another that is declared after it, not itself in a circle."""
        done: dict[str, str] = {}
        waiting = list(lets)
        while waiting:
            reasons: list[str] = []
            for name, value in (asked := waiting):
                try:
                    done[_plain(name)] = self._query(value, known | done.keys())
                except NotAsked as error:
                    reasons.append(f"{what}: the variable {name} is not known: {error}")
            waiting = [one for one in asked if _plain(one[0]) not in done]
            if len(waiting) == len(asked):
                self._wrong += reasons
                break
        return tuple(done.items())

    def _query(self, expression: str, known: frozenset[str]) -> str:
        """An expression in XPath 1.0, compiled once to see that it is right. Raises NotAsked."""
        query = translated(expression, self._text.binding, self._namespaces)
        if "$" in query:
            query = with_variables(query, lambda name: f"${_plain(name)}")
            strangers = variables(query).keys() - known - {CURRENT}
            if strangers:
                raise NotAsked(f"nobody declares {', '.join(f'${one}' for one in sorted(strangers))}: {expression}")
        self._queries.compile(query)
        return query


def _plain(name: str) -> str:
    """The name of a variable without a colon: lxml declares variables without namespaces."""
    return name.replace(":", "-")

"""A rule made ready to be asked when a document first concerns it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from conformance.schematron.expressions import variables
from conformance.schematron.inlining import Questions, inlined, questions, standing
from conformance.schematron.matching import NODES
from conformance.schematron.nodes import Located, Node
from conformance.schematron.planning import PlannedRule
from conformance.schematron.queries import Queries, Question
from conformance.schematron.xpath.reckoning import PATIENCE


class Rule:
    """A rule of a pattern. `alone`: no other rule of the pattern can take a node from it, or lose one to it."""

    def __init__(self, planned: PlannedRule, pattern: int, queries: Queries, *, alone: bool) -> None:
        self.planned = planned
        self.pattern = pattern
        self.alone = alone
        self.lets = dict(planned.lets)
        self._queries = queries
        self._times = 0

    @cached_property
    def questions(self) -> Questions:
        """Its assertions, sorted by what they need."""
        return questions(self.planned.assertions, self.planned.lets)

    @property
    def needing(self) -> tuple[str, ...]:
        """What is asked with variables of the rule: together, until it pays to sort out what needs no libxml2."""
        self._times += 1
        return self._together if self._times < PATIENCE else self._apart

    @cached_property
    def _together(self) -> tuple[str, ...]:
        return (" and ".join(self.questions.needing),) if self.questions.needing else ()

    @cached_property
    def _apart(self) -> tuple[str, ...]:
        queries = self._queries
        known = [one for one in self.questions.needing if queries.reckoned.learned(one, queries.question(one).text)]
        rest = " and ".join(one for one in self.questions.needing if one not in known)
        return (*known, rest) if rest else tuple(known)

    @cached_property
    def plain(self) -> Question:
        """What is asked of every node; it asks for variables of the document only."""
        return self._queries.question(self.questions.plain)

    @cached_property
    def plain_many(self) -> Question:
        """The same, to ask many elements at once for those where it does not hold."""
        return self._queries.question(f"${NODES}[not({self.questions.plain})]")

    def spelled(self, expression: str, node: Node) -> str:
        """How an expression is put to a node: what lxml cannot hold in a variable is put in its place."""
        if not isinstance(node, Located) or not self.lets or not variables(expression):
            return expression
        return inlined(expression, self._standing, dear=True)

    @cached_property
    def _standing(self) -> Mapping[str, str]:
        return standing(self.planned.lets)

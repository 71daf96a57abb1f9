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


class Rule:
    """A rule of a pattern. `alone`: no other rule of the pattern can take a node from it, or lose one to it."""

    def __init__(self, planned: PlannedRule, pattern: int, queries: Queries, *, alone: bool) -> None:
        self.planned = planned
        self.pattern = pattern
        self.alone = alone
        self.lets = dict(planned.lets)
        self._queries = queries

    @cached_property
    def questions(self) -> Questions:
        """Its assertions, sorted by what they need."""
        return questions(self.planned.assertions, self.planned.lets)

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

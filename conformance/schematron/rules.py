"""A rule made ready to be asked when a document first concerns it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from conformance.schematron.expressions import variables
from conformance.schematron.inlining import Questions, inlined, questions, standing
from conformance.schematron.matching import NODES
from conformance.schematron.nodes import Located, Node
from conformance.schematron.planning import PlannedRule
from conformance.schematron.queries import Queries, Question

if TYPE_CHECKING:
    from conformance.schematron.looks.reading import Look, Written


class Way:
    """How the nodes of a rule are asked: some by looking, the rest of libxml2, with variables of the document.

    `needing` is asked of one after the other, with variables of the rule.
    """

    def __init__(self, look: Look | None, rest: Sequence[str], needing: tuple[str, ...], queries: Queries) -> None:
        self.look = look
        self.needing = needing
        self._rest = " and ".join(rest)
        self._queries = queries

    @cached_property
    def each(self) -> Question | None:
        """What libxml2 is asked; None: nothing."""
        return self._queries.question(self._rest) if self._rest else None

    @cached_property
    def many(self) -> Question:
        """The same, to ask many elements at once for those where it does not hold."""
        return self._queries.question(f"${NODES}[not({self._rest})]")


class Rule:
    """A rule of a pattern. `alone`: no other rule of the pattern can take a node from it, or lose one to it."""

    def __init__(self, planned: PlannedRule, pattern: int, queries: Queries, *, alone: bool, patience: int) -> None:
        self.planned = planned
        self.pattern = pattern
        self.alone = alone
        self.lets = dict(planned.lets)
        self.asks = bool(planned.assertions)
        self._queries = queries
        self._documents = 0
        self._patience = patience

    @cached_property
    def questions(self) -> Questions:
        """Its assertions, sorted by what they need."""
        return questions(self.planned.assertions, self.planned.lets)

    @property
    def look(self) -> Look | None:
        """How to look at the elements of the next document; None: there is something to ask libxml2."""
        self._documents += 1
        return self._look if self._documents > self._patience else None

    @property
    def way(self) -> Way:
        """How nodes are asked: libxml2 is asked everything until the rule has concerned enough documents."""
        return self._seen if self._documents > self._patience else self._asked

    @cached_property
    def _look(self) -> Look | None:
        asked, elements = self.questions, all(one.kind == "element" for one in self.planned.contexts)
        more = asked.free or asked.needing or asked.guarded
        return None if more or not elements or self._written.rest else self._written.look

    @cached_property
    def _asked(self) -> Way:
        together = " and ".join(self.questions.needing)
        return Way(None, self.questions.plain, (together,) if together else (), self._queries)

    @cached_property
    def _seen(self) -> Way:
        works_out, plain, needing = self._queries.works_out, self._written.rest, self.questions.needing
        known = [one for one in (*plain, *needing) if works_out(one)]
        together = " and ".join(one for one in needing if not works_out(one))
        rest = [one for one in plain if not works_out(one)]
        return Way(self._written.look, rest, (*known, together) if together else tuple(known), self._queries)

    @cached_property
    def _written(self) -> Written:
        return self._queries.written(self.questions.plain)

    def spelled(self, expression: str, node: Node) -> str:
        """How an expression is put to a node: what lxml cannot hold in a variable is put in its place."""
        if not isinstance(node, Located) or not self.lets or not variables(expression):
            return expression
        return inlined(expression, self._standing, dear=True)

    @cached_property
    def _standing(self) -> Mapping[str, str]:
        return standing(self.planned.lets)

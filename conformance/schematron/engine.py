"""Our Schematron engine: a schema planned once, a document indexed once, then asked (ISO/IEC 19757-3 §6).

Semantics are ISO's: inside a pattern the first rule whose context matches a node speaks for it, the others are silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.schematron.documents import Documents
from conformance.schematron.functions import EXTENSIONS
from conformance.schematron.index import DocumentIndex
from conformance.schematron.model import SchemaText
from conformance.schematron.planning import Plan, PlannedRule, plan
from conformance.schematron.queries import PATIENCE, Queries
from conformance.schematron.rules import Rule
from conformance.schematron.running import Failure, Run
from conformance.schematron.tree import Contexts
from conformance.schematron.walking import Walking

__all__ = ["Failure", "Schema"]


class Schema:
    """A schema ready for use. Planning is slow and done once; `check` is fast and keeps nothing of the document.

    What is asked of more documents than `patience` is written as Python, which is faster and takes time once.
    """

    def __init__(
        self, schema: SchemaText | Plan, documents: Documents | None = None, *, patience: int = PATIENCE
    ) -> None:
        self.plan = plan(schema) if isinstance(schema, SchemaText) else schema
        self.title = self.plan.title
        self._queries = Queries(dict(self.plan.namespaces), documents or Documents(Path()), patience)
        self._lets = dict(self.plan.lets)
        self._steady: dict[str, Any] = {}
        self._rules: list[Rule] = []
        contexts = Contexts()
        for number, planned, alone in _together(self.plan):
            for context in planned.contexts:
                contexts.add(context, len(self._rules))
            self._rules.append(Rule(planned, number, self._queries, alone=alone, patience=patience))
        self.tags = contexts.tags
        self._walking = Walking(contexts, self._queries.namespaces, EXTENSIONS, patience)

    def check(
        self, index: DocumentIndex, notes: list[str] | None = None, *, errors_only: bool = False
    ) -> Iterator[Failure]:
        """Every assertion that does not hold, pattern after pattern; with `errors_only` those that make invalid.

        What could not be answered (a value set that is not there, a value of the wrong type) is told in `notes`.
        """
        run = Run(self._queries, self._lets, self._steady, index, [] if notes is None else notes, errors_only)
        yield from run.failures(self._rules, self._walking)


def _together(plan: Plan) -> Iterator[tuple[int, PlannedRule, bool]]:
    """Every rule, with the number of its pattern, and whether no other rule of the pattern speaks.

    Rules alone in their patterns that have one context and no variables become one, at the place of the first: their
    nodes are found once and asked once.
    """
    lone: dict[str, int] = {}
    rules: list[tuple[int, PlannedRule, bool]] = []
    for number, pattern in enumerate(plan.patterns):
        alone = len(pattern.rules) == 1
        for planned in pattern.rules:
            context = " ".join(planned.context.split())
            known = lone.get(context)
            if known is not None and alone and not planned.lets:
                place, before, _ = rules[known]
                rules[known] = (place, replace(before, assertions=(*before.assertions, *planned.assertions)), True)
                continue
            if alone and not planned.lets:
                lone[context] = len(rules)
            rules.append((number, planned, alone))
    yield from rules

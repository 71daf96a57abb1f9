"""Schematron over a CDA document: failures become findings, with their place in the source."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import islice

from cda.document import CdaDocument
from conformance.checks.positions import Paths, positions
from conformance.checks.schematron import DocumentIndex, Schema
from conformance.checks.schematron_model import read_schema
from conformance.report import Finding, Severity


@cache
def schema_of(package: str, name: str) -> Schema:
    """The compiled schema `name`.sch of a package of profiles; compiled once a process."""
    return Schema(read_schema(files(f"profiles.{package}").joinpath(f"{name}.sch").read_bytes()))


def check_schemas(document: CdaDocument, schemas: Iterable[Schema], at_most: int | None = None) -> tuple[Finding, ...]:
    """Ask every schema; findings are in document order. The source is scanned only when there is something to say.

    With `at_most` the search ends there: what a hostile document can make a door spend is bounded.
    """
    asked = tuple(schemas)
    index = DocumentIndex(document.root, frozenset[str]().union(*(schema.tags for schema in asked)))
    failures = list(islice((failure for schema in asked for failure in schema.check(index)), at_most))
    if not failures:
        return ()
    places = positions(document.content, document.root)
    paths = Paths()
    order = index.order()
    failures.sort(key=lambda failure: order[failure.place])
    return tuple(
        Finding(
            rule=failure.assertion.id,
            severity=Severity(failure.assertion.role),
            source=failure.assertion.source,
            path=paths.of(failure.place),
            line=places[failure.place][0],
            column=places[failure.place][1],
            found=failure.found,
            expected=failure.assertion.expected,
            message=failure.assertion.message,
            message_en=failure.assertion.message_en,
            hint=failure.assertion.hint,
        )
        for failure in failures
    )

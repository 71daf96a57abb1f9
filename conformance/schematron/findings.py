"""Schematron over a CDA document: failures become findings, with their place in the source."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import islice

from cda.document import CdaDocument
from conformance.catalogue import SchemaRef
from conformance.positions import Paths, positions
from conformance.report import Finding, Severity
from conformance.schematron.engine import DocumentIndex, Schema
from conformance.schematron.model import read_schema


@cache
def schema_of(package: str, name: str) -> Schema:
    """The compiled schema `name`.sch of a package of profiles; compiled once a process."""
    return Schema(read_schema(files(f"profiles.{package}").joinpath(f"{name}.sch").read_bytes()))


def check_schemas(
    document: CdaDocument, schemas: Iterable[SchemaRef], at_most: int | None = None
) -> tuple[Finding, ...]:
    """Ask every schema; findings are in document order. The source is scanned only when there is something to say.

    With `at_most` the search ends there: what a hostile document can make a door spend is bounded.
    """
    asked = tuple((one.layer, schema_of(one.package, one.name)) for one in schemas)
    index = DocumentIndex(document.root, frozenset[str]().union(*(schema.tags for _, schema in asked)))
    found = ((layer, failure) for layer, schema in asked for failure in schema.check(index))
    failures = list(islice(found, at_most))
    if not failures:
        return ()
    places = positions(document.content, document.root)
    paths = Paths()
    order = index.order()
    failures.sort(key=lambda one: order[one[1].place])
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
            hint_en=failure.assertion.hint_en,
            layer=layer,
            test=failure.assertion.test,
        )
        for layer, failure in failures
    )

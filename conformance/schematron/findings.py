"""Schematron over a CDA document: failures become findings, with their place in the source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from cda.document import CdaDocument
from conformance.catalogue import SchemaRef
from conformance.positions import Paths, positions
from conformance.repairs import edits
from conformance.report import Finding, Severity
from conformance.schematron.engine import Failure, Schema
from conformance.schematron.index import DocumentIndex
from conformance.schematron.loading import schema_of
from conformance.schematron.model import Assertion

__all__ = ["Checked", "check", "check_schemas", "schema_of"]


@dataclass(frozen=True, slots=True)
class Checked:
    """What schemas say of a document. `notes` are the questions that could not be answered, by layer."""

    findings: tuple[Finding, ...]
    notes: tuple[tuple[str, str], ...]


def check_schemas(
    document: CdaDocument, schemas: Iterable[SchemaRef], at_most: int | None = None, *, errors_only: bool = False
) -> tuple[Finding, ...]:
    """Ask schemas of ours; see `check`."""
    asked = tuple((one.layer, schema_of(one.package, one.name)) for one in schemas)
    return check(document, asked, at_most, errors_only=errors_only).findings


def check(
    document: CdaDocument,
    schemas: Sequence[tuple[str, Schema]],
    at_most: int | None = None,
    *,
    errors_only: bool = False,
) -> Checked:
    """Ask every schema, each with the layer its findings belong to.

    Findings are in document order, then in that of the schemas. The source is scanned only when there is something to
    say. With `at_most` the search ends there: what a hostile document can make a door spend is bounded; with
    `errors_only` warnings do not count, nor are they told.
    """
    index = DocumentIndex(document.root, frozenset[str]().union(*(schema.tags for _, schema in schemas)))
    failures: list[tuple[str, Failure]] = []
    notes: list[tuple[str, str]] = []
    for layer, schema in schemas:
        told: list[str] = []
        left = None if at_most is None else at_most - len(failures)
        failures += [(layer, one) for one in islice(schema.check(index, told, errors_only=errors_only), left)]
        notes += [(layer, one) for one in told]
    if not failures:
        return Checked((), tuple(notes))
    places = positions(document.content, document.root)
    paths = Paths()
    order = index.order()
    failures.sort(key=lambda one: order[one[1].place])
    found: list[Finding] = []
    for layer, failure in failures:
        place, assertion = places[failure.place], failure.assertion
        repair = assertion.repair
        found.append(
            Finding(
                rule=assertion.id,
                severity=Severity(assertion.role),
                source=assertion.source,
                path=paths.of(failure.place) + failure.suffix,
                line=place.line,
                column=place.column,
                found="" if assertion.found is None and assertion.expected is not None else failure.found,
                expected=assertion.expected,
                message=_broken("Règle enfreinte :", failure.message, assertion),
                message_en=_broken(
                    "Broken rule:", failure.message if assertion.parts else assertion.message_en, assertion
                ),
                hint=assertion.hint,
                hint_en=assertion.hint_en,
                layer=layer,
                context=failure.context,
                test=assertion.test,
                repair=()
                if repair is None or not failure.pointed
                else edits(repair, failure.place, document.content, place.start),
            )
        )
    return Checked(tuple(found), tuple(notes))


def _broken(words: str, message: str, assertion: Assertion) -> str:
    """The message of a finding: an assert of ours says what should be, a finding that it is not."""
    ours = assertion.message_en not in ("", assertion.message) and not assertion.parts and not assertion.fails_when
    return f"{words} {message}" if ours else message

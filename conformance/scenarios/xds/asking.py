"""Registry Stored Query: how a question is spelled, and which are refused (ITI TF-2 §3.18.4.1.2.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from conformance.scenarios.bench import Bench
from conformance.scenarios.model import Play, Step, Table
from conformance.scenarios.shelf import Shelf
from conformance.scenarios.steps import counted, named, refused, same
from conformance.scenarios.xds.finding import ALL
from samples.client.mtom import Packaging
from samples.client.queries import APPROVED, QueryId, quoted
from samples.xds import codes

TABLE = Table("Document Registry", "ITI-18")

Raw = Callable[[Shelf], Mapping[str, str | tuple[str, ...]]]
FIND = {"$XDSDocumentEntryStatus": f"('{APPROVED}')"}
QUESTIONS: tuple[tuple[str, tuple[str, ...], Raw, str], ...] = (
    (
        "values of one parameter in two Values",
        ("11897", "11901"),
        lambda _: {"$XDSDocumentEntryClassCode": (f"({quoted(codes.SUMMARIES)})", f"({quoted(codes.IMAGES)})")},
        "D2 D3",
    ),
    ("a time without quotes", ("11897",), lambda _: {"$XDSDocumentEntryCreationTimeFrom": "20060101"}, "D3 D4 D6"),
    (
        "blanks around commas and parentheses",
        (),
        lambda _: {"$XDSDocumentEntryClassCode": f" ( {quoted(codes.SUMMARIES)} , {quoted(codes.IMAGES)} ) "},
        "D2 D3",
    ),
    ("one value without parentheses", (), lambda _: {"$XDSDocumentEntryClassCode": quoted(codes.SUMMARIES)}, "D2"),
    ("a parameter that nobody knows", ("11897",), lambda _: {"$XDSDocumentEntryColour": "('red')"}, ALL),
    (
        "a retired parameter beside a whole code",
        ("11897",),
        lambda _: {"$XDSDocumentEntryClassCodeScheme": "('x')"},
        ALL,
    ),
    (
        "a status that nobody knows beside one",
        (),
        lambda _: {"$XDSDocumentEntryStatus": f"('urn:x','{APPROVED}')"},
        ALL,
    ),
)
"""What is asked with values as they stand in the message, and what is found."""
REFUSED: tuple[tuple[str, tuple[str, ...], QueryId | str, Raw, tuple[str, ...]], ...] = (
    (
        "a code without scheme",
        ("11897",),
        QueryId.FIND_DOCUMENTS,
        lambda _: {"$XDSDocumentEntryClassCode": "('REPORTS')"},
        (),
    ),
    (
        "a code whose scheme is a parameter of old",
        ("11897",),
        QueryId.FIND_DOCUMENTS,
        lambda _: {
            "$XDSDocumentEntryPracticeSettingCode": "('309915006')",
            "$XDSDocumentEntryPracticeSettingCodeScheme": "('2.16.840.1.113883.6.96')",
        },
        (),
    ),
    (
        "a code with an empty scheme, beside a whole one",
        ("11897",),
        QueryId.FIND_DOCUMENTS,
        lambda _: {"$XDSDocumentEntryClassCode": f"({quoted(codes.REPORTS)},'a^^')"},
        (),
    ),
    (
        "a patient id is missing",
        (),
        QueryId.FIND_DOCUMENTS,
        lambda _: {"$XDSDocumentEntryPatientId": ()},
        ("XDSStoredQueryMissingParam",),
    ),
    (
        "the status is missing",
        (),
        QueryId.FIND_DOCUMENTS,
        lambda _: {"$XDSDocumentEntryStatus": ()},
        ("XDSStoredQueryMissingParam",),
    ),
    (
        "two patients",
        (),
        QueryId.FIND_DOCUMENTS,
        lambda shelf: {"$XDSDocumentEntryPatientId": f"('{shelf.patient.cx}','{shelf.other.cx}')"},
        ("XDSStoredQueryParamNumber",),
    ),
    ("an unknown query", (), "urn:uuid:00000000-0000-4000-8000-000000000000", lambda _: {}, ("XDSUnknownStoredQuery",)),
    (
        "documents by two kinds of ids",
        (),
        QueryId.GET_DOCUMENTS,
        lambda shelf: {
            "$XDSDocumentEntryEntryUUID": f"('{shelf.ids['D1']}')",
            "$XDSDocumentEntryUniqueId": f"('{shelf.unique_ids['D1']}')",
        },
        ("XDSStoredQueryParamNumber",),
    ),
    ("documents by no id", (), QueryId.GET_DOCUMENTS, lambda _: {}, ("XDSStoredQueryMissingParam",)),
    (
        "related documents without saying how",
        (),
        QueryId.GET_RELATED_DOCUMENTS,
        lambda shelf: {"$XDSDocumentEntryEntryUUID": f"'{shelf.ids['D1']}'"},
        ("XDSStoredQueryMissingParam",),
    ),
    (
        "several patients, asked as a query of one",
        (),
        QueryId.FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS,
        lambda shelf: {"$XDSDocumentEntryPatientId": f"('{shelf.patient.cx}')"},
        (),
    ),
)
"""What is asked wrongly, and the code of the refusal, none where any code will do."""


def _asked(shelf: Shelf, query_id: str, raw: Raw) -> dict[str, str | tuple[str, ...]]:
    base: dict[str, str | tuple[str, ...]] = {}
    if query_id == QueryId.FIND_DOCUMENTS:
        base = {"$XDSDocumentEntryPatientId": f"'{shelf.patient.cx}'", **FIND}
    return {name: value for name, value in {**base, **raw(shelf)}.items() if value}


def _question(raw: Raw, expected: str) -> Play:
    def play(bench: Bench) -> Iterator[Step]:
        slots = _asked(bench.shelf, QueryId.FIND_DOCUMENTS, raw)
        answer = bench.consultation.stored_query(QueryId.FIND_DOCUMENTS, slots, "ObjectRef")
        yield named("references", answer, bench.shelf, expected.split())

    return play


def _refused(query_id: str, raw: Raw, expected: tuple[str, ...]) -> Play:
    def play(bench: Bench) -> Iterator[Step]:
        answer = bench.consultation.stored_query(query_id, _asked(bench.shelf, query_id, raw))
        yield refused("ask", answer, *expected)
        yield same("nothing comes", 0, len(answer.ids))

    return play


for _rank, (_title, _tests, _raw, _expected) in enumerate(QUESTIONS, start=1):
    TABLE.add(f"Q.G{_rank:02}", f"Spelling of a question: {_title}", _tests, _question(_raw, _expected))
for _rank, (_title, _tests, _query_id, _raw, _codes) in enumerate(REFUSED, start=1):
    TABLE.add(f"Q.H{_rank:02}", f"A question is refused: {_title}", _tests, _refused(_query_id, _raw, _codes))


@TABLE.row("Q.H20", "Another return type than LeafClass and ObjectRef is refused")
def return_type(bench: Bench) -> Iterator[Step]:
    slots = _asked(bench.shelf, QueryId.FIND_DOCUMENTS, lambda _: {})
    answer = bench.consultation.stored_query(QueryId.FIND_DOCUMENTS, slots, "RegistryObject")
    yield refused("ask", answer, "XDSRegistryError")


@TABLE.row("Q.H21", "An unknown patient has nothing, and that is Success")
def unknown_patient(bench: Bench) -> Iterator[Step]:
    answer = bench.query(QueryId.FIND_DOCUMENTS, patient_id=bench.stranger().cx, status=APPROVED)
    yield counted("ask", answer)


@TABLE.row("Q.H22", "Answers are simple SOAP, even to refuse")
def packaging(bench: Bench) -> Iterator[Step]:
    right = bench.consultation.stored_query(
        QueryId.FIND_DOCUMENTS, _asked(bench.shelf, QueryId.FIND_DOCUMENTS, lambda _: {})
    )
    yield same("a good question", (Packaging.SIMPLE, 200), (right.packaging, right.http_status))
    wrong = bench.consultation.stored_query(QueryId.GET_DOCUMENTS, {})
    yield refused("a question without an id", wrong, "XDSStoredQueryMissingParam")
    yield same("its answer", (Packaging.SIMPLE, 200), (wrong.packaging, wrong.http_status))

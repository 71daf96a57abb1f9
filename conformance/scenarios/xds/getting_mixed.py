"""Registry Stored Query: objects of two patients, and other turns of a question by ids (ITI TF-2 §3.18.4.1.2.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.scenarios.bench import Bench
from conformance.scenarios.model import Play, Step, Table
from conformance.scenarios.steps import counted, named, refused, same
from conformance.scenarios.xds.getting import Asked
from samples.client.queries import APPROVED, QueryId

TABLE = Table("Document Registry", "ITI-18")

MIXED: tuple[tuple[str, QueryId, Asked, int], ...] = (
    ("documents", QueryId.GET_DOCUMENTS, lambda s: {"entry_uuid": (s.ids["D1"], s.ids["X1"])}, 2),
    ("submissions", QueryId.GET_SUBMISSION_SETS, lambda s: {"uuid": (s.ids["D1"], s.ids["X1"])}, 4),
    ("folders", QueryId.GET_FOLDERS, lambda s: {"entry_uuid": (s.ids["F1"], s.ids["XF"])}, 2),
    (
        "documents and associations",
        QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS,
        lambda s: {"entry_uuid": (s.ids["D1"], s.ids["X1"])},
        5,
    ),
)


def _mixed(query_id: QueryId, asked: Asked, count: int) -> Play:
    def play(bench: Bench) -> Iterator[Step]:
        answer = bench.query(query_id, **asked(bench.shelf))
        yield refused("as objects", answer, "XDSResultNotSinglePatient")
        yield same("no object comes", 0, len(answer.ids))
        references = bench.query(query_id, return_type="ObjectRef", **asked(bench.shelf))
        yield counted("as references", references, refs=count)

    return play


for _rank, (_title, _query_id, _asked, _count) in enumerate(MIXED, start=1):
    TABLE.add(
        f"Q.T{_rank:02}",
        f"{_title.capitalize()} of two patients: references only",
        ("12368",) if _rank < 4 else (),
        _mixed(_query_id, _asked, _count),
    )


@TABLE.row("Q.U01", "A homeCommunityId in the question does no harm", "11901")
def home(bench: Bench) -> Iterator[Step]:
    slots: dict[str, Any] = {"$XDSDocumentEntryUniqueId": f"('{bench.shelf.unique_ids['D1']}')"}
    answer = bench.consultation.stored_query(QueryId.GET_DOCUMENTS, slots, home="urn:oid:1.2.3.4")
    yield named("ask", answer, bench.shelf, ("D1",))


@TABLE.row("Q.U02", "Ids in two Values of one parameter", "11901")
def two_values(bench: Bench) -> Iterator[Step]:
    ids = bench.shelf.ids
    slots = {"$XDSDocumentEntryEntryUUID": (f"('{ids['D1']}')", f"('{ids['D2']}')")}
    answer = bench.consultation.stored_query(QueryId.GET_DOCUMENTS, slots)
    yield named("ask", answer, bench.shelf, ("D1", "D2"))


@TABLE.row("Q.U03", "Folders that are got have their status", "11902")
def folder_status(bench: Bench) -> Iterator[Step]:
    answer = bench.query(QueryId.GET_FOLDERS, entry_uuid=bench.shelf.ids["F1"])
    yield same("status", (APPROVED,), tuple(item.status for item in answer.found))

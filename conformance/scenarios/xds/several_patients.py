"""Multi-Patient Stored Query (ITI TF-2 §3.51)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from conformance.scenarios.bench import Bench
from conformance.scenarios.model import Play, Step, Table
from conformance.scenarios.shelf import Shelf
from conformance.scenarios.steps import named, refused
from conformance.scenarios.xds.finding import ALL
from samples.client.queries import APPROVED, Parameter, QueryId
from samples.xds import codes
from samples.xds.submission import one_document

TABLE = Table("Document Registry", "ITI-51")


@TABLE.row("M.01", "Neither patient nor code: refused", "12364")
def several_nothing(bench: Bench) -> Iterator[Step]:
    answer = bench.query(QueryId.FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS, status=APPROVED)
    yield refused("ask", answer, "XDSStoredQueryMissingParam")


PATIENTS: tuple[tuple[str, Callable[[Shelf], Mapping[str, Parameter]], str], ...] = (
    ("one patient", lambda shelf: {"patient_id": shelf.patient.cx}, ALL),
    ("two patients", lambda shelf: {"patient_id": (shelf.patient.cx, shelf.other.cx)}, f"{ALL} X1"),
    (
        "two patients and a class",
        lambda shelf: {"patient_id": (shelf.patient.cx, shelf.other.cx), "class_code": codes.REPORTS},
        "D1 D4 D6 X1",
    ),
    (
        "two patients and an event",
        lambda shelf: {"patient_id": (shelf.patient.cx, shelf.other.cx), "event_code": codes.FIRST_EVENT},
        "D1 D2",
    ),
    (
        "two patients and a facility",
        lambda shelf: {
            "patient_id": (shelf.patient.cx, shelf.other.cx),
            "healthcare_facility_type_code": codes.NURSING_HOME,
        },
        "D2",
    ),
    (
        "two patients, an event and a class",
        lambda shelf: {
            "patient_id": (shelf.patient.cx, shelf.other.cx),
            "event_code": codes.FIRST_EVENT,
            "class_code": codes.REPORTS,
        },
        "D1",
    ),
)


def _several(parameters: Callable[[Shelf], Mapping[str, Parameter]], expected: str) -> Play:
    def play(bench: Bench) -> Iterator[Step]:
        query_id = QueryId.FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS
        for what in ("ObjectRef", "LeafClass"):
            answer = bench.query(query_id, return_type=what, status=APPROVED, **parameters(bench.shelf))
            yield named(what, answer, bench.shelf, expected.split())

    return play


for _rank, (_title, _of, _expected) in enumerate(PATIENTS, start=2):
    TABLE.add(f"M.{_rank:02}", f"Documents of {_title}", ("12364",), _several(_of, _expected))


@TABLE.row("M.10", "Documents of whomever, by an event", "12364")
def several_event(bench: Bench) -> Iterator[Step]:
    lots = [one_document(bench.patient(), event_codes=(codes.OPT_OUT,)).assigned() for _ in range(2)]
    for lot in lots:
        yield Step("register", "True", str(bench.register(lot).succeeded))
    answer = bench.query(
        QueryId.FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS,
        return_type="ObjectRef",
        status=APPROVED,
        event_code=codes.OPT_OUT,
    )
    wanted = {lot.entries[0].entry_uuid for lot in lots}
    yield Step("both are found", "True", str(answer.succeeded and wanted <= set(answer.ids)))


@TABLE.row("M.11", "Folders of two patients")
def several_folders(bench: Bench) -> Iterator[Step]:
    shelf = bench.shelf
    asked: dict[str, Any] = {"patient_id": (shelf.patient.cx, shelf.other.cx), "status": APPROVED}
    answer = bench.query(QueryId.FIND_FOLDERS_FOR_MULTIPLE_PATIENTS, **asked)
    yield named("all", answer, shelf, ("F1", "F2", "XF"))
    answer = bench.query(QueryId.FIND_FOLDERS_FOR_MULTIPLE_PATIENTS, code_list=codes.REFERRALS, **asked)
    yield named("those of a code", answer, shelf, ("F1", "XF"))

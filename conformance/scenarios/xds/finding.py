"""Registry Stored Query: what is found by what it is like (ITI TF-2 §3.18.4.1.2.3.7.1 to 7.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.scenarios.bench import Bench
from conformance.scenarios.model import Play, Step, Table
from conformance.scenarios.shelf import OTHER_REFERENCE_ID, REFERENCE_ID
from conformance.scenarios.steps import named
from samples.client.queries import APPROVED, DEPRECATED, AllOf, Parameter, QueryId
from samples.xds import codes
from samples.xds.entries import SOURCE

TABLE = Table("Document Registry", "ITI-18")
BOTH = (APPROVED, DEPRECATED)
ALL = "D1 D2 D3 D4 D6"

Row = tuple[str, tuple[str, ...], Mapping[str, Parameter], str]

DOCUMENTS: tuple[Row, ...] = (
    ("those Approved", ("11897",), {}, ALL),
    ("those Deprecated", ("11897",), {"status": DEPRECATED}, "D5"),
    ("those of either status", ("11897",), {"status": BOTH}, "D1 D2 D3 D4 D5 D6"),
    ("those of one class", ("11897",), {"class_code": codes.SUMMARIES}, "D2"),
    ("those of two classes", ("11897",), {"class_code": (codes.SUMMARIES, codes.IMAGES)}, "D2 D3"),
    ("those of a class that no document has", ("11897",), {"class_code": "PLANS^^1.3.6.1.4.1.19376.1.2.6.1"}, ""),
    ("a class of another scheme is another class", ("11897",), {"class_code": "SUMMARIES^^1.2.3.4"}, ""),
    ("those of one practice setting", ("11897",), {"practice_setting_code": codes.GENERAL_MEDICINE}, "D2"),
    (
        "those of a class and of a practice setting",
        ("11897",),
        {"class_code": codes.SUMMARIES, "practice_setting_code": codes.CARDIOLOGY},
        "",
    ),
    ("those of one facility", ("11897",), {"healthcare_facility_type_code": codes.HOSPITAL}, "D1 D3 D4 D6"),
    ("those of one event", ("11897",), {"event_code": codes.FIRST_EVENT}, "D1 D2"),
    ("those of either event", ("11897",), {"event_code": (codes.FIRST_EVENT, codes.SECOND_EVENT)}, "D1 D2 D3"),
    ("those of both events", ("11897",), {"event_code": AllOf((codes.FIRST_EVENT, codes.SECOND_EVENT))}, "D1"),
    ("those of one confidentiality", ("11897",), {"confidentiality_code": codes.RESTRICTED}, "D2"),
    (
        "those of no confidentiality twice asked",
        (),
        {"confidentiality_code": AllOf((codes.RESTRICTED, codes.NORMAL))},
        "",
    ),
    ("those of one format", ("11897",), {"format_code": codes.TEXT}, "D1 D3 D6"),
    ("those of one type", ("11897",), {"type_code": codes.DISCHARGE_SUMMARY}, "D2"),
    (
        "those created between",
        ("11897",),
        {"creation_time_from": "20040101", "creation_time_to": "20060101"},
        "D1 D2",
    ),
    ("created from: that instant counts", ("11897",), {"creation_time_from": "20060101"}, "D3 D4 D6"),
    ("created to: that instant does not count", ("11897",), {"creation_time_to": "20060101"}, "D1 D2"),
    (
        "those created between, of a practice setting",
        ("11897",),
        {"creation_time_from": "2004", "creation_time_to": "2006", "practice_setting_code": codes.GENERAL_MEDICINE},
        "D2",
    ),
    (
        "service started between; an entry without that time is found",
        ("11897",),
        {"service_start_time_from": "20031230", "service_start_time_to": "20040101"},
        "D1 D2",
    ),
    (
        "service stopped between; an entry without that time is found",
        ("11897",),
        {"service_stop_time_from": "20040101", "service_stop_time_to": "20040102"},
        "D1 D2",
    ),
    ("those of an author, by a part of the name", ("11897",), {"author_person": "%Writer%"}, "D1"),
    ("those of an author whom nobody knows", (), {"author_person": "%Nobody%"}, ""),
    ("one character of the name for another", (), {"author_person": "D-13^Wr_ter^Kim%"}, "D1"),
)
SETS: tuple[Row, ...] = (
    ("all", ("11898",), {}, "S1 S2 S3 S4 S5"),
    ("those of the source", ("11898",), {"source_id": SOURCE}, "S1 S2 S3 S4 S5"),
    ("those of another source", ("11898",), {"source_id": "1.2.3.4"}, ""),
    (
        "those sent between",
        ("11898",),
        {"submission_time_from": "200506", "submission_time_to": "200507"},
        "S1 S2 S3 S4 S5",
    ),
    ("those sent before", ("11898",), {"submission_time_from": "2004", "submission_time_to": "2005"}, ""),
    ("those sent from", ("11898",), {"submission_time_from": "200506"}, "S1 S2 S3 S4 S5"),
    ("those sent to", ("11898",), {"submission_time_to": "200507"}, "S1 S2 S3 S4 S5"),
    ("those of an author", ("11898",), {"author_person": "%Healer%"}, "S1 S2 S3 S4 S5"),
    ("those of an author whom nobody knows", ("11898",), {"author_person": "%Nobody%"}, ""),
    ("those of a content", ("11898",), {"content_type": codes.HOSPITAL}, "S1 S2 S3 S4 S5"),
    ("those of another content", ("11898",), {"content_type": codes.NURSING_HOME}, ""),
)
FOLDERS: tuple[Row, ...] = (
    ("all", ("11899",), {}, "F1 F2"),
    (
        "those updated between",
        ("11899",),
        {"last_update_time_from": "2004", "last_update_time_to": "2099"},
        "F1 F2",
    ),
    ("those updated before", ("11899",), {"last_update_time_from": "2004", "last_update_time_to": "2005"}, ""),
    ("those of one code", ("11899",), {"code_list": codes.REFERRALS}, "F1"),
    ("those of either code", ("11899",), {"code_list": (codes.REFERRALS, codes.ALLERGY_TREATMENTS)}, "F1 F2"),
    ("those of both codes", ("11899",), {"code_list": AllOf((codes.REFERRALS, codes.ALLERGY_TREATMENTS))}, ""),
)
REFERENCES: tuple[Row, ...] = (
    ("by a reference id", ("11897",), {"reference_id": REFERENCE_ID}, "D1 D2"),
    ("by either reference id", (), {"reference_id": (REFERENCE_ID, OTHER_REFERENCE_ID)}, "D1 D2"),
    ("by both reference ids", (), {"reference_id": AllOf((REFERENCE_ID, OTHER_REFERENCE_ID))}, "D1"),
    ("by the beginning of a reference id", (), {"reference_id": "ORDER-2%"}, "D1"),
)


def _found(query_id: QueryId, parameters: Mapping[str, Parameter], expected: str) -> Play:
    def play(bench: Bench) -> Iterator[Step]:
        shelf = bench.shelf
        asked: dict[str, Any] = {"patient_id": shelf.patient.cx, "status": APPROVED, **parameters}
        answer = bench.query(query_id, return_type="ObjectRef", **asked)
        yield named("references", answer, shelf, expected.split())
        answer = bench.query(query_id, **asked)
        yield named("objects", answer, shelf, expected.split())

    return play


for _letter, _name, _query, _rows in (
    ("A", "FindDocuments", QueryId.FIND_DOCUMENTS, DOCUMENTS),
    ("B", "FindSubmissionSets", QueryId.FIND_SUBMISSION_SETS, SETS),
    ("C", "FindFolders", QueryId.FIND_FOLDERS, FOLDERS),
    ("E", "FindDocumentsByReferenceId", QueryId.FIND_DOCUMENTS_BY_REFERENCE_ID, REFERENCES),
):
    for _rank, (_title, _tests, _parameters, _expected) in enumerate(_rows, start=1):
        TABLE.add(f"Q.{_letter}{_rank:02}", f"{_name}: {_title}", _tests, _found(_query, _parameters, _expected))

"""Registry Stored Query: what is got by its id, with what is around it (ITI TF-2 §3.18.4.1.2.3.7.4 to 7.14)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from conformance.scenarios.bench import Bench
from conformance.scenarios.model import Play, Step, Table
from conformance.scenarios.shelf import Shelf
from conformance.scenarios.steps import named
from samples.client.queries import APPROVED, DEPRECATED, QueryId
from samples.xds import codes
from xds.metadata.association import AssociationType

TABLE = Table("Document Registry", "ITI-18")
NOWHERE = "urn:uuid:00000000-0000-4000-8000-000000000000"
MEMBER, RPLC = AssociationType.HAS_MEMBER, AssociationType.RPLC
BOTH = (APPROVED, DEPRECATED)

Asked = Callable[[Shelf], Mapping[str, Any]]
Row = tuple[QueryId, str, tuple[str, ...], Asked, str]

ROWS: tuple[Row, ...] = (
    (QueryId.GET_DOCUMENTS, "by uniqueId", ("11901",), lambda s: {"unique_id": s.unique_ids["D1"]}, "D1"),
    (
        QueryId.GET_DOCUMENTS,
        "by two uniqueIds",
        ("11901",),
        lambda s: {"unique_id": (s.unique_ids["D1"], s.unique_ids["D2"])},
        "D1 D2",
    ),
    (QueryId.GET_DOCUMENTS, "by entryUUID", ("11901",), lambda s: {"entry_uuid": s.ids["D1"]}, "D1"),
    (
        QueryId.GET_DOCUMENTS,
        "by two entryUUIDs, one of them Deprecated",
        ("11901",),
        lambda s: {"entry_uuid": (s.ids["D1"], s.ids["D5"])},
        "D1 D5",
    ),
    (QueryId.GET_DOCUMENTS, "by an id that nothing has", (), lambda _: {"entry_uuid": NOWHERE}, ""),
    (QueryId.GET_FOLDERS, "by entryUUID", ("11902",), lambda s: {"entry_uuid": (s.ids["F1"], s.ids["F2"])}, "F1 F2"),
    (
        QueryId.GET_FOLDERS,
        "by uniqueId",
        ("11902",),
        lambda s: {"unique_id": (s.unique_ids["F1"], s.unique_ids["F2"])},
        "F1 F2",
    ),
    (QueryId.GET_ASSOCIATIONS, "of a document", ("11903",), lambda s: {"uuid": s.ids["D1"]}, "S1>D1"),
    (QueryId.GET_ASSOCIATIONS, "of a document in a folder", ("11903",), lambda s: {"uuid": s.ids["D2"]}, "S2>D2 F1>D2"),
    (
        QueryId.GET_ASSOCIATIONS,
        "of a submission",
        ("11903",),
        lambda s: {"uuid": s.ids["S2"]},
        "S2>D2 S2>F1 S2>F1>D2",
    ),
    (
        QueryId.GET_ASSOCIATIONS,
        "of several documents",
        ("11903",),
        lambda s: {"uuid": (s.ids["D2"], s.ids["D5"])},
        "S2>D2 F1>D2 S4>D5 D6>D5",
    ),
    (
        QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS,
        "by uniqueId",
        ("11904",),
        lambda s: {"unique_id": s.unique_ids["D1"]},
        "D1 S1>D1",
    ),
    (
        QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS,
        "by two uniqueIds",
        ("11904",),
        lambda s: {"unique_id": (s.unique_ids["D1"], s.unique_ids["D2"])},
        "D1 D2 S1>D1 S2>D2 F1>D2",
    ),
    (
        QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS,
        "by entryUUID",
        ("11904",),
        lambda s: {"entry_uuid": s.ids["D1"]},
        "D1 S1>D1",
    ),
    (
        QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS,
        "by two entryUUIDs",
        ("11904",),
        lambda s: {"entry_uuid": (s.ids["D1"], s.ids["D2"])},
        "D1 D2 S1>D1 S2>D2 F1>D2",
    ),
    (QueryId.GET_SUBMISSION_SETS, "of a document", ("11905",), lambda s: {"uuid": s.ids["D1"]}, "S1 S1>D1"),
    (
        QueryId.GET_SUBMISSION_SETS,
        "of two documents of two submissions",
        ("11905",),
        lambda s: {"uuid": (s.ids["D1"], s.ids["D2"])},
        "S1 S2 S1>D1 S2>D2",
    ),
    (
        QueryId.GET_SUBMISSION_SETS,
        "of two documents of one submission",
        ("11905",),
        lambda s: {"uuid": (s.ids["D3"], s.ids["D4"])},
        "S3 S3>D3 S3>D4",
    ),
    (QueryId.GET_SUBMISSION_SETS, "of a folder", ("11905",), lambda s: {"uuid": s.ids["F1"]}, "S2 S2>F1"),
    (
        QueryId.GET_SUBMISSION_SETS,
        "of a document and a folder",
        ("11905",),
        lambda s: {"uuid": (s.ids["D1"], s.ids["F1"])},
        "S1 S2 S1>D1 S2>F1",
    ),
    (
        QueryId.GET_SUBMISSION_SET_AND_CONTENTS,
        "by uniqueId",
        ("11906",),
        lambda s: {"unique_id": s.unique_ids["S1"]},
        "S1 D1 S1>D1",
    ),
    (
        QueryId.GET_SUBMISSION_SET_AND_CONTENTS,
        "by entryUUID",
        ("11906",),
        lambda s: {"entry_uuid": s.ids["S1"]},
        "S1 D1 S1>D1",
    ),
    (
        QueryId.GET_SUBMISSION_SET_AND_CONTENTS,
        "folder and documents",
        ("11906",),
        lambda s: {"entry_uuid": s.ids["S3"]},
        "S3 D3 D4 F2 S3>D3 S3>D4 S3>F2 F2>D3 F2>D4 S3>F2>D3 S3>F2>D4",
    ),
    (
        QueryId.GET_SUBMISSION_SET_AND_CONTENTS,
        "documents of a format",
        ("11906",),
        lambda s: {"entry_uuid": s.ids["S3"], "format_code": codes.PDF},
        "S3 D4 F2 S3>D4 S3>F2 F2>D4 S3>F2>D4",
    ),
    (
        QueryId.GET_SUBMISSION_SET_AND_CONTENTS,
        "documents of a confidentiality",
        ("11906",),
        lambda s: {"entry_uuid": s.ids["S3"], "confidentiality_code": codes.NORMAL},
        "S3 D3 F2 S3>D3 S3>F2 F2>D3 S3>F2>D3",
    ),
    (
        QueryId.GET_FOLDER_AND_CONTENTS,
        "by uniqueId",
        ("11907",),
        lambda s: {"unique_id": s.unique_ids["F1"]},
        "F1 D2 F1>D2",
    ),
    (QueryId.GET_FOLDER_AND_CONTENTS, "by entryUUID", ("11907",), lambda s: {"entry_uuid": s.ids["F1"]}, "F1 D2 F1>D2"),
    (
        QueryId.GET_FOLDER_AND_CONTENTS,
        "documents of a confidentiality",
        ("11907",),
        lambda s: {"unique_id": s.unique_ids["F2"], "confidentiality_code": codes.NORMAL},
        "F2 D3 F2>D3",
    ),
    (
        QueryId.GET_FOLDER_AND_CONTENTS,
        "documents of either confidentiality",
        ("11907",),
        lambda s: {
            "unique_id": s.unique_ids["F2"],
            "confidentiality_code": (codes.NORMAL, codes.VERY_RESTRICTED),
        },
        "F2 D3 D4 F2>D3 F2>D4",
    ),
    (
        QueryId.GET_FOLDER_AND_CONTENTS,
        "documents of a format",
        ("11907",),
        lambda s: {"unique_id": s.unique_ids["F2"], "format_code": codes.PDF},
        "F2 D4 F2>D4",
    ),
    (QueryId.GET_FOLDERS_FOR_DOCUMENT, "by uniqueId", ("11908",), lambda s: {"unique_id": s.unique_ids["D2"]}, "F1"),
    (QueryId.GET_FOLDERS_FOR_DOCUMENT, "by entryUUID", ("11908",), lambda s: {"entry_uuid": s.ids["D2"]}, "F1"),
    (QueryId.GET_FOLDERS_FOR_DOCUMENT, "of a document in none", (), lambda s: {"entry_uuid": s.ids["D1"]}, ""),
    (
        QueryId.GET_RELATED_DOCUMENTS,
        "of a document that is not there",
        ("11909",),
        lambda _: {"entry_uuid": NOWHERE, "association_type": (MEMBER, RPLC)},
        "",
    ),
    (
        QueryId.GET_RELATED_DOCUMENTS,
        "by uniqueId, of a document without relation",
        ("11909",),
        lambda s: {"unique_id": s.unique_ids["D1"], "association_type": RPLC},
        "",
    ),
    (
        QueryId.GET_RELATED_DOCUMENTS,
        "by entryUUID, of a document without relation",
        ("11909",),
        lambda s: {"entry_uuid": s.ids["D1"], "association_type": RPLC},
        "",
    ),
    (
        QueryId.GET_RELATED_DOCUMENTS,
        "by uniqueId, of a replacement",
        ("11909",),
        lambda s: {"unique_id": s.unique_ids["D6"], "association_type": (MEMBER, RPLC)},
        "D5 D6 D6>D5",
    ),
    (
        QueryId.GET_RELATED_DOCUMENTS,
        "by entryUUID, of a document that was replaced",
        ("11909",),
        lambda s: {"entry_uuid": s.ids["D5"], "association_type": RPLC},
        "D5 D6 D6>D5",
    ),
    (
        QueryId.GET_RELATED_DOCUMENTS,
        "of a document in a folder: a folder is no document",
        ("11909",),
        lambda s: {"unique_id": s.unique_ids["D2"], "association_type": (MEMBER, RPLC)},
        "",
    ),
    (
        QueryId.GET_RELATED_DOCUMENTS,
        "by a relation that it has not",
        ("11909",),
        lambda s: {"entry_uuid": s.ids["D5"], "association_type": AssociationType.XFRM},
        "",
    ),
    (
        QueryId.GET_ALL,
        "everything of a patient",
        ("15803",),
        lambda s: {
            "patient_id": s.patient.cx,
            "entry_status": BOTH,
            "submission_set_status": APPROVED,
            "folder_status": APPROVED,
        },
        "S1 S2 S3 S4 S5 F1 F2 D1 D2 D3 D4 D5 D6 S1>D1 S2>D2 S2>F1 F1>D2 S2>F1>D2 S3>D3 S3>D4 S3>F2 F2>D3 F2>D4"
        " S3>F2>D3 S3>F2>D4 S4>D5 S5>D6 D6>D5",
    ),
    (
        QueryId.GET_ALL,
        "documents of a format",
        (),
        lambda s: {
            "patient_id": s.other.cx,
            "entry_status": APPROVED,
            "submission_set_status": APPROVED,
            "folder_status": APPROVED,
            "format_code": codes.TEXT,
        },
        "XS XF X1 XS>X1 XS>XF XF>X1 XS>XF>X1",
    ),
)
NAMES = {
    QueryId.GET_DOCUMENTS: "I",
    QueryId.GET_FOLDERS: "J",
    QueryId.GET_ASSOCIATIONS: "K",
    QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS: "L",
    QueryId.GET_SUBMISSION_SETS: "M",
    QueryId.GET_SUBMISSION_SET_AND_CONTENTS: "N",
    QueryId.GET_FOLDER_AND_CONTENTS: "O",
    QueryId.GET_FOLDERS_FOR_DOCUMENT: "P",
    QueryId.GET_RELATED_DOCUMENTS: "R",
    QueryId.GET_ALL: "S",
}


def _got(query_id: QueryId, asked: Asked, expected: str) -> Play:
    def play(bench: Bench) -> Iterator[Step]:
        shelf = bench.shelf
        for what in ("ObjectRef", "LeafClass"):
            answer = bench.query(query_id, return_type=what, **asked(shelf))
            yield named(what, answer, shelf, expected.split())

    return play


for _query_id, _letter in NAMES.items():
    _rows = [row for row in ROWS if row[0] is _query_id]
    _name = _query_id.name.title().replace("_", "")
    for _rank, (_, _title, _tests, _asked, _expected) in enumerate(_rows, start=1):
        TABLE.add(f"Q.{_letter}{_rank:02}", f"{_name}: {_title}", _tests, _got(_query_id, _asked, _expected))

"""An answer as a table: rows for a person or a program."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from gateway.simulator.answering import Answer
from gateway.simulator.dossier import Document
from gateway.simulator.words import ASSUMED, CHANGES, OPERATIONS, RULES, Language, in_words
from profiles.dmp.spaces import Space
from xds.dmp.decision import Decision
from xds.dmp.explanation import ExplainedDocument
from xds.dmp.operations import Operation

ALLOWED, REFUSED, READ, LISTED, HIDDEN = "allowed", "refused", "read", "listed", "hidden"
VERDICTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        ALLOWED: ("oui", "yes"),
        REFUSED: ("non", "no"),
        READ: ("lu", "read"),
        LISTED: ("listé, non lu", "listed, not read"),
        HIDDEN: ("absent", "absent"),
    }
)
"""Verdicts in words. A document that is listed and not read is in the answer to a search, and in no retrieve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An operation, or a document. `id` is the operation of the DMP or the uniqueId; `why` is the rule in words.

    `space`, `type`, `visibility`, `status` are of documents; `changes` what the requester may do to it.
    """

    kind: str
    id: str
    label: str
    type: str = ""
    space: str = ""
    visibility: str = ""
    status: str = ""
    verdict: str
    rule: str
    why: str
    changes: str = ""


_SPACES = tuple(Space)
COLUMNS: Sequence[str] = tuple(Row.__dataclass_fields__)


def rows_of(answer: Answer, language: Language, only: Collection[Operation] = ()) -> Iterator[Row]:
    """Every operation, or those of `only`, then every document but the signatures of lots, space by space."""
    for decision in answer.explanation.operations:
        if not only or decision.operation in only:
            yield _operation(decision, language)
    if not only or set(only) & {Operation.SEARCH, Operation.READ}:
        shown = (one for one in answer.explanation.documents if not one.entry.is_signature)
        for one in sorted(shown, key=lambda one: _SPACES.index(one.entry.place.space) if one.entry.place else 0):
            yield _document(one, language)


def _operation(decision: Decision, language: Language) -> Row:
    return Row(
        kind="operation",
        id=decision.operation.value,
        label=in_words(OPERATIONS[decision.operation], language),
        verdict=ALLOWED if decision else REFUSED,
        rule=decision.rule.value,
        why=in_words(RULES[decision.rule], language),
    )


def _document(one: ExplainedDocument[Document], language: Language) -> Row:
    entry = one.entry
    verdict, decided = (READ, one.read) if one.found and one.read else (LISTED, one.read)
    if not one.found:
        verdict, decided = HIDDEN, one.found
    return Row(
        kind="document",
        id=entry.unique_id,
        label=entry.title,
        type=entry.type_code.code,
        space=in_words(entry.place.space.label, language) if entry.place is not None else "",
        visibility=" ".join(entry.confidentiality_codes),
        status=entry.status.name,
        verdict=verdict,
        rule=decided.rule.value,
        why=in_words(RULES[decided.rule], language),
        changes=", ".join(in_words(CHANGES[change], language) for change, may in one.changes.items() if may),
    )


def tally_of(rows: Sequence[Row]) -> Mapping[str, int]:
    """How many documents are read, only listed, hidden, among the rows of an answer."""
    documents = [row.verdict for row in rows if row.kind == "document"]
    return {verdict: documents.count(verdict) for verdict in (READ, LISTED, HIDDEN)}


def assumed_in_words(answer: Answer, language: Language) -> Sequence[str]:
    """What nobody could verify of what the answer rests on: the word of X-Sandbox-Assumed, and what it means."""
    return [
        f"{name} ({in_words(ASSUMED[name], language)})" if name in ASSUMED else name
        for name in answer.explanation.assumed
    ]


def as_csv(answer: Answer, language: Language, only: Collection[Operation] = ()) -> str:
    """One row a line, the names of `COLUMNS` first."""
    return csv_of(COLUMNS, [asdict(row) for row in rows_of(answer, language, only)])


def as_markdown(answer: Answer, language: Language, only: Collection[Operation] = ()) -> str:
    """A table of Markdown."""
    rows = [[getattr(row, name) for name in COLUMNS] for row in rows_of(answer, language, only)]
    lines = [COLUMNS, ["---"] * len(COLUMNS), *rows]
    return "".join(f"| {' | '.join(str(cell).replace('|', '¦') for cell in line)} |\n" for line in lines)


def as_json(answer: Answer, language: Language, only: Collection[Operation] = ()) -> str:
    """One object: who, which record, and the rows."""
    return json.dumps(
        {**_head(answer), "rows": [asdict(row) for row in rows_of(answer, language, only)]},
        ensure_ascii=False,
        indent=1,
    )


FORMATS: Mapping[str, Callable[[Answer, Language, Collection[Operation]], str]] = MappingProxyType(
    {"csv": as_csv, "md": as_markdown, "json": as_json}
)


def _head(answer: Answer) -> dict[str, Any]:
    question, requester = answer.question, answer.question.requester
    return {
        "patient": question.patient,
        "patient_id": question.patient_id,
        "as": question.person,
        "professional": requester.national_id,
        "mode": requester.purpose,
        "reason": requester.reason,
        "law_time": answer.law_time.isoformat(timespec="seconds"),
        "record": answer.record,
        "authorisation": answer.authorisation,
        "medecin_traitant": answer.medecin_traitant,
        "supposed": {**question.suppositions.said, **question.suppositions.parameters},
        "assumed": list(answer.explanation.assumed),
    }


def csv_of(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """CSV whose cells no spreadsheet takes for formulas."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows([{name: _tame(str(row[name])) for name in columns} for row in rows])
    return out.getvalue()


def _tame(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell

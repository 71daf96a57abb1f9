"""Test cases that a vendor can play again: given, when, then, as the doors would answer."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from gateway.simulator.answering import Answer
from gateway.simulator.tables import csv_of
from gateway.simulator.words import OPERATIONS, Language, in_words
from xds.dmp.decision import Decision
from xds.dmp.operations import Operation
from xds.errors import XdsErrorCode

SUCCESS, LISTED, ABSENT = "Success", "listed", "absent"
_THEN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        SUCCESS: ("accepté", "accepted"),
        LISTED: ("dans la réponse", "in the answer"),
        ABSENT: ("pas dans la réponse, qui n'en dit rien", "not in the answer, which tells nothing of it"),
    }
)


def cases_of(answer: Answer, language: Language, only: Collection[Operation] = ()) -> list[dict[str, str]]:
    """What a client sends, and what the door answers, in words and, `expected`, for a program.

    Of an operation and of a retrieve: `Success` or the error code; of a search: `listed`, `absent` or the code.
    """
    question, explanation = answer.question, answer.explanation
    given = _given(answer, language)
    made = []
    for decision in explanation.operations:
        if only and decision.operation not in only:
            continue
        label = in_words(OPERATIONS[decision.operation], language)
        code = ", ".join(error.code for error in decision.errors()) or SUCCESS
        made.append(_case(given, f"{decision.operation.value} ({label})", code, decision, language))
    for one in explanation.documents:
        name = f"{one.entry.title} ({one.entry.unique_id})"
        if one.entry.is_signature:
            continue
        if not only or Operation.SEARCH in only:
            found = LISTED if one.found else _refusal(explanation.operations, Operation.SEARCH) or ABSENT
            when = {"fr": "TD3.1, tous statuts : ", "en": "TD3.1, every status: "}[language] + name
            made.append(_case(given, when, found, one.found, language))
        if not only or Operation.READ in only:
            hidden = str(XdsErrorCode.DOCUMENT_UNIQUE_ID)
            read = SUCCESS if one.read else _refusal(explanation.operations, Operation.READ) or hidden
            made.append(_case(given, {"fr": "TD3.2 : ", "en": "TD3.2: "}[language] + name, read, one.read, language))
    who = {
        "patient_id": question.patient_id,
        "professional": question.requester.national_id,
        "purpose": question.requester.purpose,
        "reason": question.requester.reason,
    }
    return [{"number": str(number), **who, **case} for number, case in enumerate(made, start=1)]


def cases_as(text_format: str, cases: Sequence[Mapping[str, str]]) -> str:
    """Test cases as CSV, or as JSON."""
    if text_format == "json":
        return json.dumps(cases, ensure_ascii=False, indent=1)
    return csv_of(tuple(cases[0]) if cases else (), cases)


def _refusal(operations: Sequence[Decision], operation: Operation) -> str:
    """The code that refuses an operation on the whole record; empty when it is open."""
    decision = next(one for one in operations if one.operation is operation)
    return ", ".join(error.code for error in decision.errors())


def _case(given: str, when: str, expected: str, decision: Decision, language: Language) -> dict[str, str]:
    told = in_words(_THEN.get(expected, ("refusé : {}", "refused: {}")), language).format(expected)
    return {"given": given, "when": when, "then": told, "expected": expected, "rule": decision.rule.value}


def _given(answer: Answer, language: Language) -> str:
    question, requester = answer.question, answer.question.requester
    supposed = {**question.suppositions.said, **question.suppositions.parameters}
    facts = [
        f"{question.patient} ({answer.record})",
        f"{question.person} ({answer.authorisation}{', MT' if answer.medecin_traitant else ''})",
        requester.purpose + (f" « {requester.reason} »" if requester.reason else ""),
        *([{"fr": "connexion secrète", "en": "secret session"}[language]] if requester.secret else []),
        *(f"{name}={value}" for name, value in supposed.items()),
    ]
    if question.at is not None:
        facts.append(f"{answer.law_time:%Y-%m-%dT%H:%MZ}")
    return {"fr": " ; ", "en": "; "}[language].join(facts)

"""Queries made to be slow, to say more than they may, or to be no query (ITI-18, ITI-51)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from samples.client.queries import APPROVED, QueryId, one_of, quoted
from samples.xds.documents import text_document
from samples.xds.entries import HEALER
from samples.xds.patients import DomainPatient
from samples.xds.submission import new_submission

ENTRY = "$XDSDocumentEntry"
ERROR = "XDSRegistryError"


def find(siege: Any, *more: tuple[str, Any], patient: DomainPatient | None = None) -> Any:
    slots = [(f"{ENTRY}PatientId", quoted((patient or siege.patient).cx)), (f"{ENTRY}Status", one_of(APPROVED))]
    return siege.consumer.stored_query(QueryId.FIND_DOCUMENTS, [*slots, *more])


def listed(*values: str) -> str:
    return "(" + ",".join(f"'{value}'" for value in values) + ")"


@pytest.mark.parametrize(
    "value",
    ["'", "''", "'''", "('a'", "('a','b'))", "('a';'b')", "(" * 10_000, "()", "('')", "", "NULL", "-1", "((('a')))",
     "\u2028", "'a' 'b'", "('a^^s','b^^s') OR 1=1", "1; DROP TABLE ecluse.records"],
)  # fmt: skip
def test_what_is_no_list_of_codes_is_refused(siege: Any, value: str) -> None:
    answer = siege.refuses(lambda: find(siege, (f"{ENTRY}FormatCode", value)), ERROR)
    assert answer.objects == ()


@pytest.mark.parametrize("value", ["99999999999999", "20240230", "00000000000000", "10" * 500, "-1", "1e5", "2024-01"])
def test_what_is_no_time_is_refused(siege: Any, value: str) -> None:
    siege.refuses(lambda: find(siege, (f"{ENTRY}CreationTimeFrom", value)), ERROR)


@pytest.mark.parametrize(
    "pattern",
    ["%" * 5000, "%a" * 2000 + "b", "_" * 250, "%\\", "\\", "'' OR ''1''=''1", "(", "[a-", "\U0001f600%", "a%'';--"],
)
def test_a_pattern_is_only_a_pattern(siege: Any, pattern: str) -> None:
    siege.serves()
    answer = siege.withstands(lambda: find(siege, (f"{ENTRY}AuthorPerson", f"('{pattern}')")))
    assert answer.succeeded
    assert bool(answer.objects) == (set(pattern) == {"%"})


def test_a_slow_pattern_is_given_up_and_others_are_served(siege: Any, patient: DomainPatient) -> None:
    lot = new_submission(patient)
    for rank in range(60):
        document = text_document(f"Document {rank}.")
        lot = lot.add_document(patient, document, authors=(replace(HEALER, person="^" + "a" * 240),) * 20)
    assert siege.source.provide_and_register(lot).succeeded
    patterns = listed(*(f"{'%a' * 60}b{rank}" for rank in range(3_000)))

    siege.refuses(lambda: find(siege, (f"{ENTRY}AuthorPerson", patterns), patient=patient), "XDSRegistryBusy")


def test_a_hundred_thousand_values_are_one_question(siege: Any) -> None:
    codes = listed(*(f"c{rank}^^1.2.3" for rank in range(100_000)))
    answer = siege.withstands(lambda: find(siege, (f"{ENTRY}FormatCode", codes)))
    assert (answer.succeeded, answer.objects) == (True, ())
    names = listed(*(f"1.2.{rank}" for rank in range(100_000)))
    slots = [(f"{ENTRY}UniqueId", names)]
    answer = siege.withstands(lambda: siege.consumer.stored_query(QueryId.GET_DOCUMENTS, slots))
    assert (answer.succeeded, answer.objects) == (True, ())


def test_ten_thousand_slots_are_one_question(siege: Any) -> None:
    slots = [(f"{ENTRY}EventCodeList", f"('c{rank}^^1.2.3')") for rank in range(10_000)]
    answer = siege.withstands(lambda: find(siege, *slots))
    assert answer.objects == ()


def test_twenty_thousand_patients_are_one_question(siege: Any) -> None:
    patients = listed(*(f"P{rank}^^^&1.2.3&ISO" for rank in range(20_000)))
    slots = [(f"{ENTRY}PatientId", patients), (f"{ENTRY}Status", one_of(APPROVED))]
    query = QueryId.FIND_DOCUMENTS_FOR_MULTIPLE_PATIENTS
    answer = siege.withstands(lambda: siege.consumer.stored_query(query, slots, multi_patient=True))
    assert (answer.succeeded, answer.objects) == (True, ())


@pytest.mark.parametrize("name", ["$'; DROP TABLE x", "XDSDocumentEntryUniqueId", "$" + "x" * 100_000, ""])
def test_parameters_that_nobody_knows_change_nothing(siege: Any, name: str) -> None:
    siege.serves()
    assert siege.withstands(lambda: find(siege, (name, "'a'"))).status


@pytest.mark.parametrize("query_id", ["urn:uuid:' OR 1=1", "", "x" * 10_000, "14d4debf-8f97-4251-9a74-a90016b0af0d '"])
def test_an_invented_query_is_unknown(siege: Any, query_id: str) -> None:
    siege.refuses(lambda: siege.consumer.stored_query(query_id, {}), "XDSUnknownStoredQuery")


def test_an_invented_return_type_is_refused(siege: Any) -> None:
    slots = {f"{ENTRY}UniqueId": "('1.2')"}
    attack = siege.consumer.stored_query
    siege.refuses(lambda: attack(QueryId.GET_DOCUMENTS, slots, "LeafClass' OR"), ERROR)

"""`ecluse bench --scale` on small sizes: what is loaded is what a registry holds, and sizes can be compared."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from lxml import etree

from gateway.cli.main import main
from gateway.cli.scale_load import ANSWERED, LARGE, PROFESSIONAL, SEARCHED, SMALL, Load
from gateway.cli.scale_questions import sample
from gateway.database.opening import open_database
from gateway.database.pool import DoorPool, open_pool
from gateway.records import cx
from security.at_rest.record_keys import create_kek
from xds.dmp.requester import Requester, RequesterKind
from xds.ebrim.writer import write_adhoc_query_response
from xds.messages import AdhocQueryResponse, ResponseStatus
from xds.metadata.document_entry import AvailabilityStatus
from xds.queries import FindDocuments, GetAll, GetDocuments, StoredQuery
from xds.registry.reader import RegistryReader
from xds.registry.scope import Scope
from xds.registry.view import View

QUERY = Path(__file__).parents[3] / "gateway" / "wire" / "wsdl" / "query.xsd"
APPROVED = (AvailabilityStatus.APPROVED,)
DOCTOR = Requester(kind=RequesterKind.PROFESSIONAL, national_id=PROFESSIONAL, profession="10")
A_LARGE_ONE = 10
"""The number of the first patient whose record is large."""
FIRST, SECOND = 500, 1000
QUESTIONS = [
    "select_1",
    "by_key",
    *(f"{name}{regime}" for regime in ("", "_ihe") for name in ("find", "get_uuid", "get_unique", "get_all")),
]


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A registry loaded in two steps, as the owner and the consultation door see it."""

    load: Load
    owner_url: str
    owner: psycopg.Connection[tuple[int, ...]]
    pool: DoorPool
    told: list[int]

    def ask(self, query: StoredQuery, patient_id: str | None = None) -> View:
        """Answer as a house of the DMP does when a patient is named, else as that of another domain."""
        scope = Scope(patient_id=patient_id, requester=DOCTOR, now=datetime.now(UTC)) if patient_id else None
        return RegistryReader(self.pool).answer(query, scope)

    def count(self, what: str) -> int:
        row = self.owner.execute(f"SELECT {what}".encode()).fetchone()
        assert row is not None
        return row[0]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    directory = tmp_path_factory.mktemp("scale")
    database = open_database(directory / "data")
    try:
        url = database.layout.owner_url
        load = Load(url, create_kek(directory / "kek"))
        told: list[int] = []
        load.grow(FIRST, told.append)
        load.grow(SECOND, told.append)
        with (
            psycopg.connect(url, autocommit=True) as owner,
            closing(open_pool(database.layout.consultation_url, size=1)) as pool,
        ):
            yield Filled(load=load, owner_url=url, owner=owner, pool=pool, told=told)
    finally:
        database.destroy()


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("count(*) FROM ecluse.document_entries", SECOND),
        ("count(DISTINCT entry_uuid) FROM ecluse.document_entries", SECOND),
        ("count(DISTINCT blob_address) FROM ecluse.document_entries", SECOND),
        ("count(DISTINCT hash) FROM ecluse.document_entries", SECOND),
        ("count(*) FROM ecluse.associations", SECOND),
        ("count(*) FROM ecluse.submission_sets", SECOND // 4),
        ("count(*) FROM ecluse.unique_ids", SECOND + SECOND // 4),
        ("count(*) FROM ecluse.folders", 0),
    ],
)
def test_each_document_has_its_own_row_in_every_table(filled: Filled, what: str, expected: int) -> None:
    assert filled.count(what) == expected


@pytest.mark.parametrize("table", ["patients", "records", "record_keys", "authorisations"])
def test_each_patient_has_a_record_a_key_and_an_authorisation(filled: Filled, table: str) -> None:
    assert filled.count(f"count(*) FROM ecluse.{table}") == filled.load.patients


def test_a_load_continues_on_the_one_before_and_tells_how_far_it_is(filled: Filled) -> None:
    assert filled.told[0] == FIRST
    assert filled.told[-1] == SECOND == filled.load.count


def test_records_have_twenty_documents_and_some_two_hundred(filled: Filled) -> None:
    rows = filled.owner.execute("SELECT count(*) FROM ecluse.document_entries GROUP BY patient_key").fetchall()

    sizes = Counter(size for (size,) in rows)
    assert set(sizes) == {SMALL, LARGE}
    assert sizes[LARGE] == 1


def test_columns_agree_with_one_another_as_those_of_a_deposit_do(filled: Filled) -> None:
    assert filled.count(
        "count(*) FROM ecluse.document_entries e JOIN ecluse.unique_ids u USING (unique_id, patient_key, entry_uuid)"
        " JOIN ecluse.records r USING (patient_key) WHERE u.hash = e.hash AND r.key_id = e.key_id"
        " AND e.logical_id = e.entry_uuid"
    ) == (SECOND)
    assert filled.count(
        "count(*) FROM ecluse.associations a JOIN ecluse.document_entries e"
        " ON e.entry_uuid = a.target AND e.patient_key = a.patient_key"
        " JOIN ecluse.submission_sets s ON s.entry_uuid = a.source AND s.patient_key = a.patient_key"
        " WHERE a.submission_set = a.source"
    ) == (SECOND)


@pytest.mark.parametrize("number", [0, A_LARGE_ONE, -1])
@pytest.mark.parametrize("scoped", [True, False], ids=["dmp", "ihe"])
def test_everything_of_a_patient_is_answered_as_valid_ebrim(filled: Filled, number: int, scoped: bool) -> None:
    patient_id = filled.load.patient_id(number % filled.load.patients)
    query = GetAll(patient_id=patient_id, statuses=APPROVED, submission_set_statuses=APPROVED, folder_statuses=APPROVED)

    view = filled.ask(query, patient_id if scoped else None)

    documents = LARGE if number == A_LARGE_ONE else SMALL
    assert (len(view.entries), len(view.submission_sets), len(view.associations)) == (
        documents,
        documents // 4,
        documents,
    )
    answer = etree.fromstring(write_adhoc_query_response(AdhocQueryResponse(ResponseStatus.SUCCESS, view.objects())))
    etree.XMLSchema(file=str(QUERY)).assertValid(answer)
    ids = [element.get("id") for element in answer.iter() if element.get("id")]
    assert len(ids) == len(set(ids))


def test_a_fragment_tells_what_its_columns_tell(filled: Filled) -> None:
    patient_id = filled.load.patient_id(3)

    entries = filled.ask(FindDocuments(patient_id=patient_id, statuses=APPROVED)).entries

    assert len(entries) == SMALL
    for entry in entries:
        told = etree.fromstring(entry.fragment)
        values = {element.get("value") for element in told.iter("{*}ExternalIdentifier")}
        assert values == {patient_id, entry.unique_id}
        assert told.get("id") == told.get("lid") == entry.entry_uuid
        assert told.findtext("{*}Slot[@name='hash']/{*}ValueList/{*}Value") == entry.hash
        parts = [*told.iter("{*}Classification"), *told.iter("{*}ExternalIdentifier")]
        assert {part.get("classifiedObject") or part.get("registryObject") for part in parts} == {entry.entry_uuid}


@pytest.mark.parametrize("number", [0, A_LARGE_ONE])
def test_a_search_answers_eight_documents_whatever_the_size_of_the_record(filled: Filled, number: int) -> None:
    patient_id = filled.load.patient_id(number)
    query = FindDocuments(patient_id=patient_id, statuses=APPROVED, type_codes=(SEARCHED,))

    assert len(filled.ask(query, patient_id).entries) == len(filled.ask(query).entries) == ANSWERED


def test_a_sample_names_patients_and_documents_that_are_there(filled: Filled) -> None:
    drawn = sample(filled.owner_url, filled.load, 2 * filled.load.patients)

    assert len(drawn) == 2 * filled.load.patients
    assert len({patient.patient_id for patient in drawn}) == filled.load.patients
    for patient in drawn[:5]:
        by_uuid = filled.ask(GetDocuments(entry_uuids=tuple(f"urn:uuid:{uuid}" for uuid in patient.entry_uuids)))
        by_unique_id = filled.ask(GetDocuments(unique_ids=(patient.unique_id,)), patient.patient_id)
        assert len(by_uuid.entries) == ANSWERED
        assert by_unique_id.entries[0].entry_uuid in {entry.entry_uuid for entry in by_uuid.entries}


def test_patients_have_each_their_own_ins_with_its_key(filled: Filled) -> None:
    names = [filled.load.patient_id(number) for number in (*range(2000), 989_000, 989_010, 5_000_000)]

    assert len(set(names)) == len(names)
    assert all(cx(name.partition("^")[0]) == name for name in names)


def run(*arguments: str, language: str = "en") -> Result:
    return CliRunner().invoke(main, ["--lang", language, "bench", *arguments])


@pytest.fixture(scope="module")
def small() -> dict[str, dict[str, object]]:
    result = run("--scale", "--size", str(SECOND), "--size", str(FIRST), "--runs", "4", "--json")
    assert result.exit_code == 0, result.output
    return {row["name"]: row for row in json.loads(result.stdout)}


def test_the_machine_form_has_each_question_at_each_size_and_its_growth(small: dict[str, dict[str, object]]) -> None:
    assert list(small) == [
        *(f"scale_{name}_{size}" for size in (FIRST, SECOND) for name in QUESTIONS),
        *(f"scale_growth_{name}_{SECOND}" for name in QUESTIONS),
    ]
    for row in small.values():
        assert list(row) == ["name", "value", "floor", "ratio", "unit", "runs"]
        assert (row["unit"], row["runs"]) == ("ms", 20)


def test_growth_compares_the_99th_percentile_with_that_of_the_first_size(small: dict[str, dict[str, object]]) -> None:
    grown = small[f"scale_growth_find_{SECOND}"]

    assert grown["value"] == small[f"scale_find_{SECOND}"]["value"]
    assert grown["floor"] == small[f"scale_find_{FIRST}"]["value"]


def test_a_query_is_compared_with_the_fetch_of_as_many_rows(small: dict[str, dict[str, object]]) -> None:
    assert small[f"scale_find_{SECOND}"]["floor"] == small[f"scale_by_key_{SECOND}"]["value"]
    assert small[f"scale_get_uuid_ihe_{SECOND}"]["floor"] == small[f"scale_select_1_{SECOND}"]["value"]


def test_a_person_reads_a_table_and_hears_how_far_the_load_is() -> None:
    result = run("--scale", "--size", str(FIRST), "--runs", "2", language="fr")

    assert result.exit_code == 0, result.output
    title, heading, *lines = result.stdout.splitlines()
    assert title.startswith("une requête")
    assert heading.split() == ["documents", "runs", "p50", "p99", "hausse"]
    assert [line.split()[0] for line in lines] == QUESTIONS
    assert all(re.fullmatch(r"\w+ +500 +10 +[\d.]+ +[\d.]+ +1\.00", line) for line in lines)
    assert f"{FIRST} documents de 16 patients, chargés en" in result.stderr


def test_a_size_too_large_for_the_disk_is_refused_with_what_it_needs() -> None:
    result = run("--scale", "--size", "1000000000")

    assert result.exit_code == 1
    assert re.fullmatch(r"1,000,000,000 documents need 11002\.1 GB of disk, and [\d.]+ GB are free\n", result.stderr)


def test_a_size_without_scale_is_no_command() -> None:
    result = run("--size", "500")

    assert result.exit_code == 2
    assert "--size goes with --scale" in result.stderr

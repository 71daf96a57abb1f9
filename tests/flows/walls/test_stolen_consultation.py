"""Whoever takes over the role of the consultation door: what its functions on records refuse whatever they are told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.administration import life
from gateway.administration.holder import change_identifier
from gateway.database.domain import declare_domain
from gateway.database.opening import Database, open_database
from gateway.records import authorise, block, open_record
from samples.documents.patients import CLAIRE
from security.at_rest.record_keys import create_kek

DOCTOR, BLOCKED = "810000000001", "810000000002"
_HELD = (
    '{{"professional_id": "{}", "holder_kind": "PS", "medecin_traitant": true, "holder_name": "", "profession": "",'
    ' "structure_id": ""}}'
)
Connection = psycopg.Connection[Any]


_numbers = count(100)


def someone() -> str:
    return replace(CLAIRE, nir=f"2580769125{next(_numbers):03}").cx


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = open_database(tmp_path_factory.mktemp("house"))
    declare_domain(opened.layout.owner_url, "dmp")
    yield opened
    opened.destroy()


@pytest.fixture
def owner(database: Database) -> Iterator[Connection]:
    with psycopg.connect(database.layout.owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def stolen(database: Database) -> Iterator[Connection]:
    with psycopg.connect(
        database.layout.consultation_url, autocommit=True, options="-c search_path=ecluse,pg_temp"
    ) as connection:
        yield connection


@pytest.fixture
def patient() -> str:
    return someone()


@pytest.fixture
def key(owner: Connection, patient: str, tmp_path: Path) -> Any:
    return open_record(owner, patient, kek=create_kek(tmp_path / "kek")).patient_key


def call(stolen: Connection, key: Any, statement: str, *arguments: str) -> Any:
    """Call a function on a record with its present revision, which the role may read."""
    ((revision,),) = stolen.execute("SELECT revision FROM records WHERE patient_key = %s", (key,)).fetchall()
    return stolen.execute(statement.encode(), (key, revision, *arguments)).fetchone()


def test_a_block_is_neither_lifted_nor_written_over(
    owner: Connection, stolen: Connection, patient: str, key: Any
) -> None:
    block(owner, patient, BLOCKED)
    before = owner.execute("SELECT * FROM ecluse.authorisations WHERE patient_key = %s", (key,)).fetchall()
    for statement, argument in (
        ("SELECT set_authorisation(%s, %s, %s::text::jsonb, '{}', '[]')", _HELD.format(BLOCKED)),
        ("SELECT remove_authorisation(%s, %s, %s, '{}', '[]')", BLOCKED),
    ):
        with pytest.raises(psycopg.Error) as refused:
            call(stolen, key, statement, argument)
        assert refused.value.sqlstate == "XDS02"
    assert owner.execute("SELECT * FROM ecluse.authorisations WHERE patient_key = %s", (key,)).fetchall() == before


def test_a_closed_record_is_not_closed_again_nor_changed(
    owner: Connection, stolen: Connection, patient: str, key: Any
) -> None:
    authorise(owner, patient, DOCTOR)
    life.close_record(owner, patient)
    before = owner.execute("SELECT * FROM ecluse.records WHERE patient_key = %s", (key,)).fetchall()
    for statement, *arguments in (
        ("SELECT close_record(%s, %s, '', '', '{}', '[]')",),
        ("SELECT change_record(%s, %s, '{\"btg\": false}', '{}', '[]')",),
        ("SELECT remove_authorisation(%s, %s, %s, '{}', '[]')", DOCTOR),
        ("SELECT set_patient_access(%s, %s, 'a', 'b', 'SMS', '{}', '{}', '[]')",),
    ):
        with pytest.raises(psycopg.Error) as refused:
            call(stolen, key, statement, *arguments)
        assert refused.value.sqlstate == "XDS02"
    assert owner.execute("SELECT * FROM ecluse.records WHERE patient_key = %s", (key,)).fetchall() == before


def test_the_record_of_the_dead_and_one_that_is_open_are_not_opened_again(
    owner: Connection, stolen: Connection, patient: str, key: Any
) -> None:
    statement = "SELECT reactivate_record(%s, %s, '{}', '{}', '[]')"
    with pytest.raises(psycopg.Error, match="changed meanwhile"):
        call(stolen, key, statement)
    ((opened,),) = owner.execute("SELECT opened_at::date FROM ecluse.records WHERE patient_key = %s", (key,)).fetchall()
    life.record_death(owner, patient, opened)
    with pytest.raises(psycopg.Error, match="whose holder lives"):
        call(stolen, key, statement)
    assert owner.execute("SELECT status FROM ecluse.records WHERE patient_key = %s", (key,)).fetchall() == [("CLOSED",)]
    assert owner.execute("SELECT 1 FROM ecluse.openings WHERE patient_key = %s", (key,)).fetchall() == []


def test_a_former_identifier_gets_no_record(owner: Connection, stolen: Connection, patient: str, key: Any) -> None:
    other = someone()
    change_identifier(owner, patient, other)
    for patient_id in (patient, other):
        parts = patient_id.split("^")
        canonical = f"{parts[0]}^^^{parts[3]}^NH"
        found = stolen.execute(
            "SELECT create_record(%s, gen_random_uuid(), '', '', '{}', '{}', '[]')", (canonical,)
        ).fetchone()
        assert found == ("FOUND",)
    held = owner.execute(
        "SELECT patient_id FROM ecluse.patients WHERE split_part(patient_id, '^', 1) = ANY (%s)",
        ([patient.split("^", maxsplit=1)[0], other.split("^")[0]],),
    ).fetchall()
    assert [one.split("^")[0] for (one,) in held] == [other.split("^")[0]]

"""`ecluse records` and `ecluse audit` on a real house, server started and stopped by each command or left running."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from gateway.cli.main import main
from gateway.database.opening import open_database

INS, OTHER_INS = "280014401090604", "180014401090159"
DOCTOR = "810000000001"
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    data = tmp_path_factory.mktemp("house")
    database = open_database(data)
    yield data
    database.destroy()


@pytest.fixture
def run(house: Path) -> Run:
    def command(*words: str) -> Result:
        return CliRunner().invoke(main, ["--lang", "en", *words, "--data", str(house)])

    return command


def rows(run: Run) -> dict[str, dict[str, object]]:
    return {row["patient_id"].split("^")[0]: row for row in json.loads(run("records", "list", "--json").stdout)}


def test_the_life_of_a_record(run: Run) -> None:
    assert run("records", "open", INS).exit_code == 0
    assert run("records", "authorise", INS, DOCTOR, "--until", "2099-01-01").exit_code == 0
    assert (rows(run)[INS]["status"], rows(run)[INS]["authorised"]) == ("OPEN", 1)
    assert run("records", "revoke", INS, DOCTOR).exit_code == 0
    assert rows(run)[INS]["authorised"] == 0
    assert run("records", "close", INS).exit_code == 0
    assert rows(run)[INS]["status"] == "CLOSED"


def test_what_makes_no_sense_is_refused_in_one_line(run: Run) -> None:
    assert run("records", "open", OTHER_INS).exit_code == 0
    assert run("records", "block", OTHER_INS, DOCTOR).exit_code == 0
    for words in (
        ("open", OTHER_INS),
        ("open", "180014401090555", "--oid", "1.2.250.1.213.1.4.8"),
        ("authorise", OTHER_INS, DOCTOR),
        ("authorise", "180014401090060", DOCTOR),
        ("revoke", OTHER_INS, "810000000099"),
        ("close", "180014401090060"),
    ):
        result = run("records", *words)
        assert result.exit_code == 1, words
        assert result.stderr.startswith("Error: ")
        assert len(result.stderr.splitlines()) == 1
    assert "180014401090555" not in rows(run)


def test_a_seed_opens_all_its_records_or_none(run: Run, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.json"
    good.write_text(
        f'[[records]]\nins = "180014401090258"\nauthorise = ["{DOCTOR}"]\n[[records]]\nins = "180014401090357"\n'
    )
    bad.write_text(json.dumps({"records": [{"ins": "180014401090456"}, {"ins": "180014401090258"}]}))
    assert run("records", "seed", str(good)).exit_code == 0
    assert run("records", "seed", str(bad)).exit_code == 1
    known = rows(run)
    assert known["180014401090258"]["authorised"] == 1
    assert "180014401090357" in known
    assert "180014401090456" not in known


def test_the_trail_of_administration_names_no_patient(run: Run) -> None:
    shown = run("audit", "show", "--last", "100").stdout
    assert "RECORD-OPEN" in shown
    assert INS not in run("audit", "show", "--last", "100", "--json").stdout


def test_verify_exits_1_and_names_the_first_bad_event(run: Run, house: Path, tmp_path: Path) -> None:
    kept = tmp_path / "checkpoint"
    assert run("audit", "checkpoint", str(kept)).exit_code == 0
    whole = run("audit", "verify", "--from", str(kept))
    assert whole.exit_code == 0
    assert "whole" in whole.stdout
    server = open_database(house).server
    assert server is not None
    with psycopg.connect(server.url("ecluse"), autocommit=True) as intruder:
        intruder.execute("SET session_replication_role = replica")
        intruder.execute("UPDATE ecluse.audit_events SET event = event || ' ' WHERE sequence = 2")
    broken = run("audit", "verify")
    assert broken.exit_code == 1
    assert "administration: BAD at event 2: the event or its hash was changed (ALTERED)." in broken.stdout
    verdicts = {item["door"]: item for item in json.loads(run("audit", "verify", "--json").stdout)}
    assert (verdicts["administration"]["fault"], verdicts["administration"]["sequence"]) == ("ALTERED", 2)
    assert verdicts["ingest"]["fault"] is None

"""Scenarios as data: their table, their verdicts, their report, their command."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path

import click
import pytest
import requests
from click.testing import CliRunner

from conformance.scenarios.model import Result, Scenario, Step, Table, run
from conformance.scenarios.report import markdown
from conformance.scenarios.steps import accepted, counted, refused, same
from conformance.scenarios.xds.catalogue import NOT_REPLAYED, SCENARIOS
from gateway.cli.certify import certify, chosen
from samples.client.answers import QueryAnswer, RegistryAnswer, ReportedError, SoapFault
from samples.client.mtom import Packaging
from security import xml

SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
FAILURE = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"


def answer(status: str = SUCCESS, *codes: str, severity: str = "Error") -> RegistryAnswer:
    errors = tuple(ReportedError(code, f"about {code}", "", severity) for code in codes)
    return RegistryAnswer(status=status, errors=errors, http_status=200, packaging=Packaging.SIMPLE)


def scenario(play) -> Scenario:
    return Scenario(id="T.1", title="A test", actor="Document Registry", transaction="ITI-42", tests=("1",), play=play)


def test_ids_are_used_once():
    ids = [row.id for row in SCENARIOS]
    assert len(ids) == len(set(ids))


def test_a_test_of_the_toolkit_is_replayed_or_is_not():
    patterns = [pattern for tests, _ in NOT_REPLAYED for pattern in tests.split()]
    assert len(patterns) == len(set(patterns))
    replayed = {test for row in SCENARIOS for test in row.tests}
    assert [test for test in replayed if any(fnmatchcase(test, pattern) for pattern in patterns)] == []


def test_a_scenario_stops_at_the_step_that_goes_wrong():
    def play(_bench):
        yield Step("first", "1", "1")
        yield Step("second", "2", "3")
        yield Step("third", "3", "3")

    result = run(scenario(play), None)
    assert [step.title for step in result.steps] == ["first", "second"]
    assert not result.passed
    assert result.failure.title == "second"


@pytest.mark.parametrize(
    "error", [SoapFault(500, "Receiver", (), "broken", {}), requests.ConnectionError("cut")], ids=["fault", "cut"]
)
def test_no_answer_is_a_step_that_goes_wrong(error):
    def play(_bench):
        yield Step("first", "1", "1")
        raise error

    result = run(scenario(play), None)
    assert result.failure is not None
    assert type(error).__name__ in result.failure.got


def test_a_scenario_without_steps_does_not_pass():
    assert not Result(scenario(lambda _bench: iter(())), ()).passed


@pytest.mark.parametrize(
    ("step", "passed"),
    [
        (accepted("x", answer()), True),
        (accepted("x", answer(SUCCESS, "XDSExtraMetadataNotSaved", severity="Warning")), True),
        (accepted("x", answer(FAILURE, "XDSRegistryError")), False),
        (refused("x", answer(FAILURE, "XDSRegistryError")), True),
        (refused("x", answer(FAILURE, "A", "B"), "B"), True),
        (refused("x", answer(FAILURE, "A"), "B"), False),
        (refused("x", answer(FAILURE)), False),
        (refused("x", answer(), "B"), False),
        (refused("x", answer(FAILURE, "B", severity="Warning"), "B"), False),
        (same("x", {"b", "a"}, ["a", "b"]), True),
        (same("x", (), ()), True),
        (same("x", 1, 2), False),
    ],
)
def test_an_answer_is_told_as_expected_or_not(step, passed):
    assert step.passed is passed


def test_objects_are_counted_by_kind():
    rim = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
    objects = tuple(xml.parse(f'<ObjectRef xmlns="{rim}" id="urn:uuid:{number}"/>'.encode()) for number in range(2))
    found = QueryAnswer(status=SUCCESS, errors=(), http_status=200, packaging=Packaging.SIMPLE, objects=objects)
    assert counted("x", found, refs=2).passed
    assert counted("x", found, refs=2, folders=0).passed
    assert counted("x", found, entries=2).got == "2 refs"


def test_rows_keep_the_order_in_which_they_are_written():
    table = Table("Document Registry", "ITI-42")
    table.row("A.2", "Second letter", "12")(lambda _bench: iter(()))
    table.add("A.1", "First letter", (), lambda _bench: iter(()))
    assert [(row.id, row.tests) for row in table.rows] == [("A.2", ("12",)), ("A.1", ())]


def test_the_table_tells_what_passed_and_what_did_not():
    passed = Result(scenario(lambda _bench: iter(())), (Step("x", "1", "1"),))
    failed = Result(scenario(lambda _bench: iter(())), (Step("a | b", "1", "2"),))
    told = markdown((passed, failed))
    assert told.startswith("1 of 2 scenarios pass; they replay 1 tests of the NIST XDS toolkit.")
    assert "| T.1 | A test | 1 | yes |" in told
    assert "| T.1 | A test | 1 | no: a &#124; b |" in told
    assert all(reason in told for _, reason in NOT_REPLAYED)


def test_scenarios_are_chosen_by_id_and_by_pattern():
    assert [row.id for row in chosen(("R.01",))] == ["R.01"]
    assert {row.id[0] for row in chosen(("Z.*",))} == {"Z"}
    assert chosen(()) == SCENARIOS
    with pytest.raises(click.UsageError, match=r"R\.99"):
        chosen(("R.99",))


@pytest.mark.parametrize(
    "arguments",
    [["xds", "--ingest", "https://localhost:1"], ["xds", "--only", "R.99"], ["xds", "--ca", __file__]],
    ids=["half a house", "unknown scenario", "authority alone"],
)
def test_a_command_that_cannot_be_meant_says_so(arguments):
    result = CliRunner().invoke(certify, arguments)
    assert result.exit_code == 2


def test_a_named_house_is_played_against_and_its_steps_come_as_json(bench, tmp_path):
    def pem(client, name):
        path = tmp_path / name
        path.write_bytes(b"".join(Path(file).read_bytes() for file in client.session.cert))
        return str(path)

    ingest, consultation = bench.ingest, bench.consultation
    doors = ["--ingest", ingest.repository.address, "--consultation", consultation.registry.address]
    shown = ["--ingest-certificate", pem(ingest, "ingest.pem")]
    shown += ["--consultation-certificate", pem(consultation, "consultation.pem"), "--ca", str(ingest.session.verify)]
    told = CliRunner().invoke(certify, ["xds", *doors, *shown, "--only", "R.01", "--json"])
    rows = json.loads(told.stdout)
    assert (told.exit_code, [row["scenario"] for row in rows], rows[0]["passed"]) == (0, ["R.01"], True)
    assert rows[0]["steps"][0] == {"step": "register", "expected": "Success", "got": "Success", "passed": True}

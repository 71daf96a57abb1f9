"""`ecluse samples`: documents with a manifest that says what each is, and our own verdict agrees."""

from __future__ import annotations

import csv

import pytest
from click.testing import CliRunner

from conformance.structure.rules import RULES
from conformance.validate import validate
from gateway.cli.main import main


@pytest.fixture
def run():
    return lambda *arguments: CliRunner().invoke(main, ["--lang", "en", "samples", *map(str, arguments)])


def manifest(directory):
    with (directory / "manifest.csv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def test_each_broken_document_breaks_the_rule_that_its_row_names(run, tmp_path):
    directory = tmp_path / "broken"

    result = run("broken", directory, "--family", "structure")

    rows = manifest(directory)
    assert result.exit_code == 0, result.output
    assert f"{len(rows)} broken documents" in result.stdout
    assert {row["rule"] for row in rows} == set(RULES)
    for row in rows:
        content = (directory / row["file"]).read_bytes()
        found = {one.rule: one for one in validate(content, row["profile"]).findings}
        assert found[row["rule"]].severity == row["severity"]
        assert found[row["rule"]].message_en == row["message"]
    assert {path.relative_to(directory).as_posix() for path in directory.rglob("*.xml")} == {
        row["file"] for row in rows
    }


def test_one_rule_may_be_asked_for(run, tmp_path):
    directory = tmp_path / "one"

    assert run("broken", directory, "--rule", "VSM-CODE").exit_code == 0
    assert {row["rule"] for row in manifest(directory)} == {"VSM-CODE"}


def test_good_documents_are_valid_by_the_profile_of_their_row(run, tmp_path):
    directory = tmp_path / "good"

    result = run("good", directory)

    rows = manifest(directory)
    assert result.exit_code == 0, result.output
    assert {row["file"].split("/")[0] for row in rows} >= {"structure", "header", "vsm", "ips", "level1"}
    for row in rows:
        report = validate((directory / row["file"]).read_bytes(), row["profile"])
        assert report.valid
        assert {one.rule for one in report.warnings} == set(row["warnings"].split())


def test_a_directory_with_something_in_it_is_left_alone(run, tmp_path):
    (tmp_path / "mine").write_text("mine")

    for command in ("good", "broken"):
        result = run(command, tmp_path)

        assert result.exit_code == 1
        assert "not empty" in result.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--family", "nothing"), "there are structure"), (("--rule", "NOTHING"), "No document breaks NOTHING")],
)
def test_what_nobody_made_is_told_and_nothing_is_written(run, arguments, said, tmp_path):
    result = run("broken", tmp_path / "none", *arguments)

    assert result.exit_code == 1
    assert said in result.stderr
    assert not (tmp_path / "none").exists()

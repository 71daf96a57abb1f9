from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from gateway.cli.main import main
from samples.documents.vsm import vsm


@pytest.fixture
def run():
    return lambda *arguments: CliRunner().invoke(main, ["--lang", "en", "validate", *map(str, arguments)])


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "good.xml"
    path.write_bytes(vsm())
    return path


@pytest.fixture
def bad(tmp_path):
    path = tmp_path / "zbad.xml"
    path.write_bytes(vsm(breaking="VSM-CODE"))
    return path


def test_a_valid_document_exits_with_0(run, good):
    result = run(good)

    assert result.exit_code == 0
    assert result.stdout == f"{good}: valid (vsm)\n"


def test_an_invalid_document_exits_with_1_and_says_where(run, bad):
    result = run(bad)

    assert result.exit_code == 1
    assert "error VSM-CODE 9:3" in result.stdout
    assert "found: 34133-9, expected: SYNTH" in result.stdout


def test_what_cannot_be_judged_exits_with_2_and_the_others_are_judged(run, good, tmp_path):
    other = tmp_path / "absent.xml"

    result = run(other, good, __file__)

    assert result.exit_code == 2
    assert f"{good}: valid (vsm)" in result.stdout
    assert f"{other}: cannot be judged: No such file or directory" in result.stderr
    assert "1 valid, 0 invalid (0 errors), 2 unusable" in result.stderr


def test_json_has_one_object_for_each_file_in_order(run, good, bad):
    result = run("--format", "json", bad, good, __file__)

    printed = json.loads(result.stdout)
    assert [one["file"] for one in printed] == [str(bad), str(good), __file__]
    assert [(one["profile"], one["valid"]) for one in printed] == [("vsm", False), ("vsm", True), (None, False)]
    assert printed[0]["findings"][0]["rule"] == "VSM-CODE"
    assert result.exit_code == 2


def test_a_directory_stands_for_its_documents(run, good, bad):
    result = run(good.parent)

    assert result.exit_code == 1
    assert "1 valid, 1 invalid (1 errors), 0 unusable" in result.stderr


def test_a_profile_can_be_chosen(run, bad):
    assert run("--profile", "ci_sis_header", bad).exit_code == 0
    assert run("--profile", "nothing", bad).exit_code == 2

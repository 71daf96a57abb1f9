"""`ecluse validate`: verdicts, exit codes, formats, and nothing that a file could do to the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.report import Report, Severity
from conformance.reports.formats import FORMATS
from conformance.reports.judged import Judged
from conformance.validate import VSM_2023, validate
from gateway.cli.main import main
from gateway.cli.validate_totals import exit_code
from samples.documents.vsm import vsm
from security import xml


@pytest.fixture
def run():
    def run(*arguments, **options):
        return CliRunner().invoke(main, ["--lang", "en", "validate", *map(str, arguments)], **options)

    return run


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "good.xml"
    path.write_bytes(vsm())
    return path


@pytest.fixture
def bad(tmp_path):
    path = tmp_path / "zbad.xml"
    path.write_bytes(vsm().replace(b'<code code="SYNTH"', b'<code code="34133-9"', 1))
    return path


def test_a_valid_document_exits_with_0(run, good):
    result = run(good)

    assert result.exit_code == 0
    assert result.stdout.startswith(f"{good}: valid ({VSM_2023})\n")


def test_an_invalid_document_exits_with_1_and_shows_the_line(run, bad):
    result = run(bad)

    assert result.exit_code == 1
    assert "error VSM-CODE 9:3" in result.stdout
    assert '       9 │   <code code="34133-9"' in result.stdout
    assert "found: 34133-9, expected: SYNTH" in result.stdout


def test_what_cannot_be_judged_exits_with_2_and_the_others_are_judged(run, good, tmp_path):
    other = tmp_path / "absent.xml"

    result = run(other, good, __file__)

    assert result.exit_code == 2
    assert f"{good}: valid" in result.stdout
    assert f"{other}: cannot be judged: The file does not exist." in result.stderr
    assert f"{__file__}: cannot be judged: The file is not XML" in result.stderr
    assert "1 valid, 0 invalid (0 errors), 2 unusable" in result.stderr


def test_json_has_one_object_for_each_file_in_order(run, good, bad):
    result = run("--format", "json", bad, good, __file__)

    printed = json.loads(result.stdout)
    assert [one["file"] for one in printed] == [str(bad), str(good), __file__]
    assert [(one["profile"], one["valid"]) for one in printed] == [(VSM_2023, False), (VSM_2023, True), (None, False)]
    assert printed[0]["findings"][0]["rule"] == "VSM-CODE"
    assert result.exit_code == 2


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_printed_or_written_to_a_file(run, form, good, bad, tmp_path):
    output = tmp_path / "report"

    printed, written = run("--format", form, bad, good), run("--format", form, "--output", output, bad, good)

    assert printed.exit_code == written.exit_code == 1
    assert written.stdout == ""
    assert output.read_bytes() == printed.stdout_bytes
    if form in ("svrl", "junit"):
        xml.parse(printed.stdout_bytes)
    assert [one.name for one in tmp_path.iterdir()].count("report") == len(list(tmp_path.glob("*report*")))


def test_an_output_that_cannot_be_written_is_told(run, good, tmp_path):
    result = run("--output", tmp_path / "nowhere" / "report", good)

    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


def test_a_folder_stands_for_its_documents_at_any_depth_and_totals_are_told(run, good, bad, tmp_path):
    (tmp_path / "a").mkdir()
    good.rename(tmp_path / "a" / "good.XML")
    (tmp_path / "notes.txt").write_text("no document")
    (tmp_path / "loop").symlink_to(tmp_path)

    result = run(tmp_path)

    assert result.exit_code == 1
    assert [line.split(": ")[0] for line in result.stdout.splitlines() if line.startswith(str(tmp_path))] == [
        str(bad),
        str(tmp_path / "a" / "good.XML"),
    ]
    assert "1 valid, 1 invalid (1 errors), 0 unusable" in result.stderr
    assert "1 × VSM-CODE" in result.stderr


def test_the_standard_input_has_a_name(run):
    result = run("--stdin-name", "letter.xml", "-", input=vsm())

    assert result.exit_code == 0
    assert result.stdout.startswith("letter.xml: valid")


def test_a_profile_can_be_chosen_and_vsm_is_the_version_that_the_document_names(run, bad, good):
    assert run("--profile", "ci_sis_header", bad).exit_code == 0
    assert run("--profile", "nothing", bad).exit_code == 2
    assert f"({VSM_2023})" in run("--profile", "vsm", good).stdout
    good.write_bytes(vsm().replace(b'extension="2023.01"', b'extension="201310"'))
    assert "(vsm-1.4)" in run("--profile", "vsm", good).stdout


def test_the_language_may_be_named_after_the_command(run, bad):
    assert f"{bad}: non valide" in run("--lang", "fr", bad).stdout


@pytest.mark.parametrize(
    ("severity", "fail_on", "expected"),
    [("error", "error", 1), ("warning", "error", 0), ("warning", "warning", 1), ("info", "warning", 0)],
)
def test_the_exit_code_follows_the_gravest_finding(severity, fail_on, expected, run, bad):
    finding = replace(validate(bad.read_bytes()).findings[0], severity=Severity(severity))

    assert exit_code(Judged("x", Report("p", (finding,))), Severity(fail_on)) == expected


def test_several_processes_keep_the_order(run, tmp_path):
    for number in range(12):
        (tmp_path / f"{number:02}.xml").write_bytes(vsm() if number % 3 else b"")

    one, two = run(tmp_path), run("--jobs", 2, tmp_path)

    assert one.stdout == two.stdout
    assert one.exit_code == two.exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name a file"),
        (["--watch", "-"], "--watch"),
        (["--watch", "--format", "json", "x"], "--watch"),
        (["--ours", "x"], "--pack"),
        (["--fix", "-"], "--fix"),
        (["-", "-"], "once"),
        (["--pack", "nowhere", "x"], "No pack"),
    ],
)
def test_options_that_do_not_go_together_are_refused(run, arguments, said):
    result = run(*arguments)

    assert result.exit_code == 2
    assert said in result.stderr


def test_a_document_of_another_country_is_told_so(run, good):
    good.write_bytes(vsm().replace(b'<realmCode code="FR"', b'<realmCode code="US"'))

    result = run(good)

    assert result.exit_code == 1
    assert "error HDR-realmCode" in result.stdout
    assert "made for another realm (US); it is judged by the French rules" in result.stdout


def test_a_rule_is_explained_in_both_languages(run):
    english, french = run("--explain", "VSM-CODE"), run("--lang", "fr", "--explain", "VSM-CODE")

    assert english.exit_code == french.exit_code == 0
    assert "VSM-CODE  [error]  CI-SIS VSM" in english.stdout
    assert "holds when: " in english.stdout
    assert "tient si: " in french.stdout


def test_a_rule_nobody_knows_brings_near_names(run):
    result = run("--explain", "VSM-COD")

    assert result.exit_code == 2
    assert "VSM-CODE" in result.stderr


def test_the_real_command_judges_and_exits(good, bad, tmp_path):
    environment = {**os.environ, "LC_ALL": "fr_FR.UTF-8", "PYTHONIOENCODING": "utf-8"}
    command = [Path(sys.executable).with_name("ecluse"), "validate"]

    valid = subprocess.run([*command, good], capture_output=True, check=False, env=environment)
    invalid = subprocess.run([*command, good, bad], capture_output=True, check=False, env=environment)
    piped = subprocess.run([*command, "-"], input=b"", capture_output=True, check=False, env=environment)

    assert (valid.returncode, invalid.returncode, piped.returncode) == (0, 1, 2)
    assert f"{bad}: non valide".encode() in invalid.stdout
    assert b"1 valides, 1 non valides" in invalid.stderr
    assert b"Le fichier est vide" in piped.stderr
    assert b"\x1b" not in invalid.stdout + invalid.stderr

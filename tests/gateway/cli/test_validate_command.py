"""`ecluse validate`: verdicts, exit codes, formats, and nothing that a file could do to the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from lxml import etree

from conformance.judging import Judge
from conformance.report import Report, Severity
from conformance.reports.formats import FORMATS
from conformance.reports.judged import Judged
from conformance.validate import VSM_2023, validate
from gateway.cli.main import main
from gateway.cli.validate_files import Source
from gateway.cli.validate_judge import judge_all
from gateway.cli.validate_totals import exit_code
from samples.documents.vsm import vsm
from samples.submission import Submission, build_submission
from security import xml
from xds.ebrim.constants import XDS


@pytest.fixture
def run():
    def run(*arguments, **options):
        return CliRunner().invoke(main, ["--lang", "en", "validate", *map(str, arguments)], **options)

    return run


@dataclass(frozen=True)
class FailsOnBad:
    """A chain that fails on one document, and quotes it."""

    def validate(self, document, *, at_most=None):
        if b"34133-9" in document.content:
            raise KeyError("34133-9")
        return Report("chain", ())


@dataclass(frozen=True)
class DiesOnBad:
    """A chain whose process does not survive one document."""

    def validate(self, document, *, at_most=None):
        if b"34133-9" in document.content:
            os._exit(9)
        return Report("chain", ())


@pytest.fixture(scope="module")
def lot(pki) -> Submission:
    content = vsm(unique_id="2.25.7")
    return build_submission([content], signer=pki.certificate("chu-seine.sign"), now=datetime.now(UTC))


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
    assert "found: 34133-9, 1.2.250.1.213.1.1.4.12, expected: SYNTH, 1.2.250.1.213.1.1.4.12" in result.stdout


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


def test_a_report_never_takes_the_place_of_a_document(run, bad, tmp_path):
    before = bad.read_bytes()
    link = tmp_path / "link.json"
    link.symlink_to(bad)

    for named, output in ((bad, bad), (bad, link), (bad.parent, bad)):
        result = run("--output", output, named)

        assert result.exit_code == 2
        assert "is judged itself" in result.stderr
        assert bad.read_bytes() == before


def test_an_output_that_cannot_be_written_is_told(run, good, tmp_path):
    result = run("--output", tmp_path / "nowhere" / "report", good)

    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_standard_output_that_is_full_is_told_and_is_no_verdict(good, form):
    command = [sys.executable, "-m", "gateway", "--lang", "en", "validate", "--format", form, str(good)]
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert result.returncode == 2
    assert result.stderr.startswith("The report cannot be written: ")
    assert "Traceback" not in result.stderr


def test_a_profile_of_ours_is_not_asked_of_a_pack_alone(run, good, tmp_path):
    result = run("--pack", tmp_path, "--profile", "vsm-1.4", good)

    assert result.exit_code == 2
    assert "Add --ours" in result.stderr


def test_an_output_called_by_a_dash_is_the_standard_output(run, good, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert "valid" in run("--output", "-", good).stdout
    assert not Path("-").exists()


def test_a_folder_stands_for_its_documents_at_any_depth_and_totals_are_told(run, good, bad, tmp_path):
    (tmp_path / "a").mkdir()
    good.rename(tmp_path / "a" / "good.XML")
    (tmp_path / "notes.txt").write_text("no document")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "other.xml").write_text("no document")
    (tmp_path / "loop").symlink_to(tmp_path)

    result = run(tmp_path)

    assert result.exit_code == 1
    assert [line.split(": ")[0] for line in result.stdout.splitlines() if line.startswith(str(tmp_path))] == [
        str(bad),
        str(tmp_path / "a" / "good.XML"),
    ]
    assert "1 valid, 1 invalid (1 error), 0 unusable" in result.stderr
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
        (["--force", "a.xml"], "--fix"),
        (["-", "-"], "once"),
        (["--pack", "nowhere", "x"], "No pack"),
        (["--with", "nowhere.xml", "x"], "nowhere.xml: The file does not exist"),
        (["--with", "x", "--profile", "level1", "x"], "--with compares"),
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
    assert "tient si : " in french.stdout


def test_a_rule_nobody_knows_brings_near_names(run):
    result = run("--explain", "VSM-COD")

    assert result.exit_code == 2
    assert "VSM-CODE" in result.stderr


def test_every_rule_is_listed_in_text_and_json(run):
    told, listed = run("--explain", "all"), run("--explain", "all", "--format", "json")
    one = run("--explain", "CDA-FIXED", "--format", "json")

    rules = json.loads(listed.stdout)
    assert json.loads(one.stdout) in rules
    assert [line.split()[0] for line in told.stdout.splitlines()] == [rule["rule"] for rule in rules]
    assert run("--explain", "all", "--format", "svrl").exit_code == 2


def test_a_message_of_metadata_is_judged_and_compared_with_its_documents(run, lot, tmp_path):
    message, document, other = (tmp_path / name for name in ("message.xml", "document.xml", "other.xml"))
    root = etree.Element(f"{{{XDS}}}ProvideAndRegisterDocumentSetRequest")
    root.append(lot.xml)
    message.write_bytes(etree.tostring(root))
    document.write_bytes(vsm(unique_id="2.25.7"))
    other.write_bytes(vsm(unique_id="2.25.7").replace(b'code="SYNTH"', b'code="34133-9"'))

    alone, generic = run(message), run("--profile", "xds-metadata-ihe", "--format", "json", message)
    agreeing, disagreeing = run("--with", document, message), run("--with", other, message)

    assert alone.exit_code == agreeing.exit_code == 0
    assert alone.stdout.startswith(f"{message}: valid (xds-metadata-dmp)")
    assert json.loads(generic.stdout)[0]["profile"] == "xds-metadata-ihe"
    assert disagreeing.exit_code == 1
    assert "AGR-TYPECODE" in disagreeing.stdout


def test_the_clinical_view_is_in_every_format_that_asks_for_it(run, good):
    (report,) = json.loads(run("--summary", "--format", "json", good).stdout)

    assert len(report["summary"]["headings"]) == 9
    assert "48765-2" not in run(good).stdout
    assert "Allergies" in run("--summary", good).stdout
    assert "<h" in run("--summary", "--format", "html", good).stdout


def test_one_page_is_checked_where_documents_can_be_laid_out(run, good):
    pytest.importorskip("weasyprint", reason="WeasyPrint is not installed")

    (report,) = json.loads(run("--one-page", "--format", "json", good).stdout)

    assert report["summary"]["pages"] == 1


def test_one_page_names_the_library_that_is_missing(run, good, monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)

    result = run("--one-page", good)

    assert result.exit_code == 2
    assert "pip install 'ecluse[pdf]'" in result.stderr


def test_a_fault_of_ours_costs_one_file_and_quotes_nothing(good, bad, capfd):
    judge = Judge(pack=FailsOnBad())

    for jobs in (1, 2):
        one, two = judge_all(judge, [Source("bad", bad), Source("good", good)], jobs)

        assert [found.rule for found in one.report.findings] == ["ECLUSE-INCIDENT"]
        assert (one.usable, two.report.valid) == (False, True)
    assert "34133-9" not in "".join(capfd.readouterr())


def test_a_process_that_dies_takes_one_file_with_it(good, bad):
    files = [Source(str(number), bad if number == 1 else good) for number in range(6)]

    verdicts = list(judge_all(Judge(pack=DiesOnBad()), files, 2))

    assert [one.file for one in verdicts] == [one.name for one in files]
    assert [one.usable for one in verdicts] == [True, False, True, True, True, True]


def test_the_real_command_judges_and_exits(good, bad, tmp_path):
    environment = {**os.environ, "LC_ALL": "fr_FR.UTF-8", "PYTHONIOENCODING": "utf-8"}
    command = [Path(sys.executable).with_name("ecluse"), "validate"]

    valid = subprocess.run([*command, good], capture_output=True, check=False, env=environment)
    invalid = subprocess.run([*command, good, bad], capture_output=True, check=False, env=environment)
    piped = subprocess.run([*command, "-"], input=b"", capture_output=True, check=False, env=environment)

    assert (valid.returncode, invalid.returncode, piped.returncode) == (0, 1, 2)
    assert f"{bad}: non valide".encode() in invalid.stdout
    assert b"1 valide, 1 non valide (1 erreur)" in invalid.stderr
    assert b"Le fichier est vide" in piped.stderr
    assert b"\x1b" not in invalid.stdout + invalid.stderr

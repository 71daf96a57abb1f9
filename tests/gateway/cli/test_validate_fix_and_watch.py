"""Repairs are made in the file and the original is kept; what changes is judged again."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.positions import positions
from conformance.repairs import edits
from conformance.report import Finding, Report, Severity
from gateway.cli.main import main
from gateway.cli.validate_files import Source
from gateway.cli.validate_fix import fix
from gateway.cli.validate_watch import watch
from samples.documents.vsm import vsm
from security import xml

GOOD = b"<a>\r\n  <code code='right'/>\r\n</a>"
BAD = b"<a>\r\n  <code code='wrong'/>\r\n</a>"


class CodeJudge:
    """A judge with one rule: every code is right, and knows the repair."""

    def __call__(self, content: bytes) -> Report:
        root = xml.parse(content)
        places = positions(content, root)
        return Report(
            "codes",
            tuple(
                Finding(
                    rule="CODE", severity=Severity.ERROR, source="S", path="/a/code", line=places[one].line,
                    column=places[one].column, found=one.get("code"), expected="right", message="m", message_en="m",
                    repair=edits("@code='right'", one, content, places[one].start),
                )
                for one in root.iter("code")
                if one.get("code") != "right"
            ),
        )  # fmt: skip


def test_a_repair_is_made_in_place_and_the_original_is_kept_beside(tmp_path, capsys):
    path = tmp_path / "a.xml"
    path.write_bytes(BAD)
    path.chmod(0o640)

    judged = fix(CodeJudge(), Source("a.xml", path))

    assert judged.report.valid
    assert path.read_bytes() == GOOD
    assert (tmp_path / "a.xml.orig").read_bytes() == BAD
    assert path.stat().st_mode & 0o777 == 0o640
    assert "CODE 2:3" in capsys.readouterr().err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.xml", "a.xml.orig"]


def test_an_original_is_never_written_over(tmp_path):
    path = tmp_path / "a.xml"
    (tmp_path / "a.xml.orig").write_bytes(b"older")
    path.write_bytes(BAD)

    fix(CodeJudge(), Source("a.xml", path))

    assert (tmp_path / "a.xml.orig").read_bytes() == b"older"
    assert (tmp_path / "a.xml.orig1").read_bytes() == BAD


def test_a_read_only_file_is_repaired_only_when_told(tmp_path, capsys):
    path = tmp_path / "a.xml"
    path.write_bytes(BAD)
    path.chmod(0o444)

    assert fix(CodeJudge(), Source("a.xml", path)).report.valid is False
    assert path.read_bytes() == BAD
    assert list(tmp_path.iterdir()) == [path]
    assert "--force" in capsys.readouterr().err

    assert fix(CodeJudge(), Source("a.xml", path), force=True).report.valid
    assert path.read_bytes() == GOOD
    assert path.stat().st_mode & 0o777 == 0o444


def test_a_file_without_a_certain_repair_is_not_touched(tmp_path):
    path = tmp_path / "a.xml"
    path.write_bytes(GOOD)

    fix(CodeJudge(), Source("a.xml", path))

    assert [one.name for one in tmp_path.iterdir()] == ["a.xml"]


def test_a_link_stays_a_link_and_its_file_is_repaired(tmp_path):
    (tmp_path / "real.xml").write_bytes(BAD)
    (tmp_path / "a.xml").symlink_to(tmp_path / "real.xml")

    fix(CodeJudge(), Source("a.xml", tmp_path / "a.xml"))

    assert (tmp_path / "a.xml").is_symlink()
    assert (tmp_path / "real.xml").read_bytes() == GOOD


@pytest.fixture
def mendable(tmp_path):
    """A medical summary whose language is spelled wrongly: the repair is certain."""
    path = tmp_path / "summary.xml"
    path.write_bytes(vsm().replace(b'languageCode code="fr-FR"', b'languageCode code="french"'))
    return path


def test_the_command_repairs_a_document_and_tells_what_it_did(mendable):
    broken = mendable.read_bytes()

    result = CliRunner().invoke(main, ["--lang", "en", "validate", "--fix", str(mendable)])

    assert result.exit_code == 0
    assert "1 repaired; the original is" in result.stderr
    assert "R-LANG" in result.stderr
    assert mendable.read_bytes() == broken.replace(b'"french"', b'"fr-FR"')
    assert mendable.with_name("summary.xml.orig").read_bytes() == broken


@pytest.mark.skipif(not shutil.which("patch"), reason="patch is not installed")
def test_the_patch_makes_the_same_repair(mendable):
    broken = mendable.read_bytes()
    result = CliRunner().invoke(main, ["validate", "--format", "patch", str(mendable)])
    diff = result.stdout.replace(str(mendable), mendable.name).encode()

    subprocess.run(["patch", "-p0", "-s"], input=diff, cwd=mendable.parent, check=True)

    assert result.exit_code == 1
    assert mendable.read_bytes() == broken.replace(b'"french"', b'"fr-FR"')


def test_watching_judges_what_is_new_or_changed_and_ends_with_the_worst_of_what_stands(tmp_path, capsys):
    path = tmp_path / "a.xml"
    path.write_bytes(BAD)
    judged: list[str] = []
    looks = 0

    def files():
        nonlocal looks
        looks += 1
        if looks == 2:
            path.write_bytes(GOOD + b"\n")
            (tmp_path / "b.xml").write_bytes(BAD)
        if looks == 3:
            (tmp_path / "b.xml").unlink()
        if looks == 4:
            raise KeyboardInterrupt
        return [Source(one.name, one) for one in sorted(tmp_path.glob("*.xml"))]

    def judge(found):
        judged.append(found[0].name)
        return 0 if found[0].path.read_bytes().startswith(GOOD) else 1

    code = watch(files, judge, interval=0)

    assert judged == ["a.xml", "a.xml", "b.xml"]
    assert code == 0


@pytest.mark.skipif(not hasattr(signal, "SIGINT"), reason="no signals")
def test_the_real_command_watches_until_it_is_interrupted(tmp_path):
    path = tmp_path / "a.xml"
    path.write_bytes(vsm())
    command = [Path(sys.executable).with_name("ecluse"), "--lang", "en", "validate", "--watch", path]
    # Where these tests run in the background SIGINT is ignored, and so it would be by the command.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        signal.signal(signal.SIGINT, before)
        first = until(running, "watching")
        changed = tmp_path / "changed"
        changed.write_bytes(vsm().replace(b'<code code="SYNTH"', b'<code code="34133-9"', 1))
        changed.replace(path)
        second = until(running, "watching")
        running.send_signal(signal.SIGINT)
        running.communicate()

    assert f"{path}: valid" in first
    assert f"{path}: invalid" in second
    assert running.returncode == 1


def until(running: subprocess.Popen[str], word: str) -> str:
    """What a command prints up to a line with this word."""
    printed = ""
    while word not in printed:
        printed += running.stdout.readline()
    return printed

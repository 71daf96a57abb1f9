"""Bad files at the command: one verdict each, in bounded memory, and none harms another.

Sizes and memory are of real processes; a process that hangs fails by its timeout.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from samples.documents.bad_files import LARGE, SMALL
from samples.documents.patients import CLAIRE

JUDGED, REFUSED = 300, 150
"""Most memory of the command, in MiB: for a document that is judged, for one that is refused by its size."""
EXIT = {"valid": 0, "invalid": 1, "unusable": 2}
_WRAPPED = """
import sys
from pathlib import Path
from gateway.cli.main import main
told = Path(sys.argv.pop())
try:
    main()
finally:
    lines = Path("/proc/self/status").read_text().splitlines()
    told.write_text(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""
"""The command, which ends by telling the most memory it had, in KiB, to the file that its last argument names."""


@dataclass(frozen=True)
class Ended:
    code: int
    stdout: bytes
    stderr: str
    peak: int


@pytest.fixture
def command(tmp_path) -> Callable[..., Ended]:
    """The command in a process of its own, and the most memory it had, in MiB."""
    if not Path("/proc/self/status").exists():
        pytest.skip("memory is measured where there is /proc")

    def run(*arguments: object) -> Ended:
        told = tmp_path / "peak"
        words = ["--lang", "en", "validate", *map(str, arguments)]
        done = subprocess.run(
            [sys.executable, "-c", _WRAPPED, *words, str(told)], capture_output=True, check=False, timeout=60
        )
        return Ended(done.returncode, done.stdout, done.stderr.decode(), int(told.read_text()) // 1024)

    return run


def test_every_small_bad_file_has_its_verdict_and_none_harms_another(command, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    for number, bad in enumerate(SMALL.values()):
        (folder / f"{number:02}.xml").write_bytes(bad.content())

    ended = command("--format", "json", folder)

    assert ended.code == 2
    reports = json.loads(ended.stdout)
    for bad, report in zip(SMALL.values(), reports, strict=True):
        assert bad.disagreement(report) is None
    assert "Traceback" not in ended.stderr
    assert CLAIRE.family not in ended.stderr
    assert ended.peak < REFUSED


@pytest.mark.parametrize("name", LARGE)
def test_a_large_bad_file_has_its_verdict_in_bounded_memory(command, name, tmp_path):
    bad, path = LARGE[name], tmp_path / "a.xml"
    path.write_bytes(bad.content())

    ended = command("--format", "json", path)

    (report,) = json.loads(ended.stdout)
    assert bad.disagreement(report) is None
    assert ended.code == EXIT[bad.verdict]
    assert "Traceback" not in ended.stderr
    assert ended.peak < (REFUSED if bad.verdict == "unusable" else JUDGED)


def test_a_file_of_200_megabytes_is_refused_before_it_is_read(command, tmp_path):
    path = tmp_path / "a.xml"
    with path.open("wb") as file:
        file.truncate(200 * 1024 * 1024)

    ended = command(path)

    assert ended.code == 2
    assert "too large" in ended.stderr
    assert ended.peak < REFUSED

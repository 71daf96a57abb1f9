"""The diff is accepted by `patch -p0` and `git apply`, and makes exactly the bytes that `mend` makes."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.repairs import mend
from conformance.report import Edit, Report
from conformance.reports.judged import Judged, Options
from conformance.reports.patch import render, unified_diff

TOOLS = [
    pytest.param(command, id=command[0], marks=pytest.mark.skipif(not shutil.which(command[0]), reason="not installed"))
    for command in (
        ["patch", "-p0", "-s", "-i", "change.diff"],
        ["git", "apply", "-p0", "--whitespace=nowarn", "change.diff"],
    )
]
LINES = [b"line %d" % number for number in range(1, 41)]


def applied(tool: list[str], folder, name: str, content: bytes, diff: bytes) -> bytes:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    (folder / "change.diff").write_bytes(diff)
    subprocess.run(
        tool, cwd=folder, check=True, capture_output=True, env={"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    )
    return (folder / name).read_bytes()


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(("ends", "last"), [(b"\n", b"\n"), (b"\r\n", b"\r\n"), (b"\n", b""), (b"\r\n", b"")], ids=repr)
@pytest.mark.parametrize(
    "texts",
    [
        [(0, 4, b"LINE")],
        [(0, 0, b"first "), (5, 6, b"2"), (290, 293, b"xyz")],
        [(20, 60, b"")],
        [(100, 100, b"one\nmore\n"), (110, 120, b"x")],
        [(-3, -1, b"end")],
        [(40, 41, b""), (41, 42, b"a"), (42, 43, b"b\r\nc")],
    ],
    ids=str,
)
def test_the_tools_make_the_bytes_of_the_repairs(tool, ends, last, texts, tmp_path):
    content = ends.join(LINES) + last
    edits = [Edit(one[0] % len(content), one[1] % len(content), one[2]) for one in texts]
    expected = content
    for edit in reversed(edits):
        expected = expected[: edit.start] + edit.text + expected[edit.end :]

    assert applied(tool, tmp_path, "a.xml", content, unified_diff("a.xml", content, edits)) == expected


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(
    "name", ["sub/a.xml", "with space.xml", 'quo"te.xml', "été.xml", "tab\there.xml", "back\\slash.xml"]
)
def test_the_tools_find_the_file_by_its_name(tool, name, tmp_path):
    diff = unified_diff(name, b"a\nb\n", [Edit(0, 1, b"c")])

    assert applied(tool, tmp_path, name, b"a\nb\n", diff) == b"c\nb\n"


@pytest.mark.parametrize("tool", TOOLS)
def test_repairs_of_a_report_become_a_diff(tool, invalid, tmp_path):
    diff = b"".join(render([invalid], Options()))

    expected = mend(invalid.content, invalid.report.findings).content
    assert applied(tool, tmp_path, invalid.file, invalid.content, diff) == expected
    assert b'code="SYNTH"' in expected


def test_files_without_repairs_make_no_diff(valid):
    assert list(render([valid, Judged("x", Report("p", ()), None)], Options())) == []


def read_back(content: bytes, diff: bytes) -> bytes:
    """Apply a diff by the letter of its format."""
    lines = content.split(b"\n")
    old = [one + b"\n" for one in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    new: list[bytes] = []
    at = 0
    body = diff.split(b"\n")[2:-1]
    number = 0
    while number < len(body):
        line = body[number]
        number += 1
        if line.startswith(b"@@"):
            first = int(line.split()[1].split(b",")[0][1:]) - 1
            new += old[at:first]
            at = first
            continue
        text = line[1:] + b"\n"
        if number < len(body) and body[number].startswith(b"\\"):
            text = line[1:]
            number += 1
        if line[:1] in b" -":
            assert old[at] == text
            at += 1
        if line[:1] in b" +":
            new.append(text)
    return b"".join(new + old[at:])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_edits_survive_the_diff(data):
    content = data.draw(st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b"bb\n", b"c"]), min_size=1, max_size=60))
    source = b"".join(content)
    cuts = sorted(
        data.draw(st.sets(st.integers(0, len(source) - 1), min_size=2, max_size=8)) if len(source) > 1 else [0, 0]
    )
    edits = [
        Edit(start, end, data.draw(st.sampled_from([b"", b"x", b"y\n", b"\n\n"])))
        for start, end in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    expected = source
    for edit in reversed(edits):
        expected = expected[: edit.start] + edit.text + expected[edit.end :]

    assert read_back(source, unified_diff("a", source, edits)) == expected

"""Files that are none, too large, closed or without end: a clear message, exit code 2, and no waiting."""

from __future__ import annotations

import os
import socket

import pytest
from click.testing import CliRunner

from gateway.cli.main import main
from gateway.cli.validate_files import Source, Unusable, read
from samples.documents.vsm import vsm
from security.xml import DOCUMENT


@pytest.fixture
def run():
    def run(*arguments, lang="en", **options):
        return CliRunner().invoke(main, ["--lang", lang, "validate", *map(str, arguments)], **options)

    return run


def fifo(path):
    os.mkfifo(path)


def link_to_itself(path):
    path.symlink_to(path)


def closed(path):
    path.write_bytes(b"<a/>")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")


def huge(path):
    with path.open("wb") as file:
        file.truncate(200 * 1024 * 1024)


def listening(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


CASES = {
    "a FIFO": (fifo, "It is no file but a FIFO", "command | ecluse validate -"),
    "a socket": (listening, "It is no file but a socket", "command | ecluse validate -"),
    "a link to itself": (link_to_itself, "leads back to itself", "Name the file itself"),
    "a closed file": (closed, "may not read", "chmod"),
    "200 MB": (huge, "too large for a document (200 MB): at most 64 MB", "not a batch"),
    "nothing there": (lambda path: None, "does not exist", "Check its name"),
    "an empty file": (lambda path: path.write_bytes(b""), "is empty", "Export"),
    "an empty folder": (lambda path: path.mkdir(), "holds no file", "Name the folder"),
    "a PDF": (lambda path: path.write_bytes(b"%PDF-1.7\n"), "is a PDF", "level 1"),
    "deep nesting": (lambda path: path.write_bytes(b"<a>" * 100_000), "exceeds what is read", "64 levels"),
    "UTF-16": (lambda path: path.write_bytes(vsm().decode().encode("utf-16")), "seems to be in UTF-16", "iconv"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_file_that_cannot_be_judged_says_why_and_what_to_do(run, name, tmp_path):
    make, message, hint = CASES[name]
    path = tmp_path / "document.xml"
    make(path)

    english, french = run(path), run(path, lang="fr")

    assert english.exit_code == french.exit_code == 2
    assert f"{path}: cannot be judged: " in english.stderr
    assert message in english.stderr
    assert hint in english.stderr
    assert message not in french.stderr
    assert f"{path}: ne peut être jugé : " in french.stderr


def test_a_byte_order_mark_is_read_and_places_stay_right(run, tmp_path):
    path = tmp_path / "document.xml"
    path.write_bytes(b"\xef\xbb\xbf" + vsm())

    assert run(path).exit_code == 0


def test_an_endless_standard_input_is_read_to_the_limit_only(run):
    result = run("-", input=b"<" + b" " * (DOCUMENT.size + 10))

    assert result.exit_code == 2
    assert "too large" in result.stderr


def test_a_message_may_be_longer_than_a_document(tmp_path):
    path = tmp_path / "message.hl7"
    long = b" " * DOCUMENT.size
    path.write_bytes(b"MSH|^~\\&|" + long)
    assert len(read(Source("message.hl7", path))) > DOCUMENT.size

    path.write_bytes(b"<" + long)
    with pytest.raises(Unusable, match="more than"):
        read(Source("message.hl7", path))


def test_a_file_name_that_is_not_utf_8_is_judged(run, tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff.xml"
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(vsm())

    for form in ("text", "json", "junit", "html", "sarif", "svrl"):
        assert run("--format", form, tmp_path).exit_code == 0


def test_a_file_name_cannot_paint_the_terminal(run, tmp_path):
    path = tmp_path / "\x1b[31mred\n.xml"
    path.write_bytes(b"")

    for form in ("text", "json"):
        result = run("--format", form, path)

        assert "\x1b" not in result.stderr
        assert r"\x1b[31mred .xml: cannot be judged" in result.stderr


def test_one_bad_file_of_a_folder_keeps_no_other_from_being_judged(run, tmp_path):
    (tmp_path / "a.xml").write_bytes(vsm())
    os.mkfifo(tmp_path / "b.xml")
    (tmp_path / "c.xml").symlink_to(tmp_path / "absent.xml")
    (tmp_path / "d.xml").write_bytes(vsm())

    result = run(tmp_path)

    assert result.exit_code == 2
    assert "2 valid, 0 invalid (0 errors), 2 unusable" in result.stderr

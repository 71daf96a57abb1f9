"""`ecluse render`: a page or a PDF, nothing overwritten, and a clear word where it cannot be."""

from __future__ import annotations

import sys

import pytest
from click.testing import CliRunner

from gateway.cli.main import main
from samples.documents.vsm import vsm


@pytest.fixture
def run():
    def run(*arguments, **options):
        return CliRunner().invoke(main, ["--lang", "en", "render", *map(str, arguments)], **options)

    return run


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "summary.xml"
    path.write_bytes(vsm())
    return path


def test_a_page_is_printed_or_written(run, document, tmp_path):
    page = tmp_path / "summary.html"

    printed, written, piped = run(document), run(document, "--html", page), run("-", input=vsm())

    assert (printed.exit_code, written.exit_code) == (0, 0)
    assert printed.stdout == piped.stdout
    assert printed.stdout.rstrip("\n") == page.read_text(encoding="utf-8")
    assert "Pénicilline" in printed.stdout
    assert 'lang="en"' in printed.stdout
    assert written.stdout == ""


def test_a_pdf_is_written(run, document, tmp_path):
    pytest.importorskip("weasyprint", reason="WeasyPrint is not installed")
    pdf = tmp_path / "summary.pdf"

    result = run(document, "--pdf", pdf)

    assert result.exit_code == 0
    assert pdf.read_bytes().startswith(b"%PDF-")


def test_what_is_there_is_overwritten_only_by_force(run, document, tmp_path):
    page = tmp_path / "summary.html"
    page.write_text("mine")

    refused = run(document, "--html", page)
    kept = page.read_text()
    forced = run(document, "--html", page, "--force")

    assert (refused.exit_code, forced.exit_code) == (2, 0)
    assert "--force" in refused.stderr
    assert kept == "mine"
    assert page.read_text().startswith("<!doctype html>")


def test_one_file_is_not_both(run, document, tmp_path):
    target = tmp_path / "out"

    assert run(document, "--html", target, "--pdf", target).exit_code == 2
    assert not target.exists()


def test_a_missing_library_is_named(run, document, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)

    result = run(document, "--pdf", tmp_path / "summary.pdf")

    assert result.exit_code == 2
    assert "pip install 'ecluse[pdf]'" in result.stderr
    assert not (tmp_path / "summary.pdf").exists()


def test_a_page_that_cannot_be_written_is_told(run, document, tmp_path):
    result = run(document, "--html", tmp_path / "nowhere" / "summary.html")

    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


@pytest.mark.parametrize(
    ("content", "said"), [(None, "does not exist"), (b"%PDF-1.7", "is a PDF"), (b"<a/>", "no CDA document")]
)
def test_what_is_no_document_is_told_and_nothing_is_written(run, content, said, tmp_path):
    path, page = tmp_path / "summary.xml", tmp_path / "summary.html"
    if content is not None:
        path.write_bytes(content)

    result = run(path, "--html", page)

    assert result.exit_code == 2
    assert said in result.stderr
    assert not page.exists()

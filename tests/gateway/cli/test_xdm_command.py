from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from conformance.reports.formats import FORMATS
from gateway.cli.xdm import xdm
from samples.documents.discharge_letter import discharge_letter
from samples.documents.vsm import vsm


@pytest.fixture
def run():
    return lambda *arguments, lang="en": CliRunner().invoke(xdm, list(map(str, arguments)), obj=lang)


@pytest.fixture
def documents(tmp_path):
    paths = [tmp_path / "vsm.xml", tmp_path / "letter.xml"]
    for path, content in zip(paths, (vsm(), discharge_letter()), strict=True):
        path.write_bytes(content)
    return paths


@pytest.fixture
def medium(run, documents, tmp_path):
    path = tmp_path / "IHE_XDM.ZIP"
    result = run("create", "--to", path, *documents)
    assert result.exit_code == 0, result.output
    assert "2 documents, 1 submission set" in result.stdout
    return path


@pytest.fixture
def spoilt(run, medium, tmp_path):
    directory = tmp_path / "spoilt"
    run("extract", medium, "--to", directory)
    (directory / "IHE_XDM/SUBSET01/DOC00001.XML").write_bytes(b"other")
    return directory


def test_a_medium_of_documents_is_made_and_is_valid(run, medium):
    result = run("verify", medium)

    assert result.exit_code == 0
    assert result.stdout == f"{medium}: valid (xdm)\n"
    assert medium.stat().st_mode & 0o777 == 0o600


def test_an_existing_file_is_never_overwritten(run, medium, documents):
    before = medium.read_bytes()

    assert run("create", "--to", medium, *documents).exit_code == 2
    assert medium.read_bytes() == before


def test_what_is_no_document_makes_no_medium(run, tmp_path):
    (tmp_path / "page.xml").write_bytes(b"<html/>")

    result = run("create", "--to", tmp_path / "M.ZIP", tmp_path / "page.xml")

    assert result.exit_code == 2
    assert "expected ClinicalDocument" in result.stderr
    assert not (tmp_path / "M.ZIP").exists()


def test_an_invalid_medium_exits_with_1_and_says_why_in_either_language(run, spoilt):
    english, french = run("verify", spoilt), run("verify", spoilt, lang="fr")

    assert english.exit_code == french.exit_code == 1
    assert "error XDM-HASH" in english.stdout
    assert "hash is the SHA-1 of the file." in english.stdout
    assert "erreur XDM-HASH" in french.stdout
    assert "size est la taille du fichier en octets." in french.stdout


def test_the_machine_format_is_that_of_validate(run, medium, spoilt, tmp_path):
    result = run("verify", medium, spoilt, tmp_path / "absent", "--format", "json")

    good, bad, absent = json.loads(result.stdout)
    assert result.exit_code == 2
    assert (good["file"], good["profile"], good["valid"], good["findings"]) == (str(medium), "xdm", True, [])
    assert [one["rule"] for one in bad["findings"]] == ["XDM-HASH", "XDM-SIZE"]
    assert set(bad["findings"][0]) >= {
        "rule", "severity", "path", "line", "column", "found", "expected", "message", "source",
    }  # fmt: skip
    assert [one["rule"] for one in absent["findings"]] == ["XDM-UNUSABLE"]
    assert "No such file" in result.stderr


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_printed_or_written_to_a_file(run, form, medium, spoilt, tmp_path):
    output = tmp_path / "report"

    printed = run("verify", "--format", form, medium, spoilt)
    written = run("verify", "--format", form, "--output", output, medium, spoilt)

    assert printed.exit_code == written.exit_code == 1
    assert output.read_bytes() == printed.stdout_bytes
    assert form == "patch" or b"XDM-HASH" in printed.stdout_bytes


def test_a_rule_of_metadata_brings_its_own_words_and_the_way_out(run, spoilt):
    metadata = spoilt / "IHE_XDM/SUBSET01/METADATA.XML"
    metadata.write_bytes(metadata.read_bytes().replace(b'mimeType="text/xml"', b"", 1))

    (report,) = json.loads(run("verify", "--format", "json", spoilt).stdout)

    finding = next(one for one in report["findings"] if not one["rule"].startswith("XDM-"))
    assert finding["message"]
    assert finding["hint"]


def test_a_medium_is_listed(run, medium, documents):
    text = run("list", medium).stdout
    (only,) = json.loads(run("list", medium, "--json").stdout)

    assert "IHE_XDM/SUBSET01/DOC00001.XML  text/xml" in text
    assert [one["path"] for one in only["documents"]] == [
        "IHE_XDM/SUBSET01/DOC00001.XML",
        "IHE_XDM/SUBSET01/DOC00002.XML",
    ]
    assert [one["size"] for one in only["documents"]] == [path.stat().st_size for path in documents]


def test_a_medium_is_extracted_into_an_empty_directory_only(run, medium, spoilt, documents):
    assert (spoilt / "IHE_XDM/SUBSET01/DOC00002.XML").read_bytes() == documents[1].read_bytes()
    assert run("extract", medium, "--to", spoilt).exit_code == 2


@pytest.mark.parametrize("command", ["verify", "list", "extract"])
def test_what_is_no_archive_cannot_be_used(command, run, documents, tmp_path):
    target = ("--to", tmp_path / "out") if command == "extract" else ()

    result = run(command, documents[0], *target)

    assert result.exit_code == 2
    assert "not a ZIP archive" in result.stderr
    assert not (tmp_path / "out").exists()

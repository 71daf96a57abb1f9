"""`ecluse lab preview`: what the door would make of results, on the screen or in a directory."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from conformance.validate import validate
from gateway.cli.main import main
from samples.hl7v2.messages import oru
from samples.hl7v2.plain import results


@pytest.fixture
def run(tmp_path):
    def run(message, *arguments, lang="en"):
        path = tmp_path / "message.hl7"
        path.write_bytes(message if isinstance(message, bytes) else message.bytes)
        return CliRunner().invoke(main, ["--lang", lang, "lab", "preview", str(path), *map(str, arguments)])

    return run


def test_segments_report_document_and_metadata_are_shown(run):
    done = run(results())

    assert done.exit_code == 0
    for expected in ("Segments\n  MSH|^~\\&|", "assumed  OBX^1^23", "<ClinicalDocument", "unique_id: 2.25.", "(AA)"):
        assert expected in done.output


def test_as_json_with_its_files(run, tmp_path):
    out = tmp_path / "out"

    done = run(results(), "--format", "json", "--out", out)

    shown = json.loads(done.output)
    assert shown["accepted"]
    assert shown["document"].encode() == (out / "document.xml").read_bytes()
    assert shown["metadata"] == json.loads((out / "metadata.json").read_text())
    assert shown["remarks"] == json.loads((out / "report.json").read_text())["remarks"]
    assert validate((out / "document.xml").read_bytes()).valid
    assert {one.stat().st_mode & 0o777 for one in out.iterdir()} == {0o600}
    assert run(results(), "--out", out).exit_code == 2


def test_what_is_missing_is_an_error_and_there_is_no_document(run, tmp_path):
    done = run(results().with_field("OBX^1^5", "sept"), "--out", tmp_path / "out")

    assert done.exit_code == 1
    assert "error  OBX^1^5  not a number" in done.output
    assert "1 error" in done.output
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["report.json"]


def test_every_order_after_the_first_has_an_orc_of_its_own(run):
    good = results()
    orc, obr = "ORC|NW", "|".join(next(one for one in good.segments if one[0] == "OBR"))
    bare = good.after("OBX^5", obr).after("OBX^3", obr)

    refused = run(bare)

    assert refused.exit_code == 1
    for place in ("OBR^2", "OBR^3"):
        assert f"error  {place}  broken rule: A segment stands where the structure" in refused.output
    assert refused.output.count("(found OBR, expected ORC)") == 2
    taken = run(good.after("OBX^5", obr).after("OBX^5", orc).after("OBX^3", obr).after("OBX^3", orc))
    assert taken.exit_code == 0, taken.output


def test_remarks_and_faults_are_told_in_french_too(run):
    shown = run(results().with_field("OBX^1^6", "points").with_field("PID^1^32", "PROV"), lang="fr")

    for expected in ("supposé  OBX^1^6  pas une unité UCUM -> le résultat est dit en mots", "erreur  PID^1^32  règle"):
        assert expected in shown.output
    for english in ("broken rule", "not a unit", "said in words"):
        assert english not in shown.output


@pytest.mark.parametrize("data", [b"", b"hello", b"MSH|", oru().bytes])
def test_what_is_no_message_of_results_is_said_to_be_none(run, data):
    assert run(data).exit_code == 2


def test_a_file_that_is_not_there_is_said(tmp_path):
    done = CliRunner().invoke(main, ["lab", "preview", str(tmp_path / "none")])
    assert done.exit_code == 2

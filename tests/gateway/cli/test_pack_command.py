from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.main import main

SCH = (
    '<schema xmlns="http://purl.oclc.org/dsdl/schematron"><ns prefix="cda" uri="urn:hl7-org:v3"/><pattern>'
    '<rule context="cda:ClinicalDocument"><assert test="cda:templateId[@root=\'1.2.250.1.213.1.1.1.99\']">No.</assert>'
    "</rule></pattern></schema>"
)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name in ("profils/IHE.sch", "CI-SIS_NOTE_2025.01.sch"):
        place = tmp_path / "Package" / "schematrons" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(SCH)
    return tmp_path / "Package"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return lambda *arguments, lang="en": CliRunner().invoke(main, ["--lang", lang, "pack", *map(str, arguments)])


def test_a_package_is_imported_listed_shown_and_removed(run, package, tmp_path):
    imported = run("import", package)

    assert imported.exit_code == 0
    assert "Body, IHE templates: schematrons/profils/IHE.sch" in imported.stdout
    assert "  - the schema of the layer header is missing" in imported.stdout
    assert "ecluse validate --pack Package" in imported.stdout
    assert (tmp_path / "data" / "ecluse" / "packs" / "Package" / "manifest.json").is_file()
    assert "Package" in run("list").stdout
    assert "NOTE 2025.01  1.2.250.1.213.1.1.1.99 2025.01" in run("show", "Package").stdout
    assert run("remove", "Package").exit_code == 0
    assert run("list").stdout == "No pack: ecluse pack import SOURCE\n"


def test_machines_get_json(run, package, tmp_path):
    store = tmp_path / "elsewhere"
    run("import", package, "--name", "n", "--store", store)

    shown = json.loads(run("show", "n", "--json", "--store", store).stdout)

    assert json.loads(run("list", "--json", "--store", store).stdout) == [shown]
    assert shown["name"] == "n"
    assert shown["models"][0]["templateId"] == "1.2.250.1.213.1.1.1.99"


def test_a_broken_package_exits_with_1_and_tells_every_problem(run, package):
    (package / "schematrons/profils/IHE.sch").write_text("<")
    (package / "schematrons/CI-SIS_NOTE_2025.01.sch").write_text("<")

    result = run("import", package, lang="fr")

    assert result.exit_code == 1
    assert "n'a pas été importé, 2 problèmes" in result.stderr
    assert result.stderr.count("not well-formed XML") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import", "/absent"], "/absent: no such file or directory"),
        (["show", "absent"], "absent: no such pack"),
        (["remove", "absent"], "absent: no such pack"),
    ],
)
def test_what_is_not_there_exits_with_2(run, arguments, said):
    result = run(*arguments)

    assert result.exit_code == 2
    assert said in result.stderr


def test_rules_of_a_pack_are_explained_by_its_name(run, package):
    run("import", package)
    known = CliRunner().invoke(main, ["--lang", "en", "validate", "--pack", "Package", "--explain", "all"])
    identifier = known.stdout.split()[0]

    told = CliRunner().invoke(main, ["--lang", "en", "validate", "--pack", "Package", "--explain", identifier])
    data = CliRunner().invoke(main, ["validate", "--pack", "Package", "--explain", identifier, "--format", "json"])
    absent = CliRunner().invoke(main, ["--lang", "en", "validate", "--pack", "Package", "--explain", "VSM-CODE"])

    assert known.exit_code == told.exit_code == data.exit_code == 0
    assert "profiles: Package" in told.stdout
    assert {one["rule"] for one in json.loads(data.stdout)} == {identifier}
    assert absent.exit_code == 2
    assert "No rule is named VSM-CODE" in absent.stderr

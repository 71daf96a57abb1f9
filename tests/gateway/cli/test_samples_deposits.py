"""`ecluse samples deposits`: each file is what its row says, and our own verdict of it is that it is right."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from gateway.cli.main import main
from samples.pki import factory


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A data directory, and the deposits that its keys signed."""
    data, directory = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("deposits") / "deposits"
    factory.create(data / "pki", datetime.now(UTC))
    result = CliRunner().invoke(main, ["--lang", "en", "samples", "deposits", str(directory), "--data", str(data)])
    assert result.exit_code == 0, result.output
    with (directory / "manifest.csv").open(encoding="utf-8", newline="") as table:
        return data, directory, list(csv.DictReader(table))


def test_each_deposit_is_valid_by_the_profile_of_its_row(written):
    _, directory, rows = written

    told = CliRunner().invoke(main, ["--lang", "en", "validate", str(directory)]).output
    for row in rows:
        assert f"{directory / row['file']}: valid ({row['profile']})" in told
    files = {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}
    assert files == {"manifest.csv", *(row["file"] for row in rows)}


def test_every_lot_in_fhir_is_signed_by_a_document_and_a_replacement_names_what_it_replaces(written):
    _, directory, rows = written
    lots = {row["file"]: directory / row["file"] for row in rows if row["send"] == "POST /ingest/fhir"}

    assert len(lots) == 4
    for path in lots.values():
        assert '"signs"' in path.read_text("utf-8")
    first, second = (
        json.loads((directory / f"fhir/{name}.json").read_text()) for name in ("iti-65", "iti-65-replacement")
    )
    (replaced,) = [one["target"] for one in second["entry"][1]["resource"]["relatesTo"]]
    assert replaced["identifier"]["value"] == first["entry"][1]["resource"]["masterIdentifier"]["value"]
    assert second["entry"][-1]["request"]["url"].endswith(replaced["identifier"]["value"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--as", "nobody"), "there are"), (("--data", "nowhere"), "ecluse pki init --data nowhere")],
)
def test_a_key_that_is_not_there_is_told_and_nothing_is_written(written, tmp_path, arguments, said):
    data, *_ = written
    named = ["--lang", "en", "samples", "deposits", str(tmp_path / "none"), "--data", str(data), *arguments]

    result = CliRunner().invoke(main, named)

    assert result.exit_code == 1
    assert said in result.stderr
    assert not (tmp_path / "none").exists()

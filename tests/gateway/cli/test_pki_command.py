"""`ecluse pki`, as a person types it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import pkcs12

from gateway.cli.main import main
from samples.pki import factory
from samples.pki.factory import TestPki


def _ecluse(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def data(pki: TestPki, tmp_path: Path) -> Path:
    shutil.copytree(pki.directory, tmp_path / "data" / "pki")
    return tmp_path / "data"


def test_init_makes_a_pki_then_says_that_it_is_there(tmp_path: Path) -> None:
    first = _ecluse("--lang", "en", "pki", "init", "--data", tmp_path)
    assert (first.exit_code, "certificates made" in first.output) == (0, True)
    again = _ecluse("--lang", "fr", "pki", "init", "--data", tmp_path)
    assert (again.exit_code, "existait déjà" in again.output) == (0, True)


def test_without_a_pki_the_next_step_is_said(tmp_path: Path) -> None:
    result = _ecluse("--lang", "en", "pki", "list", "--data", tmp_path)
    assert result.exit_code == 1
    assert f"ecluse pki init --data {tmp_path}" in result.output


def test_list_shows_every_name_for_a_person_and_for_a_program(data: Path, pki: TestPki) -> None:
    shown = _ecluse("--lang", "fr", "pki", "list", "--data", data)
    rows = json.loads(_ecluse("pki", "list", "--json", "--data", data).output)
    assert tuple(row["name"] for row in rows) == pki.names()
    assert all(name in shown.output for name in pki.names())
    assert next(row for row in rows if row["name"] == "bad.expired")["refused"] == "CERT_VALIDITY"


def test_export_gives_private_files_that_a_vendor_can_use(data: Path, tmp_path: Path) -> None:
    result = _ecluse("--lang", "en", "pki", "export", "dr-essai.auth", "--data", data, "--to", tmp_path / "out")
    assert result.exit_code == 0
    assert "ecluse" in result.output
    files = {file.name for file in (tmp_path / "out").iterdir()}
    assert files == {"server-authority.pem"} | {
        f"dr-essai.auth{end}" for end in (".p12", ".pem", ".key.pem", ".chain.pem")
    }
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "out").iterdir())
    assert pkcs12.load_pkcs12((tmp_path / "out" / "dr-essai.auth.p12").read_bytes(), b"ecluse").key is not None


def test_an_unknown_name_is_an_error_that_says_where_the_names_are(data: Path) -> None:
    result = _ecluse("--lang", "fr", "pki", "export", "personne", "--data", data)
    assert result.exit_code == 1
    assert "ecluse pki list" in result.output


def test_revoke_reaches_the_directory_of_the_door(data: Path, pki: TestPki) -> None:
    door = data / "ingest" / "trust"
    factory.publish(factory.load(data / "pki"), "ingest", door)
    before = (door / "crls.pem").read_bytes()
    assert _ecluse("pki", "revoke", "chu-seine.auth", "--data", data).exit_code == 0
    revoked = (door / "crls.pem").read_bytes()
    assert revoked != before
    assert _ecluse("pki", "refresh", "--lists", "--data", data).exit_code == 0
    assert (door / "crls.pem").read_bytes() != revoked

"""The two commands on one data directory of their own, from nothing to damage found."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from gateway.cli.fsck import fsck
from gateway.cli.migrate import migrate
from gateway.database.embedded import EmbeddedPostgres
from gateway.database.migrate import read_migrations
from gateway.database.opening import Database, open_database
from xds.repository.address import BlobAddress
from xds.repository.writer import RepositoryWriter


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.delenv("ECLUSE_DATABASE_URL", raising=False)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("house") / "data"
    yield folder
    EmbeddedPostgres(folder / "postgres").destroy()


@pytest.fixture
def opened(data: Path) -> Iterator[Database]:
    with open_database(data) as database:
        yield database


def run(command: object, *arguments: str) -> Result:
    assert callable(command)
    return CliRunner().invoke(command, list(arguments))  # type: ignore[arg-type]


def add_entry(database: Database, address: BlobAddress) -> None:
    """An entry as the registry would write it, as far as this command looks at it."""
    patient, key = uuid.uuid4(), uuid.uuid4()
    with psycopg.connect(database.layout.owner_url) as owner:
        owner.execute("INSERT INTO patients VALUES (%s, %s)", (patient, f"test {patient}"))
        owner.execute(
            "INSERT INTO records (patient_key, status, key_id, public_key, opened_at) "
            "VALUES (%s, 'OPEN', %s, '', now())",
            (patient, key),
        )
        owner.execute(
            "INSERT INTO document_entries (patient_key, entry_uuid, logical_id, version, unique_id, status, "
            "object_type, mime_type, hash, size, blob_address, key_id, creation_time, depositor_id, "
            "author_structure_ids, author_person_ids, author_persons, codes, fragment) "
            "VALUES (%s, %s, %s, 1, %s, 'APPROVED', %s, 'text/xml', '', 0, %s, %s, '', '', '{}', '{}', '{}', '{}', '')",
            (patient, key, key, str(key), key, address.digest, key),
        )


def test_a_new_directory_is_migrated_once_and_the_server_is_not_left_running(data: Path) -> None:
    first = run(migrate, "--data", str(data))
    assert first.exit_code == 0, first.output
    assert first.output.splitlines() == [f"applied {file.name}" for file in read_migrations()]
    again = run(migrate, "--data", str(data))
    assert (again.exit_code, again.output) == (0, "nothing to do: the schema is up to date\n")
    assert not EmbeddedPostgres(data / "postgres").is_alive()


def test_a_server_that_does_not_answer_is_told_with_advice(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECLUSE_DATABASE_URL", f"postgresql://chief:secret@/house?host={tmp_path}")
    done = run(migrate, "--data", str(tmp_path / "data"))
    assert done.exit_code == 1
    assert "does not answer" in done.output
    assert "ECLUSE_DATABASE_URL" in done.output
    assert "secret" not in done.output


def test_a_sound_house_is_sound_and_orphans_are_removed_only_when_asked(data: Path, opened: Database) -> None:
    writer = RepositoryWriter(data / "blobs")
    kept, orphan = writer.store((b"kept",)), writer.store((b"orphan",))
    add_entry(opened, kept)
    young = run(fsck, "--data", str(data), "--delete")
    assert young.exit_code == 0, young.output
    assert "1 of 1 stored documents sound, 0 useless files" in young.output
    found = run(fsck, "--data", str(data), "--grace", "0")
    assert found.exit_code == 0
    assert f"{orphan.hex}: bytes without an entry" in found.output
    assert orphan.path(data / "blobs").exists()
    removed = json.loads(run(fsck, "--data", str(data), "--grace", "0", "--delete", "--json").output)
    assert removed["removed"] == 1
    assert removed["findings"] == [{"condition": "orphan", "name": orphan.hex}]
    assert not orphan.path(data / "blobs").exists()
    assert kept.path(data / "blobs").exists()


def test_an_entry_without_its_bytes_or_with_other_bytes_is_damage(data: Path, opened: Database) -> None:
    writer = RepositoryWriter(data / "blobs")
    lost, altered = writer.store((b"lost",)), writer.store((b"altered",))
    add_entry(opened, lost)
    assert run(fsck, "--data", str(data)).exit_code == 0
    lost.path(data / "blobs").unlink()
    add_entry(opened, altered)
    altered.path(data / "blobs").write_bytes(b"something else")
    done = run(fsck, "--data", str(data), "--json", "--delete", "--grace", "0")
    assert done.exit_code == 1
    report = json.loads(done.output)
    assert (report["missing"], report["altered"], report["removed"]) == (1, 1, 0)
    assert {finding["name"] for finding in report["findings"]} == {lost.hex, altered.hex}


def test_a_place_that_is_no_data_directory_is_refused(tmp_path: Path) -> None:
    done = run(fsck, "--data", str(tmp_path / "nowhere"))
    assert done.exit_code == 1
    assert "not a data directory" in done.output

"""The commands as a person or a program runs them: exit statuses, machine formats, French and English."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cda.document import parse_document
from cda.header import read_header
from gateway import records
from gateway.cli.main import COMMANDS
from gateway.cli.story import REPOSITORY
from samples.documents.vsm import vsm
from samples.pki.catalogue import read_catalogue
from xds.repository.address import BlobAddress

FINDING = {"rule", "severity", "path", "line", "column", "found", "expected", "message", "source"}
Ecluse = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def ecluse() -> Ecluse:
    """Run a command, in English unless told otherwise."""
    program = Path(sys.executable).with_name("ecluse")
    start = [str(program)] if program.exists() else [sys.executable, "-m", "gateway"]

    def run(*words: object, lang: str = "en", environment: dict[str, str] | None = None) -> Any:
        language = ["--lang", lang] if lang else []
        return subprocess.run(
            [*start, *language, *(str(word) for word in words)],
            env={**os.environ, **(environment or {})},
            text=True,
            capture_output=True,
            check=False,
            timeout=150,
        )

    return run


def test_the_demonstration_tells_its_story_to_a_program(ecluse: Ecluse) -> None:
    done = ecluse("demo", "--json")
    steps = json.loads(done.stdout)

    assert done.returncode == 0, done.stderr
    assert len(steps) >= 15
    assert {tuple(step) for step in steps} == {("step", "expected", "got", "passed")}
    assert [step for step in steps if step["passed"] is not True or step["got"] != step["expected"]] == []


def test_every_command_says_what_it_is_for(ecluse: Ecluse) -> None:
    done = ecluse("--help")

    assert done.returncode == 0
    visible = {name for name in COMMANDS if name != "door"}
    assert {name for name in visible if f"\n  {name} " not in done.stdout} == set()
    assert ecluse("no-such-command").returncode == 2


class TestRecords:
    def test_opened_authorised_and_listed(self, ecluse: Ecluse, house: Any, scene: Any) -> None:
        patient = replace(scene.patient, nir="2580769124001")
        doctor = house.credential("dr-essai.auth").national_id
        data = ("--data", house.data)

        opened = ecluse("records", "open", patient.ins, *data)
        again = ecluse("records", "open", patient.ins, *data)
        authorised = ecluse("records", "authorise", patient.ins, doctor, *data)
        listed = ecluse("records", "list", "--json", *data)

        assert [done.returncode for done in (opened, again, authorised, listed)] == [0, 1, 0, 0], again.stderr
        assert "Traceback" not in again.stderr
        (row,) = [row for row in json.loads(listed.stdout) if row["patient_id"] == records.cx(patient.ins)]
        assert list(row) == ["patient_id", "status", "opened_at", "documents", "authorised"]
        assert (row["status"], row["documents"], row["authorised"]) == ("OPEN", 0, 1)
        assert datetime.fromisoformat(row["opened_at"]) <= datetime.now(UTC)

    def test_a_record_opened_by_command_is_fed_read_and_closed(self, ecluse: Ecluse, house: Any, scene: Any) -> None:
        theirs = replace(scene, patient=replace(scene.patient, nir="2580769124002"))
        data, doctor = ("--data", house.data), house.credential("dr-essai.auth").national_id
        assert ecluse("records", "open", theirs.patient.ins, *data).returncode == 0
        lot = theirs.lot([vsm(theirs.patient)])
        assert theirs.deposit(lot).succeeded

        def seen() -> tuple[list[str], list[str]]:
            with closing(theirs.consultation()) as client:
                answer = client.find_documents(theirs.patient.cx)
                return answer.unique_ids, answer.error_codes

        stranger = seen()
        assert ecluse("records", "authorise", theirs.patient.ins, doctor, *data).returncode == 0
        authorised = seen()
        assert ecluse("records", "revoke", theirs.patient.ins, doctor, *data).returncode == 0
        revoked = seen()
        assert ecluse("records", "close", theirs.patient.ins, *data).returncode == 0
        closed = theirs.deposit(theirs.lot([vsm(theirs.patient)]))

        assert stranger == revoked == ([], ["DMPAccessDeniedByRightsService"])
        assert authorised == (list(lot.unique_ids), [])
        assert not closed.succeeded

    def test_an_identity_that_is_not_of_the_sandbox_is_refused_in_words(self, ecluse: Ecluse, house: Any) -> None:
        real = ecluse("records", "open", "2580769124003", "--oid", "1.2.250.1.213.1.4.8", "--data", house.data)
        unknown = ecluse("records", "authorise", "2580769124999", "810009999995", "--data", house.data)

        for done in (real, unknown):
            assert done.returncode == 1
            assert done.stderr.startswith("Error: ")
            assert "Traceback" not in done.stderr


class TestFsck:
    @pytest.fixture
    def blob(self, scene: Any) -> Path:
        """The file of a document just deposited."""
        lot = scene.lot([vsm(scene.patient)])
        assert scene.deposit(lot).succeeded
        with closing(scene.house.owner()) as connection:
            row = connection.execute(
                "SELECT blob_address FROM ecluse.document_entries WHERE unique_id = %s", (lot.unique_ids[0],)
            ).fetchone()
        assert row is not None
        return BlobAddress(bytes(row[0])).path(scene.house.data / "blobs")

    def run(self, ecluse: Ecluse, house: Any, *words: object) -> tuple[int, dict[str, Any]]:
        done = ecluse("fsck", "--json", "--data", house.data, *words)
        return done.returncode, json.loads(done.stdout)

    def test_every_entry_has_its_bytes(self, ecluse: Ecluse, house: Any, blob: Path) -> None:
        status, said = self.run(ecluse, house)

        assert status == 0
        assert set(said) == {
            "sound", "missing", "altered", "orphan", "unfinished", "recent", "removed", "findings"
        }  # fmt: skip
        assert said["sound"] >= 2
        assert (said["missing"], said["altered"]) == (0, 0)

    def test_an_entry_whose_bytes_are_gone_or_changed(self, ecluse: Ecluse, house: Any, blob: Path) -> None:
        content, mode = blob.read_bytes(), blob.stat().st_mode
        blob.unlink()
        gone, told = self.run(ecluse, house), ecluse("fsck", "--data", house.data, lang="fr")
        blob.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        changed = self.run(ecluse, house)
        blob.write_bytes(content)
        blob.chmod(mode)

        name = blob.name
        assert gone[0] == changed[0] == told.returncode == 1
        assert gone[1]["findings"] == [{"condition": "missing", "name": name}]
        assert changed[1]["findings"] == [{"condition": "altered", "name": name}]
        assert f"{name} : une entrée n'a pas ses octets" in told.stdout
        assert self.run(ecluse, house)[0] == 0

    def test_bytes_without_an_entry_are_told_and_removed_when_asked(
        self, ecluse: Ecluse, house: Any, scene: Any, blob: Path
    ) -> None:
        content = b"nobody's bytes"
        orphan = BlobAddress(hashlib.sha256(content).digest()).path(house.data / "blobs")
        orphan.parent.mkdir(parents=True, exist_ok=True)
        orphan.write_bytes(content)

        young = self.run(ecluse, house)
        old = self.run(ecluse, house, "--grace", 0)
        kept = orphan.exists()
        deleted = self.run(ecluse, house, "--grace", 0, "--delete")

        assert [status for status, _ in (young, old, deleted)] == [0, 0, 0]
        assert young[1]["orphan"] == 0, "it may be a deposit under way"
        assert {"condition": "orphan", "name": orphan.name} in old[1]["findings"]
        assert kept
        assert deleted[1]["removed"] >= 1
        assert not orphan.exists()
        assert blob.exists()
        with closing(scene.consultation()) as doctor:
            assert doctor.retrieve([(REPOSITORY, scene.found()[0])]).succeeded


def test_the_certificates_are_listed_for_a_program(ecluse: Ecluse, house: Any) -> None:
    done = ecluse("pki", "list", "--json", "--data", house.data)
    rows = {row["name"]: row for row in json.loads(done.stdout)}

    assert done.returncode == 0
    assert list(rows) == list(read_catalogue().entries)
    doctor, bad = rows["dr-essai.auth"], rows["bad.revoked"]
    assert (doctor["door"], doctor["refused"], doctor["national_id"]) == ("consultation", None, "810009999995")
    assert (bad["door"], bad["refused"], bad["handshake"], bad["twin_of"]) == (
        "ingest",
        "CERT_REVOKED",
        False,
        "chu-seine.auth",
    )
    assert all(Path(row[key]).is_file() for row in rows.values() for key in ("certificate", "key", "p12"))


def test_a_directory_without_certificates_is_told_what_to_do(ecluse: Ecluse, tmp_path: Path) -> None:
    done = ecluse("pki", "list", "--data", tmp_path)

    assert done.returncode == 1
    assert f"ecluse pki init --data {tmp_path}" in done.stderr


def test_migrating_again_changes_nothing(ecluse: Ecluse, house: Any) -> None:
    with closing(house.owner()) as connection:
        before = connection.execute("TABLE ecluse.schema_migrations").fetchall()
    done = [ecluse("migrate", "--data", house.data, lang=lang) for lang in ("en", "en", "fr")]
    with closing(house.owner()) as connection:
        after = connection.execute("TABLE ecluse.schema_migrations").fetchall()

    assert [one.returncode for one in done] == [0, 0, 0]
    assert [one.stdout.strip() for one in done] == [
        "nothing to do: the schema is up to date",
        "nothing to do: the schema is up to date",
        "rien à faire : le schéma est à jour",
    ]
    assert before == after != []


class TestValidate:
    @pytest.fixture
    def files(self, scene: Any, tmp_path: Path) -> dict[str, Path]:
        contents = {
            "good.xml": vsm(scene.patient),
            "bad.xml": vsm(scene.patient, breaking="VSM-SEC-32"),
            "broken.xml": b"<ClinicalDocument xmlns='urn:hl7-org:v3'>",
        }
        paths = {name: tmp_path / name for name in contents}
        for name, content in contents.items():
            paths[name].write_bytes(content)
        return paths

    def test_the_exit_status_tells_the_verdict(self, ecluse: Ecluse, files: dict[str, Path], tmp_path: Path) -> None:
        good, bad, broken = files.values()
        expected = {
            (good,): 0,
            (bad,): 1,
            (good, bad): 1,
            (broken,): 2,
            (good, bad, broken): 2,
            (tmp_path / "absent.xml",): 2,
            (tmp_path,): 2,
        }

        assert {paths: ecluse("validate", *paths).returncode for paths in expected} == expected

    def test_the_json_format_is_the_documented_one(self, ecluse: Ecluse, files: dict[str, Path]) -> None:
        good, bad, _ = files.values()
        done = ecluse("validate", "--format", "json", good, bad)
        first, second = json.loads(done.stdout)

        for row, path, valid in ((first, good, True), (second, bad, False)):
            assert list(row)[:4] == ["file", "profile", "valid", "findings"]
            assert (row["file"], row["valid"]) == (str(path), valid)
            assert isinstance(row["profile"], str)
        errors = [one for one in second["findings"] if one["severity"] == "error"]
        assert errors
        for one in first["findings"] + second["findings"]:
            assert set(one) >= FINDING
            assert one["severity"] in ("error", "warning", "info")
            assert isinstance(one["line"], int)
            assert isinstance(one["column"], int)
        assert "VSM-SEC-32" in {one["rule"] for one in errors}

    def test_what_cannot_be_read_has_its_row_in_the_same_format(self, ecluse: Ecluse, files: dict[str, Path]) -> None:
        done = ecluse("validate", "--format", "json", *files.values())
        rows = json.loads(done.stdout)

        assert [row["file"] for row in rows] == [str(path) for path in files.values()]
        assert (rows[2]["profile"], rows[2]["valid"]) == (None, False)
        assert [set(one) >= FINDING for one in rows[2]["findings"]] == [True]

    def test_the_same_verdict_in_french_and_in_english(self, ecluse: Ecluse, files: dict[str, Path]) -> None:
        bad = files["bad.xml"]
        french, english = ecluse("validate", bad, lang="fr"), ecluse("validate", bad, lang="en")
        by_locale = ecluse("validate", bad, lang="", environment={"LC_ALL": "fr_FR.UTF-8"})

        assert french.stdout.startswith(f"{bad}: non valide (")
        assert english.stdout.startswith(f"{bad}: invalid (")
        assert by_locale.stdout == french.stdout
        assert "VSM-SEC-32" in french.stdout
        assert "VSM-SEC-32" in english.stdout

    def test_a_document_that_went_through_the_doors_is_still_valid(
        self, ecluse: Ecluse, scene: Any, tmp_path: Path
    ) -> None:
        lot = scene.lot([vsm(scene.patient)])
        assert scene.deposit(lot).succeeded
        with closing(scene.consultation()) as doctor:
            (document,) = doctor.retrieve([(REPOSITORY, lot.unique_ids[0])]).documents
        file = tmp_path / "read.xml"
        file.write_bytes(document.content)

        assert ecluse("validate", file).returncode == 0
        assert read_header(parse_document(document.content)).unique_id == lot.unique_ids[0]


@pytest.mark.parametrize(
    ("words", "french", "english"),
    [
        (("records", "list"), " dossier", " record"),
        (("pki", "list"), "Mot de passe des PKCS#12", "Password of the PKCS#12"),
        (("fsck",), "sain", "stored documents sound"),
        (("audit", "verify"), "intacte.", "events, whole."),
    ],
)
def test_a_command_speaks_the_language_of_the_person(
    ecluse: Ecluse, house: Any, words: tuple[str, ...], french: str, english: str
) -> None:
    said = {lang: ecluse(*words, "--data", house.data, lang=lang) for lang in ("fr", "en")}

    assert {lang: done.returncode for lang, done in said.items()} == {"fr": 0, "en": 0}
    assert french in said["fr"].stdout
    assert english in said["en"].stdout
    assert french not in said["en"].stdout


@pytest.mark.parametrize("words", [("serve",), ("fsck",), ("records", "list"), ("audit", "verify"), ("migrate",)])
def test_a_setting_that_cannot_be_used_is_named(ecluse: Ecluse, tmp_path: Path, words: tuple[str, ...]) -> None:
    data = tmp_path / "data"
    done = ecluse(*words, "--data", data, environment={"ECLUSE_INGEST_PORT": "many"})
    file = tmp_path / "settings.toml"
    file.write_text("[ingest]\nprot = 8441\n", "utf-8")
    unknown = ecluse(*words, "--settings", file, "--data", data)

    assert (done.returncode, unknown.returncode) == (1, 1)
    assert "ingest.port is a whole number; found 'many'" in done.stderr
    assert "unknown setting ingest.prot" in unknown.stderr
    assert not data.exists()

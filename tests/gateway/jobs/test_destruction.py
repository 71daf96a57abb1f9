"""Destroying a record leaves a proof that names nobody, and nothing that leads back."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from gateway.administration import holder, life
from gateway.records import RecordsError, authorise, open_record
from security.at_rest.format import SealError
from security.at_rest.record_keys import unwrap
from security.at_rest.unsealing import unseal
from xds.dmp.holder import Address, Traits
from xds.dmp.record import Record
from xds.registry.due import DueKind

from .conftest import CONTENT, DOCTOR, HIDDEN, TITLE, Place, ins_of

FAMILY, EMAIL = "NOMINTROUVABLE", "titulaire@exemple.invalid"
TRAITS = Traits(family=FAMILY, given=("Alix",), address=Address(lines=("1 rue Introuvable",), city="75001 Paris"))


def a_whole_record(place: Place) -> tuple[str, Record]:
    """A record that has something in every table that knows patients."""
    patient_id, record = place.a_record(at=place.now() - timedelta(days=400))
    holder.set_holder(place.owner, patient_id, traits=TRAITS, birth_date=date(place.now().year - 5, 1, 1), email=EMAIL)
    holder.add_representative(place.owner, patient_id, relationship="MTH", traits=TRAITS)
    authorise(place.owner, patient_id, DOCTOR)
    place.deposit(patient_id, record)
    place.deposit(patient_id, record, HIDDEN)
    place.owner.execute(
        "INSERT INTO ecluse.patient_accounts (patient_key, login, password_hash) VALUES (%s, %s, 'x')",
        (record.patient_key, f"login-{record.patient_key}"),
    )
    life.close_record(place.owner, patient_id, reason=f"demande de {FAMILY}", at=place.now() - timedelta(days=30))
    life.reactivate_record(place.owner, patient_id, at=place.now() - timedelta(days=20))
    return patient_id, record


def everywhere(place: Place, *wanted: str) -> set[str]:
    """Where one of these texts stands: every column of every table, every file that is not the database's own."""
    found = set()
    tables = place.all(
        "SELECT c.relname, array_agg(a.attname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'ecluse'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0"
        " AND NOT a.attisdropped GROUP BY 1"
    )
    assert len(tables) > 20
    for table, columns in tables:
        for column in columns:
            rows = place.all(f"SELECT {column}::text FROM ecluse.{table} WHERE {column} IS NOT NULL")  # noqa: S608
            for (value,) in rows:  # bytes are written \\x and hexadecimal digits: searched as what they spell
                spelled = bytes.fromhex(value[2:]).decode("latin-1") if value.startswith("\\x") else value
                if any(one in spelled for one in wanted):
                    found.add(table)
    for path in place.data.rglob("*"):
        if path.is_file() and "postgres" not in path.relative_to(place.data).parts:
            content = path.read_bytes()
            if any(one.encode() in content for one in wanted):
                found.add(str(path.relative_to(place.data)))
    return found


def test_ten_years_after_its_closing_nothing_of_a_record_is_left_but_the_proof(place: Place) -> None:
    patient_id, record = a_whole_record(place)
    former, other = ins_of(patient_id), f"{2580769555001}{97 - 2580769555001 % 97:02d}"
    holder.change_identifier(place.owner, patient_id, patient_id.replace(former, other))
    patient_id = patient_id.replace(former, other)
    place.deliver()
    wanted = (former, other, FAMILY, EMAIL, TITLE)
    before = everywhere(place, *wanted)
    assert {"patients", "former_identifiers", "document_entries", "submission_sets", "holders", "traces"} <= before
    assert {"legal_representatives", "openings"} <= before
    assert any(name.startswith("outgoing/mail/") for name in before)
    (wrapped,) = place.one(
        "SELECT wrapped_private_key FROM ecluse.record_keys WHERE patient_key = %s", record.patient_key
    )
    kept = {path: path.read_bytes() for path in (place.data / "blobs").rglob("*") if path.is_file()}
    documents = place.all(
        "SELECT unique_id, encode(blob_address, 'hex') FROM ecluse.document_entries WHERE patient_key = %s",
        record.patient_key,
    )
    assert len(documents) == 2

    place.owner.execute("ANALYZE")
    life.close_record(place.owner, patient_id)
    place.move_to(place.now() + timedelta(days=10 * 366))
    assert place.work().done[DueKind.ARCHIVE_END] == 1

    # What the server keeps besides rows: samples of their values, which outlive them.
    samples = place.all("SELECT (most_common_vals, histogram_bounds)::text FROM pg_stats WHERE schemaname = 'ecluse'")
    assert len(samples) > 50
    assert not [row for row in samples for one in wanted if one in row[0]]
    assert everywhere(place, former, other, TITLE) == set()
    assert everywhere(place, FAMILY) == set()
    assert everywhere(place, EMAIL) == {"outbox"}, "until the holder was told"
    place.deliver()
    assert everywhere(place, former, other, TITLE, FAMILY) == set()
    assert place.status(patient_id) is None
    with pytest.raises(RecordsError, match="no record"):
        life.reactivate_record(place.owner, patient_id)
    left = place.all(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'patient_key'"
        " WHERE c.relnamespace = 'ecluse'::regnamespace AND c.relkind = 'r' AND c.relname <> 'outbox'"
    )
    for (table,) in left:
        count = place.one(f"SELECT count(*) FROM ecluse.{table} WHERE patient_key = %s", record.patient_key)  # noqa: S608
        assert count == (0,), table
    # The bytes are gone; a copy of them, with the key encryption key, opens nothing: the wrapped key is no more.
    assert not any((place.data / "blobs" / a[:2] / a[2:4] / a).exists() for _, a in documents)
    copies = {path.name: content for path, content in kept.items()}
    survivors = [bytes(row[0]) for row in place.all("SELECT wrapped_private_key FROM ecluse.record_keys")]
    for unique_id, address in documents:
        assert unseal([copies[address]], unwrap(bytes(wrapped), place.kek, record.key_id), unique_id) == CONTENT
        for survivor in survivors:
            with pytest.raises(SealError):
                unseal([copies[address]], unwrap(survivor, place.kek, record.key_id), unique_id)


def test_the_proof_and_its_event_remain_and_the_holder_is_told(place: Place) -> None:
    patient_id, record = a_whole_record(place)
    life.close_record(place.owner, patient_id)
    life.request_destruction(place.owner, patient_id)
    place.move_to(place.now() + timedelta(days=29))
    place.work()
    assert place.status(patient_id) == "CLOSED"
    place.move_to(place.now() + timedelta(days=2))
    place.work()
    proof, motive, documents, keys, record_hash = place.one(
        "SELECT proof_id, motive, documents, keys, record_hash FROM ecluse.destructions"
        " ORDER BY destroyed_at DESC LIMIT 1"
    )
    assert (motive, documents, keys, len(record_hash)) == ("DESTRUCTION_REQUEST", 2, 1, 32)
    ((event,),) = place.all("SELECT event FROM ecluse.audit_events WHERE event LIKE %s", f"%{proof}%")
    assert "TIME-DESTRUCTION-REQUEST" in event
    assert place.notices(record.patient_key) == {"RECORD_DESTROYED": 1}
    assert place.deliver().messages == 1
    (notice_id,) = place.one("SELECT notice_id FROM ecluse.outbox WHERE patient_key = %s", record.patient_key)
    (mail,) = (place.data / "outgoing" / "mail").glob(f"{notice_id}-*.eml")
    assert f"To: {EMAIL}" in mail.read_text("utf-8")
    assert place.one("SELECT facts FROM ecluse.outbox WHERE patient_key = %s", record.patient_key) == ({},)


def test_nobody_is_told_of_the_end_of_a_dead_holder_s_record(place: Place) -> None:
    patient_id, record = a_whole_record(place)
    life.record_death(place.owner, patient_id, place.now().date())
    place.move_to(place.now() + timedelta(days=10 * 366))
    place.work()
    assert place.status(patient_id) is None
    assert place.notices(record.patient_key) == {}


def test_a_reactivated_record_is_not_destroyed(place: Place) -> None:
    patient_id, _ = place.a_record()
    life.close_record(place.owner, patient_id)
    life.request_destruction(place.owner, patient_id)
    life.reactivate_record(place.owner, patient_id)
    place.move_to(place.now() + timedelta(days=100))
    place.work()
    assert place.status(patient_id) == "OPEN"


def test_an_identifier_that_was_replaced_opens_no_other_record(place: Place) -> None:
    patient_id, _ = place.a_record()
    other = patient_id.replace(ins_of(patient_id), f"{2580769666001}{97 - 2580769666001 % 97:02d}")
    holder.change_identifier(place.owner, patient_id, other)
    with pytest.raises(RecordsError, match="DMPFound"):
        open_record(place.owner, patient_id, kek=place.kek)


def test_files_left_by_a_keeper_that_was_killed_are_removed_by_the_next(place: Place) -> None:
    patient_id, record = a_whole_record(place)
    life.close_record(place.owner, patient_id)
    place.move_to(place.now() + timedelta(days=10 * 366))
    blobs = place.all(
        "SELECT encode(blob_address, 'hex') FROM ecluse.document_entries WHERE patient_key = %s", record.patient_key
    )
    with place.kept() as kept:
        agenda = kept.keeper.agenda
        (item,) = [one for one in agenda.page(place.now()) if one.kind is DueKind.ARCHIVE_END]
        assert agenda.destroy(item)
    paths = [place.data / "blobs" / a[:2] / a[2:4] / a for (a,) in blobs]
    assert all(path.exists() for path in paths)
    place.work()
    assert not any(path.exists() for path in paths)
    assert place.one("SELECT count(*) FROM ecluse.remains") == (0,)


STEP = 5
"""Acts after which a keeper is killed."""


def killed_soon(place: Place, deadline: float) -> bool:
    """`ecluse jobs watch`, killed in the middle of its work; False when nothing was left to be done."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "jobs", "watch", "--data", str(place.data)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={key: value for key, value in os.environ.items() if not key.startswith("ECLUSE_")},
    )
    try:
        (before,) = acts(place)
        with place.kept() as kept:
            while acts(place)[0] < before + STEP:
                assert time.monotonic() < deadline
                # In this order: what is not due any more has left its files on the list.
                if not kept.keeper.agenda.page(place.now()) and not place.one("SELECT count(*) FROM ecluse.remains")[0]:
                    return False
    finally:
        process.kill()
        process.wait()
    return True


def acts(place: Place) -> tuple[int]:
    found: tuple[int] = place.one("SELECT size FROM ecluse.audit_chains WHERE door = 'administration'")
    return found


def test_a_keeper_killed_again_and_again_ends_where_one_left_alone_does(place: Place) -> None:
    place.work()
    (proofs,) = place.one("SELECT count(*) FROM ecluse.destructions")
    files = list_files(place.data / "blobs")
    keys, gone = [], []
    for number in range(8):
        patient_id, record = place.a_record()
        keys.append(record.patient_key)
        authorise(place.owner, patient_id, DOCTOR)
        place.deposit(patient_id, record, HIDDEN)
        if number % 2:
            life.close_record(place.owner, patient_id)
            gone.append(patient_id)
    place.move_to(place.now() + timedelta(days=10 * 366))
    kills, deadline = 0, time.monotonic() + 100
    while killed_soon(place, deadline):
        kills += 1
    assert kills >= 2
    assert [place.status(patient_id) for patient_id in gone] == [None] * len(gone)
    assert place.one("SELECT count(*) FROM ecluse.destructions") == (proofs + len(gone),)
    for key in keys:
        if place.all("SELECT 1 FROM ecluse.records WHERE patient_key = %s", key):
            operations = [row[0] for row in place.traces(key)]
            for name in ("TIME-AUTHORISATION-END", "TIME-HIDDEN-REMINDER", "TD3.3b"):
                assert operations.count(name) == 1, (key, operations)
    assert list_files(place.data / "blobs") == files + len(keys) - len(gone)


def list_files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))

"""A house filled by the first schema keeps what it holds when the whole registry arrives."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest

from gateway.database.domain import declare_domain
from gateway.database.errors import DatabaseSetupError
from gateway.database.migrate import MIGRATIONS, migrate
from gateway.database.roles import DatabaseLayout, DatabaseRole, provision, secret_path

FIRST = "0006"
PATIENT, KEY, ENTRY, SET = (f"00000000-0000-4000-8000-00000000000{number}" for number in range(1, 5))
HASH = "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"


@pytest.fixture
def old_house(foreign_url: str, tmp_path: Path) -> DatabaseLayout:
    """One record with one document, as the first six files left it."""
    folder = tmp_path / "first"
    folder.mkdir()
    for path in MIGRATIONS.glob("*.sql"):
        if path.name[:4] <= FIRST:
            shutil.copy(path, folder)
    layout = provision(foreign_url, tmp_path / "data")
    migrate(layout.owner_url, folder)
    with psycopg.connect(layout.owner_url) as connection:
        connection.execute("INSERT INTO ecluse.patients VALUES (%s, 'P^^^&1.2.3&ISO^NH')", (PATIENT,))
        connection.execute(
            "INSERT INTO ecluse.records (patient_key, status, key_id, public_key, opened_at)"
            " VALUES (%s, 'OPEN', %s, '', now())",
            (PATIENT, KEY),
        )
        connection.execute("INSERT INTO ecluse.record_keys VALUES (%s, %s, '')", (PATIENT, KEY))
        connection.execute(
            "INSERT INTO ecluse.submission_sets (patient_key, entry_uuid, unique_id, source_id, depositor_id,"
            " submission_time, author_persons, codes, fragment)"
            " VALUES (%s, %s, '1.2.1', '1.2', 'S', '20260101000000', '{}', '{}', '')",
            (PATIENT, SET),
        )
        connection.execute(
            "INSERT INTO ecluse.document_entries (patient_key, entry_uuid, logical_id, version, unique_id, status,"
            " object_type, mime_type, hash, size, blob_address, key_id, creation_time, depositor_id,"
            " author_structure_ids, author_person_ids, author_persons, codes, fragment)"
            " VALUES (%(p)s, %(e)s, %(e)s, 1, '1.2.2', 'APPROVED', %(e)s, 'text/xml', %(h)s, 7,"
            " decode(repeat('00', 32), 'hex'), %(k)s, '20260101000000', 'S', '{}', '{}', '{}', '{}', '')",
            {"p": PATIENT, "e": ENTRY, "k": KEY, "h": HASH},
        )
        connection.execute(
            "INSERT INTO ecluse.associations VALUES (%s, gen_random_uuid(), 'HasMember', %s, %s, %s, '')",
            (PATIENT, SET, ENTRY, SET),
        )
        connection.execute(
            "INSERT INTO ecluse.unique_ids VALUES"
            " ('1.2.1', 'SS', %(p)s, %(s)s, 'S'), ('1.2.2', 'DE', %(p)s, %(e)s, 'S')",
            {"p": PATIENT, "s": SET, "e": ENTRY},
        )
    return layout


def test_what_was_registered_stays_and_gets_what_is_new(old_house: DatabaseLayout) -> None:
    applied = migrate(old_house.owner_url)
    assert applied[0] == "0007_registry.sql"
    with psycopg.connect(old_house.owner_url) as connection:
        names = connection.execute("SELECT unique_id, kind, hash, size FROM ecluse.unique_ids ORDER BY 1").fetchall()
        entry = connection.execute("SELECT status, reference_ids, document_availability FROM ecluse.document_entries")
        link = connection.execute("SELECT status, submission_set_status FROM ecluse.associations")
        assert names == [("1.2.1", "SS", None, None), ("1.2.2", "DE", HASH.lower(), 7)]
        assert entry.fetchall() == [("APPROVED", [], "urn:ihe:iti:2010:DocumentAvailability:Online")]
        assert link.fetchall() == [("APPROVED", None)]


def test_an_old_house_is_one_of_the_dmp(old_house: DatabaseLayout) -> None:
    migrate(old_house.owner_url)
    with pytest.raises(DatabaseSetupError, match="belongs to the domain dmp"):
        declare_domain(old_house.owner_url, "ihe")
    declare_domain(old_house.owner_url, "dmp")


def test_an_old_house_gets_its_keeper_and_everybody_keeps_his_password(
    old_house: DatabaseLayout, foreign_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(foreign_url, autocommit=True) as administrator:
        administrator.execute("REVOKE ALL ON DATABASE house FROM ecluse_keeper")
        administrator.execute("ALTER ROLE ecluse_keeper IN DATABASE house RESET ALL")
        administrator.execute("DROP ROLE ecluse_keeper")
    secret_path(tmp_path / "data", DatabaseRole.KEEPER).unlink()
    layout = provision(foreign_url, tmp_path / "data")
    migrate(layout.owner_url)
    assert (layout.ingest_url, layout.consultation_url) == (old_house.ingest_url, old_house.consultation_url)
    with psycopg.connect(layout.keeper_url) as keeper:
        assert keeper.execute("SELECT count(*), law_now() > '2001-01-01' FROM records").fetchone() == (0, True)

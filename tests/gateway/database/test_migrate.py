from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest

from gateway.database.embedded import EmbeddedPostgres
from gateway.database.errors import DatabaseSetupError, DatabaseUnavailable
from gateway.database.migrate import MigrationError, migrate, read_migrations
from gateway.database.opening import Database, open_database
from gateway.database.roles import DatabaseLayout, DatabaseRole, provision, read_url, secret_path


@pytest.fixture
def layout(foreign_url: str, tmp_path: Path) -> DatabaseLayout:
    return provision(foreign_url, tmp_path / "data")


def tables(layout: DatabaseLayout) -> set[str]:
    with psycopg.connect(layout.owner_url) as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'ecluse'::regnamespace"
        )
        return {row[0] for row in rows}


def test_files_are_applied_in_order_and_once(layout: DatabaseLayout, migrations: Path) -> None:
    assert migrate(layout.owner_url, migrations) == ("0001_first.sql", "0002_second.sql")
    assert migrate(layout.owner_url, migrations) == ()
    assert tables(layout) == {"first", "second", "schema_migrations"}
    (migrations / "0003_third.sql").write_text("CREATE TABLE third ();", encoding="utf-8")
    assert migrate(layout.owner_url, migrations) == ("0003_third.sql",)


def test_a_file_that_fails_leaves_nothing_and_names_itself(layout: DatabaseLayout, migrations: Path) -> None:
    (migrations / "0003_wrong.sql").write_text("CREATE TABLE third (); SELECT 1/0;", encoding="utf-8")
    with pytest.raises(MigrationError, match=r"0003_wrong.sql failed and left nothing behind: division by zero"):
        migrate(layout.owner_url, migrations)
    assert tables(layout) == {"first", "second", "schema_migrations"}
    (migrations / "0003_wrong.sql").write_text("CREATE TABLE third ();", encoding="utf-8")
    assert migrate(layout.owner_url, migrations) == ("0003_wrong.sql",)


def test_a_file_changed_after_it_was_applied_is_refused(layout: DatabaseLayout, migrations: Path) -> None:
    migrate(layout.owner_url, migrations)
    (migrations / "0001_first.sql").write_text("CREATE TABLE first (id bigint);", encoding="utf-8")
    with pytest.raises(MigrationError, match=r"0001_first.sql changed after it was applied: SHA-256 was [0-9a-f]{64}"):
        migrate(layout.owner_url, migrations)


def test_a_database_newer_than_the_software_is_refused(layout: DatabaseLayout, migrations: Path) -> None:
    migrate(layout.owner_url, migrations)
    (migrations / "0002_second.sql").unlink()
    with pytest.raises(MigrationError, match=r"0002_second.sql, this software does not"):
        migrate(layout.owner_url, migrations)


def test_a_file_put_before_one_that_is_applied_is_refused(layout: DatabaseLayout, migrations: Path) -> None:
    (migrations / "0002_second.sql").rename(migrations / "0005_second.sql")
    migrate(layout.owner_url, migrations)
    (migrations / "0003_late.sql").write_text("SELECT 1;", encoding="utf-8")
    with pytest.raises(MigrationError, match=r"0003_late.sql comes before 0005_second.sql"):
        migrate(layout.owner_url, migrations)


def test_a_file_that_commits_by_itself_is_refused(layout: DatabaseLayout, migrations: Path) -> None:
    (migrations / "0003_bold.sql").write_text("CREATE TABLE third (); COMMIT;", encoding="utf-8")
    with pytest.raises(MigrationError, match=r"0003_bold.sql ends its transaction itself"):
        migrate(layout.owner_url, migrations)


@pytest.mark.parametrize(("name", "reason"), [("3_x.sql", "NNNN_words"), ("0001_again.sql", "same number")])
def test_names_are_checked_before_anything_is_applied(migrations: Path, name: str, reason: str) -> None:
    (migrations / name).write_text("SELECT 1;", encoding="utf-8")
    with pytest.raises(MigrationError, match=reason):
        read_migrations(migrations)


def test_two_migrations_at_once_apply_each_file_once(layout: DatabaseLayout, migrations: Path) -> None:
    (migrations / "0003_slow.sql").write_text("SELECT pg_sleep(0.2);", encoding="utf-8")
    done: list[str] = []
    hands = [threading.Thread(target=lambda: done.extend(migrate(layout.owner_url, migrations))) for _ in range(4)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sorted(done) == ["0001_first.sql", "0002_second.sql", "0003_slow.sql"]


def test_a_foreign_server_gets_the_same_database(foreign_url: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = open_database(data, url=foreign_url)
    assert first.server is None
    assert first.applied == tuple(file.name for file in read_migrations())
    again = open_database(data, url=foreign_url)
    assert (again.applied, again.layout) == ((), first.layout)
    for role in DatabaseRole:
        assert read_url(data, role) == first.layout.url(role)
        with psycopg.connect(first.layout.url(role)) as connection:
            assert connection.execute("SELECT current_user, current_database()").fetchone() == (role, "house")


def test_another_data_directory_does_not_lock_the_first_one_out(foreign_url: str, tmp_path: Path) -> None:
    first = provision(foreign_url, tmp_path / "first")
    with pytest.raises(DatabaseSetupError, match="belongs to another data directory"):
        provision(foreign_url, tmp_path / "second")
    psycopg.connect(first.ingest_url).close()
    second = provision(foreign_url, tmp_path / "second", reset_passwords=True)
    psycopg.connect(second.ingest_url).close()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(first.ingest_url)


def test_an_administrator_without_the_rights_is_told_which_are_missing(
    foreign_url: str, layout: DatabaseLayout, tmp_path: Path
) -> None:
    with pytest.raises(DatabaseSetupError, match="CREATEROLE"):
        provision(layout.owner_url, tmp_path / "other", reset_passwords=True)


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    nowhere = f"postgresql://somebody:secret@/house?host={tmp_path}"
    for ask in (lambda: provision(nowhere, tmp_path), lambda: migrate(nowhere)):
        with pytest.raises(DatabaseUnavailable) as caught:
            ask()
        assert "secret" not in str(caught.value)


def test_each_role_is_given_one_private_file(database: Database) -> None:
    assert database.server is not None
    data = database.server.directory.parent
    for role in DatabaseRole:
        path = secret_path(data, role)
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.read_text(encoding="utf-8").count("postgresql://") == 1
        assert read_url(data, role) == database.layout.url(role)
    assert len({secret_path(data, role).parent for role in DatabaseRole}) == len(DatabaseRole)
    assert "postgresql" not in repr(database.layout)


def test_a_door_without_its_file_is_told_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(DatabaseSetupError, match="ecluse migrate"):
        read_url(tmp_path, DatabaseRole.INGEST)


def test_lost_files_are_made_again_on_the_embedded_server(bare_server: EmbeddedPostgres) -> None:
    bare_server.start()
    data = bare_server.directory.parent
    try:
        open_database(data)
        secret_path(data, DatabaseRole.CONSULTATION).unlink()
        again = open_database(data)
        assert not again.started
        psycopg.connect(again.layout.consultation_url).close()
    finally:
        with psycopg.connect(bare_server.url(), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS ecluse WITH (FORCE)")
            connection.execute(
                "DROP ROLE ecluse_owner, ecluse_ingest, ecluse_consultation, ecluse_keeper, ecluse_hl7v2"
            )

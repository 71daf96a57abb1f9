"""A real PostgreSQL server in the data directory: made, started, watched, stopped, destroyed.

It listens on a Unix socket only, asks a password of everybody (SCRAM), flushes what it commits, and writes nothing
about patients into its log. It has a session of its own: Ctrl-C in the terminal reaches the doors, not the server,
so that they can finish first. A server that outlived its starter is found again and adopted.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from gateway.database.cluster import CLEAN_ENVIRONMENT, PORT, SUPERUSER, Cluster, open_cluster, remove_cluster
from gateway.database.errors import DatabaseUnavailable

_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "shared_buffers": "64MB",
    "max_connections": "80",
    "max_wal_size": "512MB",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "password_encryption": "scram-sha-256",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_destination": "stderr",
    # A failed statement, its parameters and the DETAIL of its error can quote a patient: none of them is logged.
    "log_statement": "none",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
_LOG_ROTATED_ABOVE = 10 * 1024 * 1024
_READY_WITHIN, _STOPPED_WITHIN, _QUIT_WITHIN, _GONE_WITHIN = 120.0, 30.0, 10.0, 15.0
"""Seconds. Recovery after a crash replays at most max_wal_size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAddress:
    """How to reach the server as its superuser."""

    socket_directory: Path
    port: int
    user: str
    password: str = field(repr=False)

    def url(self, database: str) -> str:
        host = quote(str(self.socket_directory), safe="")
        return f"postgresql://{self.user}:{quote(self.password, safe='')}@/{database}?host={host}&port={self.port}"


class EmbeddedPostgres:
    """The server whose files are in `directory`, a folder that holds nothing else."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self.log_path = self.directory / "server.log"
        self._cluster: Cluster | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.in_charge = False
        """Whether this process is to stop the server: it started it, or whoever did is dead."""

    @property
    def address(self) -> ServerAddress:
        """The address; known once `start` has been called."""
        cluster = self._known()
        return ServerAddress(
            socket_directory=cluster.socket_directory, port=PORT, user=SUPERUSER, password=cluster.password
        )

    def url(self, database: str = "postgres") -> str:
        """Connection URL of the superuser."""
        return self.address.url(database)

    def start(self) -> ServerAddress:
        """Make the cluster if needed and start the server, unless it runs already.

        Raises DatabaseSetupError: it cannot be made here. DatabaseUnavailable: it does not come up.
        """
        with self._alone():
            self._cluster = open_cluster(self.directory)
            if launch := self._running() is None:
                self._launch(self._cluster)
            else:
                self._await_ready(self._cluster)
            self._take_charge(launched=launch)
        return self.address

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, everything committed is flushed. Idempotent."""
        self._end(((signal.SIGINT, _STOPPED_WITHIN), (signal.SIGQUIT, _QUIT_WITHIN)))

    def _end(self, ways: tuple[tuple[signal.Signals, float], ...]) -> None:
        with self._alone():
            pid = self._running()
            for how, patience in ways:
                if pid is None:
                    break
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, how)
                deadline = time.monotonic() + patience
                while (pid := self._running()) is not None and time.monotonic() < deadline:
                    time.sleep(0.01)
            if pid is not None:
                raise DatabaseUnavailable(f"the database server (process {pid}) does not stop")
            self._reap()

    def restart(self) -> ServerAddress:
        """Stop and start again."""
        self.stop()
        return self.start()

    def is_alive(self) -> bool:
        """Tell whether the server process is there."""
        return self._running() is not None

    @property
    def pid(self) -> int | None:
        """Process id of the server, None when it does not run."""
        return self._running()

    def destroy(self) -> None:
        """Stop the server, without writing what nobody will read, and remove every file of the cluster."""
        if self.directory.is_dir():
            self._end(((signal.SIGQUIT, _STOPPED_WITHIN),))
            remove_cluster(self.directory)

    def _known(self) -> Cluster:
        if self._cluster is None:
            raise DatabaseUnavailable("the embedded database has not been started")
        return self._cluster

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time starts or stops the server of a directory."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _recorded(self, cluster: Cluster) -> tuple[int, str] | None:
        """Process id and state that the server wrote into postmaster.pid."""
        try:
            lines = (cluster.pgdata / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            return int(lines[0]), lines[7].strip() if len(lines) > 7 else ""
        except (FileNotFoundError, IndexError, ValueError):
            return None

    def _running(self) -> int | None:
        if self._process is not None:
            self._process.poll()  # reaps it: a dead child must not look alive
        if self._cluster is None:
            if not (self.directory / "location").is_file():
                return None
            self._cluster = open_cluster(self.directory)
        recorded = self._recorded(self._cluster)
        return recorded[0] if recorded and _works_in(recorded[0], self._cluster.pgdata) else None

    def _take_charge(self, *, launched: bool) -> None:
        """The process that launches the server writes its name; one that finds a dead name writes its own over it."""
        name = self.directory / "in-charge"
        written = name.read_text("ascii") if name.is_file() else ""
        alive = written != "" and _name_of(int(written.split()[0])) == written
        if launched or not alive:
            name.write_text(_name_of(os.getpid()), "ascii")
            self.in_charge = True

    def _launch(self, cluster: Cluster) -> None:
        self._clear_remains(cluster)
        self._reap()
        self._process = self._spawn(cluster)
        self._await_ready(cluster)

    def _reap(self) -> None:
        """Collect our child that ended, whoever ended it. It may still be on its way out."""
        if self._process is not None:
            self._process.wait(_GONE_WITHIN)
            self._process = None

    def _clear_remains(self, cluster: Cluster) -> None:
        """Remove the lock files of a server that was killed, once none of its processes is left.

        PostgreSQL removes them itself unless their process id is in use: by another program since, or by the dead
        server where nobody reaps it (a container without an init process).
        """
        deadline = time.monotonic() + _GONE_WITHIN
        while any(_works_in(int(entry.name), cluster.pgdata) for entry in Path("/proc").glob("[1-9]*")):
            # Backends of a killed server take a moment to notice.
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(
                    f"processes of a server that was killed are still at work in {cluster.pgdata}"
                )
            time.sleep(0.05)
        (cluster.pgdata / "postmaster.pid").unlink(missing_ok=True)
        (cluster.socket_directory / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)

    def _spawn(self, cluster: Cluster) -> subprocess.Popen[bytes]:
        settings = {
            **_SETTINGS,
            "unix_socket_directories": str(cluster.socket_directory),
            "unix_socket_permissions": "0777" if cluster.account.switch else "0700",
        }
        if self.log_path.is_file() and self.log_path.stat().st_size > _LOG_ROTATED_ABOVE:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        log = os.open(self.log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            return subprocess.Popen(
                [
                    str(cluster.programs / "postgres"),
                    "-D",
                    str(cluster.pgdata),
                    *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
                ],
                cwd="/",
                env=CLEAN_ENVIRONMENT,
                umask=0o077,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **cluster.account.process_options,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise DatabaseUnavailable(
                f"the database server could not be run as user {cluster.account.uid}: {error}"
            ) from error
        finally:
            os.close(log)

    def _await_ready(self, cluster: Cluster) -> None:
        deadline = time.monotonic() + _READY_WITHIN
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                raise DatabaseUnavailable(f"the database server did not start: {self._last_words()} ({self.log_path})")
            recorded = self._recorded(cluster)
            if recorded and recorded[1] == "ready" and self._running() == recorded[0]:
                return
            time.sleep(0.01)
        raise DatabaseUnavailable(f"the database server was not ready after {_READY_WITHIN:.0f} s ({self.log_path})")

    def _last_words(self) -> str:
        lines = self.log_path.read_bytes()[-4096:].decode(errors="replace").splitlines()
        return next(
            (line for line in reversed(lines) if "FATAL" in line or "PANIC" in line), lines[-1] if lines else ""
        )


def _works_in(pid: int, pgdata: Path) -> bool:
    """Tell whether process `pid` is at work in `pgdata`: the server and its children have it as working directory."""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(pgdata)
    except OSError:
        return False


def _name_of(pid: int) -> str:
    """A process id and when it was born, which no later process shares; the id alone for a process that is dead."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return f"{pid}"
    return f"{pid}" if fields[0] == b"Z" else f"{pid} {fields[19].decode('ascii')}"

"""What the house survives, and what it leaves behind: kills, restarts, an orderly end, a database that goes away."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from gateway.cli.rehearsal import Address, Rehearsal
from gateway.cli.story import REPOSITORY
from gateway.database.embedded import EmbeddedPostgres
from samples.client.answers import read_registry_answer
from samples.client.transport import read_reply
from samples.documents.vsm import vsm

DOORS = ("ingest", "consultation")


@dataclass
class Sturdy:
    """A house of its own, with one document in it, started and stopped at will."""

    house: Rehearsal
    scene: Any
    unique_id: str
    content: bytes

    def serves(self) -> bool:
        """Whether the document is found and read, and another is deposited."""
        with closing(self.scene.consultation()) as doctor:
            read = doctor.retrieve([(REPOSITORY, self.unique_id)])
        assert [item.content for item in read.documents] == [self.content]
        return bool(self.scene.deposit(self.scene.lot([vsm(self.scene.patient)])).succeeded)


@pytest.fixture(scope="module")
def sturdy(house: Rehearsal, new_scene: Callable[[Rehearsal], Any], tmp_path_factory: Any) -> Iterator[Sturdy]:
    directory: Path = tmp_path_factory.mktemp("sturdy")
    shutil.copytree(house.data / "pki", directory / "data" / "pki")
    own = Rehearsal(directory=directory)
    try:
        scene = new_scene(own.start())
        content = vsm(scene.patient)
        lot = scene.lot([content])
        assert scene.deposit(lot).succeeded
        yield Sturdy(own, scene, lot.unique_ids[0], content)
    finally:
        own.stop()
        EmbeddedPostgres(own.data / "postgres").destroy()


def eventually(condition: Callable[[], Any], seconds: float = 30.0, *, every: float = 0.05) -> Any:
    """What a condition gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(every)
    return found


def ready(address: Address) -> int:
    """Status of the ready endpoint, 0 when nobody answers."""
    with suppress(requests.RequestException):
        return requests.get(address.health, timeout=10).status_code
    return 0


def is_running(pid: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    return False


def processes_of(data: Path) -> set[int]:
    """Every process that was started for a data directory, but its database server."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (folder / "cmdline").read_bytes()
            if b"-m\0gateway\0" in command and str(data).encode() in command and is_running(int(folder.name)):
                found.add(int(folder.name))
    return found


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("victim", ["worker", "door"])
def test_a_killed_process_comes_back_on_the_same_port(
    sturdy: Sturdy, door_processes: Callable[[Rehearsal, str], list[int]], victim: str, door: str
) -> None:
    before, others = door_processes(sturdy.house, door), [name for name in DOORS if name != door]
    untouched = door_processes(sturdy.house, others[0])
    addresses = dict(sturdy.house.doors)
    killed = before[0] if victim == "door" else before[1]

    os.kill(killed, signal.SIGKILL)

    eventually(lambda: not is_running(killed))
    eventually(lambda: len(door_processes(sturdy.house, door)) == 2 and ready(addresses[door]) == 200)
    now = door_processes(sturdy.house, door)
    assert before[1] not in now
    assert (before[0] in now) is (victim == "worker")
    assert door_processes(sturdy.house, others[0]) == untouched, "the other door noticed nothing"
    assert sturdy.serves()


def test_health_says_that_a_door_lives_and_is_ready(sturdy: Sturdy) -> None:
    for door in DOORS:
        address = sturdy.house.doors[door]
        live = requests.get(address.health.replace("/ready", "/live"), timeout=10)
        answer = requests.get(address.health, timeout=10)

        assert (live.status_code, live.json()) == (200, {"live": True, "door": door})
        assert (answer.status_code, answer.json()) == (
            200,
            {"ready": True, "door": door, "checks": {"database": True, "documents": True}},
        )


@contextmanager
def _held_down(server: EmbeddedPostgres) -> Iterator[None]:
    """A database that died and cannot start: whoever starts it waits for this lock."""
    descriptor = os.open(server.directory / "lock", os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _kill_server(server)
        yield
    finally:
        os.close(descriptor)


def _kill_server(server: EmbeddedPostgres) -> None:
    home = (server.directory / "location").read_text("utf-8").strip()
    pgdata = (server.directory if home == "." else Path(home)) / "pgdata"
    pid = int((pgdata / "postmaster.pid").read_text("ascii").split()[0])
    os.kill(pid, signal.SIGQUIT)
    eventually(lambda: not is_running(pid))


def test_a_door_without_its_database_is_alive_and_not_ready_and_ready_again_after(sturdy: Sturdy) -> None:
    addresses = [sturdy.house.doors[door] for door in DOORS]
    with _held_down(EmbeddedPostgres(sturdy.house.data / "postgres")):
        for door, address in zip(DOORS, addresses, strict=True):
            eventually(lambda address=address: ready(address) == 503)  # type: ignore[misc]
            said = requests.get(address.health, timeout=10).json()
            live = requests.get(address.health.replace("/ready", "/live"), timeout=10)
            assert said == {"ready": False, "door": door, "checks": {"database": False, "documents": True}}
            assert live.status_code == 200
        with closing(sturdy.scene.consultation()) as doctor:
            refused = doctor.retrieve([(REPOSITORY, sturdy.unique_id)])
        assert refused.documents == ()

    for address in addresses:
        eventually(lambda address=address: ready(address) == 200)  # type: ignore[misc]
    assert sturdy.serves()


def test_the_same_data_directory_opened_again_holds_the_same_documents(sturdy: Sturdy) -> None:
    pki = (sturdy.house.data / "pki" / "certificates" / "dr-essai.auth" / "certificate.pem").read_bytes()
    sturdy.house.stop()
    assert processes_of(sturdy.house.data) == set()
    assert not EmbeddedPostgres(sturdy.house.data / "postgres").is_alive()

    sturdy.house.start()

    assert sturdy.serves()
    assert (sturdy.house.data / "pki" / "certificates" / "dr-essai.auth" / "certificate.pem").read_bytes() == pki, (
        "the cards are those of before"
    )


@contextmanager
def served(sturdy: Sturdy) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """The house, started by its command: the process, and the line that it prints."""
    sturdy.house.stop()
    opened = ("INGEST", "CONSULTATION", "HL7V2")
    free = {f"ECLUSE_{door}_{key}": "0" for door in opened for key in ("PORT", "HEALTH_PORT")}
    with (sturdy.house.directory / "doors.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve", "--json", "--data", str(sturdy.house.data)],
            env={**os.environ, **free},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()
        eventually(lambda: processes_of(sturdy.house.data) == set(), 60)
        sturdy.house.start()


def test_the_ready_line_has_its_documented_shape_and_sigterm_finishes_what_is_in_flight(sturdy: Sturdy) -> None:
    with served(sturdy) as (process, line):
        assert list(line) == ["ready", "doors", "data", "sandbox"]
        assert requests.get(f"{line['sandbox']['url']}health/ready", timeout=10).status_code == 200
        assert (line["ready"], line["data"]) == (True, str(sturdy.house.data))
        assert list(line["doors"]) == [*DOORS, "hl7v2"]
        for name, door in line["doors"].items():
            assert list(door) == ["url", "ca", "health"]
            assert urlsplit(door["url"]).scheme == ("mllps" if name == "hl7v2" else "https")
            assert Path(door["ca"]).read_text("ascii").startswith("-----BEGIN CERTIFICATE-----")
            assert requests.get(door["health"], timeout=10).status_code == 200
        sturdy.house.doors = {
            name: Address(door["url"], Path(door["ca"]), door["health"]) for name, door in line["doors"].items()
        }
        with closing(sturdy.scene.ingest()) as client:
            kind, body = client.message(sturdy.scene.lot([vsm(sturdy.scene.patient)])).encode()
            url = urlsplit(client.repository.address)
        context = ssl.create_default_context(cafile=line["doors"]["ingest"]["ca"])
        shown = sturdy.house.credential("chu-seine.auth")
        context.load_cert_chain(shown.chain_path, shown.key_path)
        with closing(HTTPSConnection(url.hostname or "", url.port, context=context, timeout=30)) as slow:
            slow.putrequest("POST", url.path)
            slow.putheader("Content-Type", kind)
            slow.putheader("Content-Length", str(len(body)))
            slow.endheaders()
            slow.send(body[: len(body) // 2])
            time.sleep(0.5)

            process.send_signal(signal.SIGTERM)
            time.sleep(1.5)
            late = _may_connect(url.hostname or "", url.port or 0)
            slow.send(body[len(body) // 2 :])
            response = slow.getresponse()
            answer = read_registry_answer(read_reply(response.status, dict(response.getheaders()), response.read()))

        assert answer.succeeded, answer.errors
        assert not late, "nobody new is let in"
        assert process.wait(40) == 0
        assert processes_of(sturdy.house.data) == set()
        assert not EmbeddedPostgres(sturdy.house.data / "postgres").is_alive()
        assert process.stdout is not None
        assert process.stdout.read() == "", "one line, and nothing else"


def _may_connect(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), 5).close()
    except OSError:
        return False
    return True


def test_no_door_survives_a_supervisor_that_is_killed_and_the_house_opens_again(sturdy: Sturdy) -> None:
    with served(sturdy) as (process, line):
        doors = processes_of(sturdy.house.data) - {process.pid}
        assert len(doors) == 8, "two doors and the sandbox, a worker each; the door of HL7 v2, and the keeper"

        process.kill()
        process.wait(10)

        eventually(lambda: not any(is_running(pid) for pid in doors))
        for door in line["doors"].values():
            url = urlsplit(door["url"])
            assert not _may_connect(url.hostname or "", url.port or 0)
    assert sturdy.serves()

    sturdy.house.stop()
    server = EmbeddedPostgres(sturdy.house.data / "postgres")
    assert not server.is_alive(), "the killed one left it behind, the next one ended it"
    sturdy.house.start()


def test_production_does_not_start_on_test_anchors(tmp_path: Path) -> None:
    """Each key that is missing is named, one after the other."""
    environment = {**os.environ, "ECLUSE_MODE": "production"}
    for key in ("certificate", "key", "trust"):
        done = subprocess.run(
            [sys.executable, "-m", "gateway", "serve", "--data", str(tmp_path / "data")],
            env=environment,
            text=True,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 1
        assert f"mode = production needs ingest.{key}" in done.stderr
        assert "Traceback" not in done.stderr
        environment[f"ECLUSE_INGEST_{key.upper()}"] = str(tmp_path)
    assert not (tmp_path / "data").exists()

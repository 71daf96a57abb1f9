"""Doors and their supervisor as processes: orderly ends, crashes, kills."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.supervisor import Happening, Program, StartError, Supervisor

SUPERVISED = Path(__file__).with_name("supervised.py")
ROOT = SUPERVISED.parents[3]


@contextmanager
def supervised(*doors: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, str(SUPERVISED), *(json.dumps(door) for door in doors)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def next_where(process: subprocess.Popen[str], **wanted: object) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        said: dict[str, Any] = json.loads(line)
        if all(name in said and value in (..., said[name]) for name, value in wanted.items()):
            return said
    raise AssertionError(f"never said: {wanted}")


def get(port: int, path: str) -> int:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        client.request("GET", path)
        answer = client.getresponse()
        answer.read()
        return answer.status
    finally:
        client.close()


def descendants(pid: int) -> set[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
    found: set[int] = set()
    border = {pid}
    while border:
        border = {child for child, parent in parents.items() if parent in border}
        found |= border
    return found


def wait_until_gone(pids: set[int], seconds: float) -> set[int]:
    deadline = time.monotonic() + seconds
    while pids and time.monotonic() < deadline:
        time.sleep(0.05)
        pids = {pid for pid in pids if _runs(pid)}
    return pids


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_an_orderly_end_answers_the_request_in_flight_and_leaves_nothing():
    with supervised({}, {}) as process:
        ready = next_where(process, ready=...)["ready"]
        family = descendants(process.pid)
        assert len(family) == 4
        statuses: list[int] = []
        request = threading.Thread(target=lambda: statuses.append(get(ready["door0"]["port"], "/slow")))
        request.start()
        time.sleep(0.4)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        request.join(5)
        assert statuses == [200]
        assert wait_until_gone(family, 2) == set()


def test_a_worker_that_crashes_is_replaced_and_the_door_serves_again():
    with supervised({}) as process:
        port = next_where(process, ready=...)["ready"]["door0"]["port"]
        with pytest.raises((http.client.HTTPException, OSError)):
            get(port, "/die")
        assert get_patiently(port) == 200


def test_a_door_that_crashes_is_started_again_and_said_so():
    with supervised({"health_port": None}) as process:
        next_where(process, ready=...)
        (door,) = {pid for pid in descendants(process.pid) if _parent(pid) == process.pid}
        os.kill(door, signal.SIGKILL)
        crashed = next_where(process, happening="crashed")
        assert "SIGKILL" in crashed["detail"]
        assert get_patiently(next_where(process, happening="ready")["facts"]["port"]) == 200


def test_nothing_survives_a_supervisor_that_is_killed():
    with supervised({}, {}) as process:
        next_where(process, ready=...)
        family = descendants(process.pid)
        assert len(family) == 4
        process.kill()
        assert wait_until_gone(family, 8) == set()


def test_a_door_that_cannot_start_stops_all_and_says_which():
    with supervised({}, {"broken": True}) as process:
        assert "door1 did not start: exit status 3" in next_where(process, failed=...)["failed"]
        assert process.wait(10) == 2
        assert descendants(process.pid) == set()


def test_a_program_that_stays_silent_is_given_up():
    sleeper = Program(name="mute", argv=["sleep", "60"], env=dict(os.environ), patience=0.5)
    with pytest.raises(StartError, match=r"not ready after 0\.5 s"):
        Supervisor([sleeper], grace=2).start()


def test_a_program_that_does_not_exist_is_a_start_error():
    with pytest.raises(StartError, match="No such file"):
        Supervisor([Program(name="absent", argv=["/nonexistent/program"], env={})]).start()


def test_a_program_that_does_not_want_to_end_is_killed_with_its_children():
    said: list[tuple[str, Happening]] = []
    script = (
        "import signal, subprocess, time; signal.signal(15, signal.SIG_IGN)\n"
        "subprocess.Popen(['sleep', '77']); time.sleep(77)"
    )
    stubborn = Program(name="stubborn", argv=[sys.executable, "-c", script], env=dict(os.environ), announces=False)
    supervisor = Supervisor([stubborn], grace=0.5, report=lambda one: said.append((one.program, one.happening)))
    others = descendants(os.getpid())  # the database server of other tests, when there are any
    supervisor.start()
    deadline = time.monotonic() + 5
    while len(family := descendants(os.getpid()) - others) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not supervisor.stop()
    assert ("stubborn", Happening.KILLED) in said
    assert wait_until_gone({pid for pid in family if "77" in _command(pid)}, 2) == set()


def test_a_pause_grows_from_one_crash_to_the_next():
    details: list[str] = []
    crasher = Program(name="crasher", argv=["false"], env=dict(os.environ), announces=False)
    supervisor = Supervisor([crasher], report=lambda one: details.append(one.detail))
    supervisor.start()
    supervisor.watch(1.6)
    supervisor.stop()
    assert [detail for detail in details if "again" in detail] == [
        "exit status 1; starting again in 1 s",
        "exit status 1; starting again in 2 s",
    ]


def get_patiently(port: int) -> int:
    deadline = time.monotonic() + 8
    while True:
        try:
            return get(port, "/echo")
        except (OSError, http.client.HTTPException):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""

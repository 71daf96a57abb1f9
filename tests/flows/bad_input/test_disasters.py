"""What no sender can help: slow and endless bodies, a database that dies, a disk that is full."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.cli.rehearsal import Rehearsal
from gateway.cli.story import REPOSITORY
from gateway.database.cluster import open_cluster
from samples.client.answers import RegistryAnswer
from samples.documents.discharge_letter import discharge_letter
from samples.documents.vsm import vsm

BACK_WITHIN = 30.0
OUT = "XDSRepositoryOutOfResources"


@pytest.fixture
def ward(frail_ward: Any) -> Any:
    """A record of a house of one's own: disasters are for nobody else."""
    return frail_ward


@contextmanager
def full_disk(ward: Any) -> Iterator[None]:
    """Fill the disk of the documents, and make room again."""
    filler = ward.scene.house.data / "blobs" / "filler"
    if not filler.parent.is_mount():
        pytest.skip("a small disk can be mounted by root only")
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            pass
    try:
        yield
    finally:
        filler.unlink()


def test_a_full_disk_refuses_the_lot_whole_and_forgets_it(ward: Any) -> None:
    lot = ward.scene.lot([vsm(ward.scene.patient), discharge_letter(ward.scene.patient)])
    with full_disk(ward):
        ward.failure(ward.deposit(lot), (OUT, "no room", "nothing was kept"), lives_on=False)
    assert ward.scene.deposit(lot).succeeded, "the same lot is accepted once there is room"
    ward.lives_on()


def test_a_disk_that_became_read_only_is_no_incident(ward: Any) -> None:
    blobs = ward.scene.house.data / "blobs"
    if not blobs.is_mount():
        pytest.skip("a small disk can be mounted by root only")
    lot = ward.scene.lot([discharge_letter(ward.scene.patient)])
    subprocess.run(["mount", "-o", "remount,ro", str(blobs)], check=True)
    try:
        ward.failure(ward.deposit(lot), ("XDSRepositoryError", "cannot be written", "nothing was kept"), lives_on=False)
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(blobs)], check=True)
    assert ward.scene.deposit(lot).succeeded
    ward.lives_on()


def test_a_document_whose_bytes_are_damaged_or_lost_is_named_and_the_others_are_given(ward: Any) -> None:
    blobs = ward.scene.house.data / "blobs"
    contents, new = [], []
    for _ in range(3):
        known = set(blobs.rglob("*"))
        lot = ward.honest_lot()
        assert ward.scene.deposit(lot).succeeded
        contents.append(lot.unique_ids[0])
        new.append([path for path in blobs.rglob("*") if path.is_file() and path not in known])
    for path in new[0]:
        path.unlink()
    for path in new[1]:
        sealed = path.read_bytes()
        path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))

    with closing(ward.scene.consultation()) as doctor:
        answer = doctor.retrieve((REPOSITORY, unique_id) for unique_id in contents)

    assert answer.status.endswith(":PartialSuccess")
    assert [item.unique_id for item in answer.documents] == contents[2:]
    assert answer.error_codes == ["XDSRepositoryError"] * 2
    for error, unique_id in zip(answer.errors, contents[:2], strict=True):
        assert unique_id in error.context
    ward.lives_on()


def worker_of(ward: Any) -> int:
    """The process that serves the ingest door: the one below it that has no child."""
    found = children(ward.scene.house.pid)
    door = next(pid for pid in found if b"ingest" in Path(f"/proc/{pid}/cmdline").read_bytes())
    return children(door)[0]


def children(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def test_a_limit_on_files_refuses_the_lot_as_a_full_disk_does(ward: Any) -> None:
    lot = ward.scene.lot([vsm(ward.scene.patient)])
    worker = worker_of(ward)
    _, hard = resource.prlimit(worker, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    try:
        ward.failure(ward.deposit(lot), (OUT, "no room", "nothing was kept"), lives_on=False)
    finally:
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (hard, hard))
    assert ward.scene.deposit(lot).succeeded
    ward.lives_on()


def kill_database(house: Rehearsal) -> None:
    """SIGKILL to the postmaster, and wait until none of the processes it had is left."""
    pgdata = open_cluster(house.data / "postgres").pgdata
    old = at_work_in(pgdata)
    os.kill(int((pgdata / "postmaster.pid").read_text("utf-8").split()[0]), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while old & at_work_in(pgdata):
        assert time.monotonic() < deadline, "the database does not die"
        time.sleep(0.02)


def at_work_in(directory: Path) -> set[int]:
    found = set()
    for entry in Path("/proc").glob("[1-9]*"):
        with suppress(OSError):
            if (entry / "cwd").samefile(directory):
                found.add(int(entry.name))
    return found


def test_a_database_killed_inside_a_deposit_refuses_it_and_comes_back(ward: Any) -> None:
    before = ward.scene.kept()

    def pieces(head: bytes, body: bytes) -> Iterator[bytes]:
        yield head
        yield body[: len(body) // 2]
        kill_database(ward.scene.house)
        yield body[len(body) // 2 :]

    answer = ward.pieced(pieces)()

    assert not answer.succeeded
    assert answer.error_codes == ["XDSRegistryNotAvailable"]
    assert "send again later" in answer.errors[0].context
    wait_for_database(ward)
    assert ward.scene.kept() == before
    wait_for_door(lambda: ward.scene.deposit(ward.honest_lot()))
    with closing(ward.scene.consultation()) as doctor:
        wait_for_door(lambda: doctor.find_documents(ward.scene.patient.cx))
    ward.lives_on()


def test_what_was_acknowledged_before_the_database_died_is_there_afterwards(ward: Any) -> None:
    begun = threading.Event()

    def deposit_until_refused() -> list[tuple[Any, bool]]:
        said, deadline = [], time.monotonic() + BACK_WITHIN
        with closing(ward.scene.ingest()) as client:
            while time.monotonic() < deadline:
                lot = ward.honest_lot()
                answer = client.provide_and_register(lot)
                assert answer.succeeded or answer.error_codes == ["XDSRegistryNotAvailable"], answer.errors
                said.append((lot, answer.succeeded))
                begun.set()
                if not answer.succeeded:
                    break
        return said

    with ThreadPoolExecutor(3) as threads:
        senders = [threads.submit(deposit_until_refused) for _ in range(3)]
        assert begun.wait(BACK_WITHIN)
        while not all(sender.done() for sender in senders):
            time.sleep(0.5)
            kill_database(ward.scene.house)
            wait_for_database(ward)
        said = [pair for sender in senders for pair in sender.result()]
    with closing(ward.scene.consultation()) as doctor:
        wait_for_door(lambda: doctor.find_documents(ward.scene.patient.cx))
        acknowledged = {lot.unique_ids[0]: lot.contents["Document01"] for lot, kept in said if kept}
        assert set(acknowledged) <= set(ward.scene.found())
        read = doctor.retrieve((REPOSITORY, unique_id) for unique_id in acknowledged)
    assert {item.unique_id: item.content for item in read.documents} == acknowledged
    wait_for_door(lambda: ward.scene.deposit(ward.honest_lot()))
    unknown = [lot for lot, kept in said if not kept]
    assert len(unknown) == len(senders)
    for lot in unknown:
        again = ward.scene.deposit(lot)
        assert again.succeeded or set(again.error_codes) == {"XDSDuplicateUniqueIdInRegistry"}, again.errors
        assert ward.scene.found().count(lot.unique_ids[0]) == 1


def wait_for_database(ward: Any) -> None:
    """Ask until an administrator is answered."""
    deadline = time.monotonic() + BACK_WITHIN
    while True:
        try:
            ward.scene.house.owner().close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def wait_for_door(ask: Callable[[], RegistryAnswer]) -> None:
    """Ask until the answer is a success; until then it is always the same refusal."""
    deadline = time.monotonic() + BACK_WITHIN
    while not (answer := ask()).succeeded:
        assert answer.error_codes == ["XDSRegistryNotAvailable"]
        assert time.monotonic() < deadline, "the door does not come back"
        time.sleep(0.1)

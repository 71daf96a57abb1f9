"""What no sender can help: slow and endless bodies, a database that dies, a disk that is full."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.cli.rehearsal import Rehearsal
from gateway.cli.story import REPOSITORY
from gateway.database.cluster import open_cluster
from gateway.database.embedded import EmbeddedPostgres
from samples.client.answers import RegistryAnswer, read_registry_answer
from samples.client.raw import RawClient
from samples.documents.discharge_letter import discharge_letter
from samples.documents.vsm import vsm

IDLE = 1
BODY = 700_000
ROOM = 4 * 1024 * 1024
BACK_WITHIN = 30.0
OUT = "XDSRepositoryOutOfResources"


@pytest.fixture(scope="module")
def frail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """A house with little patience, little room for a message, and a small disk of its own where we may mount one."""
    directory = tmp_path_factory.mktemp("frail")
    blobs = directory / "data" / "blobs"
    blobs.mkdir(parents=True, mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=700", "ecluse-test", str(blobs)],
        check=False,
        capture_output=True,
    )
    environ = {"ECLUSE_LIMITS_IDLE": str(IDLE), "ECLUSE_LIMITS_BODY": str(BODY)}
    try:
        with Rehearsal(environ, directory=directory) as house:
            yield house
    finally:
        EmbeddedPostgres(directory / "data" / "postgres").destroy()
        if mounted.returncode == 0:
            subprocess.run(["umount", str(blobs)], check=True)


@pytest.fixture
def ward(frail: Rehearsal, new_scene: Any, watch: Any) -> Any:
    """A record of the frail house."""
    return watch(new_scene(frail))


def raw(ward: Any) -> RawClient:
    house = ward.scene.house
    door = house.doors["ingest"]
    return RawClient(door.url, house.credential("chu-seine.auth"), door.ca)


def message_of(ward: Any, lot: Any) -> tuple[str, bytes]:
    with closing(ward.scene.ingest()) as client:
        encoded: tuple[str, bytes] = client.message(lot).encode()
        return encoded


def posted(ward: Any, pieces: Callable[[bytes, bytes], Iterator[bytes]]) -> Callable[[], Any]:
    """Send an honest lot as `pieces` of its head and body."""
    content_type, body = message_of(ward, ward.honest_lot())
    client = raw(ward)
    return lambda: read_registry_answer(client.send_pieces(pieces(client.head(len(body), content_type), body)).reply())


def test_a_body_that_stops_is_given_up_after_the_longest_silence(ward: Any) -> None:
    def half(head: bytes, body: bytes) -> Iterator[bytes]:
        yield head
        yield body[: len(body) // 2]

    started = time.monotonic()
    ward.fault(posted(ward, half), "HTTP_LIMIT", "too long to arrive")
    assert time.monotonic() - started > IDLE


def test_a_body_that_is_slow_but_never_silent_is_read(ward: Any) -> None:
    def slices(head: bytes, body: bytes) -> Iterator[bytes]:
        yield head
        step = len(body) // 4 + 1
        for start in range(0, len(body), step):
            time.sleep(IDLE / 3)
            yield body[start : start + step]

    assert posted(ward, slices)().succeeded
    ward.lives_on()


def test_a_body_larger_than_the_limit_is_refused_with_the_limit(ward: Any) -> None:
    large = ward.scene.lot([discharge_letter(ward.scene.patient, media_type="text/plain")])
    large = large.with_content(0, large.contents["Document01"] + b"<!--" + b"x" * BODY + b"-->", declared=True)
    ward.fault(ward.deposit(large), "HTTP_LIMIT", str(BODY))


def test_a_body_announced_larger_than_the_limit_is_refused_before_it_is_sent(ward: Any) -> None:
    content_type, body = message_of(ward, ward.honest_lot())
    client = raw(ward)
    head = client.head(BODY + 1, content_type)
    ward.fault(lambda: read_registry_answer(client.send_pieces([head, body[:1000]]).reply()), "HTTP_LIMIT", str(BODY))


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
    """SIGKILL to the postmaster, and wait until none of its processes is left."""
    pgdata = open_cluster(house.data / "postgres").pgdata
    os.kill(int((pgdata / "postmaster.pid").read_text("utf-8").split()[0]), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not any(path.samefile(pgdata) for path in working_directories()):
            return
        time.sleep(0.02)


def working_directories() -> Iterator[Path]:
    for entry in Path("/proc").glob("[1-9]*"):
        try:
            yield (entry / "cwd").readlink()
        except OSError:
            continue


def test_a_database_killed_inside_a_deposit_refuses_it_and_comes_back(ward: Any) -> None:
    before = ward.scene.kept()

    def pieces(head: bytes, body: bytes) -> Iterator[bytes]:
        yield head
        yield body[: len(body) // 2]
        kill_database(ward.scene.house)
        yield body[len(body) // 2 :]

    answer = posted(ward, pieces)()

    assert not answer.succeeded
    assert answer.error_codes == ["XDSRegistryNotAvailable"]
    assert "send again later" in answer.errors[0].context
    wait_for_database(ward)
    assert ward.scene.kept() == before
    wait_for_door(lambda: ward.scene.deposit(ward.honest_lot()))
    with closing(ward.scene.consultation()) as doctor:
        wait_for_door(lambda: doctor.find_documents(ward.scene.patient.cx))
    ward.lives_on()


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

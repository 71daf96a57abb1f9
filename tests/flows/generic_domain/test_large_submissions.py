"""Large submissions: many documents, one huge document, and memory that stays bounded."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.rehearsal import Rehearsal
from samples.client.answers import SoapFault
from samples.client.raw import RawClient
from samples.xds.documents import text_document
from samples.xds.patients import DomainPatient, new_patient
from samples.xds.submission import XdsSubmission, new_submission, one_document

REPOSITORY = "1.2.250.1.213.4.1.1.1.2"
MIB = 1024 * 1024


def peak(pids: list[int]) -> int:
    """The largest resident size that any of these processes ever had, in MiB."""
    found = []
    for pid in pids:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
        found += [int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")]
    return max(found)


def huge(patient: DomainPatient, size: int) -> XdsSubmission:
    document = replace(text_document(), mime_type="application/octet-stream", content=os.urandom(size))
    return new_submission(patient).add_document(patient, document)


@pytest.fixture
def roomy_house() -> Iterator[Rehearsal]:
    with Rehearsal(
        {"ECLUSE_IHE_PATIENTS": "accept_all", "ECLUSE_LIMITS_MEMORY": str(150 * MIB)}, domain="ihe"
    ) as house:
        yield house


def test_a_hundred_documents_are_one_submission(source: Any, consumer: Any, patient: DomainPatient) -> None:
    lot = new_submission(patient)
    for rank in range(100):
        lot = lot.add_document(patient, text_document(f"Document {rank}."))
    assert source.provide_and_register(lot).succeeded
    answer = consumer.retrieve((REPOSITORY, unique_id) for unique_id in lot.unique_ids)
    assert sorted(item.content for item in answer.documents) == sorted(lot.contents.values())


def test_a_document_of_a_hundred_megabytes_costs_less_than_twice_its_size(
    roomy_house: Rehearsal, door_processes: Callable[[Rehearsal, str], list[int]]
) -> None:
    lot = huge(new_patient(), 100 * MIB)
    before = {door: peak(door_processes(roomy_house, door)) for door in ("ingest", "consultation")}
    with closing(roomy_house.source("chu-seine")) as client:
        assert client.provide_and_register(lot).succeeded
    with closing(roomy_house.consumer("dr-essai")) as client:
        (given,) = client.retrieve([(REPOSITORY, lot.unique_ids[0])]).documents
    assert [given.content] == list(lot.contents.values())
    after = {door: peak(door_processes(roomy_house, door)) for door in ("ingest", "consultation")}
    assert all(after[door] - before[door] < 200 for door in before), (before, after)


def test_large_bodies_wait_for_one_another_and_memory_stays_bounded(
    roomy_house: Rehearsal, door_processes: Callable[[Rehearsal, str], list[int]]
) -> None:
    def deposit(rank: int) -> bool:
        with closing(roomy_house.source(("chu-seine", "ch-loire", "labo-rhone")[rank % 3])) as client:
            return bool(client.provide_and_register(huge(new_patient(), 60 * MIB)).succeeded)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(deposit, range(4))) == [True] * 4
    assert peak(door_processes(roomy_house, "ingest")) < 400


def test_a_door_without_room_says_that_it_is_busy_and_serves_on() -> None:
    environ = {
        "ECLUSE_IHE_PATIENTS": "accept_all",
        "ECLUSE_LIMITS_BODY": str(4 * MIB),
        "ECLUSE_LIMITS_MEMORY": str(4 * MIB),
        "ECLUSE_LIMITS_IDLE": "1",
    }
    done = threading.Event()

    def slow_body(client: RawClient) -> Iterator[bytes]:
        yield client.head(3 * MIB, "application/soap+xml; charset=UTF-8")
        while not done.wait(0.2):
            yield b" " * 64

    with Rehearsal(environ, domain="ihe") as house, ThreadPoolExecutor(1) as pool:
        door = house.doors["ingest"]
        slow = RawClient(door.url, house.credential("chu-seine.auth"), door.ca)
        unfinished = pool.submit(slow.send_pieces, slow_body(slow))
        time.sleep(0.5)
        with closing(house.source("ch-loire")) as client:
            with pytest.raises(SoapFault) as refused:
                client.provide_and_register(huge(new_patient(), 2 * MIB))
            assert refused.value.subcode == "XDSRepositoryBusy"
            assert client.provide_and_register(one_document(new_patient())).succeeded
        done.set()
        assert unfinished.result().reply()


def test_a_message_over_the_limit_is_refused_before_it_is_read(
    source: Any, consumer: Any, patient: DomainPatient
) -> None:
    with pytest.raises(SoapFault) as refused:
        source.provide_and_register(huge(patient, 129 * MIB))
    assert refused.value.subcode == "HTTP_LIMIT"
    assert consumer.find_documents(patient.cx).unique_ids == []

"""What a document costs that comes by HL7 v2, beside the same by SOAP, and how many messages are taken a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from urllib.parse import urlsplit

from gateway.cli.bench_deposits import BLOCK, SoapDeposits
from gateway.cli.bench_validation import Measured
from gateway.cli.processes import cpu_seconds, door_pids, resident_megabytes
from gateway.cli.rehearsal import Rehearsal, RehearsalError
from samples.documents.laboratory_report import laboratory_report
from samples.documents.patients import SamplePatient
from samples.documents.professionals import BIOLOGIST
from samples.feed import MllpClient
from samples.hl7v2.messages import oru

CONNECTIONS = 8
SECONDS = 300.0
TARGET = 200.0
"""Messages a second that the listener is to take."""
_WARM_UP = 20
_WAITING = "SELECT count(*) FROM ecluse.inbox WHERE state = 'WAITING'"
_FAILED = "SELECT count(*), min(outcome) FROM ecluse.inbox WHERE state = 'PARKED'"


def hl7v2_figures(
    house: Rehearsal, patient: SamplePatient, documents: Sequence[bytes], by_soap: SoapDeposits, runs: int
) -> Iterator[Measured]:
    """`oru`: CPU of the door for one report, received, kept, deposited; its floor is `by_soap`, by turns with it.

    `hl7v2_taken`: reports acknowledged a second over CONNECTIONS, wall clock, the treatment going on meanwhile.
    """
    pids = door_pids(house.data, "hl7v2")
    messages = [_with(document, patient) for document in documents]
    with closing(_connect(house)) as client:
        for message in messages[:_WARM_UP]:
            _say(client, message)
        _until_done(house)
        spent = 0.0
        for start in range(_WARM_UP, len(messages), BLOCK):
            block = messages[start : start + BLOCK]
            before = cpu_seconds(pids)
            for message in block:
                _say(client, message)
            _until_done(house)
            spent += cpu_seconds(pids) - before
            by_soap.take(len(block))
    number = len(messages) - _WARM_UP
    note = f"floor: the same document by SOAP; {resident_megabytes(pids):.0f} MB"
    yield Measured(
        name="oru", value=spent * 1000 / number, floor=by_soap.milliseconds, unit="cpu_ms", runs=number, note=note
    )
    rate = _rate(house, patient, runs)
    yield Measured(name="hl7v2_taken", value=rate, floor=TARGET, unit="messages_s", runs=runs, note="floor: the target")


def _rate(house: Rehearsal, patient: SamplePatient, runs: int) -> float:
    """Messages taken a second, each durable before its acknowledgement."""
    messages = [oru(laboratory_report(patient), patient=patient, said={"DESTDMP": "N"}).bytes for _ in range(runs)]
    shares = [messages[rank::CONNECTIONS] for rank in range(CONNECTIONS)]
    clients = [_connect(house) for _ in shares]
    failures: list[Exception] = []

    def send(client: MllpClient, share: Sequence[bytes]) -> None:
        try:
            for message in share:
                _say(client, message)
        except (OSError, RehearsalError) as error:
            failures.append(error)

    threads = [threading.Thread(target=send, args=pair) for pair in zip(clients, shares, strict=True)]
    for client in clients:
        _say(client, oru(laboratory_report(patient), patient=patient, said={"DESTDMP": "N"}).bytes)
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - start
    for client in clients:
        client.close()
    if failures:
        raise RehearsalError(f"the listener did not take a message: {failures[0]}")
    return len(messages) / elapsed


def _with(document: bytes, patient: SamplePatient) -> bytes:
    """An ORU of this document of the laboratory."""
    return oru(document, patient=patient, author=BIOLOGIST, said={"ACK_RECEPTION": "N"}).bytes


def _connect(house: Rehearsal) -> MllpClient:
    door = house.doors["hl7v2"]
    address = urlsplit(door.url)
    holder = house.credential("labo-rhone.auth")
    return MllpClient(str(address.hostname), int(address.port or 0), holder, door.ca, timeout=60)


def _say(client: MllpClient, message: bytes) -> None:
    answer = client.send(message)
    if b"MSA|AA" not in answer:
        raise RehearsalError(f"the listener refused a message: {answer[:1000]!r}")


def _until_done(house: Rehearsal) -> None:
    """Wait until the inbox is empty. Raises RehearsalError: something was refused, or it takes too long."""
    deadline = time.monotonic() + SECONDS
    with house.owner() as connection:
        while (row := connection.execute(_WAITING).fetchone()) is None or row[0]:
            if time.monotonic() > deadline:
                raise RehearsalError("the inbox does not empty")
            time.sleep(0.1)
        failed = connection.execute(_FAILED).fetchone()
    if failed is None or failed[0]:
        raise RehearsalError(f"messages of the bench were refused: {failed}")

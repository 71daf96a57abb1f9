"""The real door is killed (kill -9) between every two steps of a message: nothing is lost, nothing is doubled."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any

import psycopg
import pytest

from gateway.cli.rehearsal import Rehearsal
from samples.documents.elements import new_oid
from samples.documents.laboratory_report import laboratory_report
from samples.feed import NoAnswer
from samples.hl7v2.messages import mdm, oru


@pytest.fixture(scope="module")
def sturdy(
    tmp_path_factory: Any,
    benches: Callable[..., Any],
    surroundings: Callable[..., dict[str, str]],
    receivers: Callable[[], Any],
) -> Iterator[Any]:
    """A house whose door may be killed."""
    receiver = receivers()
    directory = tmp_path_factory.mktemp("killed")
    house = Rehearsal(surroundings(receiver, directory / "data"), directory=directory)
    try:
        yield benches(house, receiver)
    finally:
        house.stop()
        receiver.close()
        from gateway.database.embedded import EmbeddedPostgres

        EmbeddedPostgres(house.data / "postgres").destroy()


@pytest.fixture
def kill(sturdy: Any, door_processes: Callable[[Any, str], list[int]]) -> Callable[[], None]:
    """End the process of the door at once, as a power cut would."""

    def killed() -> None:
        for pid in door_processes(sturdy.house, "hl7v2"):
            os.kill(pid, signal.SIGKILL)

    return killed


def until_aa(bench: Any, message: Any, patience: float = 90.0) -> None:
    """What a sender does: the same message until it is acknowledged."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with suppress(OSError, NoAnswer):
            if bench.send(message).code == "AA":
                return
        time.sleep(0.2)
    pytest.fail("never acknowledged")


class Held:
    """A lock that stops the door at one step, until it is killed there."""

    def __init__(self, bench: Any, statement: str, *parameters: Any) -> None:
        self.connection = bench.house.owner()
        self.connection.autocommit = False
        self.connection.execute(statement, parameters)

    def is_waited_for(self, bench: Any) -> bool:
        return bool(bench.rows("SELECT 1 FROM pg_locks WHERE NOT granted"))

    def release(self) -> None:
        with suppress(psycopg.Error):
            self.connection.rollback()
        self.connection.close()


STEPS = {
    "before it is stored": "LOCK TABLE ecluse.inbox IN ACCESS EXCLUSIVE MODE",
    "before it is registered": "LOCK TABLE ecluse.submission_sets IN ACCESS EXCLUSIVE MODE",
    "between registration and its word": "LOCK TABLE ecluse.acknowledgements IN ACCESS EXCLUSIVE MODE",
}


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_the_message_is_done_once(
    sturdy: Any, admit: Any, kill: Callable[[], None], wait: Callable[..., Any], step: str
) -> None:
    patient = admit(sturdy)
    message = oru(laboratory_report(patient), patient=patient)
    with suppress(Exception):  # a door that was just killed may not be there yet
        wait(lambda: sturdy.send(oru(laboratory_report(patient), patient=patient, said={"DESTDMP": "N"})).code == "AA")
    held = Held(sturdy, STEPS[step])
    try:
        sender = threading.Thread(target=until_aa, args=(sturdy, message), daemon=True)
        sender.start()
        wait(lambda: held.is_waited_for(sturdy))
        kill()
    finally:
        held.release()
    sender.join(120)

    wait(lambda: sturdy.rows("SELECT 1 FROM ecluse.inbox WHERE control_id = %s", message.at("MSH^1^10")))
    assert sturdy.settled(message) == ("DONE", "done", False)
    control_id = message.at("MSH^1^10")
    assert sturdy.rows("SELECT count(*) FROM ecluse.inbox WHERE control_id = %s", control_id) == [(1,)]
    assert len(sturdy.documents(patient)) == 1
    assert sturdy.told(message).verdict == "Y"


def test_killed_again_and_again_nothing_is_lost_and_nothing_is_doubled(
    sturdy: Any, admit: Any, kill: Callable[[], None]
) -> None:
    patients = [admit(sturdy) for _ in range(3)]
    chains = []
    for patient in patients:
        ids = [new_oid() for _ in range(5)]
        chain = [mdm(laboratory_report(patient, unique_id=ids[0]), patient=patient)]
        for rank in range(1, len(ids)):
            changed = laboratory_report(patient, unique_id=ids[rank], replaces=ids[rank - 1])
            chain.append(mdm(changed, flow="replace", patient=patient))
        chains.append((patient, ids, chain))
    over = threading.Event()

    def killer() -> None:
        while not over.wait(4.0):
            kill()

    def sender(chain: Any) -> None:
        for message in chain:
            until_aa(sturdy, message, 150)

    killing = threading.Thread(target=killer, daemon=True)
    sending = [threading.Thread(target=sender, args=(chain,), daemon=True) for _, _, chain in chains]
    killing.start()
    for thread in sending:
        thread.start()
    time.sleep(15)
    over.set()
    for thread in sending:
        thread.join(170)
    killing.join()

    for patient, ids, chain in chains:
        assert [sturdy.settled(message)[:2] for message in chain] == [("DONE", "done")] * len(chain)
        found = sturdy.documents(patient)
        assert [found[one][0] for one in ids] == ["DEPRECATED"] * (len(ids) - 1) + ["APPROVED"]
        assert len(found) == len(ids)
        with closing(sturdy.house.owner()) as connection:
            (lots,) = connection.execute(
                "SELECT count(*) FROM ecluse.submission_sets JOIN ecluse.patients USING (patient_key)"
                " WHERE patient_id = %s",
                (patient.cx,),
            ).fetchone()
        assert lots == len(ids)

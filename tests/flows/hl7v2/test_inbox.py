"""The inbox: AA once a message is stored for good; each is done once, in the order of its patient; none is readable."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from samples.documents.elements import new_oid
from samples.documents.laboratory_report import laboratory_report
from samples.feed import NoAnswer
from samples.hl7v2.messages import mdm, oru
from security.at_rest.queue_key import QueueKey, QueueKeyError, load_queue_key
from security.at_rest.record_keys import load_kek


def ecluse(bench: Any, *words: str, ok: bool = True) -> str:
    """What a command of the house says."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "--lang", "en", *words, "--data", str(bench.house.data)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode == 0) is ok, done.stderr
    return done.stdout if ok else done.stderr


def test_a_message_sent_again_is_acknowledged_again_and_done_once(bench: Any, patient: Any) -> None:
    message = oru(laboratory_report(patient), patient=patient)

    answers = [bench.send(message).code for _ in range(3)]

    assert answers == ["AA"] * 3
    assert bench.settled(message) == ("DONE", "done", False)
    assert bench.send(message).code == "AA", "even when it is done"
    control_id = message.at("MSH^1^10")
    assert bench.rows("SELECT count(*) FROM ecluse.inbox WHERE control_id = %s", control_id) == [(1,)]
    assert len(bench.documents(patient)) == 1
    bench.told(message)
    assert len(bench.receiver.of(control_id)) == 1


def test_a_control_id_used_for_another_message_is_refused_with_its_reason(bench: Any, patient: Any) -> None:
    message = oru(laboratory_report(patient), patient=patient)
    assert bench.send(message).code == "AA"
    other = oru(laboratory_report(patient), patient=patient, control_id=message.at("MSH^1^10"))

    answer = bench.send(other)

    assert answer.code == "AE"
    assert any(error.startswith("205") and "control id" in error for error in answer.errors)
    bench.settled(message)
    assert len(bench.documents(patient)) == 1


def test_another_sender_may_have_the_same_control_ids(bench: Any, patient: Any) -> None:
    message = oru(laboratory_report(patient), patient=patient)
    twin = oru(laboratory_report(patient), patient=patient, control_id=message.at("MSH^1^10"))
    assert bench.send(message).code == "AA"
    assert bench.send(twin.with_field("MSH^1^3", "AUTRE")).code == "AA"


def test_who_leaves_before_the_acknowledgement_loses_nothing(bench: Any, patient: Any, wait: Any) -> None:
    message = oru(laboratory_report(patient), patient=patient)
    with bench.client() as client:
        client.send_bytes(b"\x0b" + message.bytes + b"\x1c\r")

    wait(lambda: bench.rows("SELECT 1 FROM ecluse.inbox WHERE control_id = %s", message.at("MSH^1^10")))
    assert bench.send(message).code == "AA"
    assert bench.settled(message) == ("DONE", "done", False)
    assert len(bench.documents(patient)) == 1


def test_half_a_message_leaves_nothing(bench: Any, patient: Any) -> None:
    message = oru(laboratory_report(patient), patient=patient)
    with bench.client() as client:
        client.send_bytes(b"\x0b" + message.bytes[: len(message.bytes) // 2])
    with bench.client() as client:
        client.send_bytes(b"\x0b" + message.bytes + b"\x1cX")
        with pytest.raises((NoAnswer, OSError)):
            client.receive()
    assert bench.rows("SELECT 1 FROM ecluse.inbox WHERE control_id = %s", message.at("MSH^1^10")) == []
    bench.done(message)


def test_fifty_connections_are_all_answered_and_nothing_is_lost(bench: Any, patient: Any, admit: Any) -> None:
    patients = [patient, *(admit(bench) for _ in range(4))]
    messages = [oru(laboratory_report(one), patient=one) for one in patients for _ in range(10)]

    def send(message: Any) -> str:
        for _ in range(20):
            with suppress(OSError, NoAnswer):
                return str(bench.send(message).code)
        return "never"

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, messages))

    assert answers == ["AA"] * 50
    assert {bench.settled(message) for message in messages} == {("DONE", "done", False)}
    assert [len(bench.documents(one)) for one in patients] == [10] * 5


def test_messages_of_one_patient_keep_their_order(bench: Any, patient: Any) -> None:
    """Each replaces the one before: done in another order, one of them would find nothing to replace."""
    ids = [new_oid() for _ in range(8)]
    messages = [mdm(laboratory_report(patient, unique_id=ids[0]), patient=patient)]
    for old, new in itertools.pairwise(ids):
        changed = laboratory_report(patient, unique_id=new, replaces=old)
        messages.append(mdm(changed, flow="replace", patient=patient))
    with bench.client() as client:
        assert all(b"MSA|AA" in client.send(message.bytes) for message in messages)

    assert [bench.settled(message)[0] for message in messages] == ["DONE"] * 8
    assert [status for status, _ in (bench.documents(patient)[one] for one in ids)] == ["DEPRECATED"] * 7 + ["APPROVED"]


@pytest.fixture
def waiting(bench: Any, patient: Any) -> Any:
    """A message that is parked: its record is closed."""
    bench.rows(
        "UPDATE ecluse.records SET status = 'CLOSED', closed_at = now(), revision = revision + 1"
        " WHERE patient_key = (SELECT patient_key FROM ecluse.patients WHERE patient_id = %s) RETURNING 1",
        patient.cx,
    )
    message = oru(laboratory_report(patient), patient=patient)
    assert bench.send(message).code == "AA"
    assert bench.settled(message)[0] == "PARKED"
    return message


def test_nothing_that_the_database_holds_tells_of_a_patient_or_opens_a_message(
    bench: Any, patient: Any, waiting: Any
) -> None:
    rows = bench.rows("SELECT i::text, i.content, i.message_id FROM ecluse.inbox i WHERE content IS NOT NULL")
    rows += bench.rows("SELECT a::text, a.content, a.ack_id FROM ecluse.acknowledgements a")
    said = "".join(row[0] for row in rows).encode() + b"".join(bytes(row[1]) for row in rows)
    for secret in (patient.ins, patient.family, patient.local_id, "ClinicalDocument", "PID|"):
        assert secret.encode() not in said
        assert secret.encode().hex().encode() not in said

    (content, message_id) = bench.rows(
        "SELECT content, message_id FROM ecluse.inbox WHERE control_id = %s", waiting.at("MSH^1^10")
    )[0]
    assert waiting.bytes in load_queue_key(bench.house.data / "hl7v2" / "inbox.key").open(bytes(content), message_id)
    with pytest.raises(QueueKeyError):
        QueueKey.of(bytes(32)).open(bytes(content), message_id)


def test_a_parked_message_is_listed_shown_replayed_and_dropped(bench: Any, patient: Any, waiting: Any) -> None:
    control_id = waiting.at("MSH^1^10")
    listed = [one for one in json.loads(ecluse(bench, "inbox", "list", "--json")) if one["control_id"] == control_id]
    (found,) = [one for one in listed if one["what"] == "message"]
    assert (found["state"], found["outcome"], found["facility"]) == ("parked", "DMPClosed", "LABORATOIRE")

    shown = ecluse(bench, "inbox", "show", found["id"])
    assert json.loads(shown)["structure"] == "1690999032"
    for secret in (patient.ins, patient.family, patient.local_id):
        assert secret not in shown + ecluse(bench, "inbox", "list", "--all")

    bench.told(waiting)
    assert "1 item is tried" in ecluse(bench, "inbox", "replay", found["id"])
    bench.settled(waiting)
    assert bench.of(control_id) == ("PARKED", "DMPClosed", True)

    assert "Given up." in ecluse(bench, "inbox", "drop", found["id"])
    assert bench.of(control_id) == ("DROPPED", "DMPClosed", False)
    assert "no such item is parked" in ecluse(bench, "inbox", "drop", found["id"], ok=False)


def test_a_sender_that_is_down_is_told_when_it_is_back(bench: Any, patient: Any, wait: Callable[..., Any]) -> None:
    bench.receiver.shut = True
    try:
        message = oru(laboratory_report(patient), patient=patient)
        bench.done(message)
        control_id = message.at("MSH^1^10")
        tried = (
            "SELECT a.attempts FROM ecluse.acknowledgements a JOIN ecluse.inbox USING (message_id)"
            " WHERE control_id = %s AND a.state = 'WAITING' AND a.attempts > 0"
        )
        wait(lambda: bench.rows(tried, control_id))
        assert bench.receiver.of(control_id) == []
    finally:
        bench.receiver.shut = False
    assert bench.told(message).verdict == "Y"


def test_what_a_sender_cannot_read_is_parked_and_what_it_cannot_take_now_is_tried_again(
    bench: Any, patient: Any, wait: Callable[..., Any]
) -> None:
    state = (
        "SELECT a.state FROM ecluse.acknowledgements a JOIN ecluse.inbox USING (message_id)"
        " WHERE control_id = %s AND a.attempts > 0"
    )
    try:
        bench.receiver.mood = "AE"
        message = oru(laboratory_report(patient), patient=patient)
        bench.done(message)
        assert wait(lambda: bench.rows(state, message.at("MSH^1^10"))) == [("PARKED",)]

        bench.receiver.mood = "AR"
        message = oru(laboratory_report(patient), patient=patient)
        bench.done(message)
        assert wait(lambda: bench.rows(state, message.at("MSH^1^10"))) == [("WAITING",)]
    finally:
        bench.receiver.mood = "AA"
    wait(lambda: bench.rows(state, message.at("MSH^1^10")) == [("DONE",)])


def test_nothing_on_the_disk_of_the_door_is_a_key_of_records(bench: Any) -> None:
    """What it holds opens what waits in its inbox, and no document that was deposited."""
    secret = load_kek(bench.house.data / "consultation" / "kek").secret
    held = {path.name: path.read_bytes() for path in (bench.house.data / "hl7v2").rglob("*") if path.is_file()}

    assert {"inbox.key", "inbox.url", "server.key", "audit.key", "1690999032.pem"} <= set(held)
    for content in held.values():
        assert secret not in content
        assert secret.hex().encode() not in content

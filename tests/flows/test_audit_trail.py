"""Every access leaves exactly one event, written before its answer leaves; no event, no answer."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg
import pytest
import requests

from gateway.cli.story import REPOSITORY
from gateway.soap_door import SERVICES
from samples.client.answers import SUCCESS, SoapFault
from samples.client.transport import open_session
from samples.documents.patients import CLAIRE
from samples.documents.vsm import vsm
from security.audit.event import pseudonym

FIELDS = {
    "actor",
    "certificate",
    "code",
    "door",
    "objects",
    "outcome",
    "patient",
    "purpose",
    "request",
    "structure",
    "time",
    "transaction",
}


@dataclass(frozen=True)
class Trail:
    """The trail of a house, read as its administrator."""

    house: Any

    def events(self, after: dict[str, int]) -> list[dict[str, Any]]:
        with closing(self.house.owner()) as connection:
            rows = connection.execute("SELECT door, sequence, event FROM ecluse.audit_events ORDER BY 1, 2").fetchall()
        return [json.loads(event) for door, sequence, event in rows if sequence > after.get(door, 0)]

    def sizes(self) -> dict[str, int]:
        with closing(self.house.owner()) as connection:
            return dict(connection.execute("SELECT door, size FROM ecluse.audit_chains").fetchall())

    @contextmanager
    def locked(self, door: str) -> Iterator[None]:
        """Hold the head of a chain, so that nothing can be appended to it."""
        with closing(self.house.owner()) as connection, connection.transaction():
            connection.execute("SELECT FROM ecluse.audit_chains WHERE door = %s FOR UPDATE", (door,))
            yield


@pytest.fixture
def trail(house: Any) -> Trail:
    return Trail(house)


@pytest.fixture
def identity(scene: Any) -> Callable[..., dict[str, Any]]:
    """What an event says of who asked and about whom."""

    def said(name: str, actor: str, structure: str) -> dict[str, Any]:
        der = scene.house.credential(f"{name}.auth").certificate_der()
        key = (scene.house.data / "ingest" / "audit.key").read_bytes()
        return {
            "actor": actor,
            "structure": structure,
            "certificate": sha256(der).hexdigest(),
            "patient": pseudonym(key, scene.patient.cx),
            "purpose": "normal",
        }

    return said


@pytest.fixture
def hospital(identity: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return {**identity("chu-seine", "1750999013/0001", "1750999013"), "door": "ingest", "transaction": "ITI-41"}


@pytest.fixture
def doctor(identity: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return {**identity("dr-essai", "810009999995", "1690000999"), "door": "consultation"}


def only(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The one event, without what is new each time; those two are checked here."""
    (event,) = events
    assert set(event) <= FIELDS
    assert UUID(event.pop("request")).version == 4
    written = datetime.fromisoformat(event.pop("time"))
    assert abs(datetime.now(UTC) - written) < timedelta(minutes=1)
    return event


def test_an_accepted_deposit(scene: Any, trail: Trail, hospital: dict[str, Any]) -> None:
    lot, before = scene.lot([vsm(scene.patient)]), trail.sizes()

    assert scene.deposit(lot).succeeded

    event = only(trail.events(before))
    assert sorted(event.pop("objects")) == sorted(entry.unique_id for entry in lot.entries)
    assert event == {**hospital, "outcome": "success"}


def test_a_refused_deposit(scene: Any, trail: Trail, hospital: dict[str, Any]) -> None:
    lot, before = scene.lot([vsm(scene.patient)]).with_entry(0, hash="0" * 40), trail.sizes()

    answer = scene.deposit(lot)

    assert only(trail.events(before)) == {**hospital, "outcome": "refused", "code": answer.error_codes[0]}


def test_a_deposit_whose_assertion_is_not_believed(scene: Any, trail: Trail, hospital: dict[str, Any]) -> None:
    """Nothing that the assertion says is written down: only the certificate of the connection is believed."""
    before = trail.sizes()
    long_ago = datetime.now(UTC) - timedelta(days=1)

    with pytest.raises(SoapFault) as fault:
        scene.deposit(scene.lot([vsm(scene.patient)]), issue_instant=long_ago, authn_instant=long_ago)

    assert fault.value.kind == "ASSERTION_TIME"
    event = only(trail.events(before))
    assert event == {
        "door": "ingest",
        "transaction": "ITI-41",
        "outcome": "refused",
        "code": fault.value.subcode,
        "certificate": hospital["certificate"],
        "actor": "1750999013",
        "structure": "1750999013",
    }


def test_a_lot_whose_signature_is_not_believed(scene: Any, trail: Trail, hospital: dict[str, Any]) -> None:
    before = trail.sizes()

    with pytest.raises(SoapFault) as fault:
        scene.deposit(scene.lot([vsm(scene.patient)]).without_signature())

    assert fault.value.kind == "SIG_MISSING"
    assert only(trail.events(before)) == {**hospital, "outcome": "refused", "code": fault.value.subcode}


def test_a_certificate_that_the_door_refuses(scene: Any, trail: Trail) -> None:
    before = trail.sizes()

    with closing(scene.ingest(tls="bad.cps-under-structures")) as client, pytest.raises(SoapFault) as fault:
        client.provide_and_register(scene.lot([vsm(scene.patient)]))

    assert fault.value.kind == "CERT_KIND"
    shown = scene.house.credential("bad.cps-under-structures").certificate_der()
    assert only(trail.events(before)) == {
        "door": "ingest",
        "transaction": "ITI-41",
        "outcome": "refused",
        "certificate": sha256(shown).hexdigest(),
        "code": "CERT_KIND",
    }


def test_a_description_refused_to_a_certificate(scene: Any, trail: Trail) -> None:
    before = trail.sizes()
    address = scene.house.doors["ingest"]
    shown = scene.house.credential("bad.cps-under-structures")

    with closing(open_session(shown, address.ca)) as session:
        answer = session.get(f"{address.url}{SERVICES}/repository?wsdl", timeout=10)

    assert (answer.status_code, answer.content) == (403, b"")
    assert only(trail.events(before)) == {
        "door": "ingest",
        "transaction": "ITI-41",
        "outcome": "refused",
        "certificate": sha256(shown.certificate_der()).hexdigest(),
        "code": "CERT_KIND",
    }


@pytest.mark.parametrize(("door", "shown"), [("ingest", "bad.revoked"), ("consultation", "bad.cps-expired")])
def test_a_handshake_that_tls_refuses(scene: Any, trail: Trail, door: str, shown: str) -> None:
    before = trail.sizes()
    address, credential = scene.house.doors[door], scene.house.credential(shown)

    with closing(open_session(credential, address.ca)) as session, pytest.raises(requests.ConnectionError):
        session.get(address.url, timeout=10)

    # The alert leaves with the handshake itself, before anybody can write.
    deadline = time.monotonic() + 5
    while not (events := trail.events(before)) and time.monotonic() < deadline:
        time.sleep(0.02)
    event = only(events)
    assert event.pop("code").startswith("TLS_REJECTED certificate ")
    assert event == {"door": door, "transaction": "TLS", "outcome": "refused", "objects": ["127.0.0.1"]}


def test_an_accepted_query(scene: Any, trail: Trail, doctor: dict[str, Any]) -> None:
    lot = scene.lot([vsm(scene.patient)])
    assert scene.deposit(lot).succeeded
    before = trail.sizes()

    assert scene.found() == list(lot.unique_ids)

    assert only(trail.events(before)) == {
        **doctor,
        "transaction": "ITI-18",
        "outcome": "success",
        "objects": list(lot.unique_ids),
    }


def test_a_refused_query(scene: Any, trail: Trail, identity: Callable[..., dict[str, Any]]) -> None:
    stranger = scene.house.credential("dr-martin.auth")
    before = trail.sizes()

    with closing(scene.consultation("dr-martin")) as client:
        answer = client.find_documents(scene.patient.cx)

    assert answer.error_codes == ["DMPAccessDeniedByRightsService"]
    assert only(trail.events(before)) == {
        **identity("dr-martin", stranger.national_id, stranger.structure_id),
        "door": "consultation",
        "transaction": "ITI-18",
        "outcome": "refused",
        "code": answer.error_codes[0],
    }


def test_an_accepted_reading_and_a_partial_one_and_a_refused_one(
    scene: Any, trail: Trail, doctor: dict[str, Any]
) -> None:
    lot = scene.lot([vsm(scene.patient)])
    assert scene.deposit(lot).succeeded
    there, absent = (REPOSITORY, lot.unique_ids[0]), (REPOSITORY, "2.25.1")
    read = {**doctor, "transaction": "ITI-43"}
    objects = {"objects": list(lot.unique_ids)}
    code = {"code": "XDSDocumentUniqueIdError"}
    with closing(scene.consultation()) as client:
        for asked, expected in (
            ([there], {**read, **objects, "outcome": "success"}),
            ([there, absent], {**read, **objects, **code, "outcome": "success"}),
            ([absent], {**read, **code, "outcome": "refused"}),
        ):
            before = trail.sizes()
            client.retrieve(asked)
            assert only(trail.events(before)) == expected


def test_a_message_that_nobody_can_read(scene: Any, trail: Trail, hospital: dict[str, Any]) -> None:
    before = trail.sizes()

    with closing(scene.ingest()) as client:
        answer = client.session.post(
            client.repository.address, data=b"<", headers={"Content-Type": "application/soap+xml"}, timeout=10
        )

    assert answer.status_code == 400
    event = only(trail.events(before))
    assert (event["transaction"], event["outcome"], event["certificate"]) == (
        "ITI-41",
        "refused",
        hospital["certificate"],
    )


def test_each_answer_comes_after_its_event(scene: Any, trail: Trail) -> None:
    """While the chain is held for a second nothing is answered; once released, the event precedes the answer."""
    lot = scene.lot([vsm(scene.patient)])
    assert scene.deposit(lot).succeeded
    answered: list[float] = []

    def read() -> None:
        with closing(scene.consultation()) as client:
            assert client.retrieve([(REPOSITORY, lot.unique_ids[0])]).succeeded
            answered.append(time.monotonic())

    thread = threading.Thread(target=read)
    with trail.locked("consultation"):
        thread.start()
        time.sleep(1)
        assert answered == []
        released = time.monotonic()
    thread.join(20)

    assert answered
    assert answered[0] > released


def test_without_an_audit_trail_no_document_leaves(scene: Any, trail: Trail) -> None:
    lot = scene.lot([vsm(scene.patient)])
    assert scene.deposit(lot).succeeded
    before = trail.sizes()

    with closing(scene.consultation()) as client, trail.locked("consultation"):
        answers = [client.retrieve([(REPOSITORY, lot.unique_ids[0])]), client.find_documents(scene.patient.cx)]

    assert [answer.error_codes for answer in answers] == [["XDSRegistryNotAvailable"]] * 2
    assert answers[0].documents == ()
    assert answers[1].entries == ()
    assert trail.sizes() == before
    assert scene.found() == list(lot.unique_ids), "the door serves again at once"


def test_without_an_audit_trail_nothing_is_deposited(scene: Any, trail: Trail) -> None:
    lot, before, sizes = scene.lot([vsm(scene.patient)]), scene.kept(), trail.sizes()

    with trail.locked("ingest"):
        answer = scene.deposit(lot)

    assert answer.status != SUCCESS
    assert answer.error_codes == ["XDSRegistryNotAvailable"]
    assert scene.kept()[:-1] == before[:-1], "no row; blobs without an entry are found by fsck"
    assert trail.sizes() == sizes
    assert scene.deposit(lot).succeeded, "the same lot is accepted later"


def test_without_an_audit_trail_even_a_refusal_is_not_told(scene: Any, trail: Trail) -> None:
    """A probing that leaves no trace would be free."""
    lot = scene.lot([vsm(scene.patient)])

    with trail.locked("ingest"):
        business = scene.deposit(lot.with_entry(0, hash="0" * 40))
        with pytest.raises(SoapFault) as certificate, closing(scene.ingest(tls="bad.cps-under-structures")) as client:
            client.provide_and_register(lot)

    assert business.error_codes == ["XDSRegistryNotAvailable"]
    assert (certificate.value.code, certificate.value.kind) != ("Sender", "CERT_KIND")


def test_neither_trail_nor_logs_name_a_patient(scene: Any, trail: Trail) -> None:
    """A patient whose every trait is a canary goes through each kind of success and refusal."""
    canary = replace(scene.patient, used_family="CANARIDAE", birth_city="SERINVILLE")
    lot = scene.lot([vsm(canary)])
    assert scene.deposit(lot).succeeded
    scene.deposit(scene.lot([vsm(canary)]).with_entry(0, title="CANARIDAE Serinette", hash="1" * 40))
    scene.deposit(lot)
    long_ago = datetime.now(UTC) - timedelta(days=1)
    with pytest.raises(SoapFault):
        scene.deposit(lot, issue_instant=long_ago, authn_instant=long_ago)
    with closing(scene.consultation()) as client:
        client.find_documents(scene.patient.cx)
        client.find_documents(replace(scene.patient, nir="2999999999999").cx)
        client.retrieve([(REPOSITORY, lot.unique_ids[0]), (REPOSITORY, "CANARIDAE")])
        client.stored_query("urn:uuid:canaridae", {"$XDSDocumentEntryPatientId": f"'{scene.patient.cx}"})

    with closing(scene.house.owner()) as connection:
        rows = connection.execute("SELECT event FROM ecluse.audit_events").fetchall()
    written = {"trail": "\n".join(row[0] for row in rows)}
    logs = [scene.house.directory / "doors.log", *scene.house.data.rglob("*.log")]
    written |= {path.name: path.read_text("utf-8", "replace") for path in logs}
    assert {"trail", "doors.log", "server.log"} <= set(written)
    words = [scene.patient.nir, CLAIRE.nir, "2999999999999", CLAIRE.family, CLAIRE.used_family, "CANARIDAE", "SERIN"]
    assert {(word, name) for name, text in written.items() for word in words if word.lower() in text.lower()} == set()
    assert re.findall(r"(?<![\d.])[12]\d{12}(?!\d)", written["doors.log"]) == []


def ecluse(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", "--lang", "en", *words],
        text=True,
        capture_output=True,
        check=False,
        **options,
    )


@pytest.fixture
def verify(house: Any) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Run `ecluse audit verify`: its exit status, and its verdict on each chain."""

    def run(*words: str) -> tuple[int, dict[str, Any]]:
        done = ecluse("audit", "verify", "--json", "--data", str(house.data), *words)
        return done.returncode, {verdict["door"]: verdict for verdict in json.loads(done.stdout)}

    return run


@contextmanager
def _tampering(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """What only the owner of the tables can do; the triggers come back."""
    for table in ("audit_events", "audit_chains"):
        connection.execute(f"ALTER TABLE ecluse.{table} DISABLE TRIGGER USER")
    try:
        yield
    finally:
        for table in ("audit_events", "audit_chains"):
            connection.execute(f"ALTER TABLE ecluse.{table} ENABLE TRIGGER USER")


def test_the_trail_of_a_house_is_whole(house: Any, verify: Callable[..., tuple[int, dict[str, Any]]]) -> None:
    done = ecluse("audit", "verify", "--data", str(house.data))
    status, verdicts = verify()

    assert (done.returncode, status) == (0, 0), done.stderr
    assert set(verdicts) == {"ingest", "consultation", "administration"}
    assert {verdict["fault"] for verdict in verdicts.values()} == {None}
    assert "events, whole." in done.stdout


def test_a_trail_that_was_tampered_with_is_told_by_its_sequence(
    scene: Any, trail: Trail, verify: Callable[..., tuple[int, dict[str, Any]]]
) -> None:
    for _ in range(3):
        scene.found()
    size = trail.sizes()["consultation"]
    key = ("consultation", size - 1)
    with closing(scene.house.owner()) as owner, _tampering(owner):
        (event,) = owner.execute(
            "SELECT event FROM ecluse.audit_events WHERE (door, sequence) = (%s, %s)", key
        ).fetchone() or ("",)
        owner.execute(
            "UPDATE ecluse.audit_events SET event = %s WHERE (door, sequence) = (%s, %s)",
            (event.replace("810009999995", "810009999987"), *key),
        )
        changed, told = verify(), ecluse("audit", "verify", "--data", str(scene.house.data))
        owner.execute("UPDATE ecluse.audit_events SET event = %s WHERE (door, sequence) = (%s, %s)", (event, *key))
        last = owner.execute(
            "DELETE FROM ecluse.audit_events WHERE (door, sequence) = (%s, %s) RETURNING *", ("consultation", size)
        ).fetchone()
        assert last is not None
        removed = verify()
        owner.execute("UPDATE ecluse.audit_chains SET size = size - 1 WHERE door = 'consultation'")
        hidden = verify()
        owner.execute("UPDATE ecluse.audit_chains SET size = size + 1 WHERE door = 'consultation'")
        owner.execute("INSERT INTO ecluse.audit_events VALUES (%s, %s, %s, %s)", last)

    for (status, verdicts), fault, sequence in (
        (changed, "ALTERED", size - 1),
        (removed, "TAIL_REMOVED", size),
        (hidden, "HEAD_ALTERED", size - 1),
    ):
        assert status == 1
        assert (verdicts["consultation"]["fault"], verdicts["consultation"]["sequence"]) == (fault, sequence)
        assert verdicts["ingest"]["fault"] is None
    assert told.returncode == 1
    assert f"consultation: BAD at event {size - 1}: the event or its hash was changed (ALTERED)." in told.stdout
    assert verify()[0] == 0, "put right again"


def test_a_trail_cut_back_with_its_head_is_told_by_an_earlier_checkpoint(
    scene: Any, trail: Trail, verify: Callable[..., tuple[int, dict[str, Any]]], tmp_path: Any
) -> None:
    scene.found()
    checkpoint = tmp_path / "checkpoint"
    assert ecluse("audit", "checkpoint", str(checkpoint), "--data", str(scene.house.data)).returncode == 0
    size = trail.sizes()["consultation"]
    with closing(scene.house.owner()) as owner, _tampering(owner):
        last = owner.execute(
            "DELETE FROM ecluse.audit_events WHERE (door, sequence) = ('consultation', %s) RETURNING *", (size,)
        ).fetchone()
        assert last is not None
        owner.execute(
            "UPDATE ecluse.audit_chains SET size = size - 1, hash = (SELECT hash FROM ecluse.audit_events"
            " WHERE (door, sequence) = ('consultation', %s)) WHERE door = 'consultation'",
            (size - 1,),
        )
        unaided, aided = verify(), verify("--from", str(checkpoint))
        owner.execute("INSERT INTO ecluse.audit_events VALUES (%s, %s, %s, %s)", last)
        owner.execute(
            "UPDATE ecluse.audit_chains SET size = %s, hash = %s WHERE door = 'consultation'", (size, last[3])
        )

    assert unaided[0] == 0, "a chain alone cannot know"
    assert aided[0] == 1
    verdict = aided[1]["consultation"]
    assert (verdict["fault"], verdict["sequence"]) == ("SHORTER_THAN_CHECKPOINT", size)
    assert verify("--from", str(checkpoint))[0] == 0

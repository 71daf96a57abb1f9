"""The patient identity feed from the wire to the tables: ITI-8 over real MLLP and TLS, ITI-44 through the SOAP door."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from lxml import etree

from gateway import assertions
from gateway.database.domain import declare_domain
from gateway.database.opening import open_database
from gateway.database.pool import DoorPool, open_pool
from gateway.doorkeeper import Doorkeeper
from gateway.gate import Caller, Gate
from gateway.ingest import iti8, iti44
from gateway.ingest.patient_identity_feed import PatientIdentityFeed
from gateway.server.mllp import MllpListener
from gateway.settings import Settings
from gateway.soap_door import SERVICES, Service, build
from gateway.wire.mtom import MimeLimits
from gateway.witness import Witness
from samples.feed import AUTHORITY, MllpClient, NoAnswer, adt, content_type, cx, envelope, interaction
from samples.pki.factory import TestPki
from security.at_rest.record_keys import Kek, unwrap
from security.at_rest.wrapping import load_wrapping_public_key
from security.at_rest.wrapping_keys import WrappingPrivateKey, create_wrapping_key
from security.audit.event import pseudonym
from security.audit.trail import AuditTrail
from security.pki.tls import TlsContexts
from security.pki.trust import TrustStore, Usage
from security.replay import DatabaseReplayStore
from xds.registry.identifiers import canonical_patient_id
from xds.registry.patients import PatientFeed

V3 = "{urn:hl7-org:v3}"
ESTABLISHMENT = "chu-seine.auth"
OTHER = "1.3.6.1.4.1.21367.2005.13.20.2000"
AUDIT_KEY = bytes(range(32))
_numbers = count(1)


@dataclass
class House:
    """A generic domain with its feed: both wires, and the owner for what no door may see."""

    owner: psycopg.Connection[Any]
    pool: DoorPool
    pki: TestPki
    keeper: Doorkeeper
    feed: PatientIdentityFeed
    listener: MllpListener
    soap: FlaskClient
    wrapping: WrappingPrivateKey

    def v2(self, message: bytes, name: str = ESTABLISHMENT) -> Ack:
        with MllpClient(
            "127.0.0.1", self.listener.port, self.pki.certificate(name), self.pki.ca_for_clients("ingest")
        ) as client:
            return Ack.of_v2(client.send(message))

    def v3(self, body: bytes, name: str = ESTABLISHMENT) -> Ack:
        response = self.soap.post(
            f"{SERVICES}/patients",
            data=envelope(body),
            content_type=content_type(body),
            environ_overrides={"ecluse.client_certificate": self.pki.certificate(name).certificate_der()},
        )
        assert response.status_code == 200, response.data
        return Ack.of_v3(response.data)

    def status(self, patient_id: str) -> str | None:
        row = self.owner.execute(
            "SELECT r.status FROM ecluse.records r JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s",
            (f"{patient_id}^NH",),
        ).fetchone()
        return None if row is None else str(row[0])

    def records(self) -> int:
        row = self.owner.execute("SELECT count(*) FROM ecluse.records").fetchone()
        assert row is not None
        return int(row[0])

    def last_event(self) -> dict[str, Any]:
        row = self.owner.execute(
            "SELECT event FROM ecluse.audit_events WHERE door = 'ingest' ORDER BY sequence DESC LIMIT 1"
        ).fetchone()
        assert row is not None
        found: dict[str, Any] = json.loads(row[0])
        return found

    def close_record(self, patient_id: str) -> None:
        self.owner.execute(
            "UPDATE ecluse.records SET status = 'CLOSED', closed_at = now() WHERE patient_key ="
            " (SELECT patient_key FROM ecluse.patients WHERE patient_id = %s)",
            (f"{patient_id}^NH",),
        )


@dataclass(frozen=True)
class Ack:
    """An acknowledgement of either version: its code, the codes of its faults, their texts."""

    code: str
    faults: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    @classmethod
    def of_v2(cls, data: bytes) -> Ack:
        segments = [line.split("|") for line in data.decode().rstrip("\r").split("\r")]
        errors = [fields for fields in segments if fields[0] == "ERR"]
        if segments[0][11] == "2.5":
            faults = tuple(fields[3].split("^")[0] for fields in errors)
            texts = tuple(fields[8] for fields in errors)
        else:
            faults = tuple(one.split("^")[3].split("&")[0] for fields in errors for one in fields[1].split("~"))
            texts = tuple(segments[1][3:])
        return cls(segments[1][1], faults, texts)

    @classmethod
    def of_v3(cls, data: bytes) -> Ack:
        found = etree.fromstring(data).find(f".//{V3}MCCI_IN000002UV01/{V3}acknowledgement")
        details = found.findall(f"{V3}acknowledgementDetail")
        return cls(
            found.find(f"{V3}typeCode").get("code"),
            tuple(detail.find(f"{V3}code").get("code") for detail in details),
            tuple(detail.findtext(f"{V3}text") for detail in details),
        )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, pki: TestPki) -> Iterator[House]:
    directory = tmp_path_factory.mktemp("fed")
    database = open_database(directory)
    declare_domain(database.layout.owner_url, "ihe")
    wrapping = create_wrapping_key(directory / "c" / "wrapping.key", directory / "i" / "wrapping.pub")
    pool = open_pool(database.layout.ingest_url, size=4, name="test-fed")
    witness, audit = Witness("ingest", AUDIT_KEY), AuditTrail(pool)
    make = assertions.xua(Settings(domain="ihe"), "ingest", DatabaseReplayStore(pool))
    gate = Gate(TrustStore.load(pki.trust("ingest"), sandbox=True), Usage.INGEST_TLS, make)
    keeper = Doorkeeper(gate, audit, witness, MimeLimits())
    feed = PatientIdentityFeed(
        patients=PatientFeed(pool),
        wrapping=load_wrapping_public_key(directory / "i" / "wrapping.pub"),
        authorities=frozenset((AUTHORITY, OTHER)),
        witness=witness,
        audit=audit,
    )
    server = pki.server("ingest")
    listener = MllpListener(
        "127.0.0.1",
        0,
        TlsContexts(server.chain_path, server.key_path, pki.trust("ingest")),
        iti8.handler(feed, keeper),
    )
    listener.start()
    service = Service(name="patients", wsdl="ihe-ingest-patients", operations=iti44.operations(feed))
    app = build("ingest", [service], keeper)
    with psycopg.connect(database.layout.owner_url, autocommit=True) as owner:
        yield House(owner, pool, pki, keeper, feed, listener, app.test_client(), wrapping)
    listener.stop()
    pool.close()
    database.destroy()


def number() -> str:
    return f"P{next(_numbers)}"


Announce = Callable[[House, str], Ack]
Merge = Callable[[House, str, str], Ack]


def _announced_v2(event: str, version: str) -> Announce:
    return lambda house, one: house.v2(adt(event, cx(one), version=version))


def _announced_v3(event: str) -> Announce:
    return lambda house, one: house.v3(interaction(event, (one, AUTHORITY)))


ANNOUNCEMENTS = [
    *(
        pytest.param(_announced_v2(event, version), "AA", "ITI-8", f"ADT^{event}", id=f"{event}-{version}")
        for event in ("A01", "A04", "A05", "A08")
        for version in ("2.3.1", "2.5")
    ),
    pytest.param(_announced_v3("add"), "CA", "ITI-44", "PRPA_IN201301UV02", id="add"),
    pytest.param(_announced_v3("revise"), "CA", "ITI-44", "PRPA_IN201302UV02", id="revise"),
]


def _merged_v2(house: House, survivor: str, subsumed: str) -> Ack:
    return house.v2(adt("A40", cx(survivor), subsumed=cx(subsumed), version="2.5"))


def _merged_v3(house: House, survivor: str, subsumed: str) -> Ack:
    return house.v3(interaction("merge", (survivor, AUTHORITY), subsumed=((subsumed, AUTHORITY),)))


MERGES = [pytest.param(_merged_v2, id="v2"), pytest.param(_merged_v3, id="v3")]


@pytest.mark.parametrize(("announce", "accepted", "transaction", "name"), ANNOUNCEMENTS)
def test_a_patient_announced_is_known(
    house: House, announce: Announce, accepted: str, transaction: str, name: str
) -> None:
    one = number()
    assert announce(house, one) == Ack(accepted)
    assert house.status(cx(one)) == "OPEN"
    event = house.last_event()
    assert (event["transaction"], event["outcome"], event["objects"]) == (transaction, "success", [name])
    assert event["patient"] == pseudonym(AUDIT_KEY, canonical_patient_id(cx(one)))
    assert event["structure"] == house.pki.certificate(ESTABLISHMENT).structure_id
    assert one not in json.dumps(event).replace(event["request"], "")

    records = house.records()
    assert announce(house, one) == Ack(accepted), "again"
    assert house.records() == records


def test_the_key_of_a_patient_fed_opens_with_the_wrapping_key_of_consultation(house: House) -> None:
    one = number()
    house.v2(adt("A01", cx(one)))
    row = house.owner.execute(
        "SELECT k.key_id, k.wrapped_private_key, r.public_key FROM ecluse.record_keys k JOIN ecluse.records r"
        " USING (patient_key, key_id) JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s",
        (f"{cx(one)}^NH",),
    ).fetchone()
    assert row is not None
    private = unwrap(bytes(row[1]), Kek(secret=bytes(32), wrapping=house.wrapping), row[0])
    assert private.public_key().to_bytes() == bytes(row[2])


@pytest.mark.parametrize("merge", MERGES)
def test_a_patient_merged_is_known_no_longer_and_the_survivor_is(house: House, merge: Merge) -> None:
    survivor, subsumed = number(), number()
    house.v2(adt("A01", cx(subsumed)))

    assert merge(house, survivor, subsumed).code in ("AA", "CA"), "a survivor nobody spoke of becomes known"

    assert (house.status(cx(survivor)), house.status(cx(subsumed))) == ("OPEN", "MERGED")
    event = house.last_event()
    assert event["patient"] == pseudonym(AUDIT_KEY, canonical_patient_id(cx(survivor)))
    assert event["objects"][0] == pseudonym(AUDIT_KEY, canonical_patient_id(cx(subsumed)))
    assert merge(house, survivor, subsumed).code in ("AA", "CA"), "sent again, it is done"


@pytest.mark.parametrize("merge", MERGES)
def test_merges_chain(house: House, merge: Merge) -> None:
    a, b, c = number(), number(), number()
    for one in (a, b, c):
        house.v2(adt("A01", cx(one)))
    assert merge(house, b, a).code in ("AA", "CA")
    assert merge(house, c, b).code in ("AA", "CA")
    assert [house.status(cx(one)) for one in (a, b, c)] == ["MERGED", "MERGED", "OPEN"]
    refused = merge(house, b, c)
    assert (refused.code, refused.faults[0][-3:]) == ("AE", "204")


@pytest.mark.parametrize(("announce", "accepted", "transaction", "name"), ANNOUNCEMENTS)
def test_an_id_merged_away_is_refused(
    house: House, announce: Announce, accepted: str, transaction: str, name: str
) -> None:
    survivor, subsumed = number(), number()
    house.v2(adt("A01", cx(subsumed)))
    _merged_v2(house, survivor, subsumed)
    refused = announce(house, subsumed)
    assert (refused.code, refused.faults[0][-3:]) == ("AE", "204")
    assert "merged" in refused.texts[0]
    event = house.last_event()
    assert (event["transaction"], event["outcome"], event["code"]) == (transaction, "refused", "UNKNOWN_PATIENT")
    assert event["objects"] == [name]


@pytest.mark.parametrize("merge", MERGES)
def test_an_unknown_patient_is_not_merged_and_the_survivor_stays_unknown(house: House, merge: Merge) -> None:
    survivor, subsumed = number(), number()
    refused = merge(house, survivor, subsumed)
    assert (refused.code, refused.faults[0][-3:]) == ("AE", "204")
    assert house.status(cx(survivor)) is None


@pytest.mark.parametrize("merge", MERGES)
def test_a_patient_is_not_merged_into_itself(house: House, merge: Merge) -> None:
    one = number()
    house.v2(adt("A01", cx(one)))
    refused = merge(house, one, one)
    assert (refused.code, refused.faults[0][-3:]) == ("AE", "205")


@pytest.mark.parametrize("merge", MERGES)
def test_a_closed_record_is_neither_fed_nor_merged(house: House, merge: Merge) -> None:
    closed, other = number(), number()
    for one in (closed, other):
        house.v2(adt("A01", cx(one)))
    house.close_record(cx(closed))
    for answer in (house.v2(adt("A08", cx(closed))), merge(house, closed, other), merge(house, other, closed)):
        assert (answer.code, answer.faults[0][-3:]) == ("AE", "206")
    assert house.status(cx(other)) == "OPEN"


def test_of_several_ids_those_of_the_domain_count(house: House) -> None:
    one, two = number(), number()
    answer = house.v2(adt("A01", f"{one}^^^LOCAL~{one}^^^&1.9.9&ISO~{cx(one)}~{cx(two, OTHER)}"))
    assert answer == Ack("AA")
    assert [house.status(each) for each in (cx(one), cx(two, OTHER), cx(one, "1.9.9"))] == ["OPEN", "OPEN", None]


def test_of_several_ids_none_is_announced_when_one_cannot_be(house: House) -> None:
    one, two = number(), number()
    house.v2(adt("A01", cx(two)))
    house.close_record(cx(two))
    assert house.v2(adt("A01", f"{cx(one)}~{cx(two)}")).code == "AE"
    assert house.status(cx(one)) is None


def test_a_merge_goes_to_the_id_of_the_same_authority(house: House) -> None:
    old, new, other = number(), number(), number()
    house.v2(adt("A01", cx(old)))
    survivor = f"{cx(other, OTHER)}~{cx(new)}"
    assert house.v2(adt("A40", survivor, subsumed=cx(old))) == Ack("AA")
    assert (house.status(cx(new)), house.status(cx(other, OTHER))) == ("OPEN", None)


REFUSED_V2 = [
    (lambda: adt("A01", cx("X", "1.9.9")), "AE", ("103",)),
    (lambda: adt("A01", "X"), "AE", ("102",)),
    (lambda: adt("A01", ""), "AE", ("101",)),
    (lambda: adt("A01", cx("X"), PID=""), "AE", ("101",)),
    (lambda: adt("A01", cx("X\x02Y")), "AE", ("102",)),
    (lambda: adt("A03", cx("X")), "AR", ("201",)),
    (lambda: adt("A01", cx("X"), msh9="ORU^R01"), "AR", ("200",)),
    (lambda: adt("A01", cx("X"), msh12="2.9"), "AR", ("203",)),
    (lambda: adt("A01", cx("X"), msh11="Q"), "AR", ("202",)),
    (lambda: adt("A40", cx("X")), "AE", ("101",)),
    (lambda: adt("A40", cx("X", "1.9.9"), subsumed=cx("Y", "1.9.8")), "AE", ("103", "103")),
    (lambda: adt("A01", "", msh11="Q", msh12="9"), "AR", ("202", "203", "101")),
    (lambda: b"garbage", "AR", ("100",)),
    (
        lambda: b"MSH|^~\\&|" + bytes(range(1, 11)) + bytes(range(14, 28)),
        "AR",
        ("102", "101", "101", "202", "203", "101"),
    ),
]


@pytest.mark.parametrize(("message", "code", "faults"), REFUSED_V2)
def test_a_bad_v2_message_is_refused_with_every_fault_and_nothing_is_kept(
    house: House, message: Callable[[], bytes], code: str, faults: tuple[str, ...]
) -> None:
    records = house.records()
    answer = house.v2(message())
    assert (answer.code, sorted(answer.faults)) == (code, sorted(faults))
    assert house.records() == records
    event = house.last_event()
    assert (event["transaction"], event["outcome"]) == ("ITI-8", "refused")


REFUSED_V3 = [
    (lambda: interaction("add", ("X", "1.9.9")), "CE", ("SYN103",)),
    (lambda: interaction("add", ("X", "LOCAL")), "CE", ("SYN102",)),
    (lambda: interaction("add"), "CE", ("SYN105",)),
    (lambda: interaction("merge", ("X", AUTHORITY)), "CE", ("SYN105",)),
    (lambda: interaction("add", ("X", AUTHORITY)).replace(b'Code code="P"', b'Code code="Q"'), "CE", ("NS202",)),
    (lambda: b'<PRPA_IN201301UV02 xmlns="urn:hl7-org:v3"/>', "CE", None),
]


@pytest.mark.parametrize(("body", "code", "faults"), REFUSED_V3)
def test_a_bad_v3_message_is_refused_in_its_acknowledgement_and_nothing_is_kept(
    house: House, body: Callable[[], bytes], code: str, faults: tuple[str, ...] | None
) -> None:
    records = house.records()
    answer = house.v3(body())
    assert answer.code == code
    assert answer.faults == faults if faults is not None else len(answer.faults) > 4
    assert house.records() == records
    event = house.last_event()
    assert (event["transaction"], event["outcome"]) == ("ITI-44", "refused")


def test_a_refusal_names_the_authorities_expected(house: House) -> None:
    answer = house.v2(adt("A01", cx("X", "1.9.9"), version="2.5"))
    assert answer.texts == (f"the authority of the id is 1.9.9, expected {AUTHORITY} or {OTHER}",)


def test_a_domain_without_authorities_takes_any(house: House) -> None:
    open_feed = PatientIdentityFeed(
        patients=house.feed.patients,
        wrapping=house.feed.wrapping,
        authorities=frozenset(),
        witness=house.keeper.witness,
        audit=house.keeper.audit,
    )
    one = number()
    answer = iti8.handler(open_feed, house.keeper)(
        adt("A01", cx(one, "1.9.9")), house.pki.certificate(ESTABLISHMENT).certificate_der()
    )
    assert Ack.of_v2(answer) == Ack("AA")
    assert house.status(cx(one, "1.9.9")) == "OPEN"


def test_a_certificate_that_does_not_feed_is_refused_at_each_message(house: House) -> None:
    """The handshake may have been long ago: what the listener hands over is judged again."""
    handle = iti8.handler(house.feed, house.keeper)
    one = number()
    for name in ("bad.revoked", "dr-essai.auth", "chu-seine.sign"):
        answer = Ack.of_v2(handle(adt("A01", cx(one)), house.pki.certificate(name).certificate_der()))
        assert (answer.code, answer.faults) == ("AR", ("207",))
        event = house.last_event()
        assert (event["transaction"], event["outcome"]) == ("ITI-8", "refused")
    assert house.status(cx(one)) is None


def test_a_huge_message_within_the_limit_is_read_and_one_beyond_is_not(house: House) -> None:
    one = number()
    assert house.v2(adt("A01", cx(one), ZZ1="ZZ1|" + "x" * 900_000)) == Ack("AA")
    with pytest.raises((OSError, NoAnswer)):
        house.v2(adt("A01", cx(one), ZZ1="ZZ1|" + "x" * 1_100_000))


def test_the_log_of_a_refusal_names_no_patient(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    house.v2(adt("A01", cx("SECRETNUMBER", "1.9.9")))
    house.v3(interaction("add", ("SECRETNUMBER", "1.9.9")))
    assert all("SECRET" not in str(vars(record)) for record in caplog.records)


def _caller(house: House) -> Caller:
    now = datetime.now(UTC)
    certificate = house.keeper.gate.admit_certificate(house.pki.certificate(ESTABLISHMENT).certificate_der(), now)
    return house.keeper.gate.admit(certificate, None, "request", now)


def test_a_domain_without_feed_opens_whoever_a_submission_names(house: House) -> None:
    one, caller = number(), _caller(house)
    assert house.feed.accept(cx(one), caller)
    assert house.feed.accept(cx(one), caller), "known already"
    assert house.status(cx(one)) == "OPEN"
    assert house.last_event()["transaction"] == "RECORD-OPEN"
    for other in ("X", cx("X", "1.9.9"), "X^^^&nothing&ISO"):
        assert not house.feed.accept(other, caller)
    house.v2(adt("A40", cx(number()), subsumed=cx(one)))
    assert not house.feed.accept(cx(one), caller)


def test_a_feed_whose_database_is_away_is_to_be_sent_again(house: House) -> None:
    url = house.pool.conninfo.replace("ecluse_ingest", "nobody_here")
    gone = open_pool(url, size=1, name="test-fed-gone")
    try:
        keeper = Doorkeeper(house.keeper.gate, AuditTrail(gone), house.keeper.witness, MimeLimits())
        feed = PatientIdentityFeed(
            patients=PatientFeed(gone),
            wrapping=house.feed.wrapping,
            authorities=frozenset(),
            witness=keeper.witness,
            audit=keeper.audit,
        )
        der = house.pki.certificate(ESTABLISHMENT).certificate_der()
        answer = Ack.of_v2(iti8.handler(feed, keeper)(adt("A01", cx(number())), der))
        assert (answer.code, answer.faults) == ("AR", ("207",))
        assert "again later" in answer.texts[0]
        service = Service(name="patients", wsdl="ihe-ingest-patients", operations=iti44.operations(feed))
        body = interaction("add", (number(), AUTHORITY))
        response = (
            build("ingest", [service], keeper)
            .test_client()
            .post(
                f"{SERVICES}/patients",
                data=envelope(body),
                content_type=content_type(body),
                environ_overrides={"ecluse.client_certificate": der},
            )
        )
        found = Ack.of_v3(response.data)
        assert (found.code, found.faults) == ("AE", ("INTERR",))
    finally:
        gone.close()

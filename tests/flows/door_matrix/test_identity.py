"""Who is at the door is who the socket says, at each request; and a door tells nothing of what it does not offer."""

from __future__ import annotations

import hashlib
import re
import ssl
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from gateway.soap_door import SERVICES
from gateway.wire.addressing import ITI_18, ITI_41, ITI_43, Transaction
from samples.pki import factory, making, revocations
from samples.pki.catalogue import Entry, read_catalogue
from samples.pki.credential import credential
from security.audit.event import pseudonym

CATALOGUE = read_catalogue()
WSDL = "repository?wsdl"


@pytest.mark.parametrize(
    ("transaction", "service"), [(ITI_18, "registry"), (ITI_18, "repository"), (ITI_43, "repository")]
)
def test_ingest_answers_questions_alike_whether_the_record_exists_or_not(
    dmp: Any, knocker: Any, transaction: Transaction, service: str
) -> None:
    nobody = replace(dmp.scene.patient, nir="2999999999999").cx
    answers = []
    for message in (
        dmp.consult(transaction, "dr-essai"),
        dmp.consult(transaction, "dr-essai", document="2.25.404", patient=nobody),
    ):
        with closing(knocker.connect("ingest", knocker.shown("chu-seine.auth"))) as connection:
            answers.append(_without_what_changes(*knocker.post(connection, service, message)))

    assert answers[0] == answers[1]
    assert answers[0][0] == 400
    said = b"CERT_UNTRUSTED" if service == "registry" else b"ActionNotSupported"
    assert said in answers[0][2], "what a doctor signed is not believed here"


def test_consultation_answers_deposits_alike_whether_the_record_exists_or_not(dmp: Any, knocker: Any) -> None:
    absent = replace(dmp, scene=replace(dmp.scene, patient=replace(dmp.scene.patient, nir="2999999999999")))
    answers = []
    for one in (dmp, absent):
        with closing(knocker.connect("consultation", knocker.shown("dr-essai.auth"))) as connection:
            answers.append(
                _without_what_changes(*knocker.post(connection, "repository", one.fresh(ITI_41, "chu-seine")))
            )

    assert answers[0] == answers[1]
    assert b"ActionNotSupported" in answers[0][2]


def _without_what_changes(response: Any, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
    volatile = re.compile(r'boundary="?[^";]+"?|start="[^"]*"')
    headers = [(name, volatile.sub("…", value)) for name, value in response.getheaders() if name != "Date"]
    body = re.sub(rb"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", b"UUID", body)
    return response.status, headers, re.sub(rb"--[^\r\n]+", b"--", body)


def test_a_connection_open_at_one_door_cannot_ask_for_the_other(dmp: Any, knocker: Any) -> None:
    kind, body = dmp.consult(ITI_43, "dr-essai")
    elsewhere = knocker.house.doors["consultation"].url
    with closing(knocker.connect("ingest", knocker.shown("chu-seine.auth"))) as connection:
        assert knocker.get(connection, WSDL)[0].status == 200
        first = connection.sock
        got = []
        for target in (f"{SERVICES}/repository", f"{elsewhere}{SERVICES}/repository"):
            connection.putrequest("POST", target, skip_host=True)
            for name, value in (
                ("Host", urlsplit(elsewhere).netloc),
                ("Content-Type", kind),
                ("Content-Length", str(len(body))),
            ):
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            got.append(knocker.said(ITI_43, response, response.read()))
            assert connection.sock in (first, None)

    assert got[0] == "fault ActionNotSupported"
    assert got[1] in ("fault ActionNotSupported", "400", "404")


@pytest.fixture
def passing(knocker: Any) -> tuple[Entry, Any]:
    """An establishment's certificate that nobody else uses."""
    entry = replace(CATALOGUE.entries["labo-rhone.auth"], name="passing.auth")
    directory = knocker.house.data / "pki"
    with making.fresh_rsa_keys(1) as keys:
        making.make_certificate(directory, CATALOGUE, entry, making.key_for(entry, keys), datetime.now(UTC))
    return entry, credential(entry, CATALOGUE, directory / "certificates" / entry.name)


def test_a_certificate_revoked_while_its_connection_is_open_is_refused_at_its_next_request(
    dmp: Any, knocker: Any, passing: tuple[Entry, Any]
) -> None:
    house, (entry, shown), now = knocker.house, passing, datetime.now(UTC)
    directory = house.data / "pki"
    lot = dmp.deposit("labo-rhone")
    with closing(knocker.connect("ingest", shown)) as connection:
        told = knocker.said(ITI_41, *knocker.post(connection, "repository", dmp.deposit("labo-rhone")))
        assert told == "Success"
        first = connection.sock
        revocations.withdraw(directory, entry, now)
        factory.publish(factory.refresh(directory, now, lists=True), "ingest", house.data / "ingest" / "trust")

        connection.auto_open = 0

        assert knocker.said(ITI_41, *knocker.post(connection, "repository", lot)) == "fault CERT_REVOKED"
        assert connection.sock in (first, None), "the same connection"
    with closing(knocker.connect("ingest", shown)) as again, pytest.raises((ssl.SSLError, ConnectionError)):
        knocker.get(again, WSDL)
    with closing(knocker.connect("ingest", knocker.shown("labo-rhone.auth"))) as other:
        told = knocker.said(ITI_41, *knocker.post(other, "repository", lot))
    assert told == "Success", "nothing of the refused lot was kept"


FORGED = (
    "X-Client-Cert",
    "X-Client-Certificate",
    "X-SSL-Cert",
    "X-SSL-Client-Cert",
    "X-Forwarded-Client-Cert",
    "X-ARR-ClientCert",
    "Client-Cert",
    "SSL-CLIENT-CERT",
    "Ecluse.Client-Certificate",
)


def test_forged_identity_headers_change_nothing(dmp: Any, knocker: Any) -> None:
    house = knocker.house
    inline = "".join(knocker.shown("chu-seine.auth").certificate_path.read_text("ascii").split("-----")[2].split())
    headers = dict.fromkeys(FORGED, inline) | {
        "X-SSL-Client-Verify": "SUCCESS",
        "X-SSL-Client-S-DN": "CN=chu-seine",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Proto": "https",
        "Forwarded": "for=127.0.0.1;proto=https",
    }
    with closing(knocker.connect("ingest", knocker.shown("bad.cps-under-structures"))) as connection:
        refusal = knocker.said(ITI_41, *knocker.post(connection, "repository", dmp.deposit("chu-seine"), **headers))
    with closing(knocker.connect("ingest", knocker.shown("chu-seine.auth"))) as connection:
        with_underscore, _ = knocker.get(connection, WSDL, SSL_CLIENT_CERT=inline)
    reader = knocker.shown("dr-essai.auth")
    with closing(knocker.connect("consultation", reader)) as connection:
        true_message = dmp.consult(ITI_43, "dr-essai")
        served = knocker.said(ITI_43, *knocker.post(connection, "repository", true_message, **headers))
    with closing(house.owner()) as owner:
        row = owner.execute(
            "SELECT event::json->>'certificate', event::json->>'patient' FROM ecluse.audit_events"
            " WHERE door = 'consultation' ORDER BY sequence DESC LIMIT 1"
        ).fetchone()

    assert refusal == "fault CERT_KIND"
    assert with_underscore.status == 400
    assert served == "Success"
    key = (house.data / "consultation" / "audit.key").read_bytes()
    fingerprint = hashlib.sha256(reader.certificate_der()).hexdigest()
    assert row == (fingerprint, pseudonym(key, dmp.scene.patient.cx)), "the socket says who it is"

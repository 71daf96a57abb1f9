"""The outer wall: every certificate there is, and none, at each door, for each operation; what comes back is a table.

The table is computed from the catalogue of the test PKI, so that a certificate added there has its cells here.
"""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import warnings
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from http.client import HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from gateway import records
from gateway.cli.story import REPOSITORY
from samples.client import queries
from samples.client.answers import (
    SoapFault,
    read_query_answer,
    read_registry_answer,
    read_retrieve_answer,
)
from samples.client.client import IngestClient
from samples.client.mtom import Packaging
from samples.client.transport import read_reply
from samples.documents.vsm import vsm
from samples.pki import factory, making, revocations
from samples.pki.catalogue import Entry, read_catalogue
from samples.pki.credential import credential
from samples.sender import Sender
from samples.submission import build_submission
from samples.vihf import build_vihf
from security.audit.event import pseudonym

DOORS = ("ingest", "consultation")
OPERATIONS = ("ITI-41", "ITI-18", "ITI-43", "?wsdl", "unknown path")
SERVICES = "/si-dmp-server/v2/services"
SERVICE = {"ITI-41": "repository", "ITI-18": "registry", "ITI-43": "repository", "?wsdl": "repository?wsdl"}
READERS = {"ITI-41": read_registry_answer, "ITI-18": read_query_answer, "ITI-43": read_retrieve_answer}
NOBODY = "no certificate"
CATALOGUE = read_catalogue()

# What each door does for those whom it admits.
SERVED = {
    "ingest": {
        "ITI-41": "Success",
        "ITI-18": "404",  # there is no registry at this door
        "ITI-43": "fault ActionNotSupported",
        "?wsdl": "200",
        "unknown path": "404",
    },
    "consultation": {
        "ITI-41": "fault ActionNotSupported",
        "ITI-18": "Success",
        "ITI-43": "Success",
        "?wsdl": "200",
        "unknown path": "404",
    },
}


def refused(entry: Entry | None, door: str) -> str | None:
    """Who refuses a certificate at a door: TLS, a kind of error, or nobody."""
    if entry is None or not entry.handshake or entry.profile.issuer not in CATALOGUE.trust[door]:
        return "TLS"
    if entry.profile.extended and "client_auth" not in entry.profile.extended:
        return "TLS"
    return entry.refused


def expected(entry: Entry | None, door: str) -> dict[str, str]:
    """One row of the table."""
    verdict = refused(entry, door)
    if verdict is None:
        return SERVED[door]
    if verdict == "TLS":
        return dict.fromkeys(OPERATIONS, "TLS")
    row = dict.fromkeys(("ITI-41", "ITI-18", "ITI-43"), f"fault {verdict}")
    absent = {operation: "404" for operation, got in SERVED[door].items() if got == "404"}
    return {**row, "?wsdl": "403", **absent}


@dataclass(frozen=True)
class Knocker:
    """Sends prepared bytes to the doors of a house, with any certificate or none."""

    scene: Any

    def connect(self, door: str, shown: Any, *, maximum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> HTTPSConnection:
        """A connection that shows a credential; it opens at its first request."""
        address = self.scene.house.doors[door]
        url = urlsplit(address.url)
        context = ssl.create_default_context(cafile=str(address.ca))
        context.maximum_version = maximum
        if shown is not None:
            context.load_cert_chain(shown.chain_path, shown.key_path)
        return HTTPSConnection(url.hostname or "", url.port, context=context, timeout=20)

    def message(self, operation: str, holder: str, **changes: Any) -> tuple[str, bytes]:
        """A true message of `holder`: Content-Type and body."""
        if operation == "ITI-41":
            return self._deposit(holder)
        with closing(self.scene.consultation(holder)) as client:
            if operation == "ITI-18":
                slots = queries.find_documents(changes.get("patient", self.scene.patient.cx))
                envelope = client.registry.envelope(
                    "DocumentRegistry_RegistryStoredQuery",
                    ResponseOption={"returnType": "LeafClass", "returnComposedObjects": True},
                    AdhocQuery={
                        "id": queries.QueryId.FIND_DOCUMENTS,
                        "Slot": [{"name": name, "ValueList": {"Value": list(values)}} for name, values in slots],
                    },
                )
            else:
                asked = {"RepositoryUniqueId": REPOSITORY, "DocumentUniqueId": changes["document"]}
                envelope = client.repository.envelope("DocumentRepository_RetrieveDocumentSet", DocumentRequest=[asked])
            return client.transport.pack(envelope).encode()

    def _deposit(self, holder: str) -> tuple[str, bytes]:
        """A new lot of a structure; the holder of a card seals it himself, and speaks for himself."""
        house, (structure, _, card) = self.scene.house, holder.partition(".")
        seal = house.credential(f"{structure}.cpe-sign" if card == "cpe" else f"{structure}.sign")
        sender = replace(Sender.of(seal), person_id=seal.national_id) if card == "cpe" else None
        door, patient, now = house.doors["ingest"], self.scene.patient, datetime.now(UTC)
        lot = build_submission([vsm(patient)], signer=seal, now=now, patient_id=patient.cx, sender=sender)

        def vihf() -> Any:
            return build_vihf(signer=seal, patient=patient.cx, now=now)

        with closing(IngestClient(door.url, house.credential(f"{structure}.auth"), door.ca, vihf=vihf)) as client:
            return client.message(lot).encode()


def ask(connection: HTTPSConnection, operation: str, message: tuple[str, bytes], **headers: str) -> tuple[Any, bytes]:
    """One request; the response and its body."""
    if operation in READERS:
        kind, body = message
        path = f"{SERVICES}/{SERVICE[operation]}"
        connection.request("POST", path, body, {"Content-Type": kind, **headers})
    else:
        connection.request("GET", f"{SERVICES}/{SERVICE.get(operation, 'nowhere')}", headers=headers)
    response: HTTPResponse = connection.getresponse()
    return response, response.read()


def said(operation: str, response: Any, body: bytes) -> str:
    """What came back, in the words of the table."""
    if "soap" not in response.getheader("Content-Type", "") and "multipart" not in response.getheader(
        "Content-Type", ""
    ):
        return str(response.status)
    try:
        answer = READERS[operation](read_reply(response.status, dict(response.getheaders()), body))
    except SoapFault as fault:
        return f"fault {fault.subcode if fault.subcode == 'ActionNotSupported' else fault.kind}"
    return answer.status.rpartition(":")[2]


@pytest.fixture(scope="module")
def knocker(house: Any, new_scene: Callable[[Any], Any]) -> Knocker:
    """A record on which every professional is authorised, with one document deposited."""
    scene = new_scene(house)
    with closing(house.owner()) as connection:
        for name in CATALOGUE.professionals:
            if name != "dr-essai":
                records.authorise(connection, scene.patient.cx, house.credential(f"{name}.auth").national_id)
    return Knocker(scene)


@pytest.fixture(scope="module")
def document(knocker: Knocker) -> str:
    lot = knocker.scene.lot([vsm(knocker.scene.patient)])
    answer = knocker.scene.deposit(lot)
    assert answer.succeeded, answer.errors
    return str(lot.unique_ids[0])


@pytest.fixture(scope="module")
def message(knocker: Knocker, document: str) -> Callable[[str, str, str], tuple[str, bytes]]:
    """Messages of a holder at a door; a deposit is new each time somebody may really make it."""

    @cache
    def made(operation: str, holder: str) -> tuple[str, bytes]:
        return knocker.message(operation, holder, document=document) if operation in READERS else ("", b"")

    def chosen(operation: str, door: str, holder: str) -> tuple[str, bytes]:
        # The certificate is judged before the message: a stranger's certificate carries a true message of another.
        own = holder if refused(CATALOGUE.entries.get(holder), door) is None else ""
        if operation == "ITI-41":
            return knocker.message(operation, own) if own and door == "ingest" else made(operation, "chu-seine")
        return made(operation, own.partition(".")[0] if own and door == "consultation" else "dr-essai")

    return chosen


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", [NOBODY, *CATALOGUE.entries])
def test_the_cells_of_a_certificate(
    knocker: Knocker, message: Callable[[str, str, str], tuple[str, bytes]], name: str, door: str
) -> None:
    entry = CATALOGUE.entries.get(name)
    shown = None if entry is None else knocker.scene.house.credential(name)
    got: dict[str, str] = {}

    with closing(knocker.connect(door, shown)) as connection:
        for operation in OPERATIONS:
            try:
                got[operation] = said(operation, *ask(connection, operation, message(operation, door, name)))
            except OSError:
                got[operation] = "TLS"
                connection.close()

    assert got == expected(entry, door)


@pytest.mark.parametrize("door", DOORS)
def test_what_tls_refuses_is_refused_in_the_handshake(knocker: Knocker, door: str) -> None:
    """In TLS 1.3 a client learns of its refusal only at its first reading; in TLS 1.2, before it may say anything."""
    outside: dict[str, bool] = {}
    for name in (NOBODY, *CATALOGUE.entries):
        entry = CATALOGUE.entries.get(name)
        shown = None if entry is None else knocker.scene.house.credential(name)
        with closing(knocker.connect(door, shown, maximum=ssl.TLSVersion.TLSv1_2)) as connection:
            try:
                connection.connect()
                outside[name] = False
            except (ssl.SSLError, ConnectionError):
                outside[name] = True

    assert outside == {
        name: refused(CATALOGUE.entries.get(name), door) == "TLS" for name in (NOBODY, *CATALOGUE.entries)
    }


def test_the_table_has_every_verdict_there_is() -> None:
    kinds = {door: {refused(entry, door) for entry in CATALOGUE.entries.values()} for door in DOORS}

    assert kinds == {
        "ingest": {None, "TLS", "CERT_KIND", "CERT_USAGE"},
        "consultation": {None, "TLS", "CERT_KIND", "CERT_USAGE"},
    }


@pytest.mark.parametrize(
    ("operation", "service"), [("ITI-18", "registry"), ("ITI-18", "repository"), ("ITI-43", "repository")]
)
def test_ingest_answers_questions_alike_whether_the_record_exists_or_not(
    knocker: Knocker, document: str, operation: str, service: str
) -> None:
    nobody = replace(knocker.scene.patient, nir="2999999999999").cx
    asked = [
        knocker.message(operation, "dr-essai", document=document),
        knocker.message(operation, "dr-essai", document="2.25.404", patient=nobody),
    ]
    answers = []
    for kind, body in asked:
        with closing(knocker.connect("ingest", knocker.scene.house.credential("chu-seine.auth"))) as connection:
            connection.request("POST", f"{SERVICES}/{service}", body, {"Content-Type": kind})
            response = connection.getresponse()
            answers.append(
                (response.status, _without_dates(response.getheaders()), _without_identifiers(response.read()))
            )

    assert answers[0] == answers[1]
    assert answers[0][0] == (404 if service == "registry" else 400) or b"ActionNotSupported" in answers[0][2]


def test_consultation_answers_deposits_alike_whether_the_record_exists_or_not(
    knocker: Knocker, new_scene: Callable[[Any], Any]
) -> None:
    absent = Knocker(replace(knocker.scene, patient=replace(knocker.scene.patient, nir="2999999999999")))
    answers = []
    for one in (knocker, absent):
        with closing(one.connect("consultation", one.scene.house.credential("dr-essai.auth"))) as connection:
            response, body = ask(connection, "ITI-41", one.message("ITI-41", "chu-seine"))
            answers.append((response.status, _without_dates(response.getheaders()), _without_identifiers(body)))

    assert answers[0] == answers[1]
    assert b"ActionNotSupported" in answers[0][2]


def _without_dates(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    volatile = re.compile(r'boundary="?[^";]+"?|start="[^"]*"')
    return [(name, volatile.sub("…", value)) for name, value in headers if name != "Date"]


def _without_identifiers(body: bytes) -> bytes:
    body = re.sub(rb"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", b"UUID", body)
    return re.sub(rb"--[^\r\n]+", b"--", body)


@pytest.mark.parametrize("door", DOORS)
def test_no_door_speaks_a_version_of_tls_before_1_2(knocker: Knocker, door: str) -> None:
    holder = "chu-seine" if door == "ingest" else "dr-essai"
    address = knocker.scene.house.doors[door]
    url = urlsplit(address.url)
    alert = _alert_to(_old_hello(), (url.hostname or "", url.port or 0))

    assert alert == (21, 2, 70), "an alert, fatal, protocol_version (RFC 5246 §7.2)"
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        credentials = knocker.scene.house.credential(f"{holder}.auth")
        with closing(knocker.connect(door, credentials, maximum=version)) as connection:
            response, _ = ask(connection, "?wsdl", ("", b""))
            assert response.status == 200
            assert connection.sock.version() == version.name.replace("_", ".")


def _old_hello() -> bytes:
    """The first flight of a client that speaks TLS 1.1 at most."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    outgoing = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), outgoing).do_handshake()
    return outgoing.read()


def _alert_to(hello: bytes, address: tuple[str, int]) -> tuple[int, int, int]:
    """Content type, level and description of the record that answers `hello`."""
    with socket.create_connection(address, 10) as connection:
        connection.sendall(hello)
        record = connection.recv(7, socket.MSG_WAITALL)
    return record[0], record[5], record[6]


def test_a_session_of_one_door_does_not_open_the_other(knocker: Knocker) -> None:
    """The same context, hence the same certificate and session, at both doors (RFC 5246 §7.4.1.2; RFC 8446 §2.2)."""
    house = knocker.scene.house
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        for name, own, other in (("chu-seine", *DOORS), ("dr-essai", *reversed(DOORS))):
            connection = knocker.connect(own, house.credential(f"{name}.auth"), maximum=version)
            context: ssl.SSLContext = connection._context  # type: ignore[attr-defined]
            with closing(connection):
                assert ask(connection, "?wsdl", ("", b""))[0].status == 200
                session = connection.sock.session
            assert session is None or not session.has_ticket
            assert _opens(context, house.doors[own].url, session)[0]
            assert _opens(context, house.doors[other].url, session) == (False, False)


def _opens(context: ssl.SSLContext, url: str, session: ssl.SSLSession | None) -> tuple[bool, bool]:
    """Whether a door answers to a client that offers `session`, and whether it resumed it."""
    address = urlsplit(url)
    resumed = False
    try:
        with (
            socket.create_connection((address.hostname or "", address.port or 0), 10) as plain,
            context.wrap_socket(plain, server_hostname=address.hostname, session=session) as secured,
        ):
            resumed = bool(secured.session_reused)
            secured.sendall(f"GET {SERVICES}/repository?wsdl HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            return secured.recv(12) == b"HTTP/1.1 200", resumed
    except (ssl.SSLError, ConnectionError):
        return False, resumed


def test_a_connection_open_at_one_door_cannot_ask_for_the_other(knocker: Knocker, document: str) -> None:
    house = knocker.scene.house
    kind, body = knocker.message("ITI-43", "dr-essai", document=document)
    elsewhere = house.doors["consultation"].url
    with closing(knocker.connect("ingest", house.credential("chu-seine.auth"))) as connection:
        assert ask(connection, "?wsdl", ("", b""))[0].status == 200
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
            got.append(said("ITI-43", response, response.read()))
            assert connection.sock in (first, None)

    assert got[0] == "fault ActionNotSupported"
    assert got[1] in ("fault ActionNotSupported", "400", "404")


@pytest.fixture
def passing(house: Any) -> tuple[Entry, Any]:
    """An establishment's certificate that nobody else uses."""
    entry = replace(CATALOGUE.entries["labo-rhone.auth"], name="passing.auth")
    directory = house.data / "pki"
    with making.fresh_rsa_keys(1) as keys:
        making.make_certificate(directory, CATALOGUE, entry, making.key_for(entry, keys), datetime.now(UTC))
    return entry, credential(entry, CATALOGUE, directory / "certificates" / entry.name)


def test_a_certificate_revoked_while_its_connection_is_open_is_refused_at_its_next_request(
    knocker: Knocker, passing: tuple[Entry, Any]
) -> None:
    house, (entry, shown), now = knocker.scene.house, passing, datetime.now(UTC)
    directory = house.data / "pki"
    lot = knocker.message("ITI-41", "labo-rhone")
    with closing(knocker.connect("ingest", shown)) as connection:
        assert said("ITI-41", *ask(connection, "ITI-41", knocker.message("ITI-41", "labo-rhone"))) == "Success"
        first = connection.sock
        revocations.withdraw(directory, entry, now)
        factory.publish(factory.refresh(directory, now, lists=True), "ingest", house.data / "ingest" / "trust")

        connection.auto_open = 0
        response, body = ask(connection, "ITI-41", lot)

        assert said("ITI-41", response, body) == "fault CERT_REVOKED"
        assert connection.sock in (first, None), "the same connection"
    with closing(knocker.connect("ingest", shown)) as again, pytest.raises((ssl.SSLError, ConnectionError)):
        ask(again, "?wsdl", ("", b""))
    with closing(knocker.connect("ingest", house.credential("labo-rhone.auth"))) as other:
        assert said("ITI-41", *ask(other, "ITI-41", lot)) == "Success", "nothing of the refused lot was kept"


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


def test_forged_identity_headers_change_nothing(knocker: Knocker, document: str) -> None:
    house = knocker.scene.house
    genuine = house.credential("chu-seine.auth").certificate_path.read_text("ascii")
    inline = "".join(genuine.split("-----")[2].split())
    headers = dict.fromkeys(FORGED, inline) | {
        "X-SSL-Client-Verify": "SUCCESS",
        "X-SSL-Client-S-DN": "CN=chu-seine",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Proto": "https",
        "Forwarded": "for=127.0.0.1;proto=https",
    }
    with closing(knocker.connect("ingest", house.credential("bad.cps-under-structures"))) as connection:
        refusal = said("ITI-41", *ask(connection, "ITI-41", knocker.message("ITI-41", "chu-seine"), **headers))
    with closing(knocker.connect("ingest", house.credential("chu-seine.auth"))) as connection:
        with_underscore, _ = ask(connection, "?wsdl", ("", b""), SSL_CLIENT_CERT=inline)
    reader = house.credential("dr-essai.auth")
    with closing(knocker.connect("consultation", reader)) as connection:
        true_message = knocker.message("ITI-43", "dr-essai", document=document)
        served = said("ITI-43", *ask(connection, "ITI-43", true_message, **headers))
    with closing(house.owner()) as owner:
        row = owner.execute(
            "SELECT event::json->>'certificate', event::json->>'patient' FROM ecluse.audit_events"
            " WHERE door = 'consultation' ORDER BY sequence DESC LIMIT 1"
        ).fetchone()

    assert refusal == "fault CERT_KIND"
    assert with_underscore.status == 400
    assert served == "Success"
    key = (house.data / "consultation" / "audit.key").read_bytes()
    assert row == (_fingerprint(reader), pseudonym(key, knocker.scene.patient.cx)), "the socket says who it is"


def _fingerprint(shown: Any) -> str:
    return hashlib.sha256(shown.certificate_der()).hexdigest()


def test_messages_travel_in_the_packaging_of_their_transaction(knocker: Knocker, document: str) -> None:
    """What the table sends is what a client sends: deposits and readings as MTOM, queries as plain SOAP."""
    kinds = {name: knocker.message(name, "dr-essai", document=document)[0] for name in ("ITI-18", "ITI-43")}
    kinds["ITI-41"] = knocker.message("ITI-41", "chu-seine")[0]

    assert {name: Packaging.MTOM if "multipart" in kind else Packaging.SIMPLE for name, kind in kinds.items()} == {
        "ITI-18": Packaging.SIMPLE,
        "ITI-43": Packaging.MTOM,
        "ITI-41": Packaging.MTOM,
    }

"""Each wall of a door refuses by itself: the others are open, or were removed, in its test."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.cli.story import REPOSITORY
from gateway.database.roles import DatabaseRole, read_url
from gateway.door import Door
from gateway.settings import ConsultationSettings, IngestSettings, Settings
from samples.client.answers import SoapFault
from samples.client.client import ConsultationClient, IngestClient
from samples.client.mtom import Message
from samples.client.transport import MtomTransport, Reply, open_session, read_reply
from samples.documents.vsm import vsm
from samples.vihf import build_vihf
from security.at_rest.record_keys import create_kek
from security.audit.verify import verify


class Inside(MtomTransport):
    """A transport without a wire: hands the message to a door of this process, as if TLS had shown `certificate`."""

    def __init__(self, door: Door, certificate: bytes) -> None:
        super().__init__(open_session(None, None))
        self._client = door.app.test_client()
        self._certificate = certificate

    def exchange(self, address: str, message: Message) -> Reply:
        kind, body = message.encode()
        path = "/" + address.split("/", 3)[3]
        answer = self._client.post(
            path, data=body, content_type=kind, environ_overrides={"ecluse.client_certificate": self._certificate}
        )
        return read_reply(answer.status_code, dict(answer.headers), answer.data)


def reader(scene: Any, door: Door, *, shown: str = "dr-essai.auth", seal: str = "dr-essai.sign") -> Any:
    """A client of a door of this process that asks for documents."""
    credential = scene.house.credential(seal)
    client = ConsultationClient(
        "https://localhost",
        None,
        None,
        vihf=lambda: build_vihf(signer=credential, patient=scene.patient.cx, now=datetime.now(UTC)),
    )
    client.transport = Inside(door, scene.house.credential(shown).certificate_der())
    return client


def sender(scene: Any, door: Door, *, shown: str = "chu-seine.auth", seal: str = "chu-seine.sign") -> Any:
    """A client of a door of this process that deposits."""
    credential = scene.house.credential(seal)
    client = IngestClient(
        "https://localhost",
        None,
        None,
        vihf=lambda: build_vihf(signer=credential, patient=scene.patient.cx, now=datetime.now(UTC)),
    )
    client.transport = Inside(door, scene.house.credential(shown).certificate_der())
    return client


def test_a_door_of_this_process_serves_when_no_wall_is_touched(
    scene: Any, deposited: str, stripped: Callable[..., Door]
) -> None:
    with closing(reader(scene, stripped("consultation"))) as doctor:
        assert doctor.find_documents(scene.patient.cx).unique_ids == [deposited]
        assert doctor.retrieve([(REPOSITORY, deposited)]).succeeded
    with closing(sender(scene, stripped("ingest"))) as hospital:
        assert hospital.provide_and_register(scene.lot([vsm(scene.patient)])).succeeded


@pytest.mark.parametrize("shown", ["chu-seine.auth", "chu-seine.cpe", "bad.cpe-under-professionals"])
def test_the_kind_of_certificate_alone_keeps_an_establishment_out_of_consultation(
    scene: Any, deposited: str, stripped: Callable[..., Door], shown: str
) -> None:
    """Every authority is trusted here and the assertion is a doctor's, true and his own."""
    door = stripped("consultation", files={"trust": scene.house.pki.trust("ingest-with-professionals")})

    with closing(reader(scene, door, shown=shown)) as intruder, pytest.raises(SoapFault) as refusal:
        intruder.retrieve([(REPOSITORY, deposited)])

    assert refusal.value.kind == "CERT_KIND"


@pytest.mark.parametrize("shown", ["dr-essai.auth", "bad.cps-under-structures"])
def test_the_kind_of_certificate_alone_keeps_a_professional_out_of_ingest(
    scene: Any, stripped: Callable[..., Door], shown: str
) -> None:
    door = stripped("ingest", files={"trust": scene.house.pki.trust("ingest-with-professionals")})
    before = scene.kept()

    with closing(sender(scene, door, shown=shown)) as intruder, pytest.raises(SoapFault) as refusal:
        intruder.provide_and_register(scene.lot([vsm(scene.patient)]))

    assert (refusal.value.kind, scene.kept()) == ("CERT_KIND", before)


def test_the_assertion_alone_keeps_a_professional_out_of_ingest(scene: Any, stripped: Callable[..., Door]) -> None:
    """The connection is the establishment's own and every authority is trusted; a card speaks, for itself."""
    door = stripped("ingest", files={"trust": scene.house.pki.trust("ingest-with-professionals")})
    before = scene.kept()

    with closing(sender(scene, door, seal="dr-essai.sign")) as intruder, pytest.raises(SoapFault) as refusal:
        intruder.provide_and_register(scene.lot([vsm(scene.patient)]))

    assert (refusal.value.kind, scene.kept()) == ("CERT_KIND", before)
    assert "INGEST_SEAL" in refusal.value.reason, "it speaks of the seal, not of the connection"


def test_the_seal_of_a_card_is_not_even_trusted_at_ingest(scene: Any) -> None:
    credential, address = scene.house.credential("dr-essai.sign"), scene.house.doors["ingest"]
    before = scene.kept()
    client = IngestClient(
        address.url,
        scene.house.credential("chu-seine.auth"),
        address.ca,
        vihf=lambda: build_vihf(signer=credential, patient=scene.patient.cx, now=datetime.now(UTC)),
    )

    with closing(client) as intruder, pytest.raises(SoapFault) as refusal:
        intruder.provide_and_register(scene.lot([vsm(scene.patient)]))

    assert (refusal.value.kind, scene.kept()) == ("CERT_UNTRUSTED", before)


def test_the_assertion_alone_keeps_an_establishment_out_of_consultation(scene: Any, deposited: str) -> None:
    """The card of the connection is an authorised doctor's; the hospital speaks in the message."""
    door, credential = scene.house.doors["consultation"], scene.house.credential("chu-seine.sign")
    client = ConsultationClient(
        door.url,
        scene.house.credential("dr-essai.auth"),
        door.ca,
        vihf=lambda: build_vihf(signer=credential, patient=scene.patient.cx, now=datetime.now(UTC)),
    )
    with closing(client) as speaker:
        for ask in (
            lambda: speaker.find_documents(scene.patient.cx),
            lambda: speaker.retrieve([(REPOSITORY, deposited)]),
        ):
            with pytest.raises(SoapFault) as refusal:
                ask()
            assert refusal.value.kind == "CHANNEL_FORBIDDEN"


def test_the_assertion_still_binds_the_seal_when_cards_are_admitted_at_ingest(
    scene: Any, stripped: Callable[..., Door]
) -> None:
    """With professional feeding on, no kind keeps a card out; the establishment's assertion is not the card's."""
    settings = Settings(ingest=IngestSettings(professional_feeding=True), consultation=ConsultationSettings())
    trust = {"trust": scene.house.pki.trust("ingest-with-professionals")}
    door, before = stripped("ingest", files=trust, settings=settings), scene.kept()

    with closing(sender(scene, door, shown="dr-essai.auth")) as intruder, pytest.raises(SoapFault) as refusal:
        intruder.provide_and_register(scene.lot([vsm(scene.patient)]))

    assert refusal.value.kind in ("ASSERTION_IDENTITY", "CHANNEL_FORBIDDEN")
    assert scene.kept() == before


def test_the_database_alone_keeps_the_role_of_ingest_from_reading(
    scene: Any, deposited: str, stripped: Callable[..., Door]
) -> None:
    """Code, certificates, assertion and keys are those of consultation; only the database role is that of ingest.

    It may not even write down that somebody tried to read: the answer is that of a registry that is not there.
    """
    door = stripped("consultation", files={"database.url": scene.house.data / "ingest" / "database.url"})

    with closing(reader(scene, door)) as doctor:
        for ask in (
            lambda: doctor.find_documents(scene.patient.cx),
            lambda: doctor.get_documents(unique_ids=[deposited]),
            lambda: doctor.get_all(scene.patient.cx),
            lambda: doctor.retrieve([(REPOSITORY, deposited)]),
        ):
            answer = ask()
            assert [error.code for error in answer.errors] == ["XDSRegistryNotAvailable"]
            assert deposited not in str(answer)
    with closing(scene.house.owner()) as owner:
        assert {verdict.fault for verdict in verify(owner)} == {None}


@pytest.mark.usefixtures("foreign_events")
def test_the_database_alone_keeps_the_role_of_consultation_from_depositing(
    scene: Any, stripped: Callable[..., Door]
) -> None:
    door = stripped("ingest", files={"database.url": scene.house.data / "consultation" / "database.url"})
    before = scene.kept()

    with closing(sender(scene, door)) as hospital, pytest.raises(SoapFault) as refusal:
        hospital.provide_and_register(scene.lot([vsm(scene.patient)]))

    assert (refusal.value.code, scene.kept()) == ("Receiver", before)


def test_the_keys_alone_keep_documents_shut(
    scene: Any, deposited: str, stripped: Callable[..., Door], tmp_path: Path
) -> None:
    """Code, certificates, assertion and database role are those of consultation; only its key is another."""
    create_kek(tmp_path / "another")
    door = stripped("consultation", files={"kek": tmp_path / "another"})

    with closing(reader(scene, door)) as doctor:
        assert doctor.find_documents(scene.patient.cx).unique_ids == [deposited]
        answer = doctor.retrieve([(REPOSITORY, deposited)])

    assert not answer.succeeded
    assert answer.documents == ()
    assert len(answer.errors) == 1


def test_the_connection_string_that_ingest_holds_opens_nothing(house: Any, deposited: str) -> None:
    """Tried over a real connection, with what lies in the door's own directory."""
    url = (house.data / "ingest" / "database.url").read_text("ascii").strip()
    assert url == read_url(house.data, DatabaseRole.INGEST)
    tables = (
        "document_entries",
        "submission_sets",
        "associations",
        "unique_ids",
        "records",
        "patients",
        "authorisations",
        "record_keys",
        "audit_events",
        "audit_chains",
        "assertions_seen",
    )
    with psycopg.connect(url, autocommit=True) as connection:
        for table in tables:
            for statement in (f"TABLE ecluse.{table}", f"COPY ecluse.{table} TO STDOUT"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)
        for column in ("blob_address", "fragment", "unique_id"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT {column} FROM ecluse.document_entries")  # noqa: S608


def test_the_connection_string_that_consultation_holds_writes_nothing(house: Any, deposited: str) -> None:
    url = (house.data / "consultation" / "database.url").read_text("ascii").strip()
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in (
            "INSERT INTO ecluse.document_entries (entry_uuid) SELECT entry_uuid FROM ecluse.document_entries",
            "INSERT INTO ecluse.unique_ids SELECT * FROM ecluse.unique_ids",
            "INSERT INTO ecluse.submission_sets SELECT * FROM ecluse.submission_sets",
            "UPDATE ecluse.document_entries SET fragment = fragment",
            "DELETE FROM ecluse.document_entries",
            "DELETE FROM ecluse.record_keys",
            "DELETE FROM ecluse.audit_events",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
        found = connection.execute(
            "SELECT count(*) FROM ecluse.document_entries WHERE unique_id = %s", (deposited,)
        ).fetchone()
    assert found == (1,)

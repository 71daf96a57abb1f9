"""Each wall of a door refuses by itself in FHIR too: the others are open, or were removed, in its test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.door import Door
from gateway.fhir_door import ADDRESSES
from samples.documents.vsm import vsm
from samples.fhir.bundle import write_lot
from samples.token import build_token
from security.strict_json import read_json, write_json

Strip = Callable[..., Door]


@dataclass(frozen=True)
class Said:
    """An answer: its status, its codes, its bytes."""

    status: int
    codes: list[str]
    content: bytes


@dataclass(frozen=True)
class Caller:
    """Software that speaks to a door of this process, as if TLS had shown `shown`; `seal` signs its tokens."""

    scene: Any
    door: Door
    name: str
    shown: str
    seal: str

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/fhir+json") -> Said:
        connection = self.scene.house.credential(self.shown)
        seal, patient = self.scene.house.credential(self.seal), self.scene.patient.cx
        token = build_token(signer=seal, connection=connection, patient=patient, now=datetime.now(UTC))
        answer = self.door.app.test_client().open(
            f"{ADDRESSES[self.name]}/{path}".rstrip("/"),
            method=method,
            data=body,
            content_type=kind,
            headers={"Authorization": f"Bearer {token}"},
            environ_overrides={"ecluse.client_certificate": connection.certificate_der()},
        )
        issues = read_json(answer.data).get("issue", ())
        codes = [issue["details"]["coding"][0]["code"] for issue in issues if "coding" in issue.get("details", {})]
        return Said(answer.status_code, codes, answer.data)

    def find(self) -> Said:
        """Search for the documents of the patient."""
        identifier, authority = self.scene.patient.cx.split("^^^")
        form = f"patient.identifier=urn:oid:{authority.split('&')[1]}%7C{identifier}&status=current"
        return self.ask("POST", "DocumentReference/_search", form.encode(), "application/x-www-form-urlencoded")

    def deposit(self) -> Said:
        """Send a signed lot of one medical summary."""
        lot = write_lot(self.scene.lot([vsm(self.scene.patient)]))
        return self.ask("POST", "", write_json(lot.resource))


def reader(scene: Any, door: Door, shown: str = "dr-essai.auth", seal: str = "dr-essai.sign") -> Caller:
    return Caller(scene, door, "consultation", shown, seal)


def sender(scene: Any, door: Door, shown: str = "chu-seine.auth", seal: str = "chu-seine.sign") -> Caller:
    return Caller(scene, door, "ingest", shown, seal)


def test_a_door_of_this_process_serves_in_fhir_when_no_wall_is_touched(
    scene: Any, deposited: str, stripped: Strip
) -> None:
    found = reader(scene, stripped("consultation")).find()

    assert found.status == 200
    assert deposited.encode() in found.content
    assert sender(scene, stripped("ingest")).deposit().status == 200


@pytest.mark.parametrize("shown", ["chu-seine.auth", "chu-seine.cpe", "bad.cpe-under-professionals"])
def test_the_kind_of_certificate_alone_keeps_an_establishment_out_of_consultation(
    scene: Any, deposited: str, stripped: Strip, shown: str
) -> None:
    """Every authority is trusted here and the token is a doctor's, true and his own, bound to this connection."""
    door = stripped("consultation", files={"trust": scene.house.pki.trust("ingest-with-professionals")})

    said = reader(scene, door, shown=shown).find()
    assert (said.status, said.codes) == (403, ["CERT_KIND"])


@pytest.mark.parametrize("shown", ["dr-essai.auth", "bad.cps-under-structures"])
def test_the_kind_of_certificate_alone_keeps_a_professional_out_of_ingest(
    scene: Any, stripped: Strip, shown: str
) -> None:
    door = stripped("ingest", files={"trust": scene.house.pki.trust("ingest-with-professionals")})
    before = scene.kept()

    said = sender(scene, door, shown=shown).deposit()
    assert (said.status, said.codes, scene.kept()) == (403, ["CERT_KIND"], before)


def test_the_token_alone_keeps_a_professional_out_of_ingest(scene: Any, stripped: Strip) -> None:
    """The connection is the establishment's own and every authority is trusted; a card signs, for itself."""
    door = stripped("ingest", files={"trust": scene.house.pki.trust("ingest-with-professionals")})
    before = scene.kept()

    said = sender(scene, door, seal="dr-essai.sign").deposit()
    assert (said.status, said.codes, scene.kept()) == (401, ["DMPInvalidCertificate"], before)


def test_the_token_alone_keeps_an_establishment_out_of_consultation(
    scene: Any, deposited: str, stripped: Strip
) -> None:
    """The card of the connection is an authorised doctor's; the hospital signs the token."""
    said = reader(scene, stripped("consultation"), seal="chu-seine.sign").find()

    assert (said.status, said.codes) == (403, ["DMPAccessDeniedByRightsService"])


@pytest.mark.parametrize(("method", "path"), [("GET", "Binary/a"), ("GET", "List"), ("POST", "List/_search")])
def test_the_table_alone_keeps_whoever_feeds_from_reading(scene: Any, stripped: Strip, method: str, path: str) -> None:
    said = sender(scene, stripped("ingest")).ask(method, path)

    assert (said.status, said.codes) == (404, ["FHIR_FORBIDDEN"])


def test_the_table_alone_keeps_whoever_reads_from_depositing(scene: Any, stripped: Strip) -> None:
    before = scene.kept()

    said = reader(scene, stripped("consultation")).deposit()
    assert (said.status in (404, 405), said.codes, scene.kept()) == (True, ["FHIR_FORBIDDEN"], before)


def test_the_database_alone_keeps_the_role_of_ingest_from_reading(scene: Any, deposited: str, stripped: Strip) -> None:
    """Code, certificates, token and keys are those of consultation; only the database role is that of ingest."""
    door = stripped("consultation", files={"database.url": scene.house.data / "ingest" / "database.url"})

    said = reader(scene, door).find()
    assert said.status in (500, 503)
    assert deposited.encode() not in said.content


@pytest.mark.usefixtures("foreign_events")
def test_the_database_alone_keeps_the_role_of_consultation_from_depositing(scene: Any, stripped: Strip) -> None:
    door = stripped("ingest", files={"database.url": scene.house.data / "consultation" / "database.url"})
    before = scene.kept()

    said = sender(scene, door).deposit()
    assert said.status in (500, 503)
    assert scene.kept() == before

"""What professionals read and change in FHIR at the real consultation door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from gateway import records
from samples.client.fhir import FhirClient, FhirReply
from samples.documents.vsm import vsm
from xds.metadata.codes import Code
from xds.metadata.document_entry import DocumentEntry


@dataclass(frozen=True)
class Reader:
    """A professional's software in FHIR, at one record."""

    scene: Any
    client: FhirClient

    @property
    def patient(self) -> tuple[str, str]:
        """The parameter that names the patient."""
        identifier, authority = self.scene.patient.cx.split("^^^")
        return ("patient.identifier", f"urn:oid:{authority.split('&')[1]}|{identifier}")

    def deposit(self, *codes: Code, documents: int = 1, former: str = "", **changes: Any) -> list[str]:
        """Deposit medical summaries by SOAP; their uniqueIds. `former` is that of the document they replace."""
        more = {"replaces": former} if former else {}
        contents = [vsm(self.scene.patient, **more) for _ in range(documents)]
        lot = self.scene.lot(contents, confidentiality=codes, **changes)
        answer = self.scene.deposit(lot)
        assert answer.succeeded, answer.errors
        return list(lot.unique_ids[:documents])

    def find(self, *parameters: tuple[str, str], status: str = "current", **headers: str) -> FhirReply:
        """Search for documents of the patient."""
        asked = [self.patient, *([("status", status)] if status else []), *parameters]
        return self.client.search("DocumentReference", asked, **headers)

    def ids(self, *parameters: tuple[str, str], status: str = "current") -> list[str]:
        """The ids found."""
        reply = self.find(*parameters, status=status)
        assert reply.status == 200, reply.content
        return [entry["resource"]["id"] for entry in reply.resource.get("entry", []) if _matches(entry)]

    def by_soap(self, unique_id: str) -> DocumentEntry:
        """The entry of a uniqueId, as ITI-18 answers it."""
        with closing(self.scene.consultation()) as soap:
            entries = soap.find_documents(self.scene.patient.cx).document_entries
        (entry,) = [one for one in entries if one.unique_id == unique_id]
        return entry

    def named(self, unique_id: str, status: str = "current") -> dict[str, Any]:
        """The resource of a uniqueId."""
        (entry,) = self.find(("identifier", f"urn:oid:{unique_id}"), status=status).resource["entry"]
        resource: dict[str, Any] = entry["resource"]
        return resource


def _matches(entry: dict[str, Any]) -> bool:
    return bool(entry["search"]["mode"] == "match")


@pytest.fixture
def reader(scene: Any) -> Iterator[Reader]:
    with closing(scene.house.fhir("dr-essai", scene.patient.cx)) as client:
        yield Reader(scene, client)


@pytest.fixture
def colleague(reader: Reader) -> Iterator[Reader]:
    """A professional who may read the record, and wrote nothing there."""
    house, patient = reader.scene.house, reader.scene.patient
    with closing(house.owner()) as connection:
        records.authorise(connection, patient.cx, house.credential("dr-blanc.auth").national_id)
    with closing(house.fhir("dr-blanc", patient.cx)) as client:
        yield Reader(reader.scene, client)

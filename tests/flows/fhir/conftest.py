"""One record asked about in FHIR at both doors, and what the house wrote down of it."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from samples.client.fhir import FhirClient, FhirReply


@dataclass(frozen=True)
class Desk:
    """A patient, whoever asks about him, and the traces and events that it leaves."""

    scene: Any

    @property
    def house(self) -> Any:
        return self.scene.house

    @property
    def cx(self) -> str:
        return str(self.scene.patient.cx)

    @property
    def ins(self) -> str:
        return self.cx.partition("^")[0]

    @property
    def identifier(self) -> dict[str, str]:
        """The parameter that names the patient."""
        return {"identifier": f"urn:oid:{self.cx.split('&')[1]}|{self.ins}"}

    def client(self, who: str = "dr-essai", **changes: Any) -> FhirClient:
        client: FhirClient = self.house.fhir(who, changes.pop("patient", self.cx), **changes)
        return client

    def ask(self, who: str = "dr-essai", parameters: Any = None, **changes: Any) -> FhirReply:
        """Ask whether there is a record, by POST."""
        with closing(self.client(who, **changes)) as client:
            return client.search("Patient", self.identifier if parameters is None else parameters)

    def run(self, statement: str, *parameters: Any) -> None:
        with closing(self.house.owner()) as connection:
            connection.execute(statement, parameters)

    def set(self, **columns: Any) -> None:
        """Change columns of the record, as time or an administrator would."""
        names = ", ".join(f"{name} = %s" for name in columns)
        self.run(
            f"UPDATE ecluse.records SET {names}, revision = revision + 1"  # noqa: S608 - names of our own
            " WHERE patient_key = (SELECT patient_key FROM ecluse.patients WHERE patient_id = %s)",
            *columns.values(),
            self.cx,
        )

    def authorisation(self, status: str, until: datetime | None, medecin_traitant: bool) -> None:
        """Change the authorisation of the doctor."""
        self.run(
            "UPDATE ecluse.authorisations SET status = %s, valid_until = %s, medecin_traitant = %s WHERE patient_key ="
            " (SELECT patient_key FROM ecluse.patients WHERE patient_id = %s)",
            *(status, until, medecin_traitant, self.cx),
        )

    def traces(self) -> list[tuple[str, ...]]:
        """Operation, outcome, code and rule of every trace of the record, oldest first."""
        with closing(self.house.owner()) as connection:
            return connection.execute(
                "SELECT operation, outcome, code, rule FROM ecluse.traces JOIN ecluse.patients USING (patient_key)"
                " WHERE patient_id = %s ORDER BY at, trace_id",
                (self.cx,),
            ).fetchall()

    def events(self, door: str, count: int) -> list[dict[str, Any]]:
        """The last events of a door, oldest first."""
        with closing(self.house.owner()) as connection:
            rows = connection.execute(
                "SELECT event FROM ecluse.audit_events WHERE door = %s ORDER BY sequence DESC LIMIT %s", (door, count)
            ).fetchall()
        return [json.loads(event) for (event,) in reversed(rows)]


@pytest.fixture
def desk(scene: Any) -> Desk:
    return Desk(scene)

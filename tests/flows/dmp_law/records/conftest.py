"""What professionals do to records at the real consultation door, and what the house holds of it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.cli.rehearsal import Rehearsal
from samples.client.record_messages import Person
from samples.client.records import RecordAnswer, RecordsClient, ServiceAnswer
from samples.documents.patients import CLAIRE, SamplePatient
from samples.pki.credential import Credential
from samples.vihf import build_vihf

EMERGENCY = {"purpose": "bris_de_glace", "reason": "Patient inconscient"}
REGULATION = {"purpose": "centre_15"}
OCCUPATIONAL = "dr-travail"
_numbers = iter(range(100, 1000))

_PATIENT = "(SELECT patient_key FROM ecluse.patients WHERE patient_id = %(cx)s)"
_STATE = {
    "records": "SELECT to_jsonb(t) FROM ecluse.records t WHERE patient_key = ",
    "holders": "SELECT to_jsonb(t) FROM ecluse.holders t WHERE patient_key = ",
    "legal_representatives": "SELECT to_jsonb(t) FROM ecluse.legal_representatives t WHERE patient_key = ",
    "authorisations": "SELECT to_jsonb(t) FROM ecluse.authorisations t WHERE patient_key = ",
    "openings": "SELECT to_jsonb(t) FROM ecluse.openings t WHERE patient_key = ",
    "patient_accounts": "SELECT to_jsonb(t) FROM ecluse.patient_accounts t WHERE patient_key = ",
    "record_keys": "SELECT key_id FROM ecluse.record_keys t WHERE patient_key = ",
    "outbox": "SELECT kind, subject FROM ecluse.outbox t WHERE patient_key = ",
}


@dataclass(frozen=True)
class House:
    """A house and the clients that speak to it: one a person and purpose, for whichever patient is asked about."""

    rehearsal: Rehearsal
    clients: dict[str, RecordsClient] = field(default_factory=dict)
    about: dict[str, str | None] = field(default_factory=dict)

    def credential(self, name: str) -> Credential:
        return self.rehearsal.credential(name)

    def client(self, who: str, patient_id: str | None, **vihf: Any) -> RecordsClient:
        """The software of a professional, the assertion being about a patient, or about none."""
        key = f"{who} {sorted(vihf.items())}"
        self.about[key] = patient_id
        if key not in self.clients:
            door, signer = self.rehearsal.doors["consultation"], self.credential(f"{who}.sign")

            def voice() -> Any:
                return build_vihf(**{"signer": signer, "now": datetime.now(UTC), "patient": self.about[key], **vihf})

            self.clients[key] = RecordsClient(door.url, self.credential(f"{who}.auth"), door.ca, vihf=voice)
        return self.clients[key]

    def id_of(self, who: str) -> str:
        return self.credential(f"{who}.auth").national_id

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with closing(self.rehearsal.owner()) as connection:
            return list(connection.execute(statement, parameters).fetchall())

    def run(self, statement: str, *parameters: Any) -> None:
        with closing(self.rehearsal.owner()) as connection:
            connection.execute(statement, parameters)

    def close(self) -> None:
        for client in self.clients.values():
            client.close()


@dataclass(frozen=True)
class File:
    """One patient of a house, with or without a record."""

    house: House
    patient: SamplePatient

    @property
    def cx(self) -> str:
        return self.patient.cx

    @property
    def person(self) -> Person:
        patient = self.patient
        return Person(family=patient.family, given=patient.given, gender=patient.gender, born=patient.born)

    def client(self, who: str = "dr-essai", **vihf: Any) -> RecordsClient:
        return self.house.client(who, vihf.pop("about", self.cx), **vihf)

    def open(self, **columns: Any) -> File:
        """A record, not attached to the national space unless `columns` say so."""
        self.house.rehearsal.open_record(self.cx)
        self.set(**{"attached_to_ens": False, **columns})
        return self

    def closed(self, at: datetime, motive: str = "FERMETURE_DEMANDE_PATIENT") -> File:
        self.open(status="CLOSED", closed_at=at, closing_motive=motive, closing_reason="Plus besoin")
        return self

    def set(self, **columns: Any) -> None:
        names = ", ".join(f"{name} = %s" for name in columns)
        self.house.run(
            f"UPDATE ecluse.records SET {names}, revision = revision + 1"  # noqa: S608
            " WHERE patient_key = (SELECT patient_key FROM ecluse.patients WHERE patient_id = %s)",
            *columns.values(),
            self.cx,
        )

    def authorise(
        self,
        who: str,
        status: str = "VALIDE",
        *,
        until: datetime | None = None,
        medecin_traitant: bool = False,
        holder: str | None = None,
    ) -> File:
        self.house.run(
            "INSERT INTO ecluse.authorisations (patient_key, professional_id, status, valid_until, declared_at,"
            " medecin_traitant) SELECT patient_key, %s, %s, %s, now(), %s FROM ecluse.patients WHERE patient_id = %s",
            *(holder or self.house.id_of(who), status, until, medecin_traitant, self.cx),
        )
        return self

    def state(self) -> dict[str, list[str]]:
        """Everything that a transaction on the record could change."""
        with closing(self.house.rehearsal.owner()) as connection:
            return {
                name: sorted(str(row) for row in connection.execute(query + _PATIENT, {"cx": self.cx}).fetchall())
                for name, query in _STATE.items()
            }

    def traces(self) -> list[tuple[Any, ...]]:
        """operation, outcome, code, rule, actor of every trace, oldest first."""
        return self.house.rows(
            "SELECT operation, outcome, code, rule, actor_id FROM ecluse.traces JOIN ecluse.patients"
            " USING (patient_key) WHERE patient_id = %s ORDER BY at, trace_id",
            self.cx,
        )

    def told(self) -> list[str]:
        """The kinds of news that wait."""
        return [
            kind
            for (kind,) in self.house.rows(
                "SELECT kind FROM ecluse.outbox JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s"
                " ORDER BY at, kind",
                self.cx,
            )
        ]

    def column(self, name: str) -> Any:
        ((value,),) = self.house.rows(
            f"SELECT {name} FROM ecluse.records JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s",  # noqa: S608
            self.cx,
        )
        return value

    def refused(
        self,
        ask: Callable[[], RecordAnswer | ServiceAnswer],
        *codes: str,
        rule: str | None = None,
        operation: str | None = None,
        traced: bool = True,
    ) -> RecordAnswer | ServiceAnswer:
        """Expect these codes, nothing changed, and one refusal traced in the record."""
        before, traces = self.state(), self.traces()
        answer = ask()
        assert not answer.accepted
        assert answer.error_codes == list(codes), answer
        assert self.state() == before, "something changed"
        new = self.traces()[len(traces) :]
        if not traced:
            assert new == []
            return answer
        ((asked, outcome, code, decided_by, _),) = new
        assert (outcome, code) == ("refused", codes[0])
        assert rule in (None, decided_by), decided_by
        assert operation in (None, asked), asked
        return answer


@pytest.fixture(scope="session")
def national(house: Rehearsal) -> Iterator[House]:
    """A house of the regime in force: records come with the national space."""
    opened = House(house)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def legacy() -> Iterator[House]:
    """A house of the regime of 2018: professionals create records."""
    with Rehearsal({"ECLUSE_DMP_REGIME": "dmp2018", "ECLUSE_JOBS_INTERVAL": "0"}) as rehearsal:
        opened = House(rehearsal)
        yield opened
        opened.close()


def someone(**changes: Any) -> SamplePatient:
    """A patient nobody has seen in this run."""
    return replace(CLAIRE, nir=f"2580769124{next(_numbers):03}", **changes)


@pytest.fixture
def nobody(legacy: House) -> File:
    """A patient without record, in the house of 2018."""
    return File(legacy, someone())


@pytest.fixture
def record(legacy: House) -> File:
    """A record that is not attached to the national space."""
    return File(legacy, someone()).open()


@pytest.fixture
def attached(national: House) -> File:
    """A record of the regime in force, attached to the national space."""
    return File(national, someone()).open(attached_to_ens=True)

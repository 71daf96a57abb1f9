"""What an establishment does at the real ingest door, and what the house holds of it afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.cli.rehearsal import Rehearsal
from samples.client.answers import QueryAnswer, RegistryAnswer
from samples.client.client import ConsultationClient, IngestClient
from samples.documents.vsm import vsm
from samples.sender import Sender
from samples.submission import SUBMISSION_SET, Submission, build_submission
from samples.vihf import build_vihf
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import AvailabilityStatus

KEPT = ("unique_ids", "submission_sets", "document_entries", "associations")
FEEDING = {
    "ECLUSE_INGEST_PROFESSIONAL_FEEDING": "true",
    "ECLUSE_DMP_MASK_WITH_INVISIBLE": "true",
    "ECLUSE_VIHF_ATTACHMENT": "optional",
}
APPROVED, DELETED = AvailabilityStatus.APPROVED, AvailabilityStatus.DELETED


@dataclass(frozen=True)
class Speaker:
    """Who is at the door: a certificate for the connection, another for the assertion and the lot."""

    tls: str
    seal: str


HOSPITAL = Speaker("chu-seine.auth", "chu-seine.sign")
OTHER = Speaker("ch-loire.auth", "ch-loire.sign")
SECRETARY = Speaker("chu-seine.cpe", "chu-seine.cpe-sign")
DOCTOR = Speaker("dr-essai.auth", "dr-essai.sign")


@dataclass(frozen=True)
class Desk:
    """One record, and the ingest door of its house."""

    scene: Any

    @property
    def house(self) -> Any:
        return self.scene.house

    @property
    def patient(self) -> Any:
        return self.scene.patient

    def vihf(self, who: Speaker, **changes: Any) -> Any:
        seal = self.house.credential(who.seal)
        return lambda: build_vihf(**{"signer": seal, "patient": self.patient.cx, "now": datetime.now(UTC), **changes})

    def lot(self, documents: Sequence[Any], who: Speaker = HOSPITAL, **changes: Any) -> Submission:
        seal = self.house.credential(who.seal)
        sender = Sender.of(seal)
        if seal.family is None and who is SECRETARY:
            sender = replace(sender, person_id=seal.national_id)
        return build_submission(
            documents, signer=seal, sender=sender, now=datetime.now(UTC), patient_id=self.patient.cx, **changes
        )

    def deposit(self, lot: Submission, who: Speaker = HOSPITAL, **vihf: Any) -> RegistryAnswer:
        door = self.house.doors["ingest"]
        client = IngestClient(door.url, self.house.credential(who.tls), door.ca, vihf=self.vihf(who, **vihf))
        with closing(client):
            return client.provide_and_register(lot)

    @contextmanager
    def registry(self, who: Speaker = HOSPITAL, **vihf: Any) -> Iterator[ConsultationClient]:
        """A client that asks the ingest door what it would ask the registry of the other."""
        door = self.house.doors["ingest"]
        client = ConsultationClient(door.url, self.house.credential(who.tls), door.ca, vihf=self.vihf(who, **vihf))
        with closing(client):
            yield client

    def reference(self, *unique_ids: str, who: Speaker = HOSPITAL, **vihf: Any) -> QueryAnswer:
        with self.registry(who, **vihf) as client:
            return client.get_documents(unique_ids=unique_ids, return_type="ObjectRef")

    def deletion(
        self,
        *targets: str,
        who: Speaker = HOSPITAL,
        original: str | None = APPROVED,
        new: str | None = DELETED,
        **submission_set: Any,
    ) -> Submission:
        """A message that deletes registered documents, by their entryUUIDs."""
        made = self.lot([vsm(self.patient)], who).submission_set
        orders = [
            Association(
                entry_uuid=f"Order{rank}",
                association_type=AssociationType.UPDATE_AVAILABILITY_STATUS,
                source=SUBMISSION_SET,
                target=target,
                original_status=original,
                new_status=new,
            )
            for rank, target in enumerate(targets)
        ]
        return Submission(
            submission_set=replace(made, **submission_set), entries=(), associations=tuple(orders), contents={}
        )

    def update(self, message: Submission, who: Speaker = HOSPITAL, **vihf: Any) -> RegistryAnswer:
        with self.registry(who, **vihf) as client:
            return client.update(message)

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with closing(self.house.owner()) as connection:
            return list(connection.execute(statement, parameters).fetchall())

    def set_record(self, **columns: Any) -> None:
        """Give the record what another act gives it: a birth date, a wish of the patient, a status."""
        names = ", ".join(f"{name} = %s" for name in columns)
        with closing(self.house.owner()) as connection:
            connection.execute(
                f"UPDATE ecluse.records SET {names}, revision = revision + 1"  # noqa: S608
                " WHERE patient_key = (SELECT patient_key FROM ecluse.patients WHERE patient_id = %s)",
                (*columns.values(), self.patient.cx),
            )

    def traces(self) -> list[tuple[Any, ...]]:
        """operation, outcome, code, rule, documents, secret of every trace, oldest first."""
        return self.rows(
            "SELECT operation, outcome, code, rule, documents, secret FROM ecluse.traces JOIN ecluse.patients"
            " USING (patient_key) WHERE patient_id = %s ORDER BY at, trace_id",
            self.patient.cx,
        )

    def told(self) -> list[tuple[str, str]]:
        """What waits to be told of this record: kind and subject."""
        return self.rows(
            "SELECT kind, subject FROM ecluse.outbox JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s"
            " AND kind LIKE 'DOCUMENT%%' ORDER BY at, kind, subject",
            self.patient.cx,
        )

    def entry(self, unique_id: str) -> dict[str, Any]:
        """The last version of a document, as the database has it."""
        ((entry_uuid, status, codes, fragment, later),) = self.rows(
            "SELECT entry_uuid, status, codes -> 'confidentialityCode', fragment, mask_when_visible"
            " FROM ecluse.document_entries WHERE unique_id = %s ORDER BY version DESC LIMIT 1",
            unique_id,
        )
        return {
            "entry_uuid": f"urn:uuid:{entry_uuid}",
            "status": status,
            "codes": sorted(code.partition("^^")[0] for code in codes),
            "fragment": bytes(fragment),
            "mask_when_visible": later,
        }

    def deposited(self, *documents: Any, who: Speaker = HOSPITAL, **changes: Any) -> Submission:
        """A lot that was accepted."""
        lot = self.lot(documents or [vsm(self.patient)], who, **changes)
        answer = self.deposit(lot, who)
        assert answer.succeeded, answer.errors
        return lot

    def refused(self, attempt: Any, *codes: str, operation: str, rule: str | None = None) -> RegistryAnswer:
        """Expect a Failure with these codes, nothing changed, and the refusal traced in the record."""
        before, traced, told = self.scene.kept(), self.traces(), self.told()
        states = self._states()
        answer = attempt()
        assert not answer.succeeded
        errors = [error.code for error in answer.errors if error.severity == "Error"]
        assert errors == list(codes), answer.errors
        assert (self.scene.kept(), self.told(), self._states()) == (before, told, states), "something changed"
        new = self.traces()[len(traced) :]
        assert [row[:3] for row in new] == [(operation, "refused", codes[0])], new
        if rule is not None:
            assert new[0][3] == rule
        return answer

    def _states(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "SELECT entry_uuid, document_entries.status, codes, revision FROM ecluse.document_entries"
            " JOIN ecluse.records USING (patient_key) JOIN ecluse.patients USING (patient_key)"
            " WHERE patient_id = %s ORDER BY entry_uuid",
            self.patient.cx,
        )


@pytest.fixture
def desk(scene: Any) -> Desk:
    """An open record of an adult, on which a doctor is authorised."""
    return Desk(scene)


@pytest.fixture(scope="session")
def feeding_house() -> Iterator[Rehearsal]:
    """A house whose ingest door admits professionals with a card, where a mask may stand beside invisibility, and whose
    directory need not know everybody."""
    with Rehearsal(FEEDING) as opened:
        yield opened


@pytest.fixture
def surgery(feeding_house: Rehearsal, new_scene: Any) -> Desk:
    """A record in the house that admits professionals."""
    return Desk(new_scene(feeding_house))

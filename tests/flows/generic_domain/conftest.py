"""Both doors open in the domain ihe, and patients that the identity feed has announced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import pytest

from gateway.cli.rehearsal import Rehearsal
from samples.client.answers import RegistryAnswer, SoapFault
from samples.client.client import ConsultationClient, IngestClient
from samples.feed import MllpClient, adt
from samples.xds.patients import DomainPatient, new_patient
from samples.xds.submission import one_document

SOURCE, CONSUMER = "chu-seine", "dr-essai"


@pytest.fixture
def source(generic_house: Rehearsal) -> Iterator[IngestClient]:
    """A Document Source: an establishment's certificate and no assertion."""
    with closing(generic_house.source(SOURCE)) as client:
        yield client


@pytest.fixture
def consumer(generic_house: Rehearsal) -> Iterator[ConsultationClient]:
    """A Document Consumer and Administrator: a card and no assertion."""
    with closing(generic_house.consumer(CONSUMER)) as client:
        yield client


@pytest.fixture(scope="session")
def feed_of() -> Callable[[Rehearsal], MllpClient]:
    """A connection to the identity feed of a house."""

    def connect(house: Rehearsal) -> MllpClient:
        door = house.doors["ingest"]
        address = urlsplit(door.feed)
        return MllpClient(str(address.hostname), int(address.port or 0), house.credential(f"{SOURCE}.auth"), door.ca)

    return connect


@pytest.fixture
def patient(generic_house: Rehearsal, feed_of: Callable[[Rehearsal], MllpClient]) -> DomainPatient:
    """A patient whom the feed announced (ITI-8)."""
    announced = new_patient()
    with feed_of(generic_house) as feed:
        assert b"MSA|AA" in feed.send(adt("A04", announced.cx))
    return announced


@dataclass(frozen=True)
class Siege:
    """What is asked after each attack: how long did it take, was anything kept, is anything broken, who is served."""

    house: Rehearsal
    source: IngestClient
    consumer: ConsultationClient
    patient: DomainPatient
    patience: float = 10.0

    def kept(self) -> dict[str, int]:
        """Rows of each table that a message may fill, and files of blobs."""
        tables = ("patients", "records", "unique_ids", "submission_sets", "document_entries", "associations", "folders")
        with closing(self.house.owner()) as connection:
            query = " UNION ALL ".join(f"SELECT count(*) FROM ecluse.{name}" for name in tables)  # noqa: S608
            rows = connection.execute(query).fetchall()
        blobs = sum(1 for path in (self.house.data / "blobs").rglob("*") if path.is_file())
        return {**dict(zip(tables, (row[0] for row in rows), strict=True)), "blobs": blobs}

    def withstands(self, attack: Callable[[], Any]) -> Any:
        """Attack: answered in time, nothing kept, no incident, and an honest deposit is accepted and found."""
        before, broken, begun = self.kept(), self.incidents(), monotonic()
        answer = attack()
        assert monotonic() - begun < self.patience
        assert self.kept() == before, "something of a refused message was kept"
        assert self.incidents() == broken
        self.serves()
        return answer

    def refuses(self, attack: Callable[[], RegistryAnswer], *codes: str) -> RegistryAnswer:
        """The same; the answer is a Failure that has these codes, each error one of them."""
        answer: RegistryAnswer = self.withstands(attack)
        assert answer.status.endswith(":Failure"), answer.errors
        assert set(answer.error_codes) == set(codes), answer.errors[:5]
        return answer

    def faults(self, attack: Callable[[], Any], kind: str) -> SoapFault:
        """The same; the answer is a fault of the sender, of this kind."""

        def caught() -> SoapFault:
            with pytest.raises(SoapFault) as fault:
                attack()
            return fault.value

        fault: SoapFault = self.withstands(caught)
        assert (fault.code, fault.kind) == ("Sender", kind), fault.reason
        return fault

    def serves(self) -> None:
        """An honest deposit is accepted and found."""
        lot = one_document(self.patient)
        assert self.source.provide_and_register(lot).succeeded
        assert self.consumer.get_documents(unique_ids=lot.unique_ids).unique_ids == list(lot.unique_ids)

    def incidents(self) -> int:
        """How often the doors said that something unexpected happened."""
        log = (self.house.directory / "doors.log").read_text("utf-8", "replace")
        return log.count("unexpected error") + log.count("ended by an error")


@pytest.fixture(scope="session")
def siege(generic_house: Rehearsal, feed_of: Callable[[Rehearsal], MllpClient]) -> Iterator[Siege]:
    """Watches both doors while somebody attempts something hostile; its patient and clients serve all attacks."""
    patient = new_patient()
    with feed_of(generic_house) as feed:
        assert b"MSA|AA" in feed.send(adt("A04", patient.cx))
    with closing(generic_house.source(SOURCE)) as source, closing(generic_house.consumer(CONSUMER)) as consumer:
        yield Siege(generic_house, source, consumer, patient)

"""A house of one's own, whose clock a test moves: database, sealed bytes on the disk, a keeper with its own role."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from gateway.database.domain import declare_domain
from gateway.database.opening import Database
from gateway.database.pool import DoorPool, open_pool
from gateway.jobs.clock import advance
from gateway.jobs.house import Keeping, keeping
from gateway.jobs.keeper import Work
from gateway.notices.dispatcher import Sent
from gateway.records import authorise, open_record
from gateway.settings import Settings, load
from security.at_rest.public_keys import RecordPublicKey
from security.at_rest.record_keys import Kek, create_kek
from security.at_rest.sealing import seal
from security.audit.event import AuditEvent, Outcome
from xds.dmp.record import Record
from xds.metadata.association import Association, AssociationType
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.submission_set import SubmissionSet
from xds.registry.rows import NewEntry
from xds.registry.writer import RegistryWriter
from xds.repository.writer import RepositoryWriter

AnotherDatabase = Callable[[Path], AbstractContextManager[Database]]
DOCTOR = "810000000001"
HOSPITAL = "1750000001"
OID = "1.2.250.1.213.1.4.10"
NORMAL = Code("N", "2.16.840.1.113883.5.25", "Normal")
HIDDEN = Code("INVISIBLE_PATIENT", "1.2.250.1.213.1.1.4.13", "Non visible par le patient")
CONTENT = b"<ClinicalDocument>MARQUEURCLINIQUE</ClinicalDocument>"
TITLE = "MARQUEURDETITRE"
_numbers = itertools.count(1)


def ins_of(patient_id: str) -> str:
    return patient_id.split("^", maxsplit=1)[0]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A house, and what a test does in it."""

    data: Path
    database: Database
    owner: psycopg.Connection[Any]
    ingest: DoorPool
    kek: Kek

    def settings(self, **sections: dict[str, Any]) -> Settings:
        """The settings of the house, with keys of sections set: `mail={"host": "127.0.0.1"}`."""
        environ = {
            f"ECLUSE_{name}_{key}".upper(): str(value) for name, keys in sections.items() for key, value in keys.items()
        }
        return load(environ=environ, data=str(self.data))

    @contextmanager
    def kept(self, **sections: dict[str, Any]) -> Iterator[Keeping]:
        with keeping(self.settings(**sections)) as found:
            yield found

    def now(self) -> datetime:
        """The law's clock."""
        row = self.owner.execute("SELECT ecluse.law_now()").fetchone()
        assert row is not None
        return row[0].astimezone(UTC)

    def move_to(self, instant: datetime) -> None:
        advance(self.owner, instant, mode="sandbox")

    def work(self) -> Work:
        """One run of the keeper: what is due now."""
        with self.kept() as found:
            return found.keeper.run()

    def deliver(self, **sections: dict[str, Any]) -> Sent:
        with self.kept(**sections) as found:
            return found.dispatcher.run()

    def a_record(self, **options: Any) -> tuple[str, Record]:
        """A fresh patient (CX) with an open record."""
        number = f"{2580769100000 + next(_numbers)}"
        patient_id = f"{number}{97 - int(number) % 97:02d}^^^&{OID}&ISO^NH"
        return patient_id, open_record(self.owner, patient_id, kek=self.kek, **options)

    def deposit(self, patient_id: str, record: Record, *codes: Code, **changes: Any) -> DocumentEntry:
        """A document sealed on the disk and registered now, N and these codes."""
        row = self.one("SELECT public_key FROM ecluse.records WHERE patient_key = %s", record.patient_key)
        public = RecordPublicKey.from_bytes(record.key_id, bytes(row[0]))
        unique_id = f"1.2.250.1.213.4.99.{uuid4().int % 10**30}"
        address = RepositoryWriter(self.data / "blobs").store(seal(CONTENT, record=public, document=unique_id))
        entry, lot = an_entry(patient_id, unique_id, (NORMAL, *codes), **changes), a_lot(patient_id)
        RegistryWriter(self.ingest).register(
            record=record,
            revision=record.revision,
            patient_id=patient_id,
            structure_id=HOSPITAL,
            submission_set=lot,
            entries=[NewEntry(entry=entry, blob_address=address.digest)],
            associations=[
                Association(
                    entry_uuid=f"urn:uuid:{uuid4()}",
                    association_type=AssociationType.HAS_MEMBER,
                    source=lot.entry_uuid,
                    target=entry.entry_uuid,
                    submission_set_status="Original",
                )
            ],
            now=datetime.now(UTC),
            event=AuditEvent(
                door="ingest",
                time=datetime.now(UTC),
                transaction="ITI-41",
                outcome=Outcome.SUCCESS,
                request_id=lot.unique_id,
            ),
        )
        return entry

    def one(self, query: str, *parameters: Any) -> Any:
        """The one row of a query of the owner."""
        row = self.owner.execute(query.encode(), parameters).fetchone()
        assert row is not None
        return row

    def all(self, query: str, *parameters: Any) -> list[Any]:
        return self.owner.execute(query.encode(), parameters).fetchall()

    def status(self, patient_id: str) -> str | None:
        """The status of a record, None when it is no more."""
        found = self.all(
            "SELECT status FROM ecluse.records JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s",
            patient_id,
        )
        return found[0][0] if found else None

    def traces(self, patient_key: UUID) -> list[tuple[str, str, str, datetime]]:
        """Operation, outcome, kind of actor and instant of each trace, oldest first."""
        return self.all(
            "SELECT operation, outcome, actor_kind, at FROM ecluse.traces WHERE patient_key = %s ORDER BY at",
            patient_key,
        )

    def notices(self, patient_key: UUID) -> dict[str, int]:
        """How many notices of each kind wait or were delivered."""
        rows = self.all("SELECT kind, count(*) FROM ecluse.outbox WHERE patient_key = %s GROUP BY kind", patient_key)
        return dict(rows)


def an_entry(patient_id: str, unique_id: str, codes: tuple[Code, ...], **changes: Any) -> DocumentEntry:
    author = Author(
        person=f"{DOCTOR}^ESSAI^CLAIRE^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS",
        institutions=(f"CHU de la Seine^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^{HOSPITAL}",),
    )
    metadata: dict[str, Any] = {
        "entry_uuid": f"urn:uuid:{uuid4()}",
        "unique_id": unique_id,
        "patient_id": patient_id,
        "source_patient_id": patient_id,
        "mime_type": "text/xml",
        "language_code": "fr-FR",
        "creation_time": "20260301101500",
        "class_code": Code("10", "1.2.250.1.213.1.1.4.1", "Compte rendu"),
        "type_code": Code("11490-0", "2.16.840.1.113883.6.1", "Lettre de liaison"),
        "format_code": Code("urn:ihe:iti:xds-sd:text:2008", "1.3.6.1.4.1.19376.1.2.3", "texte"),
        "healthcare_facility_type_code": Code("SA01", "1.2.250.1.71.4.2.4", "Hôpital"),
        "practice_setting_code": Code("ETABLISSEMENT", "1.2.250.1.213.1.1.4.9", "Établissement"),
        "confidentiality_codes": codes,
        "authors": (author,),
        "hash": "a" * 40,
        "size": len(CONTENT),
        "repository_unique_id": "1.2.250.1.213.4.1.1.1.2",
        "service_start_time": "20260301",
        "title": TITLE,
    }
    return DocumentEntry(**{**metadata, **changes})


def a_lot(patient_id: str) -> SubmissionSet:
    return SubmissionSet(
        entry_uuid=f"urn:uuid:{uuid4()}",
        unique_id=f"1.2.250.1.213.4.98.{uuid4().int % 10**30}",
        patient_id=patient_id,
        source_id="1.2.250.1.999.1",
        submission_time="20260301102000",
        content_type_code=Code("04", "1.2.250.1.213.2.2", "Hospitalisation"),
    )


@pytest.fixture(scope="module")
def place(new_place: Callable[[], AbstractContextManager[Place]]) -> Iterator[Place]:
    """A house of this module's, its clock wherever the tests before have moved it."""
    with new_place() as found:
        yield found


@pytest.fixture(scope="module")
def new_place(
    tmp_path_factory: pytest.TempPathFactory,
    another_database: AnotherDatabase,
    administrator_of: Callable[[Database], str],
) -> Callable[[], AbstractContextManager[Place]]:
    """Open a house of one's own; commands on its directory are led to its database."""

    @contextmanager
    def opened() -> Iterator[Place]:
        data = tmp_path_factory.mktemp("place")
        with another_database(data) as database, pytest.MonkeyPatch.context() as environment:
            environment.setenv("ECLUSE_DATABASE_URL", administrator_of(database))
            declare_domain(database.layout.owner_url, "dmp")
            ingest = open_pool(database.layout.ingest_url, size=1)
            kek = create_kek(data / "consultation" / "kek")
            with psycopg.connect(database.layout.owner_url, autocommit=True) as owner:
                yield Place(data=data, database=database, owner=owner, ingest=ingest, kek=kek)
            ingest.close()

    return opened


@pytest.fixture
def authorised(place: Place) -> tuple[str, Record]:
    """A record on which DOCTOR is authorised for 365 days."""
    patient_id, record = place.a_record()
    authorise(place.owner, patient_id, DOCTOR)
    return patient_id, record

"""A registry on the real server: one pool per door role, and submissions made to order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from secrets import token_bytes
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from gateway.database.opening import Database
from gateway.database.pool import DoorPool, open_pool
from gateway.records import authorise, open_record
from security.at_rest.record_keys import Kek, create_kek
from security.audit.event import AuditEvent, Outcome
from xds.dmp.record import Record
from xds.metadata.association import Association, AssociationType
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.submission_set import SubmissionSet
from xds.registry.reader import RegistryReader
from xds.registry.receipts import RegistryReceipts
from xds.registry.rows import NewEntry
from xds.registry.writer import RegistryWriter

HOSPITAL = "1750000001"
OTHER_HOSPITAL = "1750000002"
DOCTOR = "810000000001"
LOINC = "2.16.840.1.113883.6.1"
LETTER = Code("11490-0", LOINC, "Lettre de liaison")
REPORT = Code("11502-2", LOINC, "CR de biologie")
CLASSES = "1.2.250.1.213.1.1.4.1"
NORMAL = Code("N", "2.16.840.1.113883.5.25", "Normal")
MASKED = Code("MASQUE_PS", "1.2.250.1.213.1.1.4.13", "Masqué")
_numbers = count(1)


def urn() -> str:
    return f"urn:uuid:{uuid4()}"


def oid() -> str:
    return f"1.2.250.1.213.4.99.{uuid4().int % 10**30}"


def person(national_id: str, family: str) -> str:
    return f"{national_id}^{family}^CLAIRE^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"


def an_entry(patient_id: str, **changes: Any) -> DocumentEntry:
    author = Author(
        person=person(DOCTOR, "ESSAI"),
        institutions=(f"CHU de la Seine^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^{HOSPITAL}",),
    )
    entry = DocumentEntry(
        entry_uuid=urn(),
        unique_id=oid(),
        patient_id=patient_id,
        source_patient_id=patient_id,
        mime_type="text/xml",
        language_code="fr-FR",
        creation_time="20260301101500",
        class_code=Code("10", CLASSES, "Compte rendu"),
        type_code=LETTER,
        format_code=Code("urn:ihe:iti:xds-sd:text:2008", "1.3.6.1.4.1.19376.1.2.3", "texte"),
        healthcare_facility_type_code=Code("SA01", "1.2.250.1.71.4.2.4", "Hôpital"),
        practice_setting_code=Code("ETABLISSEMENT", "1.2.250.1.213.1.1.4.9", "Établissement"),
        confidentiality_codes=(NORMAL,),
        authors=(author,),
        hash="a" * 40,
        size=1234,
        repository_unique_id="1.2.250.1.213.4.1.1.1.2",
        service_start_time="20260301",
        title="Lettre",
    )
    return replace(entry, **changes)


@dataclass(frozen=True, kw_only=True)
class Registry:
    """Everything a test holds: both doors, and the owner for what no door may see."""

    receipts: RegistryReceipts
    writer: RegistryWriter
    reader: RegistryReader
    owner: psycopg.Connection[Any]
    kek: Kek

    def a_record(self) -> tuple[str, Record]:
        """A fresh patient whose record is open and readable by DOCTOR."""
        patient_id = f"2{next(_numbers):014d}^^^&1.2.250.1.213.1.4.10&ISO^NH"
        record = open_record(self.owner, patient_id, kek=self.kek)
        authorise(self.owner, patient_id, DOCTOR)
        return patient_id, record

    def deposit(
        self,
        patient_id: str,
        entries: Sequence[DocumentEntry],
        *,
        links: Sequence[Association] = (),
        structure_id: str = HOSPITAL,
        unique_id: str | None = None,
        record: Record | None = None,
    ) -> SubmissionSet:
        """Deposit documents in one submission, with the HasMember associations that go with them."""
        lot = SubmissionSet(
            entry_uuid=urn(),
            unique_id=unique_id or oid(),
            patient_id=patient_id,
            source_id="1.2.250.1.999.1",
            submission_time="20260301102000",
            content_type_code=Code("04", "1.2.250.1.213.2.2", "Hospitalisation"),
        )
        members = [
            Association(
                entry_uuid=urn(),
                association_type=AssociationType.HAS_MEMBER,
                source=lot.entry_uuid,
                target=entry.entry_uuid,
                submission_set_status="Original",
            )
            for entry in entries
        ]
        known = record or self.receipts.ask(patient_id=patient_id, structure_id=structure_id).record
        assert known is not None
        self.writer.register(
            record=known,
            patient_id=patient_id,
            structure_id=structure_id,
            submission_set=lot,
            entries=[NewEntry(entry=entry, blob_address=token_bytes(32)) for entry in entries],
            associations=[*members, *links],
            event=AuditEvent(
                door="ingest",
                time=datetime.now(UTC),
                transaction="ITI-41",
                outcome=Outcome.SUCCESS,
                request_id=lot.unique_id,
            ),
        )
        return lot

    def counts(self, patient_id: str) -> tuple[int, int, int, int]:
        """Rows kept for a patient: uniqueIds, submission sets, entries, associations."""
        row = self.owner.execute(
            "SELECT (SELECT count(*) FROM ecluse.unique_ids u WHERE u.patient_key = p.patient_key),"
            " (SELECT count(*) FROM ecluse.submission_sets s WHERE s.patient_key = p.patient_key),"
            " (SELECT count(*) FROM ecluse.document_entries e WHERE e.patient_key = p.patient_key),"
            " (SELECT count(*) FROM ecluse.associations a WHERE a.patient_key = p.patient_key)"
            " FROM ecluse.patients p WHERE p.patient_id = %s",
            (patient_id,),
        ).fetchone()
        assert row is not None
        return row

    def events(self, request_id: str) -> int:
        """How many audit events speak of a request."""
        row = self.owner.execute(
            "SELECT count(*) FROM ecluse.audit_events WHERE event::jsonb ->> 'request' = %s", (request_id,)
        ).fetchone()
        assert row is not None
        return int(row[0])


def link(kind: AssociationType, source: DocumentEntry, target: str) -> Association:
    return Association(entry_uuid=urn(), association_type=kind, source=source.entry_uuid, target=target)


@pytest.fixture(scope="session")
def kek(tmp_path_factory: pytest.TempPathFactory) -> Kek:
    return create_kek(tmp_path_factory.mktemp("kek") / "kek")


@pytest.fixture(scope="session")
def pools(database: Database) -> Iterator[Callable[[str], DoorPool]]:
    opened = {
        "ingest": open_pool(database.layout.ingest_url, size=4, name="test-ingest"),
        "consultation": open_pool(database.layout.consultation_url, size=2, name="test-consultation"),
    }
    yield opened.__getitem__
    for pool in opened.values():
        pool.close()


@pytest.fixture(scope="session")
def registry(database: Database, pools: Callable[[str], DoorPool], kek: Kek) -> Iterator[Registry]:
    with psycopg.connect(database.layout.owner_url, autocommit=True) as owner:
        yield Registry(
            receipts=RegistryReceipts(pools("ingest")),
            writer=RegistryWriter(pools("ingest")),
            reader=RegistryReader(pools("consultation")),
            owner=owner,
            kek=kek,
        )

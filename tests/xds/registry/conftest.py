"""A registry on the real server: one pool per door role, and submissions made to order.

`registry` is a house of the DMP, unless a test asks for another domain with IHE, or for one after the other with
BOTH_DOMAINS; a module says `pytestmark = IHE`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from secrets import token_bytes
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from gateway.database.domain import declare_domain
from gateway.database.opening import Database
from gateway.database.pool import DoorPool, open_pool
from gateway.records import authorise, open_record
from security.at_rest.record_keys import Kek, create_kek
from security.audit.event import AuditEvent, Outcome
from xds.dmp.record import Authorisation, Record
from xds.dmp.requester import Requester, RequesterKind
from xds.errors import Refusal, RegistryError
from xds.metadata.association import Association, AssociationType
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus as Status
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.symbolic import Resolved
from xds.registry.availability import ChangedMeanwhile
from xds.registry.effects import effects_of
from xds.registry.facts import Receipt
from xds.registry.reader import RegistryReader
from xds.registry.receipts import RegistryReceipts
from xds.registry.rows import NewEntry
from xds.registry.scope import Scope, Sight
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
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
IHE = pytest.mark.parametrize("domain", ["ihe"], indirect=True, scope="session")
BOTH_DOMAINS = pytest.mark.parametrize("domain", ["dmp", "ihe"], indirect=True, scope="session")

Judge = Callable[[Receipt], Iterable[RegistryError]]


class Everything(Scope):
    """A record under a law that hides nothing."""

    def sight(self, record: Record, authorisation: Authorisation | None) -> Sight:
        return lambda _: True


def looking(requester: Requester, patient_id: str) -> Scope:
    return Scope(patient_id=patient_id, requester=requester, now=NOON)


def everything(patient_id: str) -> Scope:
    """The record for DOCTOR, under a law that hides nothing."""
    requester = Requester(kind=RequesterKind.PROFESSIONAL, national_id=DOCTOR, profession="10")
    return Everything(patient_id=patient_id, requester=requester, now=NOON)


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


def a_folder(patient_id: str, **changes: Any) -> Folder:
    codes = (Code("FOLDER-1", "1.2.250.1.213.2.99", "Grossesse"),)
    folder = Folder(entry_uuid=urn(), unique_id=oid(), patient_id=patient_id, codes=codes, title="Suivi")
    return replace(folder, **changes)


def a_set(patient_id: str, **changes: Any) -> SubmissionSet:
    lot = SubmissionSet(
        entry_uuid=urn(),
        unique_id=oid(),
        patient_id=patient_id,
        source_id="1.2.250.1.999.1",
        submission_time="20260301102000",
        content_type_code=Code("04", "1.2.250.1.213.2.2", "Hospitalisation"),
    )
    return replace(lot, **changes)


def no_rule(_: Receipt) -> tuple[RegistryError, ...]:
    return ()


def members_of(
    lot: SubmissionSet, entries: Sequence[DocumentEntry], folders: Sequence[Folder], links: Sequence[Association]
) -> list[Association]:
    """The HasMember associations of a submission set: its documents, its folders, its memberships of folders."""
    memberships = [item for item in links if item.association_type is AssociationType.HAS_MEMBER]
    memberships = [item for item in memberships if item.source != lot.entry_uuid]
    return [
        *(has_member(lot.entry_uuid, entry.entry_uuid, "Original") for entry in entries),
        *(has_member(lot.entry_uuid, item.entry_uuid) for item in (*folders, *memberships)),
    ]


@dataclass(frozen=True, kw_only=True)
class Registry:
    """Everything a test holds: both doors, and the owner for what no door may see."""

    receipts: RegistryReceipts
    writer: RegistryWriter
    reader: RegistryReader
    owner: psycopg.Connection[Any]
    kek: Kek

    def a_record(self) -> tuple[str, Record]:
        """A fresh patient whose record is open and readable by DOCTOR, at revision 0."""
        patient_id = f"2{next(_numbers):014d}^^^&1.2.250.1.213.1.4.10&ISO^NH"
        record = open_record(self.owner, patient_id, kek=self.kek)
        authorise(self.owner, patient_id, DOCTOR)
        self.owner.execute("UPDATE ecluse.records SET revision = 0 WHERE patient_key = %s", (record.patient_key,))
        return patient_id, record

    def deposit(
        self,
        patient_id: str,
        entries: Sequence[DocumentEntry] = (),
        *,
        folders: Sequence[Folder] = (),
        links: Sequence[Association] = (),
        structure_id: str = HOSPITAL,
        unique_id: str | None = None,
        lot: SubmissionSet | None = None,
        record: Record | None = None,
        now: datetime = NOON,
        bytes_here: bool = True,
        judge: Judge = no_rule,
    ) -> SubmissionSet:
        """Submit with memberships and effects: ask, judge, register, and again while the record changes.

        Raises Refusal: `judge` or the registry refuses.
        """
        lot = lot or a_set(patient_id)
        lot = replace(lot, unique_id=unique_id or lot.unique_id)
        own = [*members_of(lot, entries, folders, links), *links]
        for _ in range(20):
            receipt = self.receipts.ask(
                patient_id=patient_id,
                structure_id=structure_id,
                unique_ids=[item.unique_id for item in (lot, *entries, *folders)],
                ids=[end for item in own for end in (item.entry_uuid, item.source, item.target)],
            )
            if errors := tuple(judge(receipt)):
                raise Refusal(errors)
            try:
                self.register(
                    patient_id,
                    receipt,
                    lot=lot,
                    entries=entries,
                    folders=folders,
                    associations=own,
                    structure_id=structure_id,
                    record=record,
                    now=now,
                    bytes_here=bytes_here,
                )
            except ChangedMeanwhile:
                continue
            return lot
        raise TimeoutError("the record keeps changing")

    def register(
        self,
        patient_id: str,
        receipt: Receipt,
        *,
        lot: SubmissionSet,
        entries: Sequence[DocumentEntry] = (),
        folders: Sequence[Folder] = (),
        associations: Sequence[Association] = (),
        structure_id: str = HOSPITAL,
        record: Record | None = None,
        now: datetime = NOON,
        bytes_here: bool = True,
    ) -> None:
        """Register what a receipt was asked for, its effects included, once."""
        known = record or receipt.record
        assert known is not None
        resolved = Resolved(
            submission_set=lot,
            entries=tuple(entries),
            folders=tuple(folders),
            associations=tuple(associations),
            uuids={},
        )
        effects = effects_of(resolved, receipt)
        self.writer.register(
            record=known,
            revision=receipt.revision,
            patient_id=patient_id,
            structure_id=structure_id,
            submission_set=lot,
            entries=[NewEntry(entry=entry, blob_address=token_bytes(32) if bytes_here else None) for entry in entries],
            folders=folders,
            associations=[*associations, *effects.associations],
            touched_folders=effects.touched_folders,
            now=now,
            event=AuditEvent(
                door="ingest",
                time=datetime.now(UTC),
                transaction="ITI-41",
                outcome=Outcome.SUCCESS,
                request_id=lot.unique_id,
            ),
        )

    def statuses(self, patient_id: str) -> dict[str, Status]:
        """Status of each document of a patient, as the owner sees it."""
        rows = self.owner.execute(
            "SELECT 'urn:uuid:' || e.entry_uuid, e.status FROM ecluse.document_entries e"
            " JOIN ecluse.patients p USING (patient_key) WHERE p.patient_id = %s",
            (patient_id,),
        ).fetchall()
        return {entry_uuid: Status[status] for entry_uuid, status in rows}

    def revision(self, patient_id: str) -> int:
        """The revision of a patient's record."""
        row = self.owner.execute(
            "SELECT r.revision FROM ecluse.records r JOIN ecluse.patients p USING (patient_key)"
            " WHERE p.patient_id = %s",
            (patient_id,),
        ).fetchone()
        assert row is not None
        return int(row[0])

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


def another_version(registry: Registry, entry_uuid: str) -> str:
    """A later version of a registered document, as a change of its visibility makes it; its entryUUID."""
    named = registry.owner.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'ecluse.document_entries'::regclass AND attnum > 0"
        " AND attgenerated = ''"
        " AND NOT attisdropped"
    ).fetchall()
    changed = {"entry_uuid": "gen_random_uuid()", "version": "version + 1", "status": "'APPROVED'"}
    with registry.owner.transaction():
        registry.owner.execute(
            "UPDATE ecluse.document_entries SET status = 'DEPRECATED' WHERE entry_uuid = %s",
            (entry_uuid.removeprefix("urn:uuid:"),),
        )
        row = registry.owner.execute(
            f"INSERT INTO ecluse.document_entries ({', '.join(name for (name,) in named)})"  # noqa: S608
            f" SELECT {', '.join(changed.get(name, name) for (name,) in named)} FROM ecluse.document_entries"
            " WHERE entry_uuid = %s RETURNING 'urn:uuid:' || entry_uuid",
            (entry_uuid.removeprefix("urn:uuid:"),),
        ).fetchone()
    assert row is not None
    return str(row[0])


def has_member(source: str, target: str, submission_set_status: str | None = None) -> Association:
    return Association(
        entry_uuid=urn(),
        association_type=AssociationType.HAS_MEMBER,
        source=source,
        target=target,
        submission_set_status=submission_set_status,
    )


def link(kind: AssociationType, source: DocumentEntry, target: str) -> Association:
    return Association(entry_uuid=urn(), association_type=kind, source=source.entry_uuid, target=target)


@pytest.fixture(scope="session")
def kek(tmp_path_factory: pytest.TempPathFactory) -> Kek:
    return create_kek(tmp_path_factory.mktemp("kek") / "kek")


@pytest.fixture(scope="session", params=["dmp"])
def domain(request: pytest.FixtureRequest) -> str:
    """The domain of the house, `dmp` or `ihe`."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def houses(
    database: Database,
    another_database: Callable[[Path], AbstractContextManager[Database]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], Database]]:
    """The database of each domain's house: a house has one for good."""
    opened: dict[str, Database] = {"dmp": database}
    with ExitStack() as stack:

        def house(name: str) -> Database:
            if name not in opened:
                opened[name] = stack.enter_context(another_database(tmp_path_factory.mktemp(name)))
                declare_domain(opened[name].layout.owner_url, name)
            return opened[name]

        yield house


@pytest.fixture(scope="session")
def house(houses: Callable[[str], Database], domain: str) -> Database:
    """The database of the house under test."""
    return houses(domain)


@pytest.fixture(scope="session")
def pools(house: Database) -> Iterator[Callable[[str], DoorPool]]:
    with ExitStack() as stack:
        opened = {
            "ingest": open_pool(house.layout.ingest_url, size=4, name="test-ingest"),
            "consultation": open_pool(house.layout.consultation_url, size=2, name="test-consultation"),
        }
        for pool in opened.values():
            stack.callback(pool.close)
        yield opened.__getitem__


@pytest.fixture(scope="session")
def registry(house: Database, pools: Callable[[str], DoorPool], kek: Kek) -> Iterator[Registry]:
    with psycopg.connect(house.layout.owner_url, autocommit=True) as owner:
        yield Registry(
            receipts=RegistryReceipts(pools("ingest")),
            writer=RegistryWriter(pools("ingest")),
            reader=RegistryReader(pools("consultation")),
            owner=owner,
            kek=kek,
        )

"""A house of the generic domain on a real server: what is registered is written by its owner, the door amends it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from secrets import token_bytes
from typing import Any
from uuid import uuid4

import orjson
import psycopg
import pytest
from psycopg import sql

from gateway.consultation.remove_documents import RemoveDocuments
from gateway.consultation.remove_metadata import RemoveMetadata
from gateway.consultation.update_document_set import UpdateDocumentSet
from gateway.database.domain import declare_domain
from gateway.database.opening import Database
from gateway.database.pool import open_pool
from gateway.gate import Caller
from gateway.witness import Witness
from profiles.affinity import load_affinity_domain
from samples.pki.factory import TestPki
from security.pki.certificate import read_certificate
from xds.dmp.requester import Requester, RequesterKind
from xds.ebrim.writer import write_association, write_entry, write_folder, write_submission_set
from xds.errors import Refusal
from xds.messages import DocumentRequest, RemoveObjectsRequest, SubmitObjectsRequest
from xds.metadata.association import Association, AssociationType
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet
from xds.registry.amendments import Amendments
from xds.registry.identifiers import canonical_patient_id, uuid_of
from xds.registry.registered_reader import RegisteredReader
from xds.registry.rows import NewEntry, association_row, entry_row, folder_row, submission_set_row
from xds.repository.address import BlobAddress
from xds.repository.remover import RepositoryRemover

REPOSITORY = "1.3.6.1.4.1.21367.13.1.1"
NOW = datetime(2026, 11, 22, 10, 30, 15, tzinfo=UTC)
NOW_TEXT = "20261122103015"
APPROVED, DEPRECATED = AvailabilityStatus.APPROVED, AvailabilityStatus.DEPRECATED
HAS_MEMBER = AssociationType.HAS_MEMBER
_numbers = count(1)


def urn() -> str:
    return f"urn:uuid:{uuid4()}"


def oid() -> str:
    return f"2.25.{uuid4().int}"


def a_document(patient_id: str, **changes: Any) -> DocumentEntry:
    code = Code("11488-4", "2.16.840.1.113883.6.1", "Consultation note")
    identifier = urn()
    entry = DocumentEntry(
        entry_uuid=identifier,
        logical_id=identifier,
        unique_id=oid(),
        patient_id=patient_id,
        source_patient_id=patient_id,
        mime_type="text/plain",
        language_code="en-US",
        creation_time="20261101",
        class_code=code,
        type_code=code,
        format_code=code,
        healthcare_facility_type_code=code,
        practice_setting_code=code,
        confidentiality_codes=(Code("N", "2.16.840.1.113883.5.25", "normal"),),
        authors=(Author(person="1^Welby^Marcus^^^^^^&1.3.6.1.4.1.21367&ISO"),),
        hash="a" * 40,
        size=10,
        repository_unique_id=REPOSITORY,
        title="First title",
    )
    return replace(entry, **changes)


def a_folder(patient_id: str, **changes: Any) -> Folder:
    identifier = urn()
    folder = Folder(
        entry_uuid=identifier,
        logical_id=identifier,
        unique_id=oid(),
        patient_id=patient_id,
        codes=(Code("pregnancy", "1.3.6.1.4.1.21367.2017.3", "Pregnancy"),),
        title="Pregnancy",
        last_update_time="20260101000000",
    )
    return replace(folder, **changes)


def a_set(patient_id: str, **changes: Any) -> SubmissionSet:
    submission_set = SubmissionSet(
        entry_uuid=urn(),
        unique_id=oid(),
        patient_id=patient_id,
        source_id="1.3.6.1.4.1.21367.4",
        submission_time="20261122",
        content_type_code=Code("History and Physical", "1.3.6.1.4.1.21367.100.1", "History and Physical"),
    )
    return replace(submission_set, **changes)


def link(kind: AssociationType, source: str, target: str, **changes: Any) -> Association:
    return Association(entry_uuid=urn(), association_type=kind, source=source, target=target, **changes)


def next_version(one: DocumentEntry, **changes: Any) -> DocumentEntry:
    """The same metadata under a symbolic id, as an update sends them."""
    return replace(one, **{"entry_uuid": f"update-{next(_numbers)}", "title": "Second title", **changes})


def next_folder(one: Folder, **changes: Any) -> Folder:
    return replace(one, **{"entry_uuid": f"update-{next(_numbers)}", "title": "Second title", **changes})


def update_of(
    submission_set: SubmissionSet,
    *objects: DocumentEntry | Folder,
    links: Sequence[Association] = (),
    previous: str | None = "1",
    propagation: str | None = None,
    status: str | None = "Original",
) -> SubmitObjectsRequest:
    """An ITI-57 that updates objects, each with its HasMember, and carries other associations."""
    members = [
        link(
            HAS_MEMBER,
            submission_set.entry_uuid,
            one.entry_uuid,
            submission_set_status=status,
            previous_version=previous,
            association_propagation=propagation,
        )
        for one in objects
    ]
    return SubmitObjectsRequest(
        submission_set=submission_set,
        entries=tuple(one for one in objects if isinstance(one, DocumentEntry)),
        folders=tuple(one for one in objects if isinstance(one, Folder)),
        associations=(*members, *links),
    )


def status_order(
    submission_set: SubmissionSet,
    target: str,
    old: str | None = APPROVED,
    new: str | None = DEPRECATED,
    **changes: Any,
) -> Association:
    order = link(
        AssociationType.UPDATE_AVAILABILITY_STATUS,
        submission_set.entry_uuid,
        target,
        original_status=old,
        new_status=new,
    )
    return replace(order, **changes)


def submitted(submission_set: SubmissionSet, *associations: Association) -> tuple[Association, ...]:
    """The orders that submit associations, and the associations."""
    orders = [
        link(AssociationType.SUBMIT_ASSOCIATION, submission_set.entry_uuid, one.entry_uuid) for one in associations
    ]
    return (*orders, *associations)


@dataclass(frozen=True, kw_only=True)
class House:
    """The three use cases, the caller, and the owner who sees everything."""

    owner: psycopg.Connection[Any]
    database: Database
    blobs: Path
    caller: Caller
    updates: UpdateDocumentSet
    removals: RemoveMetadata
    document_removals: RemoveDocuments

    def a_patient(self, status: str = "OPEN") -> str:
        """A fresh patient (CX) with a record."""
        patient_id = f"{next(_numbers)}^^^&1.3.6.1.4.1.21367.13.20.1000&ISO"
        key = uuid4()
        self.owner.execute("INSERT INTO patients VALUES (%s, %s)", (key, canonical_patient_id(patient_id)))
        self.owner.execute(
            "INSERT INTO records (patient_key, status, key_id, public_key, opened_at, closed_at)"
            " VALUES (%s, %s, %s, %b, now(), CASE WHEN %s <> 'OPEN' THEN now() END)",
            (key, status, uuid4(), token_bytes(32), status),
        )
        return patient_id

    def key_of(self, patient_id: str) -> Any:
        (row,) = self.owner.execute(
            "SELECT patient_key FROM patients WHERE patient_id = %s", (canonical_patient_id(patient_id),)
        ).fetchone() or (None,)
        return row

    def register(
        self,
        patient_id: str,
        *objects: DocumentEntry | Folder,
        links: Sequence[Association] = (),
        bytes_here: bool = True,
    ) -> SubmissionSet:
        """Put a submission in the tables, with its HasMember associations, as if it had been deposited."""
        with self.owner.transaction():
            return self._register(patient_id, objects, links, bytes_here=bytes_here)

    def _register(
        self,
        patient_id: str,
        objects: Sequence[DocumentEntry | Folder],
        links: Sequence[Association],
        *,
        bytes_here: bool,
    ) -> SubmissionSet:
        key, submission_set = self.key_of(patient_id), a_set(patient_id)
        members = [
            link(HAS_MEMBER, submission_set.entry_uuid, one.entry_uuid, submission_set_status="Original")
            for one in objects
        ]
        folder_members = [one for one in links if one.association_type is HAS_MEMBER]
        members += [link(HAS_MEMBER, submission_set.entry_uuid, one.entry_uuid) for one in folder_members]
        common = {"patient_key": str(key), "depositor_id": "depositor", "version": 1}
        self._insert(
            "submission_sets",
            {**common, **submission_set_row(submission_set), "status": "APPROVED"},
            write_submission_set(submission_set),
        )
        self._take(key, submission_set.unique_id, "SS", submission_set.entry_uuid)
        for one in objects:
            if isinstance(one, Folder):
                row = {**folder_row(one), "last_update_time": one.last_update_time}
                self._insert("folders", {**common, **row, **_version(one)}, write_folder(one))
                self._take(key, one.unique_id, "FD", one.entry_uuid)
            else:
                address = self.blob() if bytes_here else None
                row = entry_row(NewEntry(entry=one, blob_address=None))
                row["blob_address"] = "\\x" + address.hex if address else None
                row["key_id"] = str(uuid4()) if address else None
                self._insert("document_entries", {**common, **row, **_version(one)}, write_entry(one))
                self._take(key, one.unique_id, "DE", one.entry_uuid, one.hash, one.size)
        for one in (*members, *links):
            row = {**association_row(one), "submission_set": str(uuid_of(submission_set.entry_uuid))}
            row["status"] = one.availability_status.name
            self._insert("associations", {**common, **row}, write_association(one))
        return submission_set

    def blob(self) -> BlobAddress:
        """A file of the repository."""
        address = BlobAddress(token_bytes(32))
        path = address.path(self.blobs)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sealed")
        return address

    def update(self, request: SubmitObjectsRequest) -> None:
        self.updates(request, self.caller)

    def remove(self, *ids: str) -> None:
        self.removals(RemoveObjectsRequest(ids), self.caller)

    def remove_documents(self, *unique_ids: str, repository: str = REPOSITORY) -> None:
        self.document_removals(tuple(DocumentRequest(repository, one) for one in unique_ids), self.caller)

    def row(self, table: str, identifier: str, *columns: str) -> tuple[Any, ...] | None:
        """Columns of one registered object, by its id."""
        return self.owner.execute(
            sql.SQL("SELECT {} FROM {} WHERE entry_uuid = %s").format(
                sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(table)
            ),
            (uuid_of(identifier),),
        ).fetchone()

    def versions(self, table: str, logical_id: str) -> list[tuple[int, str, str]]:
        """Version, status and id of every version, the first one first."""
        return self.owner.execute(
            sql.SQL(
                "SELECT version, status, 'urn:uuid:' || entry_uuid FROM {} WHERE logical_id = %s ORDER BY version"
            ).format(sql.Identifier(table)),
            (uuid_of(logical_id),),
        ).fetchall()

    def latest(self, table: str, logical_id: str) -> str:
        return self.versions(table, logical_id)[-1][2]

    def links(self, *, source: str = "", target: str = "") -> set[tuple[str, str, str, str]]:
        """Associations by one end: short type, source, target, status; those of submission sets left out."""
        rows = self.owner.execute(
            "SELECT regexp_replace(association_type, '.*:', ''), 'urn:uuid:' || source, 'urn:uuid:' || target, status"
            " FROM associations a WHERE (source = %s OR target = %s)"
            " AND NOT EXISTS (SELECT FROM submission_sets s WHERE s.entry_uuid = a.source)",
            (uuid_of(source) if source else None, uuid_of(target) if target else None),
        ).fetchall()
        return {(kind, start, end, status) for kind, start, end, status in rows}

    def everything(self) -> tuple[Any, ...]:
        """What an amendment could change, as one value."""
        counts = [
            self.owner.execute(
                sql.SQL("SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {} t").format(
                    sql.Identifier(table)
                )
            ).fetchone()
            for table in (
                "unique_ids",
                "submission_sets",
                "document_entries",
                "folders",
                "associations",
                "records",
                "audit_events",
            )
        ]
        return tuple(counts)

    def last_event(self) -> dict[str, Any]:
        row = self.owner.execute(
            "SELECT event FROM audit_events WHERE door = 'consultation' ORDER BY sequence DESC LIMIT 1"
        ).fetchone()
        assert row is not None
        event: dict[str, Any] = orjson.loads(row[0])
        return event

    def _take(
        self, key: Any, unique_id: str, kind: str, identifier: str, digest: str | None = None, size: int | None = None
    ) -> None:
        self.owner.execute(
            "INSERT INTO unique_ids VALUES (%s, %s, %s, %s, 'depositor', %s, %s) ON CONFLICT DO NOTHING",
            (unique_id, kind, key, uuid_of(identifier), digest, size),
        )

    def _insert(self, table: str, row: dict[str, Any], fragment: bytes) -> None:
        known = {"deposited_at": NOW.isoformat(), "mask_when_visible": False}
        values = {**known, **row, "fragment": "\\x" + fragment.hex()}
        names = self.owner.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attname = ANY (%s)",
            (table, list(values)),
        ).fetchall()
        self.owner.execute(
            sql.SQL("INSERT INTO {0} ({1}) SELECT {1} FROM jsonb_populate_record(NULL::{0}, %s::text::jsonb)").format(
                sql.Identifier(table), sql.SQL(", ").join(sql.Identifier(name) for (name,) in names)
            ),
            (orjson.dumps(values).decode(),),
        )


def _version(one: DocumentEntry | Folder) -> dict[str, Any]:
    logical_id = str(uuid_of(one.logical_id or one.entry_uuid))
    return {"logical_id": logical_id, "version": one.version, "status": one.availability_status.name}


def codes_of(refusal: Refusal) -> set[tuple[str, str]]:
    """Rule and code of every error."""
    return {(error.rule, str(error.code)) for error in refusal.errors}


@pytest.fixture(scope="session")
def generic_database(
    tmp_path_factory: pytest.TempPathFactory, another_database: Callable[[Path], AbstractContextManager[Database]]
) -> Iterator[Database]:
    """A database whose house says `ihe`."""
    with another_database(tmp_path_factory.mktemp("generic")) as opened:
        declare_domain(opened.layout.owner_url, "ihe")
        yield opened


@pytest.fixture(scope="session")
def caller(pki: TestPki) -> Caller:
    pem = pki.certificate("dr-essai.auth").certificate_path.read_text("ascii")
    certificate = read_certificate(ssl.PEM_cert_to_DER_cert(pem))
    requester = Requester(kind=RequesterKind.PROFESSIONAL, national_id=certificate.national_id)
    return Caller(certificate=certificate, assertion=None, requester=requester, request_id="request", now=NOW)


@pytest.fixture(scope="session")
def house(generic_database: Database, caller: Caller, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    pool = open_pool(generic_database.layout.consultation_url, size=4, name="test-amendments")
    registered, amendments = RegisteredReader(pool), Amendments(pool)
    witness, blobs = Witness("consultation", bytes(32)), tmp_path_factory.mktemp("blobs")
    with psycopg.connect(generic_database.layout.owner_url, autocommit=True, options="-c search_path=ecluse") as owner:
        yield House(
            owner=owner,
            database=generic_database,
            blobs=blobs,
            caller=caller,
            updates=UpdateDocumentSet(
                registered=registered,
                amendments=amendments,
                domain=load_affinity_domain("any", ""),
                witness=witness,
            ),
            removals=RemoveMetadata(registered=registered, amendments=amendments, witness=witness),
            document_removals=RemoveDocuments(
                registered=registered,
                amendments=amendments,
                remover=RepositoryRemover(blobs),
                witness=witness,
                repository_unique_id=REPOSITORY,
            ),
        )
    pool.close()

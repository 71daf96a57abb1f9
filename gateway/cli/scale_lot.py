"""The submission that a registry is filled with: four syntheses of one patient and their submission set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from cda.document import parse_document
from cda.header import read_header
from cda.to_metadata import to_entry
from gateway.database.pool import DoorPool
from samples.documents.patients import CLAIRE
from samples.documents.vsm import vsm
from samples.submission import SOFTWARE
from security.audit.event import AuditEvent, Outcome
from xds.dmp.record import Record
from xds.metadata.association import Association, AssociationType
from xds.metadata.codes import Code
from xds.metadata.submission_set import SubmissionSet
from xds.registry.identifiers import uuid_of
from xds.registry.rows import NewEntry
from xds.registry.writer import RegistryWriter

DOCUMENTS: Final = 4
_STRUCTURE = "1690000999"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleLot:
    """A submission of CLAIRE's, its ids final."""

    submission_set: SubmissionSet
    entries: Sequence[NewEntry]
    associations: Sequence[Association]

    @property
    def uuids(self) -> tuple[UUID, ...]:
        """Every entryUUID."""
        names = [self.submission_set.entry_uuid]
        names += [new.entry.entry_uuid for new in self.entries]
        names += [association.entry_uuid for association in self.associations]
        return tuple(map(uuid_of, names))

    @property
    def unique_ids(self) -> tuple[str, ...]:
        """Every uniqueId."""
        return (self.submission_set.unique_id, *(new.entry.unique_id for new in self.entries))

    @property
    def contents(self) -> tuple[tuple[str, bytes], ...]:
        """Hash and address of each document."""
        return tuple((new.entry.hash or "", new.blob_address or b"") for new in self.entries)


def make_lot(
    type_code: Code, uuid: Callable[[], UUID], oid: Callable[[], str], randbytes: Callable[[int], bytes]
) -> SampleLot:
    """A lot whose ids come from these functions and whose documents are of this type."""
    document = vsm(CLAIRE)
    made = to_entry(read_header(parse_document(document)), document, entry_uuid="", confidentiality=())
    entries = [
        NewEntry(
            entry=replace(
                made,
                entry_uuid=f"urn:uuid:{uuid()}",
                unique_id=oid(),
                hash=randbytes(20).hex(),
                type_code=type_code,
                title=type_code.display,
            ),
            blob_address=randbytes(32),
        )
        for _ in range(DOCUMENTS)
    ]
    submission_set = SubmissionSet(
        entry_uuid=f"urn:uuid:{uuid()}",
        unique_id=oid(),
        patient_id=CLAIRE.cx,
        source_id=SOFTWARE,
        submission_time="20240611080000",
        content_type_code=Code("SA07", "1.2.250.1.71.4.2.4", "Cabinet individuel"),
        authors=made.authors,
    )
    members = [
        Association(
            entry_uuid=f"urn:uuid:{uuid()}",
            association_type=AssociationType.HAS_MEMBER,
            source=submission_set.entry_uuid,
            target=new.entry.entry_uuid,
            submission_set_status="Original",
        )
        for new in entries
    ]
    return SampleLot(submission_set=submission_set, entries=entries, associations=members)


def register(pool: DoorPool, record: Record, lot: SampleLot) -> None:
    """Register it as the ingest door does."""
    now = datetime.now(UTC)
    RegistryWriter(pool).register(
        record=record,
        revision=0,
        patient_id=CLAIRE.cx,
        structure_id=_STRUCTURE,
        submission_set=lot.submission_set,
        entries=lot.entries,
        associations=lot.associations,
        now=now,
        event=AuditEvent(
            door="administration",
            time=now,
            transaction="BENCH",
            outcome=Outcome.SUCCESS,
            request_id=str(uuid4()),
        ),
    )

"""What the health insurance feeds into a record: a document a month, and the lot that holds them (CSP R1111-33).

Documents are sealed to the public half of the key of the record: whoever feeds opens none of them.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Self
from uuid import UUID, uuid4, uuid5

from cda.document import parse_document
from cda.header import read_header
from cda.reimbursements import Insured, Payer, ReimbursementDocument, write_reimbursements
from cda.to_metadata import to_entry
from gateway.reimbursement_acts import FedAct, periods, synthetic_acts
from security.at_rest.public_keys import RecordPublicKey
from security.at_rest.sealing import seal
from xds.dmp.entries import MASKED
from xds.dmp.holder import Traits
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Record
from xds.dmp.submission import with_default_masking
from xds.dmp.traces import Actor, ActorKind, Trace
from xds.metadata.association import Association, AssociationType
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.datatypes import Cx, format_dtm
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.symbolic import fresh_uuid
from xds.registry.registration import Registration
from xds.registry.rows import NewEntry
from xds.repository.address import BlobAddress
from xds.repository.writer import RepositoryWriter

PAYER: Final = Payer(
    structure_id="2000000001",
    structure_name="Assurance maladie (essai)",
    system_id="2000000001/ALIM_AM",
    software="Alimentation d'essai",
)
_SOURCE: Final = "1.2.250.1.213.99.2.2"
_MASK: Final = Code(MASKED, "1.2.250.1.213.1.1.4.13", "Masqué aux professionnels de santé")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """A record as it is fed: whom it is of, its public key, and the law time of the feeding."""

    patient_id: str
    record: Record
    public_key: bytes
    traits: Traits | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReimbursementLot:
    """The documents of one feeding, by uniqueId; their ids and those of the lot are final."""

    contents: Mapping[str, bytes]
    submission_set: SubmissionSet
    entries: Sequence[DocumentEntry]
    associations: Sequence[Association]
    trace: Trace

    @classmethod
    def of(
        cls, fed: Fed, contents: Mapping[str, bytes], parameters: Parameters, repository: str, request_id: str
    ) -> Self:
        """The lot of documents that are not empty. `repository` is the repositoryUniqueId."""
        entries = [_entry(content, fed.record, parameters, repository) for content in contents.values()]
        lot = SubmissionSet(
            entry_uuid=fresh_uuid(),
            unique_id=f"2.25.{uuid4().int}",
            patient_id=fed.patient_id,
            source_id=_SOURCE,
            submission_time=format_dtm(fed.now),
            content_type_code=Code("SA01", "1.2.250.1.71.4.2.4", "Établissement public de santé"),
            authors=(Author(institutions=entries[0].authors[0].institutions),),
        )
        return cls(
            contents=contents,
            submission_set=lot,
            entries=entries,
            associations=tuple(_memberships(lot, entries)),
            trace=Trace(
                patient_id=fed.patient_id,
                operation=Operation.FEED,
                outcome="success",
                actor=Actor(kind=ActorKind.SYSTEM, id=PAYER.system_id, structure=PAYER.structure_id, role="ALIM_AM"),
                request_id=request_id,
                documents=tuple(contents),
            ),
        )

    def store(self, fed: Fed, blobs: RepositoryWriter) -> tuple[BlobAddress, ...]:
        """Store the documents, sealed to the record, in order."""
        public_key = RecordPublicKey.from_bytes(fed.record.key_id, fed.public_key)
        return blobs.store_all(
            seal(content, record=public_key, document=unique_id) for unique_id, content in self.contents.items()
        )

    def new_entries(self, addresses: Iterable[BlobAddress]) -> list[NewEntry]:
        """The entries with their bytes."""
        pairs = zip(self.entries, addresses, strict=True)
        return [NewEntry(entry=entry, blob_address=address.digest) for entry, address in pairs]

    def registration(self, addresses: Iterable[BlobAddress]) -> Registration:
        """The submission as the registry takes it."""
        return Registration(
            submission_set=self.submission_set,
            entries=self.new_entries(addresses),
            associations=self.associations,
            time=self.submission_set.submission_time,
        )


def documents(
    fed: Fed, parameters: Parameters, acts: Iterable[FedAct] | None = None
) -> dict[str, ReimbursementDocument]:
    """The documents of the months to feed, by uniqueId. Without `acts` they are invented."""
    told = acts
    if told is None:
        told = synthetic_acts(fed.patient_id, fed.now.date(), parameters.reimbursement_months)
    insured = _insured(fed)
    return {
        (unique_id := _unique_id(fed.record.patient_key, month)): ReimbursementDocument(
            unique_id=unique_id, insured=insured, payer=PAYER, made=fed.now, acts=lines
        )
        for month, lines in periods(told, fed.record, fed.now, parameters).items()
    }


def written(found: Mapping[str, ReimbursementDocument], known: Container[str]) -> dict[str, bytes]:
    """The documents that are not `known`, as CDA."""
    return {one: write_reimbursements(document) for one, document in found.items() if one not in known}


def _insured(fed: Fed) -> Insured:
    traits, born = fed.traits, fed.record.birth_date
    cx = Cx.parse(fed.patient_id)
    return Insured(
        ins=cx.identifier,
        ins_root=cx.authority,
        family=traits.family if traits else "",
        given=traits.given if traits else (),
        gender=traits.gender if traits else "",
        born=(traits.birth_date if traits else "") or (f"{born:%Y%m%d}" if born else ""),
        birth_place=traits.birth_place if traits else "",
    )


def _entry(content: bytes, record: Record, parameters: Parameters, repository: str) -> DocumentEntry:
    entry = to_entry(read_header(parse_document(content)), content, entry_uuid=fresh_uuid())
    entry = replace(entry, logical_id=entry.entry_uuid, repository_unique_id=repository)
    sent = frozenset(code.code for code in entry.confidentiality_codes)
    if with_default_masking(sent, record, parameters).codes == sent:
        return entry
    return replace(entry, confidentiality_codes=(*entry.confidentiality_codes, _MASK))


def _memberships(lot: SubmissionSet, entries: Iterable[DocumentEntry]) -> Iterator[Association]:
    for entry in entries:
        yield Association(
            entry_uuid=fresh_uuid(),
            association_type=AssociationType.HAS_MEMBER,
            source=lot.entry_uuid,
            target=entry.entry_uuid,
            submission_set_status="Original",
        )


def _unique_id(patient_key: UUID, month: date) -> str:
    """One document a month and record: feeding again finds it there."""
    return f"2.25.{uuid5(patient_key, f'REMB {month:%Y-%m}').int}"

"""What the health insurance feeds into a record when it opens: the reimbursements of the last months (CSP R1111-33).

Done by the administration of the house, never at a door. The acts are invented: a sandbox knows no insurance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

import psycopg

from cda.document import parse_document
from cda.header import read_header
from cda.reimbursements import Insured, Payer, ReimbursedAct, ReimbursementDocument, write_reimbursements
from cda.to_metadata import to_entry
from gateway.administration.office import RecordsError
from security.at_rest.public_keys import RecordPublicKey
from security.at_rest.sealing import seal
from security.audit.event import AuditEvent, Outcome
from xds.dmp.entries import MASKED
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Record, RecordStatus
from xds.dmp.submission import with_default_masking
from xds.dmp.traces import Actor, ActorKind, Trace
from xds.metadata.association import Association, AssociationType
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.datatypes import Cx, format_dtm
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.symbolic import fresh_uuid
from xds.registry.connections import OneConnection
from xds.registry.facts import Receipt
from xds.registry.receipts import RegistryReceipts
from xds.registry.record_office import RecordOffice
from xds.registry.rows import NewEntry
from xds.registry.writer import RegistryWriter
from xds.repository.writer import RepositoryWriter

PAYER: Final = Payer(
    structure_id="2000000001",
    structure_name="Assurance maladie (essai)",
    system_id="2000000001/ALIM_AM",
    software="Alimentation d'essai",
)
_SOURCE: Final = "1.2.250.1.213.99.2.2"
_MASK: Final = Code(MASKED, "1.2.250.1.213.1.1.4.13", "Masqué aux professionnels de santé")
_VISITS: Final = (("Consultation de médecine générale", 2650, 1855), ("Pharmacie", 1840, 1196))
_SECRET: Final = ("Contraception", 1200, 1200)


@dataclass(frozen=True, slots=True, kw_only=True)
class FedAct:
    """An act, and whether a minor who had it may refuse that it is shown (CSP R1111-33, L1111-5)."""

    act: ReimbursedAct
    secret: bool = False


def synthetic_acts(patient_id: str, until: date, months: int) -> tuple[FedAct, ...]:
    """Invented acts of a patient, the same at every call: some each month before `until`, one secret act a year."""
    found = []
    for back in range(months):
        first = _month_before(until, back)
        draw = hashlib.sha256(f"{patient_id} {first:%Y%m}".encode()).digest()
        label, paid, reimbursed = _VISITS[draw[0] % 2]
        day = first + timedelta(days=draw[1] % 28)
        found.append(FedAct(act=ReimbursedAct(day=day, label=label, paid=paid, reimbursed=reimbursed)))
        if back % 12 == 5:
            label, paid, reimbursed = _SECRET
            act = ReimbursedAct(day=first, label=label, paid=paid, reimbursed=reimbursed)
            found.append(FedAct(act=act, secret=True))
    return tuple(sorted((one for one in found if one.act.day <= until), key=lambda one: one.act.day))


def periods(
    acts: Iterable[FedAct], record: Record, now: datetime, parameters: Parameters
) -> dict[date, list[ReimbursedAct]]:
    """The acts to feed at a law time, by the first day of their month: of the last months, none a minor refused."""
    oldest = _month_before(now.date(), parameters.reimbursement_months - 1)
    minor = record.may_be_represented(now, parameters)
    found: dict[date, list[ReimbursedAct]] = {}
    for one in acts:
        if oldest <= one.act.day <= now.date() and not (one.secret and minor):
            found.setdefault(one.act.day.replace(day=1), []).append(one.act)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ReimbursementFeed:
    """(1) open record  (2) acts, by month  (3) documents not there yet  (4) seal, store, register, trace, audit."""

    connection: psycopg.Connection[Any]
    blobs: Path
    parameters: Parameters
    repository_unique_id: str

    def __call__(self, patient_id: str, acts: Sequence[FedAct] | None = None) -> tuple[str, ...]:
        """Feed the record of a patient (CX), which may be done again; returns the uniqueIds of what is new.

        Without `acts` they are invented. Raises RecordsError: no open record.
        """
        file = RecordOffice.of_owner(self.connection).file(patient_id)
        record, now = file.record, file.law_time(datetime.now(UTC))
        if record is None or record.status is not RecordStatus.OPEN:  # (1)
            raise RecordsError("this patient has no open record")
        told = acts if acts is not None else self._invented(patient_id, now)
        traits = file.holder.traits if file.holder is not None else None
        cx = Cx.parse(patient_id)
        insured = Insured(
            ins=cx.identifier,
            ins_root=cx.authority,
            family=traits.family if traits else "",
            given=traits.given if traits else (),
            gender=traits.gender if traits else "",
            born=(traits.birth_date if traits else "") or (f"{record.birth_date:%Y%m%d}" if record.birth_date else ""),
            birth_place=traits.birth_place if traits else "",
        )
        documents = {  # (2)
            _unique_id(record.patient_key, month): lines
            for month, lines in periods(told, record, now, self.parameters).items()
        }
        receipt = RegistryReceipts(OneConnection(self.connection)).ask(
            patient_id=patient_id, structure_id=PAYER.structure_id, unique_ids=documents
        )
        contents = {  # (3)
            unique_id: write_reimbursements(
                ReimbursementDocument(unique_id=unique_id, insured=insured, payer=PAYER, made=now, acts=lines)
            )
            for unique_id, lines in documents.items()
            if unique_id not in receipt.unique_ids
        }
        if contents:
            self._register(patient_id, receipt, contents, now)  # (4)
        return tuple(contents)

    def _invented(self, patient_id: str, now: datetime) -> tuple[FedAct, ...]:
        return synthetic_acts(patient_id, now.date(), self.parameters.reimbursement_months)

    def _register(self, patient_id: str, receipt: Receipt, contents: dict[str, bytes], now: datetime) -> None:
        record = receipt.record
        if record is None:
            raise RecordsError("this patient has no open record")
        entries = [self._entry(content, record) for content in contents.values()]
        public_key = RecordPublicKey.from_bytes(record.key_id, receipt.public_key)
        addresses = RepositoryWriter(self.blobs).store_all(
            seal(content, record=public_key, document=unique_id) for unique_id, content in contents.items()
        )
        lot = SubmissionSet(
            entry_uuid=fresh_uuid(),
            unique_id=f"2.25.{uuid4().int}",
            patient_id=patient_id,
            source_id=_SOURCE,
            submission_time=format_dtm(now),
            content_type_code=Code("SA01", "1.2.250.1.71.4.2.4", "Établissement public de santé"),
            authors=(Author(institutions=entries[0].authors[0].institutions),),
        )
        request_id = str(uuid4())
        RegistryWriter(OneConnection(self.connection)).register(
            record=record,
            revision=receipt.revision,
            patient_id=patient_id,
            structure_id=PAYER.structure_id,
            submission_set=lot,
            entries=[
                NewEntry(entry=entry, blob_address=address.digest)
                for entry, address in zip(entries, addresses, strict=True)
            ],
            associations=list(_memberships(lot, entries)),
            now=datetime.now(UTC),
            event=AuditEvent(
                door="administration",
                time=datetime.now(UTC),
                transaction="REIMBURSEMENTS",
                outcome=Outcome.SUCCESS,
                request_id=request_id,
                objects=(str(record.patient_key), *contents),
            ),
            trace=Trace(
                patient_id=patient_id,
                operation=Operation.FEED,
                outcome=Outcome.SUCCESS,
                actor=Actor(kind=ActorKind.SYSTEM, id=PAYER.system_id, structure=PAYER.structure_id, role="ALIM_AM"),
                request_id=request_id,
                documents=tuple(contents),
            ),
        )

    def _entry(self, content: bytes, record: Record) -> DocumentEntry:
        entry = to_entry(read_header(parse_document(content)), content, entry_uuid=fresh_uuid())
        entry = replace(entry, logical_id=entry.entry_uuid, repository_unique_id=self.repository_unique_id)
        sent = frozenset(code.code for code in entry.confidentiality_codes)
        if with_default_masking(sent, record, self.parameters).codes == sent:
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


def _month_before(day: date, months: int) -> date:
    """The first day of the month, so many months before that of `day`."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(years, month + 1, 1)

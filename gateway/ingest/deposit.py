"""What every submission goes through once it is read: receipt, verdict, bytes, registration.

A verdict holds as long as the record does not change: when it did meanwhile, receipt and verdict are taken again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from gateway.gate import Caller
from gateway.witness import Witness
from security.at_rest.public_keys import RecordPublicKey
from security.audit.event import Outcome
from xds.dmp.record import Record, RecordStatus
from xds.dmp.traces import Trace
from xds.errors import Refusal, RegistryError, Severity, XdsErrorCode
from xds.messages import RegistryResponse, SubmitObjectsRequest
from xds.metadata.association import Association
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.symbolic import Resolved, resolve
from xds.registry.availability import ChangedMeanwhile
from xds.registry.effects import effects_of
from xds.registry.facts import Receipt
from xds.registry.receipts import RegistryReceipts
from xds.registry.registration import IfMasked
from xds.registry.rows import NewEntry
from xds.registry.writer import RegistryWriter

ATTEMPTS = 5
_RECORD_TO_COME = Record(patient_key=UUID(int=0), status=RecordStatus.OPEN, key_id=UUID(int=0))
"""Stands for the record of a patient who becomes known if nothing else is wrong."""

Judge = Callable[[Receipt], Iterable[RegistryError]]


class Documents(Protocol):
    """The bytes of a submission. `entries` are final; `keep` may be called again, `discard` undoes it."""

    def keep(self, entries: Sequence[DocumentEntry], public_key: RecordPublicKey) -> Sequence[NewEntry]:
        """Store the bytes, sealed to the record, and complete the entries. Raises Refusal: they cannot be stored."""

    def discard(self) -> None:
        """Remove what was kept."""


class DepositLaw(Protocol):
    """What the law of the domain adds to a deposit that no rule refuses."""

    def decided_by(self, record: Record | None, caller: Caller) -> str:
        """The rule of the law that refuses; empty when it does not."""

    def entries(self, entries: Iterable[DocumentEntry], record: Record) -> tuple[DocumentEntry, ...]:
        """The entries as they are registered."""

    def mask_when_visible(self, entries: Iterable[DocumentEntry], record: Record) -> frozenset[str]:
        """The entryUUIDs of those to mask once the patient may see them."""

    def if_masked(self, lot: Resolved, entries: Iterable[DocumentEntry]) -> tuple[IfMasked, ...]:
        """What becomes of each document that replaces another one if that one is masked."""

    def trace(self, lot: Resolved, caller: Caller) -> Trace:
        """What the record keeps of the deposit."""


class NewPatients(Protocol):
    """Opens the record of whoever a submission names, where the domain wants no feed."""

    def __call__(self, patient_id: str, caller: Caller) -> bool:
        """Open a record; False: this patient may have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """(1) receipt  (2) every rule  (3) bytes  (4) effects on what is registered  (5) register and audit."""

    receipts: RegistryReceipts
    registry: RegistryWriter
    witness: Witness
    new_patients: NewPatients | None = None

    def __call__(
        self,
        request: SubmitObjectsRequest,
        documents: Documents,
        judge: Judge,
        transaction: str,
        caller: Caller,
        law: DepositLaw | None = None,
    ) -> RegistryResponse:
        """Register the whole submission, or raise Refusal with every error found; nothing is kept then.

        `law` is that of the DMP, which traces the deposit in the record.
        """
        submission_set = request.submission_set
        if submission_set is None:
            raise Refusal((*request.errors, *_none_is_there(request)))
        lot = resolve(submission_set, request.entries, request.associations, folders=request.folders)
        try:
            for _ in range(ATTEMPTS):
                receipt, findings = self._verdict(request, submission_set, judge, caller, law)
                try:
                    self._register(lot, receipt, documents, transaction, caller, law)
                except ChangedMeanwhile:
                    continue
                return RegistryResponse.of(findings)
            text = "the record keeps changing meanwhile: send again later"
            raise Refusal([RegistryError(XdsErrorCode.REGISTRY_BUSY, text)])
        except Refusal as refusal:
            if refusal.errors[0].code is not XdsErrorCode.REGISTRY_NOT_AVAILABLE:  # then it may have been registered
                documents.discard()
            raise

    def _verdict(
        self,
        request: SubmitObjectsRequest,
        submission_set: SubmissionSet,
        judge: Judge,
        caller: Caller,
        law: DepositLaw | None,
    ) -> tuple[Receipt, tuple[RegistryError, ...]]:
        receipt, findings = self._judged(request, submission_set, judge, caller)
        if self.new_patients is not None and receipt.record is None:
            expected = tuple(judge(replace(receipt, record=_RECORD_TO_COME)))
            if _errors(expected):
                raise Refusal(expected)
            if self.new_patients(submission_set.patient_id, caller):
                receipt, findings = self._judged(request, submission_set, judge, caller)
        if receipt.record is None or _errors(findings):
            raise Refusal(findings, decided_by=_decided_by(law, receipt, findings, caller))
        return receipt, findings

    def _judged(
        self, request: SubmitObjectsRequest, submission_set: SubmissionSet, judge: Judge, caller: Caller
    ) -> tuple[Receipt, tuple[RegistryError, ...]]:
        receipt = self._ask(request, submission_set, caller)  # (1)
        return receipt, tuple(judge(receipt))  # (2)

    def _ask(self, request: SubmitObjectsRequest, submission_set: SubmissionSet, caller: Caller) -> Receipt:
        objects: tuple[SubmissionSet | DocumentEntry | Folder, ...] = (
            submission_set,
            *request.entries,
            *request.folders,
        )
        ends = (end for item in request.associations for end in (item.entry_uuid, item.source, item.target))
        return self.receipts.ask(
            patient_id=submission_set.patient_id,
            structure_id=caller.structure_id,
            unique_ids=[item.unique_id for item in objects],
            ids=dict.fromkeys((*(item.entry_uuid for item in objects), *ends)),
        )

    def _register(
        self,
        lot: Resolved,
        receipt: Receipt,
        documents: Documents,
        transaction: str,
        caller: Caller,
        law: DepositLaw | None,
    ) -> None:
        if receipt.record is None:
            raise LookupError("a verdict without a record is a refusal")
        public_key = RecordPublicKey.from_bytes(receipt.record.key_id, receipt.public_key)
        final = lot.entries if law is None else law.entries(lot.entries, receipt.record)
        entries = documents.keep(final, public_key)  # (3)
        effects = effects_of(lot, receipt)  # (4)
        associations: tuple[Association, ...] = (*lot.associations, *effects.associations)
        self.registry.register(  # (5)
            record=receipt.record,
            revision=receipt.revision,
            patient_id=lot.submission_set.patient_id,
            structure_id=caller.structure_id,
            submission_set=lot.submission_set,
            entries=entries,
            folders=lot.folders,
            associations=associations,
            touched_folders=effects.touched_folders,
            mask_when_visible=() if law is None else law.mask_when_visible(final, receipt.record),
            if_masked=() if law is None else law.if_masked(lot, final),
            now=caller.now,
            event=self.witness.access(
                transaction,
                Outcome.SUCCESS,
                caller,
                patient_id=lot.submission_set.patient_id,
                objects=tuple(entry.unique_id for entry in lot.entries),
            ),
            trace=None if law is None else law.trace(lot, caller),
        )


def _decided_by(law: DepositLaw | None, receipt: Receipt, findings: Iterable[RegistryError], caller: Caller) -> str:
    """The rule of the law that refuses, else the first rule that the submission breaks."""
    rule = law.decided_by(receipt.record, caller) if law is not None else ""
    return rule or next((error.rule for error in _errors(findings)), "")


def _errors(findings: Iterable[RegistryError]) -> list[RegistryError]:
    return [finding for finding in findings if finding.severity is Severity.ERROR]


def _none_is_there(request: SubmitObjectsRequest) -> Iterable[RegistryError]:
    if not request.errors:
        text = "RegistryObjectList: found no SubmissionSet, expected exactly one"
        yield RegistryError(XdsErrorCode.REGISTRY_METADATA, text, "RegistryObjectList", rule="M2")

"""ITI-41 Provide and Register Document Set-b, the use case (ITI TF-2 §3.41; DMP TD2.1, TD2.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from conformance.checks.metadata import check_metadata
from gateway.gate import Caller, Witness
from gateway.ingest import coherence, lot_signature
from profiles.codes import Domain
from security.at_rest.public_keys import RecordPublicKey
from security.at_rest.sealing import seal
from security.audit.event import Outcome
from security.pki.trust import TrustStore
from security.signature.lot import LotPolicy
from xds.dmp import rights
from xds.dmp.record import Record
from xds.errors import Refusal, RegistryError, Severity, XdsErrorCode
from xds.messages import ProvideAndRegisterRequest, RegistryResponse
from xds.metadata import symbolic
from xds.metadata.association import Association
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.submission_set import SubmissionSet
from xds.registry.receipts import Receipt, RegistryReceipts
from xds.registry.rows import NewEntry
from xds.registry.writer import RegistryWriter
from xds.repository.address import BlobAddress
from xds.repository.writer import RepositoryFull, RepositoryUnavailable, RepositoryWriter

TRANSACTION = "ITI-41"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvideAndRegister:
    """(1) reading  (2) lot signature  (3) receipt  (4) every rule  (5) seal, store  (6) register and audit."""

    receipts: RegistryReceipts
    registry: RegistryWriter
    repository: RepositoryWriter
    trust: Callable[[], TrustStore]
    domain: Domain
    witness: Witness
    repository_unique_id: str
    refuse_invalid: bool
    lot_policy: LotPolicy

    def __call__(self, request: ProvideAndRegisterRequest, caller: Caller) -> RegistryResponse:
        """Accept the whole lot, or raise Refusal with every error found, or NotAuthenticated for its signature."""
        submission_set = request.submission_set
        if submission_set is None or request.errors or _same_unique_ids(request):  # (1)
            raise Refusal((*request.errors, *check_metadata(request, self.domain)))
        signed = lot_signature.verify(request, submission_set, caller, self.trust(), self.lot_policy)  # (2)
        receipt = self._receipt(request, submission_set, caller)  # (3)
        findings = (  # (4)
            *rights.may_deposit(caller.requester, receipt.record).errors(),
            *check_metadata(request, self.domain),
            *coherence.with_sender(request, submission_set, caller),
            *receipt.errors(),
            *coherence.with_documents(request, signed.signature_id, receipt.own, refuse_invalid=self.refuse_invalid),
        )
        if receipt.record is None or any(finding.severity is Severity.ERROR for finding in findings):
            raise Refusal(findings)
        public_key = RecordPublicKey.from_bytes(receipt.record.key_id, receipt.public_key)
        lot = _resolve(request, submission_set)
        addresses = self._store(lot, public_key)  # (5)
        self._register(lot, addresses, receipt.record, caller)  # (6)
        return RegistryResponse.of(findings)

    def _receipt(self, request: ProvideAndRegisterRequest, submission_set: SubmissionSet, caller: Caller) -> Receipt:
        present = {entry.entry_uuid for entry in request.entries} | {submission_set.entry_uuid}
        return self.receipts.ask(
            patient_id=submission_set.patient_id,
            structure_id=caller.vihf.structure_id,
            unique_ids=[submission_set.unique_id, *(entry.unique_id for entry in request.entries)],
            targets=[item.target for item in request.associations if item.target not in present],
        )

    def _store(self, lot: _Lot, public_key: RecordPublicKey) -> tuple[BlobAddress, ...]:
        try:
            return self.repository.store_all(
                seal(content, record=public_key, document=entry.unique_id) for entry, content in lot.documents
            )
        except RepositoryFull:
            text = "no room is left for documents; nothing was kept"
            raise Refusal([RegistryError(XdsErrorCode.REPOSITORY_OUT_OF_RESOURCES, text)]) from None
        except RepositoryUnavailable:
            text = "documents cannot be written; nothing was kept: send again later"
            raise Refusal([RegistryError(XdsErrorCode.REPOSITORY, text)]) from None

    def _register(self, lot: _Lot, addresses: tuple[BlobAddress, ...], record: Record, caller: Caller) -> None:
        try:
            self.registry.register(
                record=record,
                patient_id=lot.submission_set.patient_id,
                structure_id=caller.vihf.structure_id,
                submission_set=lot.submission_set,
                entries=[
                    NewEntry(entry=self._completed(entry, content), blob_address=address.digest)
                    for (entry, content), address in zip(lot.documents, addresses, strict=True)
                ],
                associations=lot.associations,
                event=self.witness.access(
                    TRANSACTION,
                    Outcome.SUCCESS,
                    caller,
                    patient_id=lot.submission_set.patient_id,
                    objects=tuple(entry.unique_id for entry, _ in lot.documents),
                ),
            )
        except Refusal as refusal:
            if refusal.errors[0].code is not XdsErrorCode.REGISTRY_NOT_AVAILABLE:  # then it may have been kept
                self.repository.discard(addresses)
            raise

    def _completed(self, entry: DocumentEntry, content: bytes) -> DocumentEntry:
        """The entry as a repository registers it (ITI TF-2 §3.41.4.1.3)."""
        return replace(
            entry,
            hash=hashlib.sha1(content, usedforsecurity=False).hexdigest(),
            size=len(content),
            repository_unique_id=self.repository_unique_id,
        )


def _same_unique_ids(request: ProvideAndRegisterRequest) -> bool:
    """Whether two documents share a uniqueId: a signature that names documents by it would then cover one of them."""
    return len({entry.unique_id for entry in request.entries}) < len(request.entries)


@dataclass(frozen=True, slots=True)
class _Lot:
    """A lot whose ids are final."""

    submission_set: SubmissionSet
    documents: tuple[tuple[DocumentEntry, bytes], ...]
    associations: tuple[Association, ...]


def _resolve(request: ProvideAndRegisterRequest, submission_set: SubmissionSet) -> _Lot:
    resolved = symbolic.resolve(submission_set, request.entries, request.associations)
    contents = (request.documents[entry.entry_uuid] for entry in request.entries)
    return _Lot(
        resolved.submission_set, tuple(zip(resolved.entries, contents, strict=True)), tuple(resolved.associations)
    )

"""ITI-43 Retrieve Document Set, the use case (ITI TF-2 §3.43; DMP TD3.2)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from gateway.consultation import reading
from gateway.gate import Caller
from gateway.witness import Witness
from security.at_rest.format import SealError
from security.at_rest.record_keys import Kek, unwrap
from security.at_rest.unsealing import unseal
from security.audit.event import Outcome
from security.audit.trail import AuditTrail
from security.vihf import agreement
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.messages import DocumentRequest, DocumentResponse, ResponseStatus, RetrieveDocumentSetResponse
from xds.registry.reader import RegistryReader
from xds.registry.scope import Scope
from xds.registry.view import RegisteredEntry, View
from xds.repository.address import BlobAddress
from xds.repository.reader import BlobMissing, RepositoryReader

TRANSACTION = "ITI-43"

_log = logging.getLogger("ecluse.consultation")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieveDocumentSet:
    """(1) patient  (2) may consult  (3) find what may be read  (4) unseal  (5) audit and trace first.

    `law` are the parameters of the DMP; where it is None there are no rights: (1) and (2) are left out, and (3) finds
    whatever is registered.
    """

    registry: RegistryReader
    repository: RepositoryReader
    kek: Kek
    audit: AuditTrail
    witness: Witness
    repository_unique_id: str
    law: Parameters | None = field(default_factory=Parameters)
    transaction: str = TRANSACTION

    def __call__(self, requests: tuple[DocumentRequest, ...], caller: Caller) -> RetrieveDocumentSetResponse:
        """Answer what may be read and one error for each other item: hidden and absent look the same."""
        scope = self._scope(caller)  # (1)
        wanted = tuple(dict.fromkeys(requests))
        view = self.registry.documents_by_unique_id([item.document_unique_id for item in wanted], scope)  # (2), (3)
        readable = {entry.unique_id: entry for entry in view.entries}
        answers = [self._answer(item, readable, view.record_keys) for item in wanted]  # (4)
        documents = tuple(answer for answer in answers if isinstance(answer, DocumentResponse))
        errors = tuple(answer for answer in answers if isinstance(answer, RegistryError))
        patient_id = scope.patient_id if scope is not None else self.registry.patient_of(view)
        self._record(documents, errors, patient_id, caller, view)  # (5)
        return RetrieveDocumentSetResponse(_status(documents, errors), documents, errors)

    def _scope(self, caller: Caller) -> Scope | None:
        if self.law is None:
            return None
        patient_id = caller.vihf.patient or ""
        text = agreement.check_patient(caller.vihf, patient_id)
        if text:
            raise Refusal([RegistryError(XdsErrorCode.PATIENT_ID_DOES_NOT_MATCH, text, rule="V-42")], decided_by="V-42")
        return reading.scope_of(Operation.READ, caller, patient_id, self.law)

    def _answer(
        self, item: DocumentRequest, readable: Mapping[str, RegisteredEntry], keys: Mapping[UUID, bytes]
    ) -> DocumentResponse | RegistryError:
        if item.repository_unique_id != self.repository_unique_id:
            return RegistryError(
                XdsErrorCode.UNKNOWN_REPOSITORY_ID,
                f"repositoryUniqueId {item.repository_unique_id} is not this repository, {self.repository_unique_id}",
            )
        entry = readable.get(item.document_unique_id)
        if entry is None or entry.blob_address is None or entry.key_id is None or entry.key_id not in keys:
            return RegistryError(XdsErrorCode.DOCUMENT_UNIQUE_ID, f"no document {item.document_unique_id} is available")
        try:
            content = self._open(entry.unique_id, entry.blob_address, entry.key_id, keys)
            return DocumentResponse(item, entry.mime_type, content)
        except (BlobMissing, SealError, OSError) as damage:
            _log.error("damaged document", extra={"document": entry.unique_id, "error": type(damage).__name__})
            return RegistryError(XdsErrorCode.REPOSITORY, f"document {entry.unique_id} cannot be read: it is damaged")

    def _open(self, unique_id: str, address: bytes, key_id: UUID, keys: Mapping[UUID, bytes]) -> bytes:
        key = unwrap(keys[key_id], self.kek, key_id)
        return unseal(self.repository.open(BlobAddress(address)), key, unique_id)

    def _record(
        self,
        documents: tuple[DocumentResponse, ...],
        errors: tuple[RegistryError, ...],
        patient_id: str,
        caller: Caller,
        view: View,
    ) -> None:
        outcome = Outcome.SUCCESS if documents else Outcome.REFUSED
        read = tuple(document.request.document_unique_id for document in documents)
        code = errors[0].code if errors else ""
        trace = ""
        if view.decision is not None:
            trace = reading.trace(
                self.witness, view.decision, caller, view.record, patient_id, outcome=outcome, documents=read, code=code
            )
        event = self.witness.access(self.transaction, outcome, caller, patient_id=patient_id, objects=read, code=code)
        self.audit.append(event, trace)


def _status(documents: tuple[DocumentResponse, ...], errors: tuple[RegistryError, ...]) -> ResponseStatus:
    if not errors:
        return ResponseStatus.SUCCESS
    return ResponseStatus.PARTIAL_SUCCESS if documents else ResponseStatus.FAILURE

"""ITI-43 Retrieve Document Set, the use case (ITI TF-2 §3.43; DMP TD3.2)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from gateway.gate import Caller, Witness
from security.at_rest.format import SealError
from security.at_rest.record_keys import Kek, unwrap
from security.at_rest.unsealing import unseal
from security.audit.event import Outcome
from security.audit.trail import AuditTrail
from security.vihf import agreement
from xds.dmp import rights
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.messages import DocumentRequest, DocumentResponse, ResponseStatus, RetrieveDocumentSetResponse
from xds.registry.reader import RegistryReader
from xds.registry.view import RegisteredEntry
from xds.repository.address import BlobAddress
from xds.repository.reader import BlobMissing, RepositoryReader

TRANSACTION = "ITI-43"

_log = logging.getLogger("ecluse.consultation")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieveDocumentSet:
    """(1) patient  (2) find  (3) may consult  (4) what may be read  (5) unseal  (6) audit first."""

    registry: RegistryReader
    repository: RepositoryReader
    kek: Kek
    audit: AuditTrail
    witness: Witness
    repository_unique_id: str

    def __call__(self, requests: tuple[DocumentRequest, ...], caller: Caller) -> RetrieveDocumentSetResponse:
        """Answer what may be read and one error for each other item: hidden and absent look the same."""
        patient_id = caller.vihf.patient or ""
        text = agreement.check_patient(caller.vihf, patient_id)  # (1)
        if text:
            raise Refusal([RegistryError(XdsErrorCode.PATIENT_ID_DOES_NOT_MATCH, text, rule="V-42")])
        wanted = tuple(dict.fromkeys(requests))
        view = self.registry.documents_by_unique_id(  # (2)
            [item.document_unique_id for item in wanted],
            patient_id=patient_id,
            professional_id=caller.requester.national_id,
        )
        rights.may_consult(caller.requester, view.record, view.authorisation, caller.now).or_refuse()  # (3)
        readable = {entry.unique_id: entry for entry in view.readable_by(caller.requester).entries}  # (4)
        answers = [self._answer(item, readable, view.record_keys) for item in wanted]  # (5)
        documents = tuple(answer for answer in answers if isinstance(answer, DocumentResponse))
        errors = tuple(answer for answer in answers if isinstance(answer, RegistryError))
        self._record(documents, errors, patient_id, caller)  # (6)
        return RetrieveDocumentSetResponse(_status(documents, errors), documents, errors)

    def _answer(
        self, item: DocumentRequest, readable: Mapping[str, RegisteredEntry], keys: Mapping[UUID, bytes]
    ) -> DocumentResponse | RegistryError:
        if item.repository_unique_id != self.repository_unique_id:
            return RegistryError(
                XdsErrorCode.UNKNOWN_REPOSITORY_ID,
                f"repositoryUniqueId {item.repository_unique_id} is not this repository, {self.repository_unique_id}",
            )
        if item.document_unique_id not in readable:
            return RegistryError(XdsErrorCode.DOCUMENT_UNIQUE_ID, f"no document {item.document_unique_id} is available")
        entry = readable[item.document_unique_id]
        try:
            return DocumentResponse(item, entry.mime_type, self._open(entry, keys))
        except (BlobMissing, SealError, OSError) as damage:
            _log.error("damaged document", extra={"document": entry.unique_id, "error": type(damage).__name__})
            return RegistryError(XdsErrorCode.REPOSITORY, f"document {entry.unique_id} cannot be read: it is damaged")

    def _open(self, entry: RegisteredEntry, keys: Mapping[UUID, bytes]) -> bytes:
        key = unwrap(keys[entry.key_id], self.kek, entry.key_id)
        return unseal(self.repository.open(BlobAddress(entry.blob_address)), key, entry.unique_id)

    def _record(
        self,
        documents: tuple[DocumentResponse, ...],
        errors: tuple[RegistryError, ...],
        patient_id: str,
        caller: Caller,
    ) -> None:
        self.audit.append(
            self.witness.access(
                TRANSACTION,
                Outcome.SUCCESS if documents else Outcome.REFUSED,
                caller,
                patient_id=patient_id,
                objects=tuple(document.request.document_unique_id for document in documents),
                code=errors[0].code if errors else "",
            )
        )


def _status(documents: tuple[DocumentResponse, ...], errors: tuple[RegistryError, ...]) -> ResponseStatus:
    if not errors:
        return ResponseStatus.SUCCESS
    return ResponseStatus.PARTIAL_SUCCESS if documents else ResponseStatus.FAILURE
